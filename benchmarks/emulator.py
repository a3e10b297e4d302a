"""What an emulator takes for an invocation: `lambda-bootstrap serve` beside AWS's own, each with the same echo."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from benchmarks.build import ARCH, HERE, UnavailableError, ours
from benchmarks.page import Table
from benchmarks.report import quartile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.build import Start

INVOCATIONS, WARM = 1000, 50  # in a round
MOST_MS = 1.0
EVENT = b'{"n": [1, 2.5, null]}'
PATIENCE = 60.0  # seconds
PATHS = f"{HERE.parent / 'runtime'}:{HERE.parent / 'dev'}"
OURS, RIE = "lambda-bootstrap serve", "aws-lambda-rie"


def measure(rounds: int) -> Table:
    """Measure what is the table's."""
    times: dict[str, list[float]] = {}
    missing = []
    runtime = ours()
    for name, start in ((OURS, serve), (RIE, rie)):
        try:
            times[name] = [each for _ in range(min(rounds, 3)) for each in round_of(start, runtime)]
        except UnavailableError as error:
            missing.append(f"not measured: {name}: {error}")
    rows = [["", "an invocation", "fastest", "median"]]
    rows += [
        [name, *(f"{figure:.2f} ms" for figure in (quartile(each), min(each), sorted(each)[len(each) // 2]))]
        for name, each in times.items()
    ]
    found = quartile(times[OURS]) if OURS in times else None
    verdict = "not measured" if found is None else f"{found:.2f} ms, {'met' if found <= MOST_MS else 'NOT met'}"
    lines = [
        f"one caller over one connection, {INVOCATIONS} invocations a round, one after the other: lower quartiles",
        "a figure has the runtime's own time for an echo in it, the log's, and the caller's",
        f"target: an invocation at most {MOST_MS:g} ms: {verdict}",
        *missing,
    ]
    return Table("What the emulator takes", rows, lines)


def round_of(start: Callable[[Start, int], list[str]], runtime: Start) -> list[float]:
    """The milliseconds of each invocation of a round."""
    with running(start, runtime) as port, socket.create_connection(("127.0.0.1", port)) as caller:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = (
            f"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(EVENT)}\r\n\r\n"
        ).encode() + EVENT
        times = []
        for _ in range(WARM + INVOCATIONS):
            began = time.perf_counter()
            ask(caller, request)
            times.append((time.perf_counter() - began) * 1000)
        return times[WARM:]


def ask(caller: socket.socket, request: bytes) -> None:
    """Send a request, and take the whole answer, which has to be that of the function."""
    caller.sendall(request)
    data = b""
    while True:
        data += (piece := caller.recv(65536))
        head, _, body = data.partition(b"\r\n\r\n")
        found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if found and len(body) >= int(found[1]):
            break
        if not piece:
            raise UnavailableError("the emulator has closed the connection")
    if b"X-Amz-Function-Error" in head or b"2.5" not in body:
        raise UnavailableError(f"a wrong answer: {body.decode(errors='replace')}")


def serve(runtime: Start, port: int) -> list[str]:
    """Our emulator."""
    command = [sys.executable, "-m", "lambda_bootstrap_dev", "serve", "echo.handler"]
    return [*command, "--port", str(port), "--python", str(runtime.path / "python3")]


def rie(runtime: Start, port: int) -> list[str]:
    """AWS's emulator, where `make rie` has put it."""
    program = HERE.parent / ".cache" / "rie" / f"aws-lambda-rie-{ARCH}"
    if not program.exists():
        raise UnavailableError("`make rie` fetches it")
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    addresses += ["--runtime-api-address", f"127.0.0.1:{free_port()}"]
    return [str(program), *addresses, *map(str, runtime.command)]


@contextmanager
def running(start: Callable[[Start, int], list[str]], runtime: Start) -> Iterator[int]:
    """Have an emulator at a port, which has answered once."""
    port = free_port()
    environment = {
        **os.environ,
        "PATH": runtime.environment["PATH"],
        "LAMBDA_TASK_ROOT": str(HERE),
        "PYTHONPATH": PATHS,
    }
    with TemporaryFile() as log:
        process = subprocess.Popen(
            start(runtime, port),
            cwd=HERE,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_for(process, port)
            yield port
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until somebody listens."""
    ends = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise UnavailableError(f"nobody listens: exit status {process.poll()}")


def free_port() -> int:
    """A port that is free."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
