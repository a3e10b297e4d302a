"""
What can go wrong, sorted by whose fault it is, and what the platform is told.

Owns: the exception tree, `ErrorReport`, the shape of error bodies and of the X-Ray cause.
Refuses to know: who sends a report, where it is logged, how JSON is written.
"""

from __future__ import annotations

from .stack import describe, frames, trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .stack import Frame


class ConfigError(Exception):
    """The operator's: the environment that `bootstrap` was started in is unusable. Printed, exit 1."""


class RuntimeApiError(Exception):
    """The platform's: the Runtime API is gone or answers what nobody can act on. Printed, exit 1."""


class TransportError(RuntimeApiError):
    """There was no answer, or none that can be read: it is unknown whether the request has arrived."""


class FunctionError(Exception):
    """
    The function's, or its caller's, found by the runtime: the invocation is answered with it and the loop goes on.

    Args:
        error_type: one of AWS's `Runtime.*` or `Function.*` types.
        message: what happened, where, what to do.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class InitError(FunctionError):
    """
    The function's, before the first invocation: posted once to `/runtime/init/error`, exit 1.

    Args:
        error_type: one of AWS's `Runtime.*` types.
        message: what happened, where, what to do.
        stack: ready-made trace entries, for errors that have no traceback of their own.
    """

    def __init__(self, error_type: str, message: str, stack: list[str] | None = None) -> None:
        super().__init__(error_type, message)
        self.stack = stack


class ErrorReport:
    """
    What the platform and the caller are told of one failure.

    Args:
        error_type: `errorType` of the body: a class name, or one of AWS's `Runtime.*` types.
        message: `errorMessage` of the body.
        frames: the user's part of the traceback, outermost first.
        stack: `stackTrace` of the body, where it is not simply the frames.
    """

    __slots__ = ("error_type", "frames", "message", "stack")

    def __init__(self, error_type: str, message: str, frames: list[Frame], stack: list[str] | None = None) -> None:
        self.error_type = error_type
        self.message = message
        self.frames = frames
        self.stack = [str(frame) for frame in frames] if stack is None else stack

    def body(self, request_id: str) -> dict[str, Any]:
        """
        The error body, with awslambdaric's keys in awslambdaric's order.

        Source: AWS Lambda Developer Guide, "Using the Lambda runtime API", invocation error.
        """
        return {
            "errorMessage": self.message,
            "errorType": self.error_type,
            "requestId": request_id,
            "stackTrace": self.stack,
        }

    def cause(self, working_directory: str) -> dict[str, Any]:
        """
        The X-Ray cause. `line` is an integer: the platform drops the whole cause over a string.

        Source: AWS X-Ray segment documents, "cause"; sent in `Lambda-Runtime-Function-XRay-Error-Cause`.
        """
        stack = [{"label": frame.label, "path": frame.path, "line": frame.line} for frame in self.frames]
        return {
            "working_directory": working_directory,
            "exceptions": [{"message": self.message, "type": self.error_type, "stack": stack}],
            "paths": list(dict.fromkeys(frame.path for frame in self.frames)),
        }

    @property
    def category(self) -> str:
        """The type in the form that the platform keeps: all but `Runtime.Xxx` and `Function.Xxx` is lost to it."""
        name = self.error_type[:256]
        if not (name.isascii() and name.replace(".", "").replace("_", "").isalnum()):
            return "Function.Unknown"
        return name if name.startswith(("Runtime.", "Function.")) else f"Function.{name}"


def report(error: BaseException) -> ErrorReport:
    """Tell what *error* was; its trace starts in the user's code."""
    if isinstance(error, FunctionError):
        # What the runtime found has no trace but that of what it found, such as a module's own ImportError.
        cause = error.__cause__
        stack = getattr(error, "stack", None)
        found = list(frames(cause.__traceback__)) if cause is not None else []
        return ErrorReport(error.error_type, str(error), found, stack)
    return ErrorReport(type(error).__name__, describe(error), list(frames(error.__traceback__)), trace(error))
