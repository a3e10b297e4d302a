"""
The rules of the Runtime API: a pure function from a situation and a request to a verdict.

Owns: statuses, bodies and the order of the checks.
Refuses to know: sockets, processes and time.

Sources: AWS Lambda Developer Guide, "Using the Lambda runtime API"; aws-lambda-runtime-interface-emulator,
internal/lambda/rapi.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from .states import IllegalMoveError, Move, State, advance
from .values import Delivery, Ending, Kind, Reply, Request, platform_ending

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PAYLOAD = 6 * 1024 * 1024 + 100
MAX_ERROR = 1024 * 1024
MAX_STREAM = 200 * 1024 * 1024

JSON_TYPE = ("Content-Type", "application/json")


@dataclass
class Situation:
    """Everything that a verdict depends on, apart from the request."""

    state: State = State.STARTED
    delivery: Delivery | None = None  # the outstanding event, or the last one
    expired: frozenset[str] = frozenset()  # nonces of invocations that timed out
    is_lost: bool = False  # True: the connection that the event was served to has died


@dataclass(frozen=True)
class Verdict:
    """The next state, the reply (None: hold the call until there is an event), and the invocation's ending, if any."""

    state: State
    reply: Reply | None
    ending: Ending | None = None


class RefusalError(Exception):
    """A call that is refused without changing the state."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


def error_reply(status: HTTPStatus, error_type: str, message: str) -> Reply:
    """An error in the form of the Runtime API."""
    body = json.dumps({"errorMessage": message, "errorType": error_type}, separators=(",", ":"))
    return Reply(status, [JSON_TYPE], body.encode() + b"\n")


ACCEPTED = Reply(HTTPStatus.ACCEPTED, [JSON_TYPE], b'{"status":"OK"}\n')
PONG = Reply(HTTPStatus.OK, [("Content-Type", "text/plain; charset=utf-8")], b"pong")
NOT_FOUND = Reply(HTTPStatus.NOT_FOUND, [("Content-Type", "text/plain; charset=utf-8")], b"404 page not found\n")
INVALID_REQUEST_ID = error_reply(HTTPStatus.BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
INVALID_MODE = error_reply(HTTPStatus.BAD_REQUEST, "InvalidFunctionResponseMode", "Invalid function response mode")
TRUNCATED = error_reply(HTTPStatus.BAD_REQUEST, "TruncatedHTTPRequest", "HTTP request detected as truncated")
INVOKE_TIMEOUT = error_reply(HTTPStatus.GONE, "InvokeTimeout", "Invoke timeout")


def too_large(limit: int) -> Reply:
    """The reply to a body over *limit* bytes."""
    message = f"Exceeded maximum allowed payload size ({limit} bytes)."
    return error_reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestEntityTooLarge", message)


def limit_of(request: Request) -> int:
    """The most bytes that a request's body may have, by its head."""
    if request.endpoint == "response":
        return MAX_STREAM if is_stream(request) else MAX_PAYLOAD
    return MAX_PAYLOAD if request.endpoint.startswith("invoke") else MAX_ERROR


def is_stream(request: Request) -> bool:
    """Whether a response is streamed."""
    return request.header("Lambda-Runtime-Function-Response-Mode") == "streaming"


def is_over(request: Request) -> bool:
    """Whether a request's body is over its limit, read or not."""
    return request.is_oversized or len(request.body) > limit_of(request)


def judge(situation: Situation, request: Request) -> Verdict:
    """Judge a call to the Runtime API."""
    try:
        return RULES[request.endpoint](situation, request)
    except RefusalError as refusal:
        return Verdict(situation.state, refusal.reply)
    except IllegalMoveError as error:
        reply = error_reply(HTTPStatus.FORBIDDEN, "InvalidStateTransition", str(error))
        return Verdict(situation.state, reply)


def judge_next(situation: Situation, request: Request) -> Verdict:
    """Hold the call, or repeat the outstanding event, unless the connection that it was served to has died."""
    check_size(request)
    state = advance(situation.state, Move.NEXT)
    if state is State.RUNNING and situation.delivery and not situation.is_lost:
        return Verdict(state, situation.delivery.reply)
    return Verdict(state, None)


def judge_response(situation: Situation, request: Request) -> Verdict:
    """Take a result: buffered, or streamed, which may be cut off or end with an error."""
    check_ids(situation, request)
    responding = advance(situation.state, Move.RESPOND)
    mode = request.header("Lambda-Runtime-Function-Response-Mode")
    if mode not in {"", "streaming"}:
        # As in AWS's emulator, no call is legal from here on.
        message = f"RequestId: {request.request_id} Error: Invalid function response mode '{mode}'"
        return Verdict(
            responding, INVALID_MODE, platform_ending(Kind.REFUSED, "Runtime.InvalidResponseModeHeader", message)
        )
    state = advance(responding, Move.SETTLE)
    if not request.is_complete:
        return Verdict(state, TRUNCATED, truncated(request))
    if is_over(request):
        return Verdict(state, too_large(limit_of(request)), oversized(limit_of(request)))
    return Verdict(state, ACCEPTED, ending_of(request))


def judge_error(situation: Situation, request: Request) -> Verdict:
    """Take a function error."""
    check_ids(situation, request)
    state = advance(situation.state, Move.FAIL, Move.SETTLE)
    if not request.is_complete:
        return Verdict(state, TRUNCATED, truncated(request))
    if is_over(request):
        return Verdict(state, too_large(MAX_ERROR), oversized(MAX_ERROR))
    return Verdict(state, ACCEPTED, Ending(Kind.ERROR, request.body, content_type(request)))


def judge_init_error(situation: Situation, request: Request) -> Verdict:
    """Take the report of a failed init."""
    state = advance(situation.state, Move.FAIL_INIT)
    if is_over(request):
        return Verdict(state, too_large(MAX_ERROR), replace(oversized(MAX_ERROR), kind=Kind.INIT_ERROR))
    return Verdict(state, ACCEPTED, Ending(Kind.INIT_ERROR, request.body, sniffed_type(request.body)))


def judge_restore(situation: Situation, request: Request) -> Verdict:
    """Hold the call: the snapshot is taken meanwhile."""
    check_size(request)
    return Verdict(advance(situation.state, Move.SNAPSHOT), None)


def judge_restore_error(situation: Situation, request: Request) -> Verdict:
    """Take the report of a failed restore."""
    state = advance(situation.state, Move.FAIL_RESTORE)
    return Verdict(state, ACCEPTED, Ending(Kind.INIT_ERROR, request.body, sniffed_type(request.body)))


def judge_ping(situation: Situation, request: Request) -> Verdict:
    """Answer `pong`."""
    check_size(request)
    return Verdict(situation.state, PONG)


def judge_stray(situation: Situation, request: Request) -> Verdict:
    """Refuse a call to anything else."""
    if request.refusal is HTTPStatus.METHOD_NOT_ALLOWED:
        return Verdict(situation.state, Reply(request.refusal, [("Allow", request.allowed)]))
    return Verdict(situation.state, NOT_FOUND)


RULES: dict[str, Callable[[Situation, Request], Verdict]] = {
    "next": judge_next,
    "response": judge_response,
    "error": judge_error,
    "init/error": judge_init_error,
    "restore/next": judge_restore,
    "restore/error": judge_restore_error,
    "ping": judge_ping,
    "": judge_stray,
}


def check_ids(situation: Situation, request: Request) -> None:
    """
    Compare the ids of a post with the delivered ones; the nonce may be missing.

    Raises:
        RefusalError: the post is for another invocation, or for an earlier attempt of this one.
    """
    delivery = situation.delivery
    nonce = request.header("Lambda-Runtime-Invocation-Id")
    if nonce in situation.expired:
        raise RefusalError(INVOKE_TIMEOUT)
    if delivery is None or delivery.request_id != request.request_id:
        raise RefusalError(INVALID_REQUEST_ID)
    if nonce and nonce != delivery.invocation_id:
        raise RefusalError(INVOKE_TIMEOUT)


def matches(delivery: Delivery, request: Request) -> bool:
    """Whether a post is for a delivered event, and for this attempt of it."""
    nonce = request.header("Lambda-Runtime-Invocation-Id")
    return delivery.request_id == request.request_id and nonce in {"", delivery.invocation_id}


def check_size(request: Request) -> None:
    """
    Check the body of a call that needs none.

    Raises:
        RefusalError: it is over the limit.
    """
    if is_over(request):
        raise RefusalError(too_large(limit_of(request)))


def ending_of(request: Request) -> Ending:
    """The response, or the error in its trailers."""
    if not request.trailer("Lambda-Runtime-Function-Error-Type"):
        return Ending(Kind.RESPONSE, request.body, content_type(request))
    try:
        body = base64.b64decode(request.trailer("Lambda-Runtime-Function-Error-Body"), validate=True)
    except binascii.Error:
        body = b""
    return Ending(Kind.ERROR, body)


def truncated(request: Request) -> Ending:
    """The ending of an invocation whose response broke off."""
    message = f"RequestId: {request.request_id} Error: the response broke off after {len(request.body)} bytes"
    return platform_ending(Kind.REFUSED, "Runtime.TruncatedResponse", message)


def oversized(limit: int) -> Ending:
    """The ending of an invocation whose response is too long."""
    message = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
    return platform_ending(Kind.ERROR, "Function.ResponseSizeTooLarge", message)


def content_type(request: Request) -> str:
    """The media type that the runtime sent, or else the type of plain bytes."""
    return request.header("Content-Type") or "application/octet-stream"


def sniffed_type(body: bytes) -> str:
    """The media type of an init error, found by its body: the platform ignores its header."""
    try:
        json.loads(body)
    except ValueError:
        return "application/octet-stream"
    return "application/json"
