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
    MSG_WAITALL,
    SOCK_STREAM,
    SOL_SOCKET,
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
SO_COOKIE = 57  # Linux's, of every socket since it started: a third of the work of fstat
JOINED = 1 << 16  # up to here a copy is cheaper than a second packet
ACCEPTED = 202


class SocketTransport:
    """One keep-alive connection, opened on first use and again when the peer has closed it."""

    __slots__ = ("address", "host", "is_silent", "mark", "poll", "receive", "socket", "usual")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.host = f"Host: {address.authority}\r\nUser-Agent: {protocol.USER_AGENT}\r\n"
        self.poll = self.head(protocol.NEXT)  # the one request that is always the same
        # The last answer to a post, behind its bytes: most are the same, and need not be parsed again.
        self.usual = b"", http1.Response(0, {}, b"", closes=False)
        self.is_silent = True  # not a byte has come since the last request
        self.socket: socket | None = None
        self.mark: object = None  # of the socket: a function may close it, and open something of its own in its place
        self.receive: Callable[..., bytes] = socket.recv

    def exchange(self, request: Request) -> Response:
        """Send *request* and return its answer. A connection that died while a poll was due is replaced, once."""
        reused = self.socket is not None and request.body is None
        try:
            return self.attempt(request)
        except OSError as error:
            # Nothing came back on a connection that had been idle: it was closed before the request.
            if reused and self.is_silent:
                self.close()
                return self.guard(request, self.attempt, request)
            raise self.failure(request, error) from None
        except BaseException:  # a signal handler of the function may raise anything, in the middle of an answer
            self.close()
            raise

    def open(self, request: Request, data: bytes) -> None:
        """Send the head of *request* and *data*. A connection that died while the function was busy is replaced."""
        if self.socket is not None and (not is_there(self.socket, self.mark) or is_dead(self.socket)):
            self.close()
        self.guard(request, self.write, self.head(request) + data)

    def push(self, request: Request, data: bytes) -> None:
        """Send more of *request*."""
        self.guard(request, self.write_on, data)

    def finish(self, request: Request, data: bytes) -> Response:
        """Send the last of *request* and return its answer."""
        self.push(request, data)
        return self.guard(request, self.read)

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

    def attempt(self, request: Request) -> Response:
        """Send *request* and read its answer, once."""
        self.is_silent = True
        body = request.body
        if request is protocol.NEXT:
            (self.socket or self.opened()).sendall(self.poll)
            return self.read()
        if body is None:
            self.write(self.head(request))
            return self.read()
        head = self.head(request)
        if self.socket is not None and not is_there(self.socket, self.mark):
            self.close()
        if len(body) > JOINED:
            self.write(head)
            self.write_on(body)
        else:
            (self.socket or self.opened()).sendall(head + body)
        return self.read()

    def write(self, data: bytes) -> None:
        """Send *data*, over a new connection if there is none."""
        (self.socket or self.opened()).sendall(data)

    def opened(self) -> socket:
        """Return a new connection, the one from here on."""
        self.socket = connection = with_spare(self.connect)
        self.mark = mark_of(connection)
        return connection

    def write_on(self, data: bytes) -> None:
        """Send more *data* over the same connection: a new one would not know what it is about."""
        if self.socket is None or not is_there(self.socket, self.mark):
            raise ConnectionResetError("the connection is gone")
        self.socket.sendall(data)

    def read(self) -> Response:
        """Return the response that comes next."""
        assert self.socket is not None
        connection = self.socket
        data = self.receive(connection, JOINED)
        if not data:
            raise ConnectionResetError("the connection was closed instead of an answer")
        self.is_silent = False
        seen, answer = self.usual
        if data == seen:
            return answer
        # More follows what is as long as may be received at once: its head need not be parsed twice.
        answer = (http1.whole(data) if len(data) < JOINED else None) or self.read_on(connection, data)
        if answer.closes:
            self.close()
        elif answer.status == ACCEPTED:
            self.usual = data, answer
        return answer

    def read_on(self, connection: socket, data: bytes) -> Response:
        """Return the response that begins with *data*, however its bytes are cut."""
        reader = http1.Reader()
        answer = reader.feed(data)
        while answer is None:
            wanted = min(reader.wanted, 1 << 20)  # as one piece: a short one keeps memory for the rest
            data = self.receive(connection, wanted or JOINED, MSG_WAITALL if wanted else 0)
            answer = reader.feed(data) if data else reader.end()
        return answer

    def head(self, request: Request) -> bytes:
        """Return the head of *request*, for this host."""
        return http1.encode(
            request.method, self.address.prefix + request.path, request.headers, request.body, self.host
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

        def receive(connection: socket, size: int, flags: int = 0) -> bytes:
            wait(connection)
            return connection.recv(size, flags)

        self.receive = receive

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self.socket = self.socket, None
        if connection is not None and is_there(connection, self.mark):
            connection.close()
        elif connection is not None:
            connection.detach()  # the number is the function's now, or nobody's


def is_there(connection: socket, mark: object) -> bool:
    """Return whether the descriptor of *connection* is still the one that was opened for it, which had this *mark*."""
    try:
        return connection.getsockopt(SOL_SOCKET, SO_COOKIE, 8) == mark
    except OSError:
        pass
    try:
        return mark_of(connection) == mark
    except OSError:
        return False


def mark_of(connection: socket) -> object:
    """
    Return what no other descriptor has while *connection* is open: the socket's cookie, else its inode.

    Raises:
        OSError: it is not open.
    """
    try:
        return connection.getsockopt(SOL_SOCKET, SO_COOKIE, 8)
    except OSError:  # or this is another system than Linux
        return fstat(connection.fileno()).st_ino


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
