"""
The values the emulator's modules hand to each other and to tests.

Owns what a request, an answer and an invocation are made of. Refuses to know how they travel and what they mean.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]


def find_header(headers: Iterable[tuple[str, str]], name: str) -> str:
    """Return the value of the first header called *name* in any case, or an empty string."""
    return next((value for key, value in headers if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Request:
    """A request exactly as it came in; text is latin-1, so that no byte is lost."""

    endpoint: str  # "next", "response", "error", "init/error", "ping", "invoke"; "" for anything else
    method: str
    target: str
    headers: Headers  # in order, names in their own case
    body: bytes
    trailers: Headers
    connection: int  # counted from 1 in order of arrival
    at: float  # time.monotonic() when the last byte was read
    pieces: tuple[bytes, ...] = ()  # the body as it was cut into chunks, if it was
    request_id: str = ""  # the segment of the path, unchanged
    refusal: HTTPStatus | None = None  # what the path or the method calls for, before any rule
    is_complete: bool = True  # False: the peer closed before the body ended

    def header(self, name: str) -> str:
        """Return the value of a header, or an empty string."""
        return find_header(self.headers, name)

    def trailer(self, name: str) -> str:
        """Return the value of a trailer, or an empty string."""
        return find_header(self.trailers, name)


@dataclass(frozen=True)
class Reply:
    """
    Answer with this; length or chunked framing is added where *headers* leave it out.

    Scripted for `next` with a status of 200 and a `Lambda-Runtime-Aws-Request-Id`, it becomes the outstanding
    invocation, so that the post for it is accepted. Scripted for a post with 202, 403, 410 or 413 it tells the
    runtime that the invocation is over, so it is; with any other status the invocation stays outstanding.
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
    """Close the connection in good order (FIN)."""


@dataclass(frozen=True)
class Reset:
    """Tear the connection down (RST); what was sent and not yet read is lost to the peer."""


@dataclass(frozen=True)
class Default:
    """Answer as if nothing had been scripted."""


Step = Reply | Raw | Pause | Close | Reset | Default


@dataclass(frozen=True)
class Invocation:
    """What a caller asks for, and what `next` will deliver of it. Empty text means absent."""

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
    """An event handed to the runtime: the ids its answer must carry, and the reply to repeat."""

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
    """How an invocation ended and what its caller gets."""

    kind: Kind
    body: bytes
    content_type: str = "application/json"

    @property
    def is_answered(self) -> bool:
        """Whether the function itself answered, be it with an error."""
        return self.kind in {Kind.RESPONSE, Kind.ERROR}


def failure(kind: Kind, error_type: str, message: str) -> Ending:
    """Return the ending of an invocation that the platform answers itself."""
    body = {"errorType": error_type, "errorMessage": message}
    return Ending(kind, json.dumps(body, separators=(",", ":")).encode())


@dataclass(frozen=True)
class Report:
    """What an invocation took; memory and init are None where not known or not paid by this invocation."""

    request_id: str
    kind: Kind
    duration_ms: float
    init_ms: float | None = None
    memory_mb: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What a caller of the invocations endpoint received."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """Return the value of a header, or an empty string."""
        return find_header(self.headers, name)

    def json(self) -> Any:
        """Return the decoded body."""
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """The decoded body if `X-Amz-Function-Error` marks it as an error, else None."""
        return self.json() if self.header("X-Amz-Function-Error") else None
