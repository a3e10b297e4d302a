"""
Web applications: this runtime beside the adapters that run on it.

Owns a Runtime API of just what is needed, the events, and the targets. Adapters are handlers of this runtime too, so
that the differences are theirs. How this runtime is started is build.py's.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.build import CACHE, HERE, UnavailableError, ours
from benchmarks.page import Table, pinned
from benchmarks.report import quartile
from benchmarks.soak import ACCEPTED, PATIENCE
from benchmarks.turns import taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.build import Start

REQUIREMENTS = HERE.parent / "tests" / "web" / "requirements.txt"
PACKAGES = CACHE / f"web-{sys.version_info[0]}.{sys.version_info[1]}"
ROWS = {  # by name of the handler in applications.py
    "plain": "a handler with the same answer",
    "asgi": "ASGI",
    "mangum_off": "Mangum, lifespan off",
    "mangum_auto": "Mangum, lifespan auto",
    "wsgi": "WSGI",
    "apig": "apig-wsgi",
    "fastapi_app": "FastAPI",
    "mangum_fastapi_off": "FastAPI in Mangum, lifespan off",
    "mangum_fastapi_auto": "FastAPI in Mangum, lifespan auto",
    "flask_app": "Flask",
    "apig_flask": "Flask in apig-wsgi",
}
# The most that one handler may take on top of the plain one, as a multiple of what another does.
TARGETS = (("asgi", "mangum_auto", 0.5), ("asgi", "mangum_off", 1.0), ("wsgi", "apig", 1.2))
WARM, TURNS, COUNT = 20, 10, 40  # requests before all others; of a round, turns that all take; requests in each
HOW = (
    f"all environments are there at the same time, and take turns of {COUNT} requests: of a turn the lower quartile "
    "counts; per request the lower quartile of all turns, beyond the plain handler the median of each turn's difference"
)
FIRST_BYTE_MS, GROWTH_MB = 1.0, 8.0
EVENT = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/echo",
    "rawQueryString": "a=1&b=2",
    "cookies": ["session=abc"],
    "headers": {
        "accept": "*/*",
        "accept-encoding": "gzip, deflate, br",
        "content-length": "14",
        "content-type": "application/json",
        "cookie": "session=abc",
        "host": "id.lambda-url.eu-west-1.on.aws",
        "user-agent": "curl/8.5.0",
        "x-amzn-trace-id": "Root=1-5eb33c07-de25b420912dee103a5db434",
        "x-forwarded-for": "192.0.2.7",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    },
    "requestContext": {
        "accountId": "anonymous",
        "apiId": "id",
        "domainName": "id.lambda-url.eu-west-1.on.aws",
        "http": {"method": "POST", "path": "/echo", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7"},
        "stage": "$default",
    },
    "body": '{"number": 10}',
    "isBase64Encoded": False,
}


class Session:
    """One environment, at the end of its polls."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.connection = connection
        self.pid = pid
        self.count = 0

    def send(self) -> float:
        """Answer a poll with the event; return when."""
        receive(self.connection)
        self.count += 1
        body = json.dumps(EVENT).encode()
        now = time.monotonic()
        self.connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: %d\r\n"
            b"Lambda-Runtime-Deadline-Ms: 4102444800000\r\nContent-Length: %d\r\n\r\n%b" % (self.count, len(body), body)
        )
        return now

    def turn(self) -> float:
        """Send the event; return after how many microseconds its answer is there."""
        sent = self.send()
        head, body = receive(self.connection)
        took = time.monotonic() - sent
        if b'"statusCode":200' not in body or b"10" not in body:
            raise RuntimeError(f"an echo was expected: {head[:200]} {body[:300]!r}")
        self.connection.sendall(ACCEPTED)
        return took * 1e6

    def stream(self) -> list[tuple[int, bytes]]:
        """Send the event; return what comes back, with the time at which it came, in nanoseconds."""
        self.send()
        found: list[tuple[int, bytes]] = []
        while not found or not found[-1][1].endswith(b"0\r\n\r\n"):
            data = more(self.connection)
            found.append((time.monotonic_ns(), data[-64:] if len(data) > 4096 else data))  # noqa: PLR2004 - a clock's size
        self.connection.sendall(ACCEPTED)
        return found

    def peak_kb(self) -> int:
        """The most memory that the process has had."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def receive(connection: socket.socket) -> tuple[str, bytes]:
    """The head and the body of a request that has a length, or no body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    size = int(text.lower().partition("content-length: ")[2].partition("\r\n")[0] or 0)
    while len(body) < size:
        body += more(connection)
    return text, body


def more(connection: socket.socket) -> bytes:
    """Some bytes, at least one."""
    data = connection.recv(1 << 16)
    if not data:
        raise RuntimeError("the runtime closed its connection")
    return data


@contextmanager
def running(start: Start, handler: str, **options: str) -> Iterator[Session]:
    """Run this runtime with a handler of applications.py."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        environment = {
            **start.environment,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{listener.getsockname()[1]}",
            "PYTHONPATH": str(PACKAGES),
            **options,
        }
        command = [*start.program, f"applications.{handler}"]
        with subprocess.Popen(command, cwd=HERE, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                connection = polling(listener)
                yield Session(connection, process.pid)
                connection.close()
            finally:
                process.kill()


def polling(listener: socket.socket) -> socket.socket:
    """The connection that the runtime polls on; the one before it is its extension's, if it has one."""
    while True:
        connection, _ = listener.accept()
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not connection.recv(64, socket.MSG_PEEK).startswith(b"POST /2020-01-01/extension/register"):
            return connection
        receive(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: id\r\nContent-Length: 2\r\n\r\n{}")
        extensions.append(connection)


extensions: list[socket.socket] = []  # open for as long as their environments


def packages() -> None:
    """Install what the adapters and frameworks are, once."""
    done = PACKAGES / "requirements.txt"
    if done.exists() and done.read_text() == REQUIREMENTS.read_text():
        return
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--upgrade"]
    command = [*pip, "--require-hashes", "--target", str(PACKAGES), "-r", str(REQUIREMENTS)]
    if subprocess.run(command, check=False).returncode:
        raise UnavailableError("the frameworks cannot be installed")
    done.write_text(REQUIREMENTS.read_text())


def measure(rounds: int) -> Table:
    """Measure the same answer by every interface and adapter, and a stream."""
    packages()
    with pinned():
        start = ours()
        times = measured(start, rounds)
        lines = [*(verdict(target, times) for target in TARGETS), *streamed(start)]
    return Table("Web applications", rows(times), [HOW, *lines])


def measured(start: Start, rounds: int) -> dict[str, list[float]]:
    """By handler, what a request takes in microseconds, in each of the turns that all take."""
    found: dict[str, list[float]] = {name: [] for name in ROWS}
    for _ in range(rounds):
        for name, times in taken({name: warm(start, name) for name in ROWS}, TURNS).items():
            found[name] += times
    return found


@contextmanager
def warm(start: Start, handler: str) -> Iterator[Callable[[], float]]:
    """An environment that is warm, with what takes a turn of it."""
    with running(start, handler) as session:
        for _ in range(WARM):
            session.turn()
        yield lambda: quartile([session.turn() for _ in range(COUNT)])


def beyond(name: str, times: Mapping[str, Sequence[float]]) -> float:
    """What a request takes beyond one of the plain handler: the median of all turns."""
    return median(time - plain for time, plain in zip(times[name], times["plain"], strict=True))


def streamed(start: Start) -> list[str]:
    """How late pieces of a stream are, and what a long one costs in memory."""
    with running(start, "clock", BOOTSTRAP_HTTP="stream") as session:
        first = late(session.stream())
        later = quartile([late(session.stream()) for _ in range(WARM)])
    with running(start, "large", BOOTSTRAP_HTTP="stream") as session:
        before = session.peak_kb()
        session.stream()
        growth = (session.peak_kb() - before) / 1024
    met = "met" if later <= FIRST_BYTE_MS else "NOT met"
    bounded = "met" if growth <= GROWTH_MB else "NOT met"
    return [
        f"target: first streamed byte at most {FIRST_BYTE_MS} ms late: {later:.2f} ms, {first:.2f} ms once, {met}",
        f"target: 100 MB streamed in at most {GROWTH_MB:.0f} MB of memory: {growth:.1f} MB, {bounded}",
    ]


def late(stream: Sequence[tuple[int, bytes]]) -> float:
    """How many milliseconds after it was sent the first piece came, which says when that was."""
    came, data = stream[0] if bytes(8) in stream[0][1] else stream[1]
    text = data.partition(bytes(8))[2].partition(b"\r")[0]
    return (came - int(text)) / 1e6


def rows(times: Mapping[str, Sequence[float]]) -> list[list[str]]:
    """The table's cells: what a request takes, and what of it the plain handler doesn't."""
    figures = {name: (quartile(of_turns), beyond(name, times)) for name, of_turns in times.items()}
    cells = [[ROWS[name], *(f"{figure:.0f} µs" for figure in each)] for name, each in figures.items()]
    return [["", "per request", "beyond the plain handler"], *cells]


def verdict(target: tuple[str, str, float], times: Mapping[str, Sequence[float]]) -> str:
    """One line: what was asked, what was measured, met or not."""
    name, peer, most = target
    ratio = beyond(name, times) / beyond(peer, times)
    met = "met" if ratio <= most else "NOT met"
    return f"target: {ROWS[name]} at most {most} x {ROWS[peer]}, both beyond a plain handler: {ratio:.2f}, {met}"
