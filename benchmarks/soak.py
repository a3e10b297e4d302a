"""
A long run of one environment: does it grow? `python benchmarks --soak`.

Owns a Runtime API of just what is needed, and the samples of memory and descriptors. How this runtime is started is
build.py's. Times are not taken.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.build import UnavailableError, ours, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.build import Start

INVOCATIONS = 100_000
FAILING = 100  # one in so many
SAMPLES = 20
WARM = 4  # samples that are not looked at: caches fill, and the allocator takes what it needs
SLACK_KB = 512  # what may come on top after that: noise of the allocator, 4 bytes an invocation would be less
# Bytes that glibc keeps of each trace id, except with our own interpreter: docs/compatibility.md.
KEPT = 144
PATIENCE = 30.0  # seconds
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Sample:
    """What the process held after so many invocations."""

    invocations: int
    rss_kb: int
    descriptors: int


def report() -> str:
    """The lines that tell how a long run went, over either transport."""
    lines = []
    for name, packages in (("socket", ()), ("urllib3", ("urllib3",))):
        try:
            start, kept = best(*packages, BOOTSTRAP_TRANSPORT=name)
        except UnavailableError as error:
            lines.append(f"soak over {name}: not measured: {error}")
            continue
        lines.append(f"soak over {name}: {told(soak(start, INVOCATIONS), kept)}")
    return "\n".join(lines)


def best(*packages: str, **options: str) -> tuple[Start, int]:
    """Our interpreter if it is compiled, else this machine's Python; and what an invocation may leave behind there."""
    try:
        return shipped(**options), 0
    except UnavailableError:
        return ours(*packages, **options), KEPT


def told(samples: Sequence[Sample], kept: int = 0) -> str:
    """
    One line: what was held after the warm-up, at most, and at the end; and whether that is flat.

    Each invocation may leave *kept* bytes behind.
    """
    first, *rest = samples[WARM:]
    last = rest[-1]
    most = max(each.rss_kb for each in rest)
    grown = max(each.rss_kb - kept * each.invocations // 1024 for each in rest)
    flat = grown <= first.rss_kb - kept * first.invocations // 1024 + SLACK_KB
    flat = flat and all(each.descriptors == first.descriptors for each in rest)
    return (
        f"{last.invocations} invocations, one in {FAILING} fails; RSS {first.rss_kb} kB after {first.invocations}, "
        f"at most {most} kB, {last.rss_kb} kB at the end; descriptors {first.descriptors}, "
        f"{last.descriptors} at the end: {'flat' if flat else 'NOT flat'}"
    )


def soak(start: Start, invocations: int) -> list[Sample]:
    """Send *invocations* to the function of flaky.py, each once, and look at the process every now and then."""
    samples = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        with running(start, listener.getsockname()[1]) as pid, listener.accept()[0] as connection:
            connection.settimeout(PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in range(1, invocations + 1):
                invoke(connection, number, fails=number % FAILING == 0)
                if number % (invocations // SAMPLES) == 0:
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


def invoke(connection: socket.socket, number: int, *, fails: bool) -> None:
    """Answer a poll with an event, and take what is posted for it, which has to be the right thing."""
    head, _ = receive(connection)
    if not head.startswith("GET /2018-06-01/runtime/invocation/next "):
        raise RuntimeError(f"a poll was expected: {head[:200]}")
    event = json.dumps({"number": number, "fails": fails}).encode()
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: %d\r\n"
        b"Lambda-Runtime-Deadline-Ms: 4102444800000\r\n"
        b"Lambda-Runtime-Trace-Id: Root=1-5759e988-%024d;Parent=53995c3f42cd8ad8;Sampled=1\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (number, number, len(event), event)
    )
    head, body = receive(connection)
    endpoint, proof = ("error", b"LookupError") if fails else ("response", b'"number":%d' % number)
    if not head.startswith(f"POST /2018-06-01/runtime/invocation/{number}/{endpoint} ") or proof not in body:
        raise RuntimeError(f"one {endpoint} of invocation {number} was expected: {head[:200]} {body[:200]!r}")
    connection.sendall(ACCEPTED)


def receive(connection: socket.socket) -> tuple[str, bytes]:
    """The head and the body of a request."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    _, _, rest = text.lower().partition("content-length: ")
    size = int(rest.partition("\r\n")[0] or 0)
    while len(body) < size:
        body += more(connection)
    return text, body


def more(connection: socket.socket) -> bytes:
    """Some bytes, at least one."""
    data = connection.recv(1 << 16)
    if not data:
        raise RuntimeError("the runtime closed its connection")
    return data


def sample(pid: int, invocations: int) -> Sample:
    """Look at a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    descriptors = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return Sample(invocations, pages * os.sysconf("SC_PAGE_SIZE") // 1024, descriptors)
