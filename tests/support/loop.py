"""An invoke loop over a Runtime API in memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lambda_bootstrap import current
from lambda_bootstrap.errors import RuntimeApiError
from lambda_bootstrap.log import Log
from lambda_bootstrap.loop import InvokeLoop
from lambda_bootstrap.protocol import Invocation
from lambda_bootstrap.report import ErrorReport
from lambda_bootstrap.settings import Settings
from lambda_bootstrap.signature import adapt
from lambda_bootstrap.traces import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_bootstrap.protocol import Request

FUNCTION = {
    "function_name": "demo",
    "function_version": "$LATEST",
    "memory_limit_in_mb": "128",
    "log_group_name": "group",
    "log_stream_name": "stream",
}


class OverError(RuntimeApiError):
    """There are no more invocations."""


class Script:
    """
    A Runtime API in memory.

    Args:
        invocations: what `next` delivers, in this order; then it raises OverError.
        gone: whether the Runtime API is gone when it is answered.
    """

    def __init__(self, *invocations: Invocation, gone: bool = False) -> None:
        self.invocations = list(invocations)
        self.gone = gone
        self.unanswered: Invocation | None = None
        self.story: list[Any] = []

    def next(self) -> Invocation:
        """Give the next invocation."""
        self.story.append("next")
        if not self.invocations:
            raise OverError
        return self.invocations.pop(0)

    def respond(self, invocation: Invocation, body: bytes, content_type: str) -> None:
        """Take down a result."""
        self.note((invocation.request_id, body, content_type))

    def fail(self, invocation: Invocation, failure: ErrorReport) -> None:
        """Take down an error."""
        self.note((invocation.request_id, failure.error_type, failure.message, failure.stack))

    def open(self, request: Request, data: bytes) -> None:
        """Take down the start of a stream."""
        self.note((request.endpoint, data))

    def push(self, request: Request, data: bytes) -> None:
        """Take down more of it."""
        self.note((request.endpoint, data))

    def finish(self, request: Request, data: bytes) -> None:
        """Take down the end of it."""
        self.note((request.endpoint, data))

    def note(self, answer: tuple[Any, ...]) -> None:
        """Take down an answer, and mark its place in the log."""
        os.write(1, b"<answer>\n")
        self.story.append(answer)
        if self.gone:
            raise RuntimeApiError("gone")

    @property
    def answers(self) -> list[Any]:
        """What was answered, in order; the traces of errors are left out."""
        return [answer[:3] for answer in self.story if answer != "next"]


def an_invocation(request_id: str = "id", payload: bytes = b"{}", **headers: str) -> Invocation:
    """Make an invocation; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Invocation({"lambda-runtime-aws-request-id": request_id, **named}, payload)


def a_report(message: str = "boom", error_type: str = "ValueError", stack: list[str] | None = None) -> ErrorReport:
    """Make the report of an error in one frame."""
    return ErrorReport(error_type, message, [Frame("/var/task/app.py", 3, "handler", "raise ValueError")], stack)


def a_loop(script: Script, function: Callable[..., Any], environ: dict[str, str] | None = None) -> InvokeLoop:
    """Make a loop that answers *script* with *function*."""
    environ = {} if environ is None else environ
    current.beginnings.append(current.trace_keeper(environ))
    return InvokeLoop(script, adapt(function, "app.handler"), Log(Settings(environ)), FUNCTION)


def raising(error: BaseException) -> Callable[[], Any]:
    """Make a handler that raises *error*."""

    def handler() -> Any:
        raise error

    return handler
