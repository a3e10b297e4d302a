"""
What can go wrong, sorted by whose fault it is.

Owns: the exception tree.
Refuses to know: what becomes of an exception; see `report`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ConfigError(Exception):
    """The operator's fault: `bootstrap` was started in an environment that it can't work in. Printed, exit 1."""


class RuntimeApiError(Exception):
    """The platform's fault: the Runtime API is gone, or its answer can't be acted on. Printed, exit 1."""


class TransportError(RuntimeApiError):
    """No answer came, or none that can be read: whether the request arrived is unknown."""


class FunctionError(Exception):
    """
    The function's fault or its caller's, found by the runtime: it answers the invocation, and the loop goes on.

    Args:
        error_type: one of AWS's `Runtime.*` or `Function.*` types.
        message: what happened, where, what to do.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class InitError(FunctionError):
    """
    The function's fault, before the first invocation: posted once to `/runtime/init/error`, exit 1.

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
    A failure in the function's own words: the caller gets type, message and data exactly as they are given.

    A subclass may name its type once: `error_type = "Order.SoldOut"`. On other exceptions it means nothing.

    Args:
        message: `errorMessage` of the answer.
        type: its `errorType`, which is what Step Functions matches on; default: the class's `error_type` or name.
        data: its `errorData`, if not None: whatever has a JSON form.
        exit: whether the process has to end once the caller has been answered.
    """

    error_type: str | None = None

    def __init__(self, message: str, *, type: str | None = None, data: Any = None, exit: bool = False) -> None:  # noqa: A002 - read best where it is raised
        super().__init__(message)
        if isinstance(type, str) and str.__len__(type):  # of a subclass anything may come
            self.error_type = type
        self.data = data
        self.exit = exit


def is_raised_in(path: str, error: BaseException) -> bool:
    """Return whether *error* was raised in the file *path*, or by C that it calls, and not by a signal handler."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and traceback.tb_frame.f_code.co_filename == path
