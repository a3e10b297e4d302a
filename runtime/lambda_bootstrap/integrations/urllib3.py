"""
The same transport over urllib3: the reference that the socket is compared with.

Owns: how urllib3 is used so that it does what the Runtime API needs; keeping its modules out of a function's way.
Refuses to know: what a request asks for, what an answer means.
"""

from __future__ import annotations

import http.client
import io
import socket
import sys
from _frozen_importlib_external import PathFinder  # `importlib.machinery` is one more import

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError

from ..errors import RuntimeApiError, TransportError
from ..http1 import MAX_HEAD, Response
from ..protocol import USER_AGENT
from ..spare import with_spare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from ..protocol import Address, Request

    T = TypeVar("T")

http_client: Any = http.client


class Waiting(socket.socket):
    """A socket that waits in the runtime's way before it receives."""

    wait: Callable[[Any], None] | None = None

    def recv_into(self, *arguments: Any) -> int:
        """As `socket.socket.recv_into`."""
        if Waiting.wait is not None:
            Waiting.wait(self)
        return super().recv_into(*arguments)


class Lines(io.BufferedReader):
    """What arrives on a connection; a line that its end has cut is no line, which `http.client` does not mind."""

    has_begun = False

    def readline(self, size: int | None = -1, /) -> bytes:
        """
        As `io.BufferedReader.readline`.

        Raises:
            IncompleteRead: the connection has ended in the middle of an answer.
        """
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size and (line or self.has_begun):
            raise http.client.IncompleteRead(line)
        self.has_begun = True
        return line


class Answer(http.client.HTTPResponse):
    """A response of such lines."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fp: Any = Lines(self.fp.detach())


class Connection(urllib3.connection.HTTPConnection):
    """A connection over such a socket."""

    response_class = Answer

    def connect(self) -> None:
        """As `http.client.HTTPConnection.connect`."""
        super().connect()
        self.sock = Waiting(fileno=self.sock.detach())


class Urllib3Transport:
    """A pool of one connection: no timeout, no redirects, no proxy, no retries but the one that `exchange` makes."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.pool = self.new_pool()

    def new_pool(self) -> urllib3.HTTPConnectionPool:
        """Return a pool without a connection."""
        host, port = self.address.host, self.address.port
        pool = urllib3.HTTPConnectionPool(host, port, maxsize=1, timeout=None, retries=False)
        pool.ConnectionCls = Connection
        return pool

    def exchange(self, request: Request) -> Response:
        """Send *request* and return its answer; a poll on a dead connection is repeated once, as `transport` does."""
        connections = self.pool.num_connections
        try:
            try:
                return with_spare(lambda: self.attempt(request))
            except ProtocolError as error:
                reused = request.body is None and connections and self.pool.num_connections == connections
                if not (reused and isinstance(error.args[-1], ConnectionError)):
                    raise
                return self.attempt(request)
        except (HTTPError, OSError) as error:
            raise self.failure(request, error) from None

    def attempt(self, request: Request) -> Response:
        """
        Send *request* and return its answer, once.

        Raises:
            HTTPError: urllib3's own error.
            OSError: no connection could be made.
        """
        headers = {"Host": self.address.authority, "User-Agent": USER_AGENT, **dict(request.headers)}
        target = self.address.prefix + request.path
        # http.client takes 100 headers of 64 KiB, a function's http.client too: hence only for as long as this takes.
        limits = http_client._MAXLINE, http_client._MAXHEADERS  # noqa: SLF001 - there is no public way
        http_client._MAXLINE = http_client._MAXHEADERS = MAX_HEAD  # noqa: SLF001 - as above
        try:
            answer = self.pool.urlopen(request.method, target, request.body, headers, retries=False, redirect=False)
        except NewConnectionError as error:
            raise error.__cause__ or error from None
        finally:
            http_client._MAXLINE, http_client._MAXHEADERS = limits  # noqa: SLF001 - as above
        fields = {name.lower(): value for name, value in answer.headers.itermerged()}
        return Response(answer.status, fields, answer.data, closes=False)

    def open(self, request: Request, data: bytes) -> None:
        """Send the head and *data*, on a connection of its own: urllib3 takes no body in pieces and no trailers."""
        self.connection = http.client.HTTPConnection(self.address.host, self.address.port)
        self.connection.response_class = Answer
        self.guard(request, with_spare, self.connection.connect)
        self.guard(request, self.head, request)
        self.guard(request, self.connection.endheaders, data)

    def push(self, request: Request, data: bytes) -> None:
        """Send more of *request*."""
        self.guard(request, self.connection.send, data)

    def finish(self, request: Request, data: bytes) -> Response:
        """Send the last of *request* and return its answer."""
        self.push(request, data)
        answer = self.guard(request, self.connection.getresponse)
        body = self.guard(request, answer.read)
        self.connection.close()
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body, closes=True)

    def head(self, request: Request) -> None:
        """Prepare the head of *request*."""
        self.connection.putrequest(request.method, self.address.prefix + request.path, True, True)  # noqa: FBT003 - no headers of its own
        for name, value in ("Host", self.address.authority), ("User-Agent", USER_AGENT), *request.headers:
            self.connection.putheader(name, value)

    def guard(self, request: Request, step: Callable[..., T], *arguments: object) -> T:
        """Do one *step* of *request*; if it fails, close the connection."""
        try:
            return step(*arguments)
        except (OSError, http.client.HTTPException) as error:
            shut(self.connection)
            raise self.failure(request, error) from None
        except BaseException:  # by a signal handler of the function
            shut(self.connection)
            raise

    def failure(self, request: Request, error: Exception) -> RuntimeApiError:
        """Map a urllib3 exception to ours."""
        is_refused = isinstance(error, ConnectionRefusedError) or isinstance(error.__cause__, ConnectionRefusedError)
        kind = RuntimeApiError if is_refused else TransportError
        return kind(f"failed to {request.method} {self.address.url(request)}: {error}")

    def wait_by(self, wait: Callable[[Any], None]) -> None:
        """Have *wait* return before anything is received."""
        Waiting.wait = staticmethod(wait)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self.pool.close()
        self.pool = self.new_pool()

    def abandon(self) -> None:
        """Close the connection of a request in pieces that will not come to its end; what follows gets a new one."""
        shut(self.connection)
        shut(self.pool)
        self.pool = self.new_pool()


def shut(connection: Any) -> None:
    """Close a connection, or a pool of one."""
    try:
        connection.close()
    except OSError:  # the function has closed its descriptor
        pass


class Aside:
    """
    urllib3 for a function that has modules of the same names, its own `urllib3` perhaps, or that removes modules.

    Args:
        transport: finds its modules in place while a request is under way.
        names: what they are called; those of which the import path finds another copy are out of the function's way.
    """

    def __init__(self, transport: Urllib3Transport, names: set[str]) -> None:
        self.transport = transport
        self.abandon, self.wait_by, self.close = transport.abandon, transport.wait_by, transport.close
        self.open, self.push, self.finish = transport.open, transport.push, transport.finish  # which import nothing
        self.modules = {name: sys.modules[name] for name in names}
        for name in doubles(names):
            del sys.modules[name]

    def exchange(self, request: Request) -> Response:
        """Exchange with urllib3's modules in place, and the function's own put back afterwards."""
        theirs = {name: sys.modules[name] for name in self.modules if name in sys.modules}
        sys.modules.update(self.modules)
        try:
            return self.transport.exchange(request)
        finally:
            for name in self.modules:
                sys.modules.pop(name, None)
            sys.modules.update(theirs)


def doubles(names: set[str]) -> set[str]:
    """Return those imported modules among *names* of which the import path now finds another copy."""
    found: set[str] = set()
    for top in {name.partition(".")[0] for name in names}:
        spec = PathFinder.find_spec(top)
        if spec is not None and spec.origin != getattr(sys.modules[top], "__file__", None):
            found.update(name for name in names if name == top or name.startswith(f"{top}."))
    return found
