"""
The same transport over urllib3: the reference that the socket is compared with.

Owns: the settings under which urllib3 does what the Runtime API needs.
Refuses to know: everything else. Chosen by `BOOTSTRAP_TRANSPORT=urllib3`, imported only then.
"""

from __future__ import annotations

import urllib3
from urllib3.exceptions import HTTPError, ProtocolError

from .errors import RuntimeApiError
from .http1 import Response
from .protocol import USER_AGENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .client import Address
    from .protocol import Request


class Urllib3Transport:
    """A pool of one connection: no timeout, no redirects, no proxy, no retries but the one that `exchange` makes."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.pool = urllib3.HTTPConnectionPool(address.host, address.port, maxsize=1, timeout=None, retries=False)

    def exchange(self, request: Request) -> Response:
        """As `client.Transport` says; an idle connection that died is replaced once, as `SocketTransport` does."""
        connections = self.pool.num_connections
        try:
            return self.attempt(request)
        except ProtocolError as error:
            reused = connections and self.pool.num_connections == connections
            if not (reused and isinstance(error.args[-1], ConnectionError)):
                raise self.failure(request, error) from None
        except HTTPError as error:
            raise self.failure(request, error) from None
        try:
            return self.attempt(request)
        except HTTPError as error:
            raise self.failure(request, error) from None

    def attempt(self, request: Request) -> Response:
        """One try."""
        headers = {"Host": self.address.authority, "User-Agent": USER_AGENT, **dict(request.headers)}
        target = self.address.prefix + request.path
        answer = self.pool.urlopen(request.method, target, request.body, headers, retries=False, redirect=False)
        fields = {name.lower(): value for name, value in answer.headers.itermerged()}
        return Response(answer.status, fields, answer.data, closes=False)

    def failure(self, request: Request, error: HTTPError) -> RuntimeApiError:
        """urllib3's exceptions are its own affair."""
        return RuntimeApiError(f"failed to {request.method} {self.address.prefix}{request.path}: {error}")
