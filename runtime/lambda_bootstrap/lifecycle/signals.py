"""
Signal handlers of the function's, which may raise anything at any moment.

Owns: when they run. Once the function has set one, signals wait while an answer is posted or an event is received, so
that neither gets lost half-way; in the wait for the next event they are handled, and what they raise is logged.
Refuses to know: what a handler is for.

Elsewhere the loop catches what a handler raises. If the function has threads of its own, the kernel may deliver a
signal to one of them, and Python runs the handler in the main thread all the same: then only the loop's catch is left.
"""

from __future__ import annotations

from _signal import (  # type: ignore[import-not-found] # the C half: `signal` makes enums of all numbers each time
    SIG_BLOCK,
    SIG_SETMASK,
    pthread_sigmask,
    valid_signals,
)
from _socket import MSG_PEEK  # `socket` imports `enum` and `selectors`

from .. import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket  # as above
    from collections.abc import Callable
    from typing import Any

    from ..log import Log


def peek(connection: socket) -> None:
    """Wait until there is something to receive, and leave it there."""
    connection.recv(1, MSG_PEEK)


def is_of_handler(error: BaseException) -> bool:
    """Return whether *error*, caught where a C function was called, was raised by Python code that ran meanwhile."""
    return error.__traceback__ is not None and error.__traceback__.tb_next is not None


class Signals:
    """
    What happens to signals in the main thread.

    Args:
        log: takes what a handler raises while the runtime waits.
        client: its methods that talk to the Runtime API are not interrupted.
    """

    def __init__(self, log: Log, client: Any) -> None:
        self.log = log
        self.client = client
        self.before: set[Any] = set()  # the mask outside of the runtime's own work
        self.has_begun = False
        self.is_holding = False
        self.peek: Callable[[socket], None] = peek
        self.end: BaseException | None = None  # what a signal handler ends the process with

    def set_up(self, module: Any) -> None:
        """Begin as soon as the function sets a handler by *module*, the standard library's `signal`."""
        if not hasattr(module, "signal"):
            return
        original = module.signal

        def signal(signalnum: Any, handler: Any) -> Any:
            found = original(signalnum, handler)
            if callable(handler):
                self.begin()
            return found

        module.signal = signal

    def wait_by(self, peek: Callable[[socket], None]) -> None:
        """Have *peek* do the waiting for what is received, with or without signals held back at other times."""
        self.peek = peek
        if not self.has_begun:
            self.client.transport.wait_by(peek)

    def begin(self) -> None:
        """From here on, hold signals back while the client works."""
        if self.has_begun:
            return
        self.has_begun = True
        for name in ("next", "respond", "fail", "finish"):
            setattr(self.client, name, self.holding(getattr(self.client, name)))
        self.client.transport.wait_by(self.wait)

    def holding(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Return *step* with signals held back while it runs."""

        def held(*arguments: Any) -> Any:
            self.before = pthread_sigmask(SIG_BLOCK, valid_signals())
            try:
                self.is_holding = True
                return step(*arguments)
            finally:
                self.is_holding = False
                pthread_sigmask(SIG_SETMASK, self.before)
                if self.end is not None:
                    raise self.end

        return held

    def wait(self, connection: socket) -> None:
        """
        Wait until there is something to receive; signals are handled meanwhile, before anything has been taken in.

        Raises:
            OSError: the connection is lost.
            BaseException: a signal handler ends the process.
        """
        if not self.is_holding:  # a call of which nothing can get lost
            self.peek(connection)
            return
        while True:
            try:
                try:
                    pthread_sigmask(SIG_SETMASK, self.before)
                    self.peek(connection)
                finally:
                    pthread_sigmask(SIG_BLOCK, valid_signals())  # and then Python runs the handlers that are due
            except BaseException as found:
                if not is_of_handler(found):
                    raise
                error = found
            else:
                return
            if issubclass(type(error), (SystemExit, KeyboardInterrupt)):  # isinstance() would ask the error itself
                if self.client.unanswered is None:
                    raise error
                self.end = error  # once the post has come to its end
                continue
            failure = report.of(error)
            failure.message = f"a signal handler failed while the runtime was waiting: {failure.message}"
            self.log.error(failure)
