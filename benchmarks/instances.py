"""
Lambda Managed Instances, as far as measuring takes: as many polls as come, and as many events as are sent.

Owns: the port, the runtime's process, and what its processes take of the memory.
Refuses to know: what is asserted about it, and the protocol beyond what the measured runtimes say; the emulator checks.
It costs 30 microseconds for a request, so that a thousand at once are not its own affair.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections import deque
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.build import HERE, UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from benchmarks.build import Start

PATIENCE = 300.0  # seconds for anything
LAST_CHUNK = re.compile(rb"\r\n0\r\n(?:[^\r\n]+\r\n)*\r\n")  # with its trailers
ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'


class Peer(asyncio.Protocol):
    """One connection of the runtime's."""

    def __init__(self, platform: Instances) -> None:
        self.platform = platform
        self.data = b""
        self.running = ""  # the invocation that was sent to it, until it is answered
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As `asyncio.Protocol`."""
        if isinstance(transport, asyncio.Transport):
            self.transport = transport
            self.platform.peers.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """As `asyncio.Protocol`."""
        self.transport = None
        self.platform.peers.discard(self)
        if self in self.platform.polls:
            self.platform.polls.remove(self)
        self.platform.lose(self.running)

    def data_received(self, data: bytes) -> None:
        """Take a request, once it is whole."""
        self.data += data
        head, end, body = self.data.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        if b"transfer-encoding: chunked" in lines:  # Go's
            last = LAST_CHUNK.search(body)
            length = last.end() if last else len(body) + 1
        if len(body) < length:
            return
        self.data = body[length:]
        self.platform.take(self, head.split(b" ", 2)[1].decode(), body[:length])

    def send(self, data: bytes) -> None:
        """Send an answer."""
        if self.transport is not None:
            self.transport.write(data)


class Instances:
    """The platform's side."""

    def __init__(self) -> None:
        self.peers: set[Peer] = set()
        self.polls: deque[Peer] = deque()
        self.events: deque[tuple[str, bytes, float]] = deque()
        self.answers: dict[str, asyncio.Future[tuple[str, bytes]]] = {}
        self.counts: dict[str, int] = {}  # of answers, by request id
        self.lost: set[str] = set()  # invocations
        self.polled = asyncio.Event()
        self.count = 0
        self.pid = 0

    def take(self, peer: Peer, path: str, body: bytes) -> None:
        """Answer a request, or hold it: a poll for which there is no event."""
        if path.endswith("/next"):
            self.polls.append(peer)
            self.polled.set()
            self.deliver()
            return
        peer.send(ACCEPTED)
        peer.running = ""
        *_, request_id, endpoint = path.split("/")
        self.counts[request_id] = self.counts.get(request_id, 0) + 1
        if request_id in self.answers and not self.answers[request_id].done():
            self.answers[request_id].set_result((endpoint, body))

    def deliver(self) -> None:
        """Give the events that wait to the polls that wait."""
        while self.polls and self.events:
            request_id, body, seconds = self.events.popleft()
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                f"Lambda-Runtime-Aws-Request-Id: {request_id}\r\nLambda-Runtime-Trace-Id: Root={request_id}\r\n"
                f"Lambda-Runtime-Deadline-Ms: {int((time.time() + seconds) * 1000)}\r\n"
                "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n\r\n"
            )
            peer = self.polls.popleft()
            peer.running = request_id
            peer.send(head.encode() + body)

    def lose(self, request_id: str) -> None:
        """Take note of the invocation of a connection that has gone; its process has died."""
        answer = self.answers.get(request_id)
        if answer is not None and not answer.done():
            self.lost.add(request_id)
            answer.set_exception(ConnectionResetError(request_id))

    async def invoke(self, body: bytes = b"{}", seconds: float = PATIENCE) -> tuple[str, bytes]:
        """Send an event; return the endpoint that its answer is posted to, and the answer."""
        self.count += 1
        request_id = f"{self.count:036d}"
        answer = self.answers[request_id] = asyncio.get_running_loop().create_future()
        self.events.append((request_id, body, seconds))
        self.deliver()
        return await asyncio.wait_for(answer, seconds + 10)

    async def wait_polls(self, count: int) -> None:
        """Wait until so many polls are held."""
        async with asyncio.timeout(PATIENCE):
            while len(self.polls) < count:
                self.polled.clear()
                await self.polled.wait()

    def processes(self) -> list[int]:
        """The runtime's processes that live, the first one first."""
        parents = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
        found = [self.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def memory_mb(self, kind: str) -> list[float]:
        """What each process takes, in MB: its `Pss`, to which shared pages count in part, or its `Rss`."""
        found = []
        for pid in self.processes():
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            found.append(next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) / 1024)
        return found


@asynccontextmanager
async def running(
    start: Start, concurrency: int = 1, environ: Mapping[str, str] = {}, platform: Instances | None = None
) -> AsyncIterator[Instances]:
    """Have a runtime with so many invocations at once, an ordinary one with 1; what it prints goes nowhere."""
    platform = platform or Instances()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Peer(platform), "127.0.0.1", 0, backlog=4096)
    port = server.sockets[0].getsockname()[1]
    instance = {
        "AWS_LAMBDA_MAX_CONCURRENCY": str(concurrency),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
    }
    try:
        process = await asyncio.create_subprocess_exec(
            *map(str, start.command),
            env={
                **start.environment,
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
                **(instance if concurrency > 1 else {}),
                **environ,
            },
            cwd=HERE,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise UnavailableError(str(error)) from error
    platform.pid = process.pid
    try:
        yield platform
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        server.close()
        while platform.peers:  # whatever they have to say yet
            for peer in [*platform.peers]:
                if peer.transport is not None:
                    peer.transport.abort()
            await asyncio.sleep(0.01)
