"""
What can go wrong, sorted by whose fault it is, and what the platform is told.

Owns: the exception tree, `ErrorReport`, the shape of error bodies and of the X-Ray cause.
Refuses to know: who sends a report, where it is logged, how JSON is written.
"""

from __future__ import annotations

from .traces import class_name, describe, frames, trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .traces import Frame


MAX_MESSAGE = 32_768  # characters


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


class LambdaError(Exception):
    """
    The function's own word on a failure: the caller gets type, message and data exactly as they are given.

    A subclass may name its type once: `error_type = "Order.SoldOut"`. So may any other exception class.

    Args:
        message: `errorMessage` of the answer.
        type: its `errorType`, which is what Step Functions matches on; default: the class's `error_type` or name.
        data: its `errorData`, if not None: whatever has a JSON form.
        exit: whether the process has to end once the caller has been answered.
    """

    error_type: str | None = None

    def __init__(self, message: str, *, type: str | None = None, data: Any = None, exit: bool = False) -> None:  # noqa: A002 - read best where it is raised
        super().__init__(message)
        self.error_type = type or self.error_type
        self.data = data
        self.exit = exit


class ErrorReport:
    """
    What the platform and the caller are told of one failure.

    Args:
        error_type: `errorType` of the body: a class name, or one of AWS's `Runtime.*` types.
        message: `errorMessage` of the body.
        frames: the user's part of the traceback, outermost first.
        stack: `stackTrace` of the body, where it is not simply the frames.

    Attributes:
        data: `errorData` of the body, or None for none.
    """

    __slots__ = ("data", "error_type", "frames", "message", "stack")

    def __init__(self, error_type: str, message: str, frames: list[Frame], stack: list[str] | None = None) -> None:
        self.error_type = error_type
        self.message = message
        self.frames = frames
        self.data: Any = None
        self.stack = [str(frame) for frame in frames] if stack is None else stack

    def body(self, request_id: str) -> dict[str, Any]:
        """
        The error body, with awslambdaric's keys in awslambdaric's order.

        Source: AWS Lambda Developer Guide, "Using the Lambda runtime API", invocation error.
        """
        body = {
            "errorMessage": self.message,
            "errorType": self.error_type,
            "requestId": request_id,
            "stackTrace": self.stack,
        }
        return body if self.data is None else {**body, "errorData": self.data}

    def cause(self, working_directory: str, most: int) -> dict[str, Any]:
        """
        The X-Ray cause, with *most* of the frames, the innermost ones, and as many kibibytes of the message.

        `line` is an integer: the platform drops the whole cause over a string.

        Source: AWS X-Ray segment documents, "cause"; sent in `Lambda-Runtime-Function-XRay-Error-Cause`.
        """
        kept = self.frames[-most:]
        stack = [{"label": frame.label, "path": frame.path, "line": frame.line} for frame in kept]
        return {
            "working_directory": working_directory,
            "exceptions": [{"message": self.message[: most * 1024], "type": self.error_type, "stack": stack}],
            "paths": list(dict.fromkeys(frame.path for frame in kept)),
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
    try:
        return _report(error)
    except BaseException:  # its class has an odd idea of attributes
        return ErrorReport(class_name(error), cut(describe(error)), [])


def _report(error: BaseException) -> ErrorReport:
    if isinstance(error, FunctionError):
        # What the runtime found has no trace but that of what it found, such as a module's own ImportError.
        cause = error.__cause__
        found = [] if cause is None else list(frames(cause.__traceback__))
        message = f"{cut(describe(error))} (docs/errors.md#{error.error_type.replace('.', '').lower()})"
        return ErrorReport(error.error_type, message, found, getattr(error, "stack", None))
    own = getattr(error if isinstance(error, LambdaError) else type(error), "error_type", None)
    name = own if isinstance(own, str) else class_name(error)
    told = ErrorReport(name, cut(describe(error)), list(frames(error.__traceback__)), trace(error))
    told.data = error.data if isinstance(error, LambdaError) else None
    return told


def cut(message: str) -> str:
    """The start of a *message* that nobody would read to its end."""
    if len(message) <= MAX_MESSAGE:
        return message
    return f"{message[:MAX_MESSAGE]}... ({len(message)} characters)"
