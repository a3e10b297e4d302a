"""
`logging`, `warnings` and `threading`, routed to the function's log.

Owns: the set-up of each, right after the function imports it.
Refuses to know: where the log goes, what a record looks like. What a function sets up by itself wins.
"""

from __future__ import annotations

from itertools import filterfalse
from time import gmtime

from .. import current
from ..record import (
    LEVELS_IN_FRAMES,
    error_fields,
    is_json_object,
    json_message,
    level_name,
    one_line,
    rounded,
    text_of,
)
from ..traces import describe, exact, name_of, title

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from ..log import Log

# What every `logging.LogRecord` has; anything else on one came in by `extra=`.
RECORD_FIELDS = frozenset(
    (
        *("args", "asctime", "aws_request_id", "created", "exc_info", "exc_text", "filename", "funcName", "levelname"),
        *("levelno", "lineno", "message", "module", "msecs", "msg", "name", "pathname", "process", "processName"),
        *("relativeCreated", "stack_info", "taskName", "tenant_id", "thread", "threadName"),
        *("errorMessage", "errorType", "location", "stackTrace"),  # ours, with an exception or without
    )
)
# The managed runtime's: of records as text, and of the times in both formats.
TEXT_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
TEXT_DATES, JSON_DATES = "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"
# Of these, `logging.basicConfig` makes a handler of the function's own.
OWN_HANDLER = {"filename", "stream", "handlers"}


def set_up_logging(log: Log, logging: Any) -> None:
    """
    Give the root logger one handler that writes to *log*; the level of `AWS_LAMBDA_LOG_LEVEL`, if that is one.

    As in the managed runtime, without a level only warnings and above appear, and times are in UTC. A function's own
    `logging.py` is left alone.
    """
    if not hasattr(logging, "LogRecord"):
        return

    handler = make_handler(log, logging)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.Formatter.converter = gmtime
    if log.level in logging.getLevelNamesMapping():
        root.setLevel(log.level)
    logging.basicConfig = heeded(logging, root, handler)


def make_handler(log: Log, logging: Any) -> logging.Handler:
    """
    Return the root logger's handler, with the names, formats and dates of the managed runtime's.

    Datadog, for one, asks for the handler's name, and puts a formatter of text in the place of its own: the handler
    of JSON, or of a level, has another name, there as here. As long as nobody has, records are written without the
    formatter, which is faster, and keeps each on one line.
    """

    class JsonFormatter(logging.Formatter):  # type: ignore[misc] # the module is an argument
        def format(self, record: logging.LogRecord) -> str:
            return own_form(log, logging, record, level_name(record.levelno))

    class LambdaLoggerHandler(logging.Handler):  # type: ignore[misc] # as above
        log_sink = log

        def handle(self, record: logging.LogRecord) -> bool | logging.LogRecord:
            # Without the handler's lock: a signal handler of a thread that has the log's might wait for it for ever.
            found: bool | logging.LogRecord = add_ids(record) if is_unfiltered(self) else self.filter(record)
            if found:
                self.emit(found if isinstance(found, kind) else record)  # a filter may have put another in its place
            return found

        def emit(self, record: logging.LogRecord) -> None:
            try:
                level = level_name(record.levelno) if log.is_json or log.is_framed else ""
                if is_untouched(self):
                    text = own_form(log, logging, record, level)
                else:
                    with self.lock:  # a formatter of the function's need not be made for threads
                        form = self.format(record)
                    text = laid_out(log, record, form)
                log.write(text, level if record.levelno >= logging.DEBUG else "")
            except Exception as error:
                message = f"a record could not be written: {describe(record.msg)} ({title(error)})"
                log.record("ERROR", {"message": message})

        def format(self, record: logging.LogRecord) -> str:
            if not hasattr(record, "aws_request_id"):  # by who asks without `handle`
                add_ids(record)
            return describe(super().format(record))

    if log.is_json or log.level:
        LambdaLoggerHandler.__name__ += "WithFrameType"
    formatter = JsonFormatter(None, JSON_DATES) if log.is_json else logging.Formatter(TEXT_FORMAT, TEXT_DATES)
    kind, is_untouched, is_unfiltered = logging.LogRecord, watched(formatter), watched_filters(LambdaLoggerHandler)
    handler = LambdaLoggerHandler()
    handler.setFormatter(formatter)
    handler.addFilter(add_ids)
    return handler


def watched(formatter: logging.Formatter) -> Callable[[logging.Handler], bool]:
    """Return what tells whether a handler still has *formatter*, and the function has not changed that."""
    options, style, kind = dict(vars(formatter)), dict(vars(formatter._style)), type(formatter)  # noqa: SLF001 - where the format is
    form, form_time, form_exception = kind.format, kind.formatTime, kind.formatException

    def is_untouched(handler: logging.Handler) -> bool:
        return (
            handler.formatter is formatter
            and "format" not in handler.__dict__  # `vars` takes three times as long
            and formatter.__dict__ == options
            and formatter._style.__dict__ == style  # noqa: SLF001 - as above
            and kind.format is form
            and kind.formatTime is form_time
            and kind.formatException is form_exception
        )

    return is_untouched


def watched_filters(kind: type[logging.Handler]) -> Callable[[logging.Handler], bool]:
    """Return what tells whether a handler of this *kind* still has our filter, and the function has added nothing."""
    ours, own_filter = [add_ids], kind.filter

    def is_unfiltered(handler: logging.Handler) -> bool:
        return handler.filters == ours and "filter" not in handler.__dict__ and kind.filter is own_filter

    return is_unfiltered


def add_ids(record: logging.LogRecord) -> bool:
    """Put what the managed runtime does on a record: the ids of the invocation that is running."""
    invocation = current.get()
    record.aws_request_id = invocation.request_id
    record.tenant_id = invocation.tenant_id or None
    return True


def laid_out(log: Log, record: logging.LogRecord, text: str) -> str:
    """Return what the function's own formatter has made of a record as a line of the log, or as lines of a frame."""
    text = text.removesuffix("\n")
    if log.is_json and not is_json_object(text):
        return log.line(level_name(record.levelno), {"message": text}, record.created)
    return f"{text if log.is_framed else one_line(text)}\n"


def heeded(logging: Any, root: logging.Logger, handler: logging.Handler) -> Callable[..., None]:
    """Return a `logging.basicConfig` that does not give up because our handler is there already."""
    original = logging.basicConfig

    def basic_config(**given: Any) -> None:
        options = {name: value for name, value in given.items() if value is not None}
        if root.handlers != [handler]:
            original(**options)
            return
        if not options.keys().isdisjoint(OWN_HANDLER) or options.get("force"):
            root.removeHandler(handler)
            try:
                original(**given)
            except Exception:
                root.addHandler(handler)
                raise
            return
        if options.keys() & {"format", "datefmt", "style"}:
            style = options.pop("style", "%")
            if style not in logging._STYLES:  # noqa: SLF001 - as basicConfig asks
                raise ValueError(f"Style must be one of: {','.join(logging._STYLES)}")  # noqa: SLF001 - as above
            form = options.pop("format", None) or logging._STYLES[style][1]  # noqa: SLF001 - basicConfig's own default
            handler.setFormatter(logging.Formatter(form, options.pop("datefmt", None), style))
        level = options.pop("level", None)
        for name in ("filemode", "encoding", "errors", "force"):  # these are about files
            options.pop(name, None)
        if options:
            raise ValueError(f"Unrecognised argument(s): {', '.join(options)}")
        if level is not None:
            root.setLevel(level)

    return basic_config


def own_form(log: Log, logging: Any, record: logging.LogRecord, level: str) -> str:
    """Return a record in the function's format; *level* is the platform's name for its own."""
    message = record.getMessage()
    message = message if type(message) is str else exact(message)
    if log.is_json:
        if log.is_framed:  # the frame has the platform's
            level = str(logging.getLevelName(rounded(record.levelno)))
            level = LEVELS_IN_FRAMES.get(level, level)
        is_simple = type(record.msg) is str is type(record.name) and not (record.exc_info or record.stack_info)
        if is_simple and RECORD_FIELDS.issuperset(vars(record)):
            return json_message(level, record.created, message, record.name, log.ids(current.get()))
        return log.line(level, record_fields(record, message), record.created)
    if record.exc_info and record.exc_info[1] is not None:
        message = f"{message}\n{text_of(record.exc_info[1])}"
    if record.stack_info:
        message = f"{message}\n{record.stack_info}"
    name = record.levelname
    return log.text(name if type(name) is str else describe(name), message, record.created)


def record_fields(record: logging.LogRecord, message: Any) -> dict[str, Any]:
    """Return the fields of a record, with the keys of the managed runtime's JSON."""
    if issubclass(type(record.msg), dict) and not record.args:
        message = record.msg
    fields = {"message": message, "logger": record.name}
    if record.stack_info:
        fields["message"] = f"{describe(message)}\n{record.stack_info}"
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fields.update(error_fields(error, f"{describe(record.pathname)}:{describe(record.funcName)}:{record.lineno}"))
    if not RECORD_FIELDS.issuperset(vars(record)):
        for name in filterfalse(RECORD_FIELDS.__contains__, vars(record)):
            fields.setdefault(name, getattr(record, name))
    return fields


def set_up_warnings(log: Log, warnings: Any) -> None:
    """Make a warning a record."""
    if not hasattr(warnings, "showwarning"):
        return

    def show(  # noqa: PLR0913, PLR0917 - the standard library's
        message: Any, category: type[Warning], filename: str, lineno: int, file: Any = None, line: str | None = None
    ) -> None:
        if file is not None:
            file.write(warnings.formatwarning(message, category, filename, lineno, line))
            return
        text = f"{describe(filename)}:{lineno}: {name_of(category)}: {describe(message)}"
        log.record("WARNING", {"message": text, "logger": "py.warnings"})

    warnings.showwarning = show


def set_up_threading(log: Log, threading: Any) -> None:
    """Make an exception that ends a thread a record of the invocation that is running then."""
    if not hasattr(threading, "excepthook"):
        return

    def report_end(args: Any) -> None:
        if args.exc_type is not SystemExit:
            name = describe(getattr(args.thread, "name", "?"))
            error = args.exc_type() if args.exc_value is None else args.exc_value
            log_exception(log, f"Exception in thread {name}", error)

    threading.excepthook = report_end


def log_exception(log: Log, message: str, error: BaseException) -> None:
    """Write a record of an exception that nobody has caught."""
    if not log.is_json:
        log.record("ERROR", {"message": f"{message}\n{text_of(error)}"})
        return
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    code = traceback.tb_frame.f_code if traceback is not None else None
    place = f"{exact(code.co_filename)}:{exact(code.co_name)}:{traceback.tb_lineno}" if code and traceback else "?"
    log.record("ERROR", {"message": message, **error_fields(error, place)})


SET_UPS: dict[str, Callable[[Log, Any], None]] = {
    "logging": set_up_logging,
    "threading": set_up_threading,
    "warnings": set_up_warnings,
}


def set_up(log: Log, module: Any) -> None:
    """Route the output of *module*, one of `SET_UPS`, to *log*."""
    SET_UPS[module.__name__](log, module)
