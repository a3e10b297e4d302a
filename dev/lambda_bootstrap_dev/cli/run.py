"""
`run`: send one event through one function, or open a port for runtimes that run elsewhere.

Owns: arguments, exit statuses and what is printed: logs to stderr, the response to stdout.
Refuses to know: the Runtime API, and how a process is started.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from ..emulator.function import Function, environment
from ..emulator.invoke_api import new_invocation, new_trace_id
from ..emulator.sandbox import Sandbox
from ..emulator.server import Server
from ..emulator.values import Ending, Kind

BOOTSTRAP = Path(__file__).resolve().parents[3] / "bootstrap"
# Time for a container to be built and started before its runtime calls.
SERVE_INIT_SECONDS = 60.0
# The type of a stream with a head for a Function URL: JSON, eight NUL bytes, the body.
HTTP = "application/vnd.awslambda.http-integration-response"


class UsageError(Exception):
    """A mistake on the command line; the text says what to do."""


def main(argv: list[str] | None = None, bootstrap: Path = BOOTSTRAP) -> int:
    """Run the command line with *bootstrap* as the runtime and return the exit status."""
    options = parser().parse_args(argv)
    try:
        if options.serve:
            return asyncio.run(serve(Function(timeout=options.timeout, memory=options.memory), options.serve))
        function = find_function(options)
        ending = asyncio.run(run(function, bootstrap, read_event(options.event, function)))
    except UsageError as error:
        print(f"lambda-bootstrap run: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    show(ending)
    return 0 if ending.is_answered else 1


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    arguments = argparse.ArgumentParser(
        prog="lambda-bootstrap run", description="Run a Lambda function on this machine."
    )
    what = arguments.add_mutually_exclusive_group(required=True)
    what.add_argument("handler", nargs="?", metavar="HANDLER", help="as in examples/hello/app.handler")
    what.add_argument("--serve", metavar="HOST:PORT", help="start no runtime: wait for one and for invocations")
    arguments.add_argument("--event", metavar="FILE", help="default: event.json beside the function, else {}")
    arguments.add_argument("--timeout", metavar="SECONDS", type=positive, default=3.0, help="default: 3, as Lambda")
    arguments.add_argument(
        "--memory", metavar="MB", type=int, default=128, help="default: 128, as Lambda; not enforced"
    )
    return arguments


def positive(text: str) -> float:
    """Parse a number of seconds above zero."""
    if not 0 < (seconds := float(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} isn't a number of seconds above zero")
    return seconds


def find_function(options: argparse.Namespace) -> Function:
    """
    Find the function that a handler like `examples/hello/app.handler` names.

    Raises:
        UsageError: the name has no dot, or the folder doesn't exist.
    """
    folder, slash, handler = options.handler.rpartition("/")
    root = Path(folder or slash or ".")
    if "." not in handler.strip("."):
        raise UsageError(f"{options.handler!r} names no function: write FOLDER/MODULE.FUNCTION")
    if not root.is_dir():
        raise UsageError(f"there is no folder {folder!r}")
    return Function(
        name=root.resolve().name,
        handler=handler,
        task_root=str(root.resolve()),
        timeout=options.timeout,
        memory=options.memory,
    )


def read_event(file: str | None, function: Function) -> bytes:
    """
    Read the event.

    Raises:
        UsageError: *file* cannot be read.
    """
    default = Path(function.task_root, "event.json")
    if file is None and not default.exists():
        return b"{}"
    try:
        return Path(file or default).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the event file {error.filename!r}: {error.strerror}") from error


async def run(function: Function, bootstrap: Path, payload: bytes) -> Ending:
    """Start the runtime, send it one event, wait until it asks for the next, and return how the invocation ended."""
    sandbox = Sandbox(function, [str(bootstrap)], cwd=function.task_root, merge_output=True, log=write_log)
    async with Server(sandbox) as server:
        sandbox.environ = environment(function, server.address, os.environ)
        turn = sandbox.invoke(new_invocation(payload, trace_id=new_trace_id()))
        await turn.report
        return turn.ending.result()


async def serve(function: Function, where: str) -> int:
    """
    Serve until SIGTERM or SIGINT.

    Raises:
        UsageError: *where* isn't an address, or cannot be listened on.
    """
    host, _, port = where.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"--serve takes HOST:PORT, as in 127.0.0.1:9001 or [::1]:9001, not {where!r}")
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    sandbox = Sandbox(function, init_timeout=SERVE_INIT_SECONDS, log=write_log)
    try:
        async with Server(sandbox, host.strip("[]"), int(port)) as server:
            path = "/2015-03-31/functions/function/invocations"
            print(f"AWS_LAMBDA_RUNTIME_API={server.address}", file=sys.stderr)
            print(f"invoke with: curl -d '{{}}' http://{server.authority}{path}", file=sys.stderr, flush=True)
            await stopping.wait()
    except (OSError, OverflowError) as error:
        raise UsageError(f"cannot listen on {where}: {error}") from error
    return 0


def write_log(data: bytes) -> None:
    """Print the log of function and platform."""
    # The platform shows a carriage return within a record as a line break; make a terminal do so too.
    sys.stderr.buffer.write(data.replace(b"\r", b"\n") if sys.stderr.isatty() else data)
    sys.stderr.buffer.flush()


def show(ending: Ending) -> None:
    """Print the response; before it, say whose error it is, or print the head of an HTTP response."""
    body = ending.body
    if ending.kind is not Kind.RESPONSE:
        print(headline(ending), file=sys.stderr, flush=True)
    elif ending.content_type == HTTP:
        head, _, body = body.partition(bytes(8))
        print(head.decode(errors="replace"), file=sys.stderr, flush=True)
    sys.stdout.buffer.write(pretty(body).removesuffix(b"\n") + b"\n")


def headline(ending: Ending) -> str:
    """An error in one line."""
    who = "function error" if ending.is_answered else f"the runtime failed ({ending.kind.value})"
    try:
        body = json.loads(ending.body)
        return f"{who}: {body['errorType']}: {body['errorMessage']}"
    except (ValueError, TypeError, KeyError):
        return who


def pretty(body: bytes) -> bytes:
    """Indent JSON; leave anything else as it is."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False).encode()
    except ValueError:
        return body


if __name__ == "__main__":
    sys.exit(main())
