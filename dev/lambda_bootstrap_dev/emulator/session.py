"""
One sitting with the emulator: one event through one function, or a port for whoever comes.

Owns: where function and `bootstrap` are, and that a sitting ends at a signal, or when nobody reads its
log any more.
Refuses to know: the command line, and how anything is printed.
"""

from __future__ import annotations

import ast
import asyncio
import os
import signal
import subprocess
from contextlib import AsyncExitStack
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .function import Function, environment
from .invoke_api import new_invocation, new_trace_id
from .sandbox import Sandbox
from .server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .values import Ending

# Time for a container to be built and started before its runtime calls.
SERVE_INIT_SECONDS = 60.0


class SignalledError(Exception):
    """A signal has ended a run."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def catch(*numbers: signal.Signals) -> asyncio.Future[signal.Signals]:
    """Wait for one of these signals. SIGHUP stays ignored where `nohup` says so."""
    loop = asyncio.get_running_loop()
    caught: asyncio.Future[signal.Signals] = loop.create_future()

    def take(number: signal.Signals) -> None:
        if not caught.done():
            caught.set_result(number)

    for number in numbers:
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, take, number)
    return caught


class Watched:
    """
    A log that others may stop reading: from then on it takes nothing, and whoever waits for something gives up.

    If *pipe* is given, the log is the writing end of that pipe, and is closed as soon as the reading end is.
    """

    def __init__(self, log: Callable[[bytes], None], pipe: int | None) -> None:
        loop = asyncio.get_running_loop()
        self._log = log
        self._closed: asyncio.Future[OSError] = loop.create_future()
        if pipe is not None:
            # There is never anything to read: the one event is that the reader is gone.
            loop.add_reader(pipe, self._close, loop, pipe)

    def _close(self, loop: asyncio.AbstractEventLoop, pipe: int) -> None:
        loop.remove_reader(pipe)
        if not self._closed.done():
            self._closed.set_result(BrokenPipeError("nobody reads the log"))

    def write(self, data: bytes) -> None:
        """Write *data*, unless the log is closed."""
        if self._closed.done():
            return
        try:
            self._log(data)
        except OSError as error:
            self._closed.set_result(error)

    async def wait_for(self, *others: asyncio.Future[Any]) -> None:
        """
        Wait until one of *others* is done.

        Raises:
            OSError: the log cannot be written any more.
        """
        await asyncio.wait([*others, self._closed], return_when=asyncio.FIRST_COMPLETED)
        if self._closed.done():
            raise self._closed.result()


def find_function(name: str, **given: Any) -> Function:
    """
    Find the function that a handler like `examples/hello/app.handler` names.

    Its folder is the task root, unless the module has relative imports: those work from the package's root only.
    What is *given*, such as its timeout, is as in `Function`.

    Raises:
        UsageError: the name has no dot, or the folder doesn't exist.
    """
    folder, slash, handler = name.rpartition("/")
    home = Path(folder or slash or ".")
    if "." not in handler.strip("."):
        raise UsageError(f"{name!r} names no function: write FOLDER/MODULE.FUNCTION, as in app.handler")
    if handler.endswith(".py") and (home / handler).is_file():
        module = name.removesuffix(".py")
        raise UsageError(f"{name!r} is a file: name its function, as in {module}.handler")
    if not home.is_dir():
        raise UsageError(f"there is no folder {folder!r}{_near_folders(home)}")
    if not os.access(home, os.R_OK | os.X_OK):
        raise UsageError(f"you have no permission for {home}")
    home = home.resolve()
    root = _root_of(home, handler.partition(".")[0])
    place = "".join(f"{part}/" for part in home.relative_to(root).parts)
    return Function(**{"name": home.name, **given}, handler=f"{place}{handler}", task_root=str(root))


def _near_folders(missing: Path) -> str:
    """The folders of nearly that name, as the end of a sentence."""
    try:
        siblings = [path.name for path in missing.parent.iterdir() if path.is_dir()]
    except OSError:
        return ""
    near = get_close_matches(missing.name, siblings, n=3)
    return f"; near it: {', '.join(str(missing.parent / name) for name in near)}" if near else ""


def _root_of(home: Path, module: str) -> Path:
    """The folder that a module's relative imports start below; *home*, which it is in, if it has none."""
    try:
        tree = ast.parse((home / f"{module}.py").read_bytes())
    except (OSError, SyntaxError, ValueError):
        return home  # the runtime says what is wrong
    levels = max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)
    root = home
    for _ in range(levels):
        root = root.parent
    while levels and (root / "__init__.py").exists():
        root = root.parent
    return root


def find_bootstrap() -> Path:
    """
    Find the `bootstrap` of the runtime that is installed beside this package, or of the checkout.

    Raises:
        UsageError: it isn't there.
    """
    try:
        from lambda_bootstrap.__main__ import BOOTSTRAP  # noqa: PLC0415 - `serve` works without the runtime
    except ImportError as error:
        raise UsageError(f"the runtime isn't there: pip install lambda-bootstrap ({error})") from error
    return Path(BOOTSTRAP)


async def run(  # noqa: PLR0913 - what a verb knows
    function: Function,
    command: Sequence[str],
    payload: bytes,
    log: Callable[[bytes], None],
    pipe: int | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
) -> Ending:
    """
    Start the runtime, send it one event, wait until it asks for the next, and return how the invocation ended.

    *pipe* is the descriptor that *log* writes to, if it is a pipe. *variables* are the function's own, on top of this
    process's environment. The function reads from *stdin*.

    Raises:
        OSError: *log* cannot be written any more; the runtime has been killed.
        SignalledError: SIGTERM or SIGHUP has come; the runtime has been killed.
    """
    caught = catch(signal.SIGTERM, signal.SIGHUP)
    watched = Watched(log, pipe)
    sandbox = Sandbox(function, command, cwd=function.task_root, merge_output=True, log=watched.write, stdin=stdin)
    async with Server(sandbox) as server:
        sandbox.environ = environment(function, server.address, os.environ) | dict(variables or {})
        turn = sandbox.invoke(new_invocation(payload, trace_id=new_trace_id()))
        await watched.wait_for(turn.report, caught)
        if caught.done():
            raise SignalledError(caught.result())
        return turn.ending.result()


async def serve(  # noqa: PLR0913 - what a verb knows
    function: Function,
    where: str,
    log: Callable[[bytes], None],
    announce: Callable[[str], None],
    pipe: int | None = None,
    *,
    allow_hosts: Sequence[str] = (),
) -> None:
    """
    Serve until SIGTERM, SIGINT or SIGHUP; *announce* gets two lines that say how to connect.

    *pipe* is as for `run`, and *allow_hosts* as for `Server`.

    Raises:
        UsageError: *where* isn't an address, or cannot be listened on.
        OSError: *log* cannot be written any more.
    """
    host, _, port = where.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"serve takes HOST:PORT, as in 127.0.0.1:9001 or [::1]:9001, not {where!r}")
    caught = catch(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    watched = Watched(log, pipe)
    sandbox = Sandbox(function, init_timeout=SERVE_INIT_SECONDS, log=watched.write)
    async with AsyncExitStack() as stack:
        try:
            server = Server(sandbox, host.strip("[]"), int(port), allow_hosts=allow_hosts)
            await stack.enter_async_context(server)
        except (OSError, OverflowError) as error:
            # asyncio wraps the reason in a sentence of its own; some errors have only that one.
            number = getattr(error, "errno", None) or 0
            reason = os.strerror(number) if number > 0 else error
            raise UsageError(f"cannot listen on {where}: {reason}") from error
        announce(f"AWS_LAMBDA_RUNTIME_API={server.address}")
        announce(f"invoke with: curl -d '{{}}' http://{server.authority}/2015-03-31/functions/function/invocations")
        await watched.wait_for(caught)
