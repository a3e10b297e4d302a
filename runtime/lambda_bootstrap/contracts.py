"""
What the parts of the road need of each other.

Owns: `RuntimeApi`, which the loop calls, and `Transport`, which the client calls. It is for type checkers and
readers: nothing imports it at run time.
Refuses to know: who keeps them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from .http1 import Response
    from .protocol import Invocation, Request
    from .report import ErrorReport


class RuntimeApi(Protocol):
    """What the loop and a response stream need of a client; see `client.RuntimeClient`."""

    unanswered: Invocation | None

    def next(self) -> Invocation:
        """Wait for an invocation."""

    def respond(self, invocation: Invocation, body: bytes, content_type: str) -> None:
        """Answer it with a result."""

    def fail(self, invocation: Invocation, failure: ErrorReport) -> None:
        """Answer it with an error."""

    def open(self, request: Request, data: bytes) -> None:
        """Begin to answer it in pieces: send the head of *request* and the first *data*."""

    def push(self, request: Request, data: bytes) -> None:
        """Send more of *request*, for which the peer may let the function wait."""

    def finish(self, request: Request, data: bytes) -> None:
        """Send the last of *request*, and make sure that it has been taken."""


class Transport(Protocol):
    """What carries requests: a socket, or urllib3. Any of its methods may raise what `exchange` raises."""

    def exchange(self, request: Request) -> Response:
        """
        Send *request*, wait for its answer as long as it takes.

        Raises:
            TransportError: there was no answer.
            RuntimeApiError: there is nobody to answer.
        """

    def open(self, request: Request, data: bytes) -> None:
        """Send the head of *request* and the first *data* of its body."""

    def push(self, request: Request, data: bytes) -> None:
        """Send more of *request*, for which the peer may let the function wait."""

    def finish(self, request: Request, data: bytes) -> Response:
        """Send the last of *request* and return its answer."""

    def abandon(self) -> None:
        """Close the connection of a request in pieces that will not come to its end."""

    def close(self) -> None:
        """Close the connection, if there is one; the next request opens another."""

    def wait_by(self, wait: Callable[[Any], None]) -> None:
        """Have *wait*, which is given the socket, return before anything is received."""
