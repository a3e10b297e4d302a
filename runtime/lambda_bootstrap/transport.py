"""
The one socket to the Runtime API.

Owns: the keep-alive connection, opened when it is needed and again when the peer has closed it.
Refuses to know: what a request asks for, what an answer means.

A plain socket: `http.client` and urllib3 cost more than the rest of an invocation together, show up in the traces of
functions that instrument them, and cannot send trailers.
"""

from __future__ import annotations

from _socket import (  # `socket` imports `enum` and `selectors`
    IPPROTO_TCP,
    MSG_DONTWAIT,
    MSG_PEEK,
    SOCK_STREAM,
    TCP_NODELAY,
    dup,
    getaddrinfo,
    socket,
)
from posix import fstat  # built in: `os` is a file, which a function may have too

from . import http1, protocol
from .errors import RuntimeApiError, TransportError
from .spare import with_spare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from .http1 import Response
    from .protocol import Address, Request

    T = TypeVar("T")


STDERR = 2
JOINED = 1 << 16  # up to here a copy is cheaper than a second packet


class SocketTransport:
    """One keep-alive connection, opened on first use and again when the peer has closed it."""

    __slots__ = ("address", "host", "inode", "poll", "receive", "socket")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.host = (("Host", address.authority), ("User-Agent", protocol.USER_AGENT))
        self.poll = self.head(protocol.NEXT)  # the one request that is always the same
        self.socket: socket | None = None
        self.inode = 0  # of the socket: a function may close it, and open something of its own in its place
        self.receive: Callable[[socket, int], bytes] = socket.recv

    def exchange(self, request: Request) -> Response:
        """Send *request* and return its answer. A connection that died while a poll was due is replaced, once."""
        reused = self.socket is not None and request.body is None
        reader = http1.Reader()
        try:
            return self.attempt(request, reader)
        except OSError as error:
            # Nothing came back on a connection that had been idle: it was closed before the request.
            if reused and reader.is_blank:
                self.close()
                return self.guard(request, self.attempt, request, http1.Reader())
            raise self.failure(request, error) from None
        except BaseException:  # a signal handler of the function may raise anything, in the middle of an answer
            self.close()
            raise

    def open(self, request: Request, data: bytes) -> None:
        """Send the head of *request* and *data*. A connection that died while the function was busy is replaced."""
        if self.socket is not None and (not is_there(self.socket, self.inode) or is_dead(self.socket)):
            self.close()
        self.guard(request, self.write, self.head(request) + data)

    def push(self, request: Request, data: bytes) -> None:
        """Send more of *request*."""
        self.guard(request, self.write_on, data)

    def finish(self, request: Request, data: bytes) -> Response:
        """Send the last of *request* and return its answer."""
        self.push(request, data)
        return self.guard(request, self.read, http1.Reader())

    def guard(self, request: Request, step: Callable[..., T], *arguments: object) -> T:
        """Do one *step* of *request*; if it fails, close the connection: nobody knows what is left on it."""
        try:
            return step(*arguments)
        except OSError as error:
            raise self.failure(request, error) from None
        except BaseException:
            self.close()
            raise

    def failure(self, request: Request, error: OSError) -> RuntimeApiError:
        """Close the connection, and return the error for the caller."""
        self.close()
        kind = RuntimeApiError if isinstance(error, ConnectionRefusedError) else TransportError
        return kind(f"failed to {request.method} {self.address.url(request)}: {error}")

    def attempt(self, request: Request, reader: http1.Reader) -> Response:
        """Send *request* and read its answer, once."""
        body = request.body
        if body is None:
            self.write(self.poll if request is protocol.NEXT else self.head(request))
            return self.read(reader)
        if self.socket is not None and not is_there(self.socket, self.inode):
            self.close()
        head = self.head(request)
        if len(body) > JOINED:
            self.write(head)
            self.write_on(body)
        else:
            self.write(head + body)
        return self.read(reader)

    def write(self, data: bytes) -> None:
        """Send *data*, over a new connection if there is none."""
        if self.socket is None:
            self.socket = connection = with_spare(self.connect)
            self.inode = fstat(connection.fileno()).st_ino
        self.socket.sendall(data)

    def write_on(self, data: bytes) -> None:
        """Send more *data* over the same connection: a new one would not know what it is about."""
        if self.socket is None or not is_there(self.socket, self.inode):
            raise ConnectionResetError("the connection is gone")
        self.socket.sendall(data)

    def read(self, reader: http1.Reader) -> Response:
        """Feed *reader* with what comes until it has a response."""
        assert self.socket is not None
        connection = self.socket
        size = JOINED
        while True:
            data = self.receive(connection, size)
            if not data and reader.is_blank:
                raise ConnectionResetError("the connection was closed instead of an answer")
            answer = reader.feed(data) if data else reader.end()
            if answer is not None:
                break
            size = max(JOINED, min(reader.wanted, 1 << 20))
        if answer.closes:
            self.close()
        return answer

    def head(self, request: Request) -> bytes:
        """Return the head of *request*, for this host."""
        return http1.encode(
            request.method, self.address.prefix + request.path, self.host + request.headers, request.body
        )

    def connect(self) -> socket:
        """
        Connect to the first of the host's addresses that takes a connection. It never times out: see `client.next`.

        Raises:
            OSError: none of them does.
        """
        failure: OSError = ConnectionRefusedError("the host has no address")
        # The host goes in as bytes: of a string Python would make IDNA, which is an import of 5 ms.
        for family, kind, number, _, place in getaddrinfo(
            self.address.host.encode(), self.address.port, 0, SOCK_STREAM
        ):
            connection = above_stdio(socket(family, kind, number))
            try:
                connection.settimeout(None)  # a function's socket.setdefaulttimeout() is not meant for us
                connection.connect(place)
                connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure

    def abandon(self) -> None:
        """Close the connection of a request in pieces that will not come to its end."""
        self.close()

    def wait_by(self, wait: Callable[[socket], None]) -> None:
        """Have *wait* return before anything is received."""

        def receive(connection: socket, size: int) -> bytes:
            wait(connection)
            return connection.recv(size)

        self.receive = receive

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self.socket = self.socket, None
        if connection is not None and is_there(connection, self.inode):
            connection.close()
        elif connection is not None:
            connection.detach()  # the number is the function's now, or nobody's


def is_there(connection: socket, inode: int) -> bool:
    """Return whether the descriptor of *connection* is still the one that was opened for it."""
    try:
        return fstat(connection.fileno()).st_ino == inode
    except OSError:
        return False


def is_dead(connection: socket) -> bool:
    """Return whether the peer or the function has closed an idle *connection*, or what came is not an answer."""
    try:
        connection.recv(1, MSG_PEEK | MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def above_stdio(connection: socket) -> socket:
    """Move *connection* to a descriptor above 2: a function that closed its stdout still prints to descriptor 1."""
    low = []
    while connection.fileno() <= STDERR:
        low.append(connection)
        connection = socket(fileno=dup(connection.fileno()))
    for each in low:
        each.close()
    return connection
