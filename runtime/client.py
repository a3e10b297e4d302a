"""
The one socket to the Runtime API.

Owns: where the Runtime API is (`Address`), the keep-alive connection to it (`SocketTransport`), and the verbs that
the loop speaks (`RuntimeClient`), which are the same over any transport.
Refuses to know: what a payload means, what an answer means for the loop.

A plain socket: `http.client` and urllib3 cost more than the rest of an invocation together, show up in the traces of
functions that instrument them, and cannot send trailers.
"""

from __future__ import annotations

from _socket import IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, getaddrinfo, socket

from . import http1, protocol
from .errors import ConfigError, RuntimeApiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from .errors import ErrorReport
    from .http1 import Response
    from .protocol import Invocation, Request

    class Transport(Protocol):
        """What carries requests: a socket, or urllib3."""

        def exchange(self, request: Request) -> Response:
            """
            Send *request*, wait for its answer as long as it takes.

            Raises:
                RuntimeApiError: there was no answer.
            """


JOINED = 1 << 16  # up to here a copy is cheaper than a second packet


class Address:
    """
    Where the Runtime API is: `host:port`, IPv6 in brackets, with an optional scheme and path prefix.

    Raises:
        ConfigError: it is not that; the message tells what to do.
    """

    __slots__ = ("authority", "host", "port", "prefix")

    def __init__(self, text: str) -> None:
        rest = text.removeprefix("http://")
        self.authority, slash, prefix = rest.partition("/")
        self.prefix = (slash + prefix).rstrip("/")
        host, _, port = self.authority.rpartition(":")
        self.host = host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host
        valid = port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16
        valid = valid and bool(self.host) and ((":" in self.host) == (host != self.host))
        if not (valid and text.isascii() and text.isprintable() and " " not in text):
            raise ConfigError(
                f"AWS_LAMBDA_RUNTIME_API is {text!r}: it has to be host:port, [IPv6]:port or http://host:port/prefix"
            )
        self.port = int(port)

    def url(self, request: Request) -> str:
        """Where *request* goes, for messages."""
        return f"http://{self.authority}{self.prefix}{request.path}"


class SocketTransport:
    """One keep-alive connection, opened on first use and again when the peer has closed it."""

    __slots__ = ("address", "host", "socket")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.host = (("Host", address.authority), ("User-Agent", protocol.USER_AGENT))
        self.socket: socket | None = None

    def exchange(self, request: Request) -> Response:
        """As `Transport` says. A connection that died while idle is replaced, once, and the request sent again."""
        reused = self.socket is not None
        reader = http1.Reader()
        try:
            return self.attempt(request, reader)
        except OSError as error:
            # Nothing came back on a connection that had been idle, so it was closed before the request. Should the
            # request have arrived after all: `next` serves the same event again, a second answer is refused with 4xx.
            if not (reused and reader.is_blank):
                raise self.failure(request, error) from None
        self.close()
        try:
            return self.attempt(request, http1.Reader())
        except OSError as error:
            raise self.failure(request, error) from None

    def attempt(self, request: Request, reader: http1.Reader) -> Response:
        """One try."""
        connection = self.socket
        if connection is None:
            connection = self.socket = self.connect()
        body = request.body
        head = http1.encode(request.method, self.address.prefix + request.path, self.host + request.headers, body)
        if body and len(body) > JOINED:
            connection.sendall(head)
            connection.sendall(body)
        else:
            connection.sendall(head + body if body else head)
        size = JOINED
        try:
            while True:
                data = connection.recv(size)
                if not data and reader.is_blank:
                    raise ConnectionResetError("the connection was closed instead of an answer")
                answer = reader.feed(data) if data else reader.end()
                if answer is not None:
                    break
                size = max(JOINED, min(reader.wanted, 1 << 20))
        except RuntimeApiError:
            self.close()
            raise
        if answer.closes:
            self.close()
        return answer

    def connect(self) -> socket:
        """A new connection to the first of the host's addresses that takes one. It never times out: see `next`."""
        failure: OSError = ConnectionRefusedError("the host has no address")
        # The host goes in as bytes: of a string Python would make IDNA, which is an import of 5 ms.
        for family, kind, number, _, place in getaddrinfo(
            self.address.host.encode(), self.address.port, 0, SOCK_STREAM
        ):
            connection = socket(family, kind, number)
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

    def close(self) -> None:
        """Forget the connection."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def failure(self, request: Request, error: OSError) -> RuntimeApiError:
        """The error for a *request* that got no answer."""
        self.close()
        return RuntimeApiError(f"failed to {request.method} {self.address.url(request)}: {error}")


class RuntimeClient:
    """
    The Runtime API as verbs.

    Args:
        transport: what carries the requests.
        working_directory: named in the X-Ray cause.
    """

    __slots__ = ("exchange", "working_directory")

    def __init__(self, transport: Transport, working_directory: str) -> None:
        self.exchange = transport.exchange
        self.working_directory = working_directory

    def next(self) -> Invocation:
        """
        Wait for an invocation; the environment may be frozen for hours meanwhile, so there is no timeout.

        Raises:
            RuntimeApiError: there will be none.
        """
        answer = self.exchange(protocol.NEXT)
        if protocol.verdict(protocol.NEXT, answer) != protocol.DONE:
            raise RuntimeApiError(
                f"failed to get the next invocation: the Runtime API answered {protocol.explain(answer)}"
            )
        return protocol.Invocation(answer.headers, answer.body)

    def respond(self, invocation: Invocation, body: bytes, content_type: str) -> str | None:
        """
        Answer *invocation* with a result. Give None, or in one line why the answer did not count.

        Raises:
            RuntimeApiError: the environment is lost.
        """
        request = protocol.response(invocation, body, content_type)
        return self.settle(request, self.exchange(request))

    def fail(self, invocation: Invocation, failure: ErrorReport) -> str | None:
        """Answer *invocation* with an error; otherwise as `respond`."""
        request = protocol.error(invocation, failure, self.working_directory)
        answer = self.exchange(request)
        if protocol.verdict(request, answer) == protocol.REPEAT:
            request = protocol.plain_error(invocation, failure)
            answer = self.exchange(request)
        return self.settle(request, answer)

    def fail_init(self, failure: ErrorReport) -> str | None:
        """Report that the function could not be loaded; otherwise as `respond`. The process has to exit after it."""
        request = protocol.init_error(failure)
        return self.settle(request, self.exchange(request))

    def settle(self, request: Request, answer: Response) -> str | None:
        """None if *answer* takes the post, else why not."""
        verdict = protocol.verdict(request, answer)
        if verdict == protocol.DONE:
            return None
        reason = f"the Runtime API refused the {request.endpoint}: {protocol.explain(answer)}"
        if verdict == protocol.GONE:
            raise RuntimeApiError(reason)
        return reason
