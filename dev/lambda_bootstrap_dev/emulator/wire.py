"""
One connection: h11 between a socket and whole requests and replies.

Owns: framing, keep-alive and how a connection ends.
Refuses to know: what a request means.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import re
import socket
import struct
import time
from array import array
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11

from .routes import route
from .values import Headers, Pause, Raw, Reply, Request, Reset, find_header

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from .values import Close

READ_SIZE = 256 * 1024
# Go's net/http, which serves the real Runtime API: 1 MiB of headers and some slack.
MAX_HEAD = 1024 * 1024 + 4096
# net/http reads trailers through a buffer of this size.
MAX_TRAILERS = 4096
# h11 accepts these in header values, net/http doesn't.
FORBIDDEN = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# How long the head of a request may take from its first byte on.
HEAD_SECONDS = 10.0
# How long a peer may go on sending after it has been refused.
LINGER_SECONDS = 0.5


class MalformedError(Exception):
    """The platform wouldn't accept this HTTP."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


def as_text(pairs: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Decode raw headers into text that encodes to the same bytes."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)


def check(head: h11.Request) -> None:
    """
    Check a request's headers where net/http is stricter than h11.

    Raises:
        MalformedError: the headers are too long, or have control characters.
    """
    size = sum(len(name) + len(value) + 4 for name, value in head.headers.raw_items())
    if size > MAX_HEAD:
        raise MalformedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    if any(FORBIDDEN.search(value) for _, value in head.headers):
        raise MalformedError(HTTPStatus.BAD_REQUEST)


@dataclass(frozen=True)
class Intake:
    """What becomes of a body: the most bytes that it may have, who gets its pieces as they come, whether it is kept."""

    most: int
    sink: Callable[[bytes], Awaitable[None]] | None = None
    keeps: bool = True


@dataclass
class Body:
    """A body as it comes in. Without its end, it isn't complete."""

    data: bytearray = field(default_factory=bytearray)
    ends: array[int] = field(default_factory=lambda: array("Q"))  # a list would take more than chunks of one byte
    trailers: Headers = ()
    is_complete: bool = False
    size: int = 0
    is_within: bool = False  # a chunk, of which there is a part

    async def take(self, event: h11.Data, intake: Intake) -> bool:
        """Take a piece, unless it is too much; whether it isn't."""
        self.size += len(event.data)
        if self.size > intake.most:
            return False
        if intake.sink:
            await intake.sink(bytes(event.data))
        if intake.keeps:
            self.data += event.data
            self.ends[-1 if self.is_within else len(self.ends) :] = array("Q", [len(self.data)])
        self.is_within = not event.chunk_end
        return True


class Connection:
    """A connection that a client opened to the emulator."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self._reader = reader
        self._writer = writer
        self._reading: asyncio.Task[bytes] | None = None
        self._is_ended = False
        self._is_unread = False
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)

    async def receive(
        self, prefix: str, take_in: Callable[[Request], Intake], patience: float | None
    ) -> Request | None:
        """
        Wait for a complete request and return it; None when the connection is over.

        *take_in* is asked once the head is there: what becomes of the body. A request whose body is too long is
        returned without it, and the connection is over when that has been answered. A connection without a byte for
        *patience* seconds is over; None: it may be silent for ever.
        """
        if self._is_unread:
            if not self._is_ended:
                await self._linger()
            return None
        self._renew()
        try:
            if not await self._is_begun(patience):
                return None
            async with asyncio.timeout(HEAD_SECONDS):
                head = await self._event()
            if not isinstance(head, h11.Request):
                return None
            check(head)
            return await self._request(head, prefix, take_in)
        except h11.RemoteProtocolError as error:
            if not self._is_ended:
                await self.refuse(HTTPStatus(error.error_status_hint))
        except MalformedError as error:
            await self.refuse(error.status)
        except TimeoutError:
            await self.refuse(HTTPStatus.REQUEST_TIMEOUT)
        return None

    async def refuse(self, status: HTTPStatus) -> None:
        """Send a refusal to somebody whose request isn't HTTP, or isn't read; the connection is over."""
        line = f"{status.value} {status.phrase}"
        head = f"HTTP/1.1 {line}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
        body = line if status is HTTPStatus.BAD_REQUEST else ""
        with contextlib.suppress(OSError):
            await self._write((head + body).encode())
            await self._linger()

    async def send(self, step: Reply | Raw | Pause | Close | Reset) -> None:
        """Carry out one step of an answer."""
        match step:
            case Reply():
                await self._reply(step)
            case Raw(data):
                await self._write(data)
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Reset():
                self._reset()
            case _:
                self.close()

    async def begin(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """Send the head of a response whose body comes piece by piece."""
        await self._write(self._h11.send(self._head(status, headers)))

    async def push(self, data: bytes) -> None:
        """Send a piece of the body."""
        await self._write(self._h11.send(h11.Data(data=data)))

    async def finish(self) -> None:
        """Send the end of the body."""
        await self._write(self._h11.send(h11.EndOfMessage()))
        self._close_unless_done()

    async def gone(self) -> None:
        """Wait until the peer closes, or sends too much; keep for later what it sends before that."""
        while not self._is_ended and len(self._h11.trailing_data[0]) <= MAX_HEAD:
            self._h11.receive_data(await self._read())

    def close(self) -> None:
        """Close the connection normally."""
        if self._reading is not None:
            self._reading.cancel()
        self._is_ended = True
        self._writer.close()

    async def wait_closed(self) -> None:
        """Wait until the socket is released; if that is cut short, what has not been sent is lost."""
        try:
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        finally:
            self._writer.transport.abort()

    def _reset(self) -> None:
        linger_zero = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
        self._writer.transport.abort()
        self.close()

    def _renew(self) -> None:
        # A fresh parser per request: after raw bytes the old one doesn't know the state of the response.
        rest, is_ended = self._h11.trailing_data
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        if rest:
            self._h11.receive_data(rest)
        if is_ended or self._is_ended:
            self._h11.receive_data(b"")

    async def _request(self, head: h11.Request, prefix: str, take_in: Callable[[Request], Intake]) -> Request:
        method, target = head.method.decode("latin-1"), head.target.decode("latin-1")
        where = route(method, target, prefix)
        request = Request(
            endpoint=where.endpoint,
            method=method,
            target=target,
            headers=as_text(head.headers.raw_items()),
            body=b"",
            trailers=(),
            connection=self.number,
            at=time.monotonic(),
            request_id=where.request_id,
            refusal=where.refusal,
        )
        intake = take_in(request)
        announced = int(find_header(request.headers, "Content-Length") or 0)
        self._is_unread = announced > intake.most or not await self._body(body := Body(), intake)
        if self._is_unread:
            return replace(request, is_oversized=True, at=time.monotonic())
        return replace(
            request,
            body=bytes(body.data),
            ends=body.ends,
            trailers=body.trailers,
            is_complete=body.is_complete,
            at=time.monotonic(),
        )

    async def _body(self, body: Body, intake: Intake) -> bool:
        # Whether the body was read to its end, be it a cut one; otherwise it is too long.
        while True:
            if self._h11.they_are_waiting_for_100_continue:
                proceed = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                await self._write(self._h11.send(proceed))
            try:
                event = await self._event()
            except h11.RemoteProtocolError:
                if not self._is_ended:
                    raise
                return True
            if isinstance(event, h11.EndOfMessage):
                body.trailers = as_text(event.headers.raw_items())
                size = sum(len(name + value) + 4 for name, value in body.trailers) + 2
                body.is_complete = size <= MAX_TRAILERS
                return True
            if isinstance(event, h11.Data) and not await body.take(event, intake):
                return False

    async def _is_begun(self, patience: float | None) -> bool:
        # Whether there is the beginning of a request.
        if not self._h11.trailing_data[0] and not self._is_ended:
            try:
                async with asyncio.timeout(patience):
                    self._h11.receive_data(await self._read())
            except TimeoutError:
                return False
        return True

    async def _event(self) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        while True:
            event = self._h11.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._h11.receive_data(await self._read())

    async def _read(self) -> bytes:
        # The read outlives a cancelled waiter: the next caller gets its bytes.
        if self._reading is None:
            self._reading = asyncio.create_task(self._reader.read(READ_SIZE))
        try:
            data = await asyncio.shield(self._reading)
        except OSError:
            data = b""
        self._reading = None
        self._is_ended = not data
        return data

    async def _reply(self, reply: Reply) -> None:
        headers = list(reply.headers)
        if not {name.lower() for name, _ in headers} & {"content-length", "transfer-encoding"}:
            headers.append(("Content-Length", str(len(reply.body))))
        events: list[h11.Event] = [self._head(reply.status, headers), h11.Data(data=reply.body), h11.EndOfMessage()]
        await self._write(b"".join(self._h11.send(event) or b"" for event in events))
        self._close_unless_done()

    def _head(self, status: int, headers: Iterable[tuple[str, str]]) -> h11.Response:
        close = [("Connection", "close")] if self._is_unread else []
        return h11.Response(
            status_code=int(status),
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in (*headers, *close)],
            reason=http.client.responses.get(status, "").encode(),
        )

    def _close_unless_done(self) -> None:
        if not self._is_unread and {self._h11.our_state, self._h11.their_state} != {h11.DONE}:
            self.close()

    async def _write(self, data: bytes | None) -> None:
        self._writer.write(data or b"")
        await self._writer.drain()

    async def _linger(self) -> None:
        # Closing with unread bytes would reset the connection, and the peer could lose the answer.
        if not self._writer.is_closing():
            self._writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while await self._read():
                    pass
