"""
Everything that the runtime and the function write.

Owns: stdout, the two formats of a record, the set-up of `logging` once the function imports it.
Refuses to know: what went wrong, who is told of it over the Runtime API.

The platform cuts its log at newlines, so a record is one line: inside it, text breaks lines with a carriage return.
Source: AWS Lambda Developer Guide, "Working with Lambda function logs" and "Advanced logging controls".
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from posix import write
from time import gmtime, strftime, time

from . import codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType, TracebackType
    from typing import Any

    from .errors import ErrorReport

STDOUT = 1
INDENT = "\xa0"  # a viewer strips leading spaces
# Names that the platform's filter knows, for those of `logging` that it does not.
LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL", "NOTSET": "TRACE"}
# What every `logging.LogRecord` has; anything else on one came in by `extra=`.
RECORD_FIELDS = frozenset(
    (
        *("args", "asctime", "aws_request_id", "created", "exc_info", "exc_text", "filename", "funcName", "levelname"),
        *("levelno", "lineno", "message", "module", "msecs", "msg", "name", "pathname", "process", "processName"),
        *("relativeCreated", "stack_info", "taskName", "tenant_id", "thread", "threadName"),
    )
)


class Log:
    """
    The function's log.

    Args:
        environ: read for `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL`.

    Attributes:
        request_id: of the current invocation, "" before the first.
        tenant_id: of the current invocation, or "".
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.is_json = environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        level = environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        self.level = {"TRACE": "DEBUG"}.get(level, level)
        self.request_id = ""
        self.tenant_id = ""

    def begin(self, request_id: str, tenant_id: str) -> None:
        """From here on, records belong to this invocation."""
        self.request_id = request_id
        self.tenant_id = tenant_id

    def write(self, text: str) -> None:
        """Write *text* as it is. A log that cannot be written is no reason to fail an invocation."""
        data = text.encode("utf-8", "backslashreplace")
        try:
            while data:
                data = data[write(STDOUT, data) :]
        except OSError:
            pass

    def record(self, level: str, message: str) -> None:
        """One record of the runtime's own."""
        self.write(self.line(level, time(), {"message": message}))

    def error(self, failure: ErrorReport) -> None:
        """The one record of a failed init or invocation."""
        fields = failure.body(self.request_id)
        if self.is_json:
            self.write(json_line("ERROR", time(), fields))
        else:
            self.write(text_error(failure.error_type, failure.message, failure.stack))

    def line(self, level: str, seconds: float, fields: Mapping[str, Any]) -> str:
        """One record in the function's format."""
        if not self.is_json:
            return text_line(level, seconds, self.request_id, str(fields["message"]))
        own = {"requestId": self.request_id, **({"tenantId": self.tenant_id} if self.tenant_id else {})}
        return json_line(level, seconds, {**fields, **own})


def text_line(level: str, seconds: float, request_id: str, message: str) -> str:
    """A record as AWS's managed Python runtime writes it, and always on one line."""
    return f"[{level}]\t{timestamp(seconds)}\t{request_id}\t{one_line(message)}\n"


def text_error(error_type: str, message: str, stack: Sequence[str]) -> str:
    """An unhandled error as the managed runtime writes it: type, message, traceback."""
    title = f"{error_type}: {message}" if message else error_type
    lines = [f"[ERROR] {title}", "Traceback (most recent call last):"]
    for line in "".join(entry if entry.endswith("\n") else f"{entry}\n" for entry in stack).splitlines():
        text = line.lstrip(" ")
        lines.append(INDENT * (len(line) - len(text)) + text)
    return one_line("\r".join(lines)) + "\n"


def json_line(level: str, seconds: float, fields: Mapping[str, Any]) -> str:
    """A record as one JSON object; what has no JSON form becomes its `str`."""
    record = {"timestamp": timestamp(seconds), "level": LEVELS.get(level, level), **fields}
    try:
        text = codec.dumps(record)
    except Exception:
        text = codec.ascii_json({name: _text(value) for name, value in record.items()})
    return f"{text}\n"


def timestamp(seconds: float) -> str:
    """*seconds* since the Unix epoch in UTC, RFC 3339 with milliseconds."""
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"


def one_line(text: str) -> str:
    """*text* with carriage returns for newlines."""
    return text.replace("\r\n", "\r").replace("\n", "\r")


def unbuffer() -> None:
    """Make `print` appear at once: what a killed process had buffered is lost."""
    for name in ("stdout", "stderr"):
        buffer = getattr(getattr(sys, name), "buffer", None)
        if buffer is not None:
            setattr(sys, name, Unbuffered(buffer, encoding="utf-8", errors="backslashreplace"))


class Unbuffered(TextIOWrapper):
    """A text stream without a memory."""

    def write(self, text: str, /) -> int:
        """As `io.TextIOBase.write`, and flushed."""
        count = super().write(text)
        self.flush()
        return count


def after_import(name: str, then: Callable[[ModuleType], None]) -> None:
    """Call *then* with the module called *name* right after its first import; now, if that has been."""
    if name in sys.modules:
        then(sys.modules[name])
    else:
        sys.meta_path.insert(0, ImportHook(name, then))


class ImportHook:
    """A finder that finds nothing: it lets the others find one module and adds a line to its execution."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        self.name = name
        self.then = then

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As `importlib.abc.MetaPathFinder`."""
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        specs = (finder.find_spec(name, path, target) for finder in sys.meta_path)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self.then(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign] # this one instance's
        return spec


def configure_logging(log: Log, logging: Any) -> None:
    """
    Give the root logger one handler that writes to *log*; the level of `AWS_LAMBDA_LOG_LEVEL`, if that is one.

    As in the managed runtime, without a level only warnings and above appear. A function's own `logging.py` is left
    alone.
    """
    if not hasattr(logging, "LogRecord"):
        return

    class LambdaHandler(logging.Handler):  # type: ignore[misc] # the module is an argument
        def emit(self, record: logging.LogRecord) -> None:
            try:
                text = self.format(record)
                log.write(text if text.endswith("\n") else f"{text}\n")
            except Exception:
                self.handleError(record)

    class LambdaFormatter(logging.Formatter):  # type: ignore[misc] # as above
        def format(self, record: logging.LogRecord) -> str:
            return log.line(record.levelname, record.created, record_fields(record, self, as_json=log.is_json))

    def add_ids(record: logging.LogRecord) -> bool:
        record.aws_request_id = log.request_id
        record.tenant_id = log.tenant_id or None
        return True

    handler = LambdaHandler()
    handler.setFormatter(LambdaFormatter())
    handler.addFilter(add_ids)
    root = logging.getLogger()
    root.addHandler(handler)
    if log.level in logging.getLevelNamesMapping():
        root.setLevel(log.level)


def record_fields(record: logging.LogRecord, formatter: logging.Formatter, *, as_json: bool) -> dict[str, Any]:
    """What a record says, with the keys of the managed runtime's JSON; in text, all of it is the message."""
    message: Any = record.getMessage()
    error = record.exc_info
    if not as_json:
        if error and error[0]:
            message = f"{message}\n{formatter.formatException(error)}"
        return {"message": message}
    if isinstance(record.msg, dict) and not record.args:
        message = record.msg
    fields: dict[str, Any] = {"message": message, "logger": record.name}
    if error and error[0]:
        fields["stackTrace"] = stack_lines(error[2])
        fields["errorType"] = error[0].__name__
        fields["errorMessage"] = str(error[1])
        fields["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
    extra = {name: value for name, value in vars(record).items() if name not in RECORD_FIELDS}
    return {**extra, **fields}


def stack_lines(traceback: TracebackType | None) -> list[str]:
    """A logged traceback, an entry a frame."""
    from .errors import frames

    return [str(frame) for frame in frames(traceback)]


def _text(value: object) -> str:
    """`str`, whatever happens in it."""
    try:
        return str(value)
    except Exception:
        return f"<unprintable {type(value).__name__} object>"
