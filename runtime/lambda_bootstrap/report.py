"""
How a failure is reported to the platform, and the limits that each part is cut to.

Owns: `ErrorReport`: the error body, the X-Ray cause, the trailers of a broken stream, and how much of each is kept.
Refuses to know: who sends a report, and where it is logged.

| what | limit | why |
| --- | --- | --- |
| the message | 32,768 characters | nobody reads it to its end |
| the type | 8,192 characters | nobody names one so |
| the body | 256 KiB | one above the response limit kills the environment |
| a plain body's message and type | 1,024 characters | nothing in it can be refused |
| the X-Ray cause | 64 KiB of ASCII | the platform keeps no more, and answers 431 to a megabyte of headers |
| the trailers | 2,700 bytes before base64 | Go's HTTP server, which the platform's is, takes 4 KiB of trailers |
"""

from __future__ import annotations

from . import codec
from .errors import FunctionError, LambdaError
from .record import array_of
from .spare import with_spare
from .traces import describe, exact, frames, keep, name_of, shorten, trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .traces import Frame

MAX_MESSAGE = 32_768  # characters
MAX_BODY = 256 * 1024  # bytes
MAX_PLAIN_MESSAGE = 1024  # characters
MAX_TYPE = 8192  # characters
MAX_CAUSE = 64 * 1024  # bytes
MAX_TRAILER = 2700  # bytes, and a third more in base64
_categories: dict[str, str] = {}  # of types
_causes: dict[Frame, tuple[str, str]] = {}  # of frames, which `traces` keeps, what the X-Ray cause has of each


class ErrorReport:
    """
    One failure, as the platform and the caller get it.

    Args:
        error_type: `errorType` of the body: a class name, or one of AWS's `Runtime.*` types.
        message: `errorMessage` of the body.
        frames: the user's part of the traceback, outermost first.
        stack: `stackTrace` of the body, where it is not simply the frames.

    Attributes:
        data: `errorData` of the body, or None if there is none.
    """

    __slots__ = ("data", "error_type", "frames", "message", "stack")

    def __init__(self, error_type: str, message: str, frames: list[Frame], stack: list[str] | None = None) -> None:
        self.error_type = error_type
        self.message = message
        self.frames = frames
        self.data: Any = None
        self.stack = [str(frame) for frame in frames] if stack is None else stack

    @property
    def category(self) -> str:
        """The type in the form that the platform keeps: anything but `Runtime.Xxx` and `Function.Xxx` is lost."""
        return _categories.get(self.error_type) or category_of(self.error_type)

    def fields(self, request_id: str) -> dict[str, Any]:
        """
        Return the error body before it is cut, with awslambdaric's keys in awslambdaric's order.

        Source: AWS Lambda Developer Guide, "Using the Lambda runtime API", invocation error.
        """
        fields = {
            "errorMessage": self.message,
            "errorType": self.error_type,
            "requestId": request_id,
            "stackTrace": self.stack,
        }
        return fields if self.data is None else {**fields, "errorData": self.data}

    def body(self, request_id: str) -> bytes:
        """Return the error body as JSON, cut to what the platform takes."""
        body = self.body_of_texts(request_id) if self.data is None else self.body_with_data(request_id)
        if len(body) > MAX_BODY:
            fields = self.fields(request_id)
            fields.pop("errorData", None)
            fields["errorMessage"] = fields["errorMessage"][: MAX_BODY // 16]
            fields["errorType"] = fields["errorType"][:1024]
            stack = [shorten(line, 1024) for line in self.stack]
            while len(body := codec.encode({**fields, "stackTrace": stack})) > MAX_BODY and stack:
                del stack[len(stack) // 4 : -(len(stack) // 4) or None]
        return body

    def body_of_texts(self, request_id: str) -> bytes:
        """Return the error body of a failure without data: as `codec.encode` makes it of its fields, in less time."""
        text = (
            f'{{"errorMessage":{codec.quoted(self.message)},"errorType":{codec.quoted(self.error_type)},'
            f'"requestId":{codec.quoted(request_id)},"stackTrace":{array_of(self.stack)}}}'
        )
        return text.encode("utf-8", "backslashreplace")

    def body_with_data(self, request_id: str) -> bytes:
        """Return the error body; data without a JSON form is described."""
        fields = self.fields(request_id)
        try:
            return codec.encode(fields)
        except BaseException:  # only the data can be without a JSON form
            fields["errorData"] = codec.loads(codec.leniently(self.data))
        try:
            return codec.encode(fields)
        except FunctionError:  # as deep as can be, and the body is a level more
            fields["errorData"] = describe(self.data)
            return codec.encode(fields)

    def plain_body(self) -> bytes:
        """Return type and message alone, as JSON: nothing in it can be refused."""
        message, name = self.message[:MAX_PLAIN_MESSAGE], self.error_type[:MAX_PLAIN_MESSAGE]
        return codec.encode({"errorMessage": message, "errorType": name})

    def cause(self, working_directory: str) -> str:
        """Return the X-Ray cause, with as many of the innermost frames as fit; "" if not even one does."""
        for most in (60, 20, 5, 1):
            cause = self.cause_with(working_directory, most)
            if len(cause) <= MAX_CAUSE:
                return cause
        return ""

    def cause_with(self, working_directory: str, most: int) -> str:
        """
        Return the X-Ray cause with *most* of the frames, the innermost ones, and as many kibibytes of the message.

        It is JSON of nothing but printable ASCII, fit for a header (RFC 9110, 5.5). `line` is an integer: the platform
        drops the whole cause over a string.

        Source: AWS X-Ray segment documents, "cause"; sent in `Lambda-Runtime-Function-XRay-Error-Cause`.
        """
        stack, paths = causes_of(self.frames[-most:])
        return (
            f'{{"working_directory":{codec.quoted_ascii(working_directory)},"exceptions":[{{"message":'
            f'{codec.quoted_ascii(self.message[: most * 1024])},"type":{codec.quoted_ascii(self.error_type)},'
            f'"stack":[{stack}]}}],"paths":[{paths}]}}'
        )

    def trailers(self, request_id: str) -> tuple[tuple[str, str], ...]:
        """Return the trailers that report the failure to a stream's caller; of a long trace they keep the end."""
        body = self.body(request_id)
        if len(body) > MAX_TRAILER:
            fields = self.fields(request_id)
            fields.pop("errorData", None)
            fields["errorMessage"], fields["errorType"] = self.message[:250], self.error_type[:64]
            fields["requestId"] = request_id[:64]
            stack = self.stack
            while len(body := codec.encode({**fields, "stackTrace": stack})) > MAX_TRAILER and stack:
                stack = stack[(len(stack) + 1) // 2 :]
        b2a_base64 = with_spare(_open_binascii).b2a_base64
        return (
            ("Lambda-Runtime-Function-Error-Type", self.category),
            ("Lambda-Runtime-Function-Error-Body", b2a_base64(body, newline=False).decode()),
        )


def category_of(error_type: str) -> str:
    """Return the category of an *error_type*, and keep it."""
    name = error_type[:256]
    if not (name.isascii() and name.replace(".", "").replace("_", "").isalnum()):
        return "Function.Unknown"
    return keep(_categories, name, name if name.startswith(("Runtime.", "Function.")) else f"Function.{name}")


_latest_causes: tuple[list[Frame], str, str] = [], "", ""  # what fails once mostly fails again


def causes_of(frames: list[Frame]) -> tuple[str, str]:
    """Return what the X-Ray cause has of *frames*: their places in the stack, and their paths."""
    global _latest_causes  # noqa: PLW0603 - a memory
    known, stack, paths = _latest_causes  # read and written at once, as workers' threads may fail too
    if known != frames:
        found = [_causes.get(frame) or cause_of(frame) for frame in frames]
        stack, paths = ",".join([form for form, _ in found]), ",".join(dict.fromkeys([path for _, path in found]))
        _latest_causes = frames, stack, paths
    return stack, paths


def cause_of(frame: Frame) -> tuple[str, str]:
    """Return what the X-Ray cause has of a *frame*: its place in the stack, and its path."""
    path = codec.quoted_ascii(frame.path)
    form = f'{{"label":{codec.quoted_ascii(frame.label)},"path":{path},"line":{frame.line}}}'
    return keep(_causes, frame, (form, path))


def _open_binascii() -> Any:  # a file of its own in most Pythons, and only needed here
    import binascii

    return binascii


def of(error: BaseException) -> ErrorReport:
    """Report *error*; its trace starts in the user's code."""
    kind = type(error)  # isinstance() would ask the error itself
    try:
        if issubclass(kind, FunctionError):
            return _of_own(error)
        own: Any = error.error_type if issubclass(kind, LambdaError) else None  # type: ignore[attr-defined] # as it is then
        name = exact(own) if issubclass(type(own), str) else name_of(kind)
        found = frames(error.__traceback__)
        report = ErrorReport(name[:MAX_TYPE], cut(describe(error)), found, trace(error, found=found))
        if issubclass(kind, LambdaError):
            report.data = error.data  # type: ignore[attr-defined] # as above
    except BaseException:  # its class has an odd idea of attributes
        return ErrorReport(name_of(kind), cut(describe(error)), [])
    return report


def _of_own(error: Any) -> ErrorReport:
    """Report what the runtime found by itself: without a trace but that of its cause, as the function's ImportError."""
    cause = error.__cause__
    found = [] if cause is None else frames(cause.__traceback__)
    name = exact(error.error_type)
    message = f"{cut(describe(error))} (docs/errors.md#{name.replace('.', '').lower()})"
    return ErrorReport(name, message, found, getattr(error, "stack", None))


def cut(message: str) -> str:
    """Return *message*; if it is too long, its start and its length."""
    if len(message) <= MAX_MESSAGE:
        return message
    return f"{message[:MAX_MESSAGE]}... ({len(message)} characters)"
