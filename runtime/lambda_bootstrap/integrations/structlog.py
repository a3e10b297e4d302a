"""
structlog, routed to the function's log.

Owns: the configuration that a function starts with, what its records contain, and that an invocation's bindings end
with it.
Refuses to know: where the log goes, what a record looks like. What a function configures by itself wins.
"""

from __future__ import annotations

import sys
from time import time

from .. import current
from ..record import error_fields, text_of
from ..traces import class_name, describe, exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..log import Log

# structlog's methods that are not called like a level.
METHODS = {"warn": "WARNING", "msg": "INFO", "exception": "ERROR", "err": "ERROR", "failure": "ERROR"}
# What makes a module of that name the library.
NAMES = ("_config", "configure", "contextvars", "make_filtering_bound_logger", "processors")


def set_up(log: Log, structlog: Any) -> None:
    """
    Make `structlog.get_logger()` write records like those of `logging`, until the function configures it otherwise.

    A function's own `structlog.py` is left alone. On a terminal structlog's own colours stay.
    """
    if not all(hasattr(structlog, name) for name in NAMES):
        return
    keep_bindings(structlog.contextvars)
    if sys.stdout is not None and sys.stdout.isatty():
        return
    levels = {"TRACE": 0, "DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40, "FATAL": 50, "CRITICAL": 50}

    class Line(str):  # noqa: SLOT000 - it has an attribute
        """A record in the function's format, which any logger can write; ours reads its level, too."""

        level = ""

    class Sink:
        """What structlog calls a logger: the end of the line."""

        def __init__(self, *names: str) -> None:
            self.name = names[0] if names else None

        def msg(self, line: str) -> None:
            log.write(f"{describe(line)}\n", getattr(line, "level", ""))

        log = debug = info = warning = warn = error = critical = fatal = failure = err = exception = msg

    def render(logger: Any, method: str, given: dict[str, Any]) -> str:
        """Make the line: the last of the processors."""
        level = METHODS.get(method, method.upper())
        fields = structlog_fields(log, getattr(logger, "name", None), given)
        line = Line(log.line(level, fields, time()).removesuffix("\n"))
        line.level = level
        return line

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.StackInfoRenderer(), render],
        wrapper_class=structlog.make_filtering_bound_logger(levels.get(log.level, 0)),
        logger_factory=Sink,
        cache_logger_on_first_use=False,
    )
    structlog._config._CONFIG.is_configured = False  # noqa: SLF001 - by the function, which may ask before it does


def keep_bindings(contextvars: Any) -> None:
    """After each invocation, restore what the function had bound by `bind_contextvars` before its first one."""
    bound: dict[str, Any] | None = None if current.get() is current.NOBODY else contextvars.get_contextvars()

    def keep(_invocation: object) -> None:
        nonlocal bound
        if bound is None:
            bound = contextvars.get_contextvars()

    def restore() -> None:
        if bound is None:
            return
        now = contextvars.get_contextvars()
        # Compared by identity: values such as arrays have no truth value when they are compared.
        if now.keys() != bound.keys() or any(now[name] is not value for name, value in bound.items()):
            contextvars.clear_contextvars()
            contextvars.bind_contextvars(**bound)

    current.beginnings.append(keep)
    current.endings.append(restore)


def structlog_fields(log: Log, name: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a structlog record: `event` is the message; in text, the others follow it."""
    fields = dict(given)
    message = fields.pop("event", "")
    message = message if isinstance(message, (str, dict)) else describe(message)
    stack = fields.pop("stack", None)  # structlog's own, of stack_info=
    if isinstance(stack, str):
        message = f"{describe(message)}\n{stack}"
    error = exception_of(fields.pop("exc_info", None))
    if log.is_json:
        caller = sys._getframe(2)  # noqa: SLF001 - as `logging` finds where it was called
        while caller.f_back is not None and caller.f_globals.get("__name__", "").partition(".")[0] == "structlog":
            caller = caller.f_back
        place = f"{caller.f_code.co_filename}:{caller.f_code.co_name}:{caller.f_lineno}"
        own = {"message": message, **({} if name is None else {"logger": name}), **error_fields(error, place)}
        return own | {key: value for key, value in fields.items() if key not in own}
    words = [describe(message), *(f"{describe(key)}={represent(value)}" for key, value in fields.items())]
    text = " ".join(words)
    return {"message": text if error is None else f"{text}\n{text_of(error)}"}


def exception_of(exc_info: Any) -> BaseException | None:
    """Return the exception that `exc_info=` means: itself, the one being handled, or a triple's."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if len(exc_info) > 1 and isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def represent(value: object) -> str:
    """Return `repr`, whatever happens in it; for text without blanks, the text."""
    text = exact(value) if isinstance(value, str) else ""
    if text and not set(text) & set(" \t\r\n=\"'"):
        return text
    try:
        return exact(repr(value))
    except Exception:
        return f"<unprintable {class_name(value)} object>"
