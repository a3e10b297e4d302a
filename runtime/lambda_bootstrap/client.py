"""
The one socket to the Runtime API.

Owns: the keep-alive connection to it (`SocketTransport`), and the verbs that the loop speaks (`RuntimeClient`), which
are the same over any transport.
Refuses to know: what a payload means, what an answer means for the loop.

A plain socket: `http.client` and urllib3 cost more than the rest of an invocation together, show up in the traces of
functions that instrument them, and cannot send trailers.
"""

from __future__ import annotations

from _socket import IPPROTO_TCP, MSG_DONTWAIT, MSG_PEEK, SOCK_STREAM, TCP_NODELAY, dup, getaddrinfo, socket
from time import monotonic, sleep

from . import http1, protocol
from .errors import ErrorReport, RuntimeApiError, TransportError
from .traces import title

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from .http1 import Response
    from .protocol import Address, Invocation, Request, Transport

    T = TypeVar("T")


BACK_OFF = (0.1, 0.2, 0.4)  # seconds
PATIENCE = 1.0  # seconds; a poll that took longer did not fail in a row with the one before
STDERR = 2
JOINED = 1 << 16  # up to here a copy is cheaper than a second packet


class SocketTransport:
    """One keep-alive connection, opened on first use and again when the peer has closed it."""

    __slots__ = ("address", "host", "poll", "socket")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.host = (("Host", address.authority), ("User-Agent", protocol.USER_AGENT))
        self.poll = self.head(protocol.NEXT)  # the one request that is always the same
        self.socket: socket | None = None

    def exchange(self, request: Request) -> Response:
        """As `protocol.Transport` says. A connection that died while a poll was due is replaced, once."""
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
        except BaseException:  # a signal handler of the function may raise anything: half an answer is of no use
            self.close()
            raise

    def begin(self, request: Request, data: bytes) -> None:
        """As `protocol.Transport` says. A connection that died while the function was busy is replaced."""
        if self.socket is not None and is_dead(self.socket):
            self.close()
        self.send(request, self.head(request) + data)

    def send(self, request: Request, data: bytes) -> None:
        """As `protocol.Transport` says."""
        self.guard(request, self.write, data)

    def end(self, request: Request, data: bytes) -> Response:
        """As `protocol.Transport` says."""
        self.send(request, data)
        return self.guard(request, self.read, http1.Reader())

    def guard(self, request: Request, step: Callable[..., T], *arguments: object) -> T:
        """Do one *step* of *request*; when it fails, the connection is of no use any more."""
        try:
            return step(*arguments)
        except OSError as error:
            raise self.failure(request, error) from None
        except BaseException:
            self.close()
            raise

    def failure(self, request: Request, error: OSError) -> RuntimeApiError:
        """What the caller is told of *error*."""
        self.close()
        kind = RuntimeApiError if isinstance(error, ConnectionRefusedError) else TransportError
        return kind(f"failed to {request.method} {self.address.url(request)}: {error}")

    def attempt(self, request: Request, reader: http1.Reader) -> Response:
        """One try."""
        body = request.body
        head = self.poll if request is protocol.NEXT else self.head(request)
        if body and len(body) > JOINED:
            self.write(head)
            self.write(body)
        else:
            self.write(head + body if body else head)
        return self.read(reader)

    def write(self, data: bytes) -> None:
        """Send *data*, over a new connection if there is none."""
        if self.socket is None:
            self.socket = self.connect()
        self.socket.sendall(data)

    def read(self, reader: http1.Reader) -> Response:
        """Feed *reader* with what comes until it has a response."""
        assert self.socket is not None
        connection = self.socket
        size = JOINED
        while True:
            data = connection.recv(size)
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
        """The head of *request*, for this host."""
        return http1.encode(
            request.method, self.address.prefix + request.path, self.host + request.headers, request.body
        )

    def connect(self) -> socket:
        """A new connection to the first of the host's addresses that takes one. It never times out: see `next`."""
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

    def close(self) -> None:
        """Forget the connection."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def is_dead(connection: socket) -> bool:
    """Whether the peer has closed an idle *connection*, or sent on it what nobody asked for."""
    try:
        connection.recv(1, MSG_PEEK | MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def above_stdio(connection: socket) -> socket:
    """*connection* on a descriptor above 2: a function that closed its stdout goes on printing to descriptor 1."""
    low = []
    while connection.fileno() <= STDERR:
        low.append(connection)
        connection = socket(fileno=dup(connection.fileno()))
    for each in low:
        each.close()
    return connection


class RuntimeClient:
    """
    The Runtime API as verbs, and what is done when it does not answer as it should; see `protocol.verdict`.

    Args:
        transport: what carries the requests; of one that is sent in pieces, `begin` and `send` are its own.
        working_directory: named in the X-Ray cause.
        complain: told, in one line, what went wrong and did not end the environment.
    """

    __slots__ = ("begin", "complain", "send", "transport", "working_directory")

    def __init__(self, transport: Transport, working_directory: str, complain: Callable[[str], None]) -> None:
        self.transport = transport
        self.begin = transport.begin
        self.send = transport.send
        self.working_directory = working_directory
        self.complain = complain

    def next(self) -> Invocation:
        """
        Wait for an invocation; the environment may be frozen for hours meanwhile, so there is no timeout.

        Raises:
            RuntimeApiError: there will be none.
        """
        waits = list(BACK_OFF)
        while True:
            start = monotonic()
            try:
                answer = self.transport.exchange(protocol.NEXT)
                verdict = protocol.verdict(protocol.NEXT, answer)
                if verdict == protocol.DONE:
                    return protocol.Invocation(answer.headers, answer.body)
                reason = f"the Runtime API answered {protocol.explain(answer)}"
            except TransportError as error:
                verdict, reason = protocol.AGAIN, str(error)
            except RuntimeApiError:
                raise
            except Exception as error:  # by a signal handler of the function; what was under way is served again
                verdict, reason = protocol.AGAIN, f"{title(error)} ended the poll"
            if monotonic() - start > PATIENCE:
                waits = list(BACK_OFF)
            if verdict == protocol.GONE or not waits:
                raise RuntimeApiError(f"failed to get the next invocation: {reason}")
            self.complain(f"failed to get the next invocation: {reason}; trying again")
            sleep(waits.pop(0))

    def respond(self, invocation: Invocation, body: bytes, content_type: str) -> None:
        """
        Answer *invocation* with a result.

        Raises:
            RuntimeApiError: the environment is lost.
        """
        verdict, reason = self.post(protocol.response(invocation, body, content_type))
        if verdict == protocol.PLAINER:
            refused = ErrorReport("Runtime.ResponseRefused", f"The response could not be posted: {reason}", [])
            verdict, reason = self.post(protocol.plain_error(invocation, refused))
        self.settle(verdict, reason)

    def fail(self, invocation: Invocation, failure: ErrorReport) -> None:
        """Answer *invocation* with an error; otherwise as `respond`."""
        verdict, reason = self.post(protocol.error(invocation, failure, self.working_directory))
        if verdict == protocol.PLAINER:
            verdict, reason = self.post(protocol.plain_error(invocation, failure))
        self.settle(verdict, reason)

    def end(self, request: Request, data: bytes) -> None:
        """End a *request* that was sent in pieces with *data*; it cannot be sent again. Otherwise as `respond`."""
        verdict, reason, _ = self.try_to_post(request, self.transport.end, request, data)
        self.settle(verdict, reason)

    def fail_init(self, failure: ErrorReport) -> None:
        """Report that the function could not be loaded; otherwise as `respond`. The process has to exit after it."""
        self.settle(*self.post(protocol.init_error(failure)))

    def post(self, request: Request) -> tuple[str, str]:
        """
        Send *request*, and once more where that may help; give the verdict, and in one line why it is not `DONE`.

        Should the first have arrived after all, the second is refused: answers are taken once.
        """
        verdict, reason, lost = self.try_to_post(request, self.transport.exchange, request)
        if verdict != protocol.AGAIN:
            return verdict, reason
        sleep(0 if lost else BACK_OFF[0])
        verdict, reason, lost = self.try_to_post(request, self.transport.exchange, request)
        if verdict == protocol.AGAIN:
            return protocol.DROPPED if lost else protocol.GONE, reason
        return (protocol.DONE if verdict == protocol.DROPPED else verdict), reason

    def try_to_post(
        self, request: Request, exchange: Callable[..., Response], *arguments: object
    ) -> tuple[str, str, bool]:
        """One try; the last value tells whether there was no answer at all."""
        try:
            answer = exchange(*arguments)
        except TransportError as error:
            return protocol.AGAIN, str(error), True
        except RuntimeApiError as error:
            return protocol.GONE, str(error), True
        except Exception as error:  # by a signal handler of the function
            return protocol.AGAIN, f"{title(error)} ended the post of the {request.endpoint}", True
        verdict = protocol.verdict(request, answer)
        if verdict == protocol.DONE:
            return verdict, "", False
        return verdict, f"the Runtime API refused the {request.endpoint}: {protocol.explain(answer)}", False

    def settle(self, verdict: str, reason: str) -> None:
        """Go on or not."""
        if verdict == protocol.GONE:
            raise RuntimeApiError(reason)
        if verdict != protocol.DONE:
            self.complain(reason)
