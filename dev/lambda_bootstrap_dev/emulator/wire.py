"""
One connection: between a socket and whole requests and replies, plain ones by themselves, and any other by h11.

Owns: framing, keep-alive and how a connection ends.
Refuses to know: what a request means.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import re
import time
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11

from . import plain
from .body import Body
from .routes import route
from .values import Headers, Pause, Raw, Reply, Request, Reset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .bell import Bell
    from .body import Intake
    from .channel import Channel
    from .values import Close

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


# Statuses whose response has no body, and which have rules of their own.
BODILESS = frozenset({*range(200), 204, 304})


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


def render(reply: Reply, headers: Iterable[tuple[str, str]]) -> bytes:
    """
    Render a response whose length stands in its headers.

    Raises:
        h11.LocalProtocolError: a header isn't one.
    """
    lines = [f"HTTP/1.1 {int(reply.status)} {http.client.responses.get(reply.status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join([*lines, "", ""])
    if head.count("\r") != len(lines) + 1 or head.count("\n") != len(lines) + 1 or "\0" in head:
        raise h11.LocalProtocolError("a header has a line break")
    return head.encode("latin-1") + reply.body


class Connection:
    """A connection that a client opened to the emulator."""

    def __init__(self, number: int, channel: Channel) -> None:
        self.number = number
        self._channel = channel
        self._is_ended = False
        self._is_unread = False
        self._is_lasting = False  # whether the request lets the connection live, as they do by default
        self._is_head = False  # whether the request is one, whose answer has no body
        self._is_bodiless = False  # whether the response that is sent in pieces has none
        self._rest = b""  # what has come after the request
        self._parser: h11.Connection | None = None  # of a request that isn't plain

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
        self._parser = None  # a new one for each: after raw bytes it doesn't know the state of the response
        try:
            if not await self._is_begun(patience):
                return None
            return self._plain(prefix, take_in) or await self._parse(prefix, take_in)
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
        self._is_bodiless = self._has_no_body(status)
        await self._write(self._h11.send(self._head(status, headers)))

    async def push(self, data: bytes) -> None:
        """Send a piece of the body."""
        if not self._is_bodiless:
            await self._write(self._h11.send(h11.Data(data=data)))

    async def finish(self) -> None:
        """Send the end of the body."""
        await self._write(self._h11.send(h11.EndOfMessage()))
        self._close_unless_done()

    async def gone(self) -> None:
        """Wait until the peer closes, or sends too much; keep for later what it sends before that."""
        while not self._is_gone:
            self._rest += await self._read()

    async def is_gone_before(self, bell: Bell) -> bool:
        """Wait until *bell* rings, unless the peer has gone before that; return whether it has."""
        count = bell.count
        waiter = asyncio.get_running_loop().create_future()
        while bell.count == count:
            if self._channel.has_news:
                self._rest += await self._read()
                if self._is_gone:
                    return True
                continue
            if waiter.done():
                waiter = asyncio.get_running_loop().create_future()
            self._channel.news.watch(waiter)
            bell.watch(waiter)
            try:
                await waiter
            finally:
                self._channel.news.forget(waiter)
                bell.forget(waiter)
        return False

    @property
    def _is_gone(self) -> bool:
        return self._is_ended or len(self._rest) > MAX_HEAD

    def close(self) -> None:
        """Close the connection normally."""
        self._is_ended = True
        self._channel.close()

    async def wait_closed(self) -> None:
        """Wait until the socket is released."""
        await self._channel.wait_closed()

    def _reset(self) -> None:
        self._channel.reset()
        self._is_ended = True

    @property
    def _h11(self) -> h11.Connection:
        # A plain request was none of its business, but a response that comes in pieces is: it hears of one like it.
        if self._parser is None:
            self._parser = h11.Connection(h11.SERVER)
            self._parser.receive_data(b"POST / HTTP/1.1\r\nHost: -\r\n\r\n")
            while self._parser.their_state is not h11.DONE:
                self._parser.next_event()
        return self._parser

    def _plain(self, prefix: str, take_in: Callable[[Request], Intake]) -> Request | None:
        # The request that there is, if it is a plain one, and its body is neither too long nor somebody else's.
        found = plain.read(self._rest)
        if found is None:
            return None
        request = self._as_request(prefix, found.method, found.target, found.headers, found.body)
        intake = take_in(request)
        if intake.sink or len(found.body) > intake.most:
            return None
        self._rest = self._rest[found.end :]
        self._is_lasting, self._is_head = True, False
        return request

    async def _parse(self, prefix: str, take_in: Callable[[Request], Intake]) -> Request | None:
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        if self._rest:
            self._parser.receive_data(self._rest)
            self._rest = b""
        if self._is_ended:
            self._parser.receive_data(b"")
        head = self._parser.next_event()
        if head is h11.NEED_DATA:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await self._event()
        if not isinstance(head, h11.Request):
            return None
        check(head)
        tokens = {name for name, _ in head.headers}
        self._is_head = head.method == b"HEAD"
        self._is_lasting = head.http_version == b"1.1" and not self._is_head and b"connection" not in tokens
        request = await self._request(head, prefix, take_in)
        self._rest = self._parser.trailing_data[0]
        return request

    def _as_request(self, prefix: str, method: str, target: str, headers: Headers, body: bytes = b"") -> Request:
        where = route(method, target, prefix)
        return Request(
            endpoint=where.endpoint,
            method=method,
            target=target,
            headers=headers,
            body=body,
            trailers=(),
            connection=self.number,
            at=time.monotonic(),
            request_id=where.request_id,
            refusal=where.refusal,
            allowed=where.allowed,
        )

    async def _request(self, head: h11.Request, prefix: str, take_in: Callable[[Request], Intake]) -> Request:
        method, target = head.method.decode("latin-1"), head.target.decode("latin-1")
        request = self._as_request(prefix, method, target, as_text(head.headers.raw_items()))
        intake = take_in(request)
        announced = int(request.header("Content-Length") or 0)
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
        if not self._rest and not self._is_ended:
            try:
                async with asyncio.timeout(patience):
                    self._rest = await self._read()
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
        data = await self._channel.read()
        self._is_ended = not data
        return data

    async def _reply(self, reply: Reply) -> None:
        headers = list(reply.headers)
        names = {name.lower() for name, _ in headers}
        if reply.status not in BODILESS and not names & {"content-length", "transfer-encoding"}:
            headers.append(("Content-Length", str(len(reply.body))))
            if self._is_plain and "connection" not in names:
                await self._write(render(reply, headers))
                return
        body = b"" if self._has_no_body(reply.status) else reply.body
        events: list[h11.Event] = [self._head(reply.status, headers), h11.Data(data=body), h11.EndOfMessage()]
        await self._write(b"".join(self._h11.send(event) or b"" for event in events))
        self._close_unless_done()

    @property
    def _is_plain(self) -> bool:
        # Whether the whole request has been read, and its sender expects nothing but a body and another turn. Then
        # h11, which costs most of the time of an answer, has nothing to decide.
        is_read = self._parser is None or self._parser.their_state is h11.DONE
        return self._is_lasting and not self._is_unread and is_read

    def _has_no_body(self, status: int) -> bool:
        return self._is_head or status in BODILESS

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
        await self._channel.write(data or b"")

    async def _linger(self) -> None:
        # Closing with unread bytes would reset the connection, and the peer could lose the answer.
        self._channel.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while await self._read():
                    pass
