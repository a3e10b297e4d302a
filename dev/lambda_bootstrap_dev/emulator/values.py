"""
The values that the emulator's modules pass to each other and to tests.

Owns: the parts of a request, a reply and an invocation.
Refuses to know: how these travel, and what they mean.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]


def find_header(headers: Iterable[tuple[str, str]], name: str) -> str:
    """Find the first header called *name*, in any case; an empty string if there isn't any."""
    return next((value for key, value in headers if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Request:
    """A request exactly as it came in; text is latin-1, so that every byte survives."""

    endpoint: str  # "next", "response", "error", "init/error", "ping", "invoke", "invoke/stream"; "" for anything else
    method: str
    target: str
    headers: Headers  # in order, names in their own case
    body: bytes
    trailers: Headers
    connection: int  # counted from 1 in order of arrival
    at: float  # time.monotonic() when the last byte was read
    ends: Sequence[int] = ()  # where each chunk of the body ends, if it was chunked
    request_id: str = ""  # the segment of the path, unchanged; of a call to invoke, the name of the function
    refusal: HTTPStatus | None = None  # for the path or the method, before any rule
    allowed: str = ""  # the method that the path takes, if it is another
    is_complete: bool = True  # False: the peer closed before the body ended
    is_oversized: bool = False  # True: the body is over the limit and hasn't been kept

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """The chunks of the body, if it was chunked."""
        return tuple(self.body[start:end] for start, end in pairwise((0, *self.ends)))

    @cached_property
    def by_name(self) -> dict[str, str]:
        """The headers by their names in lower case, the first of each name."""
        return {name.lower(): value for name, value in reversed(self.headers)}

    def header(self, name: str) -> str:
        """The value of a header, or an empty string."""
        return self.by_name.get(name.lower(), "")

    def trailer(self, name: str) -> str:
        """The value of a trailer, or an empty string."""
        return find_header(self.trailers, name)


@dataclass(frozen=True)
class Reply:
    """
    A complete response. Its `Content-Length` is added, unless *headers* have a length or `Transfer-Encoding`.

    If it is scripted for `next`, with status 200 and a `Lambda-Runtime-Aws-Request-Id`, it becomes the outstanding
    invocation, so that the post for it is accepted. If it is scripted for a post, status 202, 403, 410 or 413 ends the
    invocation; with any other status the invocation stays outstanding.
    """

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Raw:
    """Send these bytes as they are."""

    data: bytes


@dataclass(frozen=True)
class Pause:
    """Wait before the next step."""

    seconds: float


@dataclass(frozen=True)
class Close:
    """Close the connection normally (FIN)."""


@dataclass(frozen=True)
class Reset:
    """Reset the connection (RST); the peer loses everything that it hasn't read yet."""


@dataclass(frozen=True)
class Default:
    """Answer by the emulator's own rules, without a script."""


Step = Reply | Raw | Pause | Close | Reset | Default


@dataclass(frozen=True)
class Invocation:
    """A caller's request to invoke, as `next` will deliver it. An empty string means absent."""

    request_id: str
    invocation_id: str  # the nonce of this attempt
    payload: bytes
    content_type: str = "application/json"
    trace_id: str = ""
    client_context: str = ""  # decoded
    cognito_identity: str = ""
    tenant_id: str = ""


@dataclass(frozen=True)
class Delivery:
    """An event delivered to the runtime: the ids that its post must carry, and the reply, to be repeated."""

    request_id: str
    invocation_id: str
    reply: Reply


class Kind(enum.Enum):
    """How an invocation ended."""

    RESPONSE = "response"
    ERROR = "error"
    INIT_ERROR = "init error"
    REFUSED = "refused"  # the runtime broke the protocol
    EXIT = "exit"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Ending:
    """How an invocation ended, and what its caller gets."""

    kind: Kind
    body: bytes
    content_type: str = "application/json"

    @property
    def is_answered(self) -> bool:
        """Whether the function itself answered, with a result or an error."""
        return self.kind in {Kind.RESPONSE, Kind.ERROR}


def platform_ending(kind: Kind, error_type: str, message: str) -> Ending:
    """The ending of an invocation that the platform answers itself."""
    body = {"errorType": error_type, "errorMessage": message}
    return Ending(kind, json.dumps(body, separators=(",", ":")).encode())


@dataclass(frozen=True)
class Report:
    """The cost of an invocation. Memory is None if unknown; init is None except for the first invocation."""

    request_id: str
    kind: Kind
    duration_ms: float
    init_ms: float | None = None
    memory_mb: int | None = None


@dataclass(frozen=True)
class Outcome:
    """The response to a caller of the invocations endpoint."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """The value of a header, or an empty string."""
        return find_header(self.headers, name)

    def json(self) -> Any:
        """Decode the body."""
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """The decoded body if `X-Amz-Function-Error` marks it as an error, else None."""
        return self.json() if self.header("X-Amz-Function-Error") else None
