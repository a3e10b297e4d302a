"""
The caller's side: turn an HTTP request to invoke into an Invocation, and an Ending into the response.

Owns: the headers of Lambda's Invoke API.
Refuses to know: the Runtime API.
"""

from __future__ import annotations

import base64
import json
import secrets
from difflib import get_close_matches
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

from .rules import MAX_PAYLOAD, is_over
from .values import Ending, Invocation, Kind, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Sequence


# What the API calls a refusal with this status.
ERROR_TYPES = {
    400: "InvalidRequestContentException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    413: "RequestTooLargeException",
    429: "TooManyRequestsException",
}


class BadInvocationError(Exception):
    """An invocation that is refused before it reaches the function."""

    def __init__(self, status: HTTPStatus | int, message: str, error_type: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type or ERROR_TYPES[status]

    @property
    def reply(self) -> Reply:
        """The response to the caller."""
        body = json.dumps({"Type": "User", "message": str(self)}).encode()
        headers = [("Content-Type", "application/json"), ("X-Amzn-ErrorType", self.error_type)]
        return Reply(self.status, headers, body)


# What a header of a call may say, by the endpoint; a stream is always waited for.
LOG_TYPES = {"X-Amz-Log-Type": ("None", "Tail")}
CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "invoke": {"X-Amz-Invocation-Type": ("RequestResponse", "Event", "DryRun"), **LOG_TYPES},
    "invoke/stream": {"X-Amz-Invocation-Type": ("RequestResponse", "DryRun"), **LOG_TYPES},
}


def check_choices(request: Request) -> None:
    """
    Check the headers of a call that have a few values only.

    Raises:
        BadInvocationError: one has another.
    """
    for name, values in CHOICES[request.endpoint].items():
        given = request.by_name.get(name.lower())
        if given is not None and given not in values:
            message = f"{name} has to be one of {', '.join(values)}, not {given!r}"
            raise BadInvocationError(HTTPStatus.BAD_REQUEST, message, "InvalidParameterValueException")


def resource_not_found(name: str, names: Sequence[str]) -> BadInvocationError:
    """The refusal of a call for a function that isn't among *names*."""
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"near it: {', '.join(near)}" if near else f"there are: {', '.join(names)}"
    return BadInvocationError(HTTPStatus.NOT_FOUND, f"Function not found: {name}; {hint}")


def new_invocation(payload: bytes, **given: str) -> Invocation:
    """Make an invocation with fresh ids, except for the fields that are *given*."""
    nonce, request_id = str(uuid4()), str(uuid4())
    return Invocation(given.pop("request_id", "") or request_id, nonce, payload, **given)


def new_trace_id() -> str:
    """Make an X-Ray trace header that isn't sampled, for callers who send none."""
    made = secrets.token_hex(24)
    return f"Root=1-{made[:8]}-{made[8:32]};Parent={made[32:]};Sampled=0"


def invocation_of(request: Request) -> Invocation:
    """
    The invocation that a request asks for.

    A missing trace header is replaced by a fresh one; an empty one stays empty.

    Raises:
        BadInvocationError: the payload is too long, or the client context isn't base64.
    """
    if is_over(request):
        raise BadInvocationError(413, f"Request must be smaller than {MAX_PAYLOAD} bytes for the Invoke operation")
    return new_invocation(
        request.body,
        request_id=request.header("X-Amzn-RequestId"),
        content_type=media_type(request.header("Content-Type")),
        trace_id=request.header("X-Amzn-Trace-Id") if "x-amzn-trace-id" in request.by_name else new_trace_id(),
        client_context=client_context(request.header("X-Amz-Client-Context")),
        cognito_identity=request.header("X-Amz-Cognito-Identity"),
        tenant_id=request.header("X-Amz-Tenant-Id"),
    )


def media_type(given: str) -> str:
    """The event's media type; JSON if none is given, or if it is the default of curl."""
    return "application/json" if given in {"", "application/x-www-form-urlencoded"} else given


def client_context(encoded: str) -> str:
    """
    Decode the client context for the runtime's header: UTF-8 that travels as latin-1.

    Raises:
        BadInvocationError: *encoded* isn't base64 of an object of JSON in one line.
    """
    if not encoded:
        return ""
    try:
        text = base64.b64decode(encoded, validate=True).decode("latin-1")
    except ValueError as error:
        raise BadInvocationError(400, f"Client context is not valid base64: {error}") from error
    if any(character < " " or character == "\x7f" for character in text):
        raise BadInvocationError(400, "Client context has control characters, which no header can carry")
    try:
        is_object = isinstance(json.loads(text.encode("latin-1")), dict)
    except (ValueError, RecursionError):
        is_object = False
    if not is_object:
        raise BadInvocationError(400, "Client context must be a Base64-encoded JSON object")
    return text.strip()


def base_headers(invocation: Invocation) -> list[tuple[str, str]]:
    """The headers of every answer to a call."""
    return [("X-Amzn-RequestId", invocation.request_id), ("X-Amz-Executed-Version", "$LATEST")]


def answer(invocation: Invocation, ending: Ending, *, log: str | None = None) -> Reply:
    """Make the response to the caller: always 200, with a header to mark an error, and the *log* if it is wanted."""
    headers = [("Content-Type", ending.content_type), *base_headers(invocation)]
    if ending.kind is not Kind.RESPONSE:
        headers.append(("X-Amz-Function-Error", "Unhandled"))
    if log is not None:
        headers.append(("X-Amz-Log-Result", log))
    return Reply(200, headers, ending.body)


def error_of(ending: Ending) -> tuple[str, str]:
    """The type and the details of the error that ends a stream; two empty texts if it isn't one."""
    if ending.kind is Kind.RESPONSE:
        return "", ""
    details = ending.body.decode(errors="replace")
    try:
        error_type = str(json.loads(ending.body)["errorType"])
    except (ValueError, TypeError, KeyError):
        error_type = "Unhandled"
    return error_type, details
