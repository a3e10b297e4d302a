"""
One connection of many to the Runtime API, on the event loop.

Owns: the socket, opened when it is needed and again when the peer has closed it.
Refuses to know: what a request asks for, what an answer means.

As `transport`, with the same bytes and the same parser, but nothing of it blocks the loop.
"""

from __future__ import annotations

from asyncio import CancelledError, get_running_loop
from os import _exit, getpid  # `sys.exit` would run what is the parent's to run
from socket import IPPROTO_TCP, SHUT_RDWR, SOCK_STREAM, TCP_NODELAY, getaddrinfo, socket

from .. import http1, protocol
from ..transport import SocketTransport, is_dead, is_there, mark_of
from .polls import end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future
    from typing import Any

    from ..http1 import Response
    from ..protocol import Request
    from .polls import Polls

SIZE = 1 << 16  # of what is received at once


class Connection:
    """
    One keep-alive connection.

    Args:
        model: a transport to the same address, which is never connected: it writes heads, and words failures.
        places: where to connect to.
        polls: keeps the connection open beyond the process.
        number: of the connection, there.
    """

    __slots__ = (
        "is_given_up",
        "is_polling",
        "is_silent",
        "mark",
        "model",
        "number",
        "pid",
        "places",
        "polls",
        "socket",
    )

    def __init__(self, model: SocketTransport, places: list[tuple[int, Any]], polls: Polls, number: int) -> None:
        self.model = model
        self.places = places
        self.polls = polls
        self.number = number
        self.is_silent = True  # not a byte has come since the last request
        self.is_given_up = False  # another has taken its place
        self.pid = getpid()
        inherited = polls.copies.get(number)
        self.is_polling = inherited is not None  # what it waits for is an event
        self.socket: socket | None = None
        self.mark: object = None  # of the socket: a function may close it, and open something of its own in its place
        if inherited is not None:
            self.take(socket(fileno=inherited))

    async def exchange(self, request: Request) -> Response:
        """
        Send *request* and return its answer. A connection that died while a poll was due is replaced, once.

        Raises:
            TransportError: there was no answer.
            RuntimeApiError: there is nobody to answer.
        """
        reused = self.socket is not None and request.body is None
        try:
            if self.is_polling:  # since the process before this one
                return await self.read()
            return await self.attempt(request)
        except OSError as error:
            if not (reused and self.is_silent):
                raise self.model.failure(request, error) from None
        try:
            return await self.attempt(request)
        except OSError as error:
            raise self.model.failure(request, error) from None

    async def attempt(self, request: Request) -> Response:
        """Send *request* and read its answer, once."""
        is_poll = request is protocol.NEXT
        head = self.model.poll if is_poll else self.model.head(request)
        await self.write(head + request.body if request.body else head)
        self.is_polling = is_poll
        return await self.read()

    async def begin(self, head: bytes) -> None:
        """Send the *head* of a request in pieces. A connection that died while the function was busy is replaced."""
        if self.socket is not None and is_dead(self.socket):
            self.close()
        await self.write(head)

    async def write(self, data: bytes, *, is_more: bool = False) -> None:
        """Send *data*, over a new connection if there is none, unless it *is more* of a request."""
        self.end_fork()
        self.is_silent = True
        try:
            if self.is_given_up:
                raise ConnectionResetError("the invocation has been given up")  # noqa: TRY301 - as if by the peer
            if self.socket is not None and not is_there(self.socket, self.mark):
                self.close()
            if self.socket is None:
                if is_more:
                    raise ConnectionResetError("the connection is gone")  # noqa: TRY301 - as if by the peer
                self.take(await self.connect())
            assert self.socket is not None
            await get_running_loop().sock_sendall(self.socket, data)
        except BaseException:
            self.close()
            raise

    async def read(self) -> Response:
        """Return the response that comes next."""
        try:
            answer, reader = None, http1.Reader()
            while answer is None:
                data = await self.receive()
                if self.is_silent and not data:
                    raise ConnectionResetError("the connection was closed instead of an answer")  # noqa: TRY301 - as above
                answer = (http1.whole(data) if self.is_silent else None) or (
                    reader.feed(data) if data else reader.end()
                )
                self.is_silent = False
        except BaseException:
            self.close()
            raise
        self.is_polling = False
        if answer.closes:
            self.close()
        return answer

    async def receive(self) -> bytes:
        """
        Return what comes next, as long as it takes.

        A function that cancels all tasks there are doesn't cancel this: nothing is taken from the socket by who cannot
        keep it, and an event may be under way.
        """
        loop, connection = get_running_loop(), self.socket
        if connection is None:
            raise ConnectionResetError("the connection is gone")
        while True:
            try:
                self.note(is_waiting=False)  # before anything is taken
                return connection.recv(SIZE)
            except (BlockingIOError, InterruptedError):
                pass
            ready = loop.create_future()
            loop.add_reader(connection, set_ready, ready)
            try:
                self.note(is_waiting=self.is_polling and self.is_silent)
                await ready
            except CancelledError:
                pass
            finally:
                self.end_fork()
                loop.remove_reader(connection)

    def note(self, *, is_waiting: bool) -> None:
        """Take note of whether an event is awaited, and nothing of it has been taken; see `polls`."""
        if not self.is_given_up:
            self.polls.waits[self.number] = is_waiting

    def end_fork(self) -> None:
        """End a child that the function forked: the parent answers, and polls."""
        if getpid() != self.pid:
            _exit(0)

    async def connect(self) -> socket:
        """
        Connect to the first of the places that takes a connection.

        Raises:
            OSError: none of them does.
        """
        failure: OSError = ConnectionRefusedError("the host has no address")
        for family, place in self.places:
            connection = socket(family, SOCK_STREAM)
            try:
                connection.setblocking(False)  # noqa: FBT003 - it takes no keyword
                connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
                await get_running_loop().sock_connect(connection, place)
            except OSError as error:
                connection.close()
                failure = error
            except BaseException:
                connection.close()
                raise
            else:
                self.polls.give(self.number, connection)
                return connection
        raise failure

    def take(self, connection: socket) -> None:
        """Use *connection* from here on."""
        self.socket, self.mark = connection, mark_of(connection)

    def is_receiving(self) -> bool:
        """Return whether some of an event has come, and not all of it."""
        return self.is_polling and not self.is_silent

    def give_up(self) -> None:
        """Let nothing more be sent or received, as another connection takes the place of this one."""
        self.is_given_up = True
        if self.socket is not None:
            try:
                self.socket.shutdown(SHUT_RDWR)  # who waits for it gets an error
            except OSError:
                pass

    def close(self) -> None:
        """Close the connection, if there is one; who waits for it waits in vain."""
        connection, self.socket, self.is_polling = self.socket, None, False
        if connection is None:
            return
        if connection.fileno() >= 0:
            get_running_loop().remove_reader(connection)
        if is_there(connection, self.mark):
            end(connection)
        else:
            connection.detach()


def set_ready(future: Future[None]) -> None:
    """End the wait, unless something else has."""
    if not future.done():
        future.set_result(None)


def places_of(address: protocol.Address) -> list[tuple[int, Any]]:
    """Return where *address* is, each place with its family."""
    found = getaddrinfo(address.host.encode(), address.port, 0, SOCK_STREAM)  # as bytes: no import of IDNA
    return [(family, place) for family, _, _, _, place in found]
