"""
A long run of one environment: whether each invocation is answered once, and whether it grows.

The function does what no function should in many of them, and each has a trace id of its own.

Owns a Runtime API of just what is needed, and the samples of memory and descriptors. How this runtime is started is
build.py's. Times are not taken.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.build import UnavailableError, ours, shipped
from benchmarks.page import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.build import Start

INVOCATIONS = 20_000
# One invocation in so many does this; all others are echoes.
DEEDS = {"fails": 101, "rings": 7, "forks": 53, "closes": 251, "circles": 89, "evil": 71, "prints": 41, "streams": 31}
# What the error of a deed has in it; of others the result is posted.
PROOFS = {"fails": b"LookupError", "circles": b"(at self[0])", "evil": b'"errorMessage":"evil"'}
SAMPLES = 20
WARM = 4  # samples that are not looked at: caches fill, and the allocator takes what it needs
SLACK_KB = 768  # what may come on top after that: noise of the allocator, 50 bytes an invocation would be more
# Bytes that glibc keeps of each trace id, except with our own interpreter: docs/compatibility.md.
KEPT = 144
PATIENCE = 30.0  # seconds
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
TRACE = "Root=1-5bef4de7-{:024x};Parent=60e6cc9f2e4f1c4c;Sampled=1"


@dataclass(frozen=True)
class Sample:
    """What the process held after so many invocations."""

    invocations: int
    rss_kb: int
    descriptors: int


def measure(_rounds: int) -> Table:
    """Make the long run, over either transport."""
    runs, missing = {}, []
    for name, packages in (("socket", ()), ("urllib3", ("urllib3",))):
        try:
            start, kept = best(*packages, BOOTSTRAP_TRANSPORT=name)
        except UnavailableError as error:
            missing.append(f"over {name}: not measured: {error}")
            continue
        runs[name] = soak(start, INVOCATIONS), kept
    return judged(runs, missing)


def judged(runs: Mapping[str, tuple[Sequence[Sample], int]], missing: Sequence[str] = ()) -> Table:
    """The table of *runs* by transport, each with what may be kept: it is well if all of them are flat."""
    lines = [f"over {name}: {told(samples, kept)}" for name, (samples, kept) in runs.items()]
    is_well = all(is_flat(samples, kept) for samples, kept in runs.values())
    return Table("A long run", [], [*lines, *missing], is_well)


def is_flat(samples: Sequence[Sample], kept: int = 0) -> bool:
    """Whether neither memory nor descriptors grow after the warm-up, but for what `setenv` keeps of each trace id."""
    first, *rest = samples[WARM:]
    return all(
        each.rss_kb <= first.rss_kb + SLACK_KB + (each.invocations - first.invocations) * kept // 1024
        and each.descriptors <= first.descriptors  # one that is kept in reserve may be closed
        for each in rest
    )


def told(samples: Sequence[Sample], kept: int = 0) -> str:
    """One line: what was held after the warm-up, at most, and at the end; and whether that is flat."""
    first, *rest = samples[WARM:]
    last = rest[-1]
    most = max(each.rss_kb for each in rest)
    return (
        f"{last.invocations} invocations, each answered once; RSS {first.rss_kb} kB after {first.invocations}, "
        f"at most {most} kB, {last.rss_kb} kB at the end, of which setenv keeps {kept} bytes of each trace id; "
        f"descriptors {first.descriptors}, {last.descriptors} at the end: "
        f"{'flat' if is_flat(samples, kept) else 'NOT flat'}"
    )


def best(*packages: str, **options: str) -> tuple[Start, int]:
    """Our interpreter if it is compiled, else this machine's Python; and what an invocation may leave behind there."""
    try:
        return shipped(**options), 0
    except UnavailableError:
        return ours(*packages, **options), KEPT


def deed(number: int) -> str:
    """What the function is to do in an invocation."""
    return next((name for name, every in DEEDS.items() if number % every == every - 1), "")


def soak(start: Start, invocations: int, every: str = "") -> list[Sample]:
    """Send *invocations* to the function of flaky.py, each once, or *every* deed, and look at the process meanwhile."""
    samples = []
    with Api() as api, running(start, api.port) as pid:
        for number in range(1, invocations + 1):
            invoke(api, number, every or deed(number))
            if number % (invocations // SAMPLES) == 0:
                api.wait()
                samples.append(sample(pid, number))
    return samples


@contextmanager
def running(start: Start, port: int) -> Iterator[int]:
    """Run this runtime with flaky.py; give the process id."""
    environment = {**start.environment, "_HANDLER": "flaky.handler", "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"}
    command = [*start.program, "flaky.handler"]
    folder = Path(__file__).parent
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield process.pid
        finally:
            process.kill()


class Api:
    """
    A Runtime API on any number of connections, as a function may close one that is not its own.

    Args:
        patience: seconds in which something has to be heard.
        is_over: whether nothing more can be heard, asked every second of silence.
    """

    def __init__(self, patience: float = PATIENCE, is_over: Callable[[], bool] = lambda: False) -> None:
        self.patience = patience
        self.is_over = is_over
        self.stack = ExitStack()
        self.selector = self.stack.enter_context(selectors.DefaultSelector())
        self.listener = self.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = self.listener.getsockname()[1]
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.buffers: dict[socket.socket, bytes] = {}

    def __enter__(self) -> Api:  # noqa: PYI034 - nobody derives from it
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self.buffers:
            connection.close()
        self.stack.close()

    def receive(self) -> tuple[socket.socket, str, bytes]:
        """The next request: where it came from, its head and its body."""
        while True:
            for connection, data in self.buffers.items():
                request = whole(data)
                if request is not None:
                    head, body, self.buffers[connection] = request
                    return connection, head, body
            self.wait()
            for key, _ in self.selector.select(0):
                self.read(key.fileobj)  # type: ignore[arg-type] # only sockets are registered

    def wait(self) -> None:
        """Wait until somebody has something to say."""
        silent = 0
        while not self.selector.select(1):
            silent += 1
            if silent >= self.patience or self.is_over():
                raise RuntimeError(f"nothing was heard for {silent} seconds")

    def read(self, source: socket.socket) -> None:
        """Take a connection, or what came on one."""
        if source is self.listener:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.buffers[connection] = b""
            self.selector.register(connection, selectors.EVENT_READ)
            return
        try:
            data = source.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        if data:
            self.buffers[source] += data
            return
        self.selector.unregister(source)
        del self.buffers[source]
        source.close()


def invoke(api: Api, number: int, deed: str) -> None:
    """Answer a poll with an event, and take what is posted for it, which has to be the right thing."""
    connection, head, _ = api.receive()
    if not head.startswith("GET /2018-06-01/runtime/invocation/next "):
        raise RuntimeError(f"a poll was expected before {number} ({deed}): {head[:200]}")
    event = json.dumps({"number": number, "deed": deed}).encode()
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: %d\r\n"
        b"Lambda-Runtime-Trace-Id: %b\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\nContent-Length: %d\r\n\r\n%b"
        % (number, TRACE.format(number).encode(), len(event), event)
    )
    connection, head, body = api.receive()
    endpoint = "error" if f"/{number}/error " in head else "response"
    proof = PROOFS.get(deed, b'"number":%d' % number)
    is_right = proof in body and (endpoint == "error") == (deed in PROOFS)
    is_right = is_right or (endpoint == "error" and b'"errorType":"Ring"' in body)  # of an alarm that was set before
    if not (is_right and head.startswith(f"POST /2018-06-01/runtime/invocation/{number}/{endpoint} ")):
        raise RuntimeError(f"the answer to {number} ({deed}) was expected: {head[:200]} {body[:200]!r}")
    connection.sendall(ACCEPTED)


def whole(data: bytes) -> tuple[str, bytes, bytes] | None:
    """The first request of *data*, head and body, and what comes behind it; None while it isn't whole."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return None
    text = head.decode("latin-1") + "\r\n"
    if "transfer-encoding: chunked" in text.lower():
        content, end, rest = body.partition(b"0\r\n\r\n")
        pieces = content.split(b"\r\n")[1::2]
        return (text, b"".join(pieces), rest) if end else None
    size = int(text.lower().partition("content-length: ")[2].partition("\r\n")[0] or 0)
    return (text, body[:size], body[size:]) if len(body) >= size else None


def sample(pid: int, invocations: int) -> Sample:
    """Look at a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    descriptors = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return Sample(invocations, pages * os.sysconf("SC_PAGE_SIZE") // 1024, descriptors)
