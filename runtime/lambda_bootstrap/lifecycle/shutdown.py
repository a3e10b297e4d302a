"""
The end of the environment, announced by SIGTERM.

Owns: that Lambda sends the signal, how the time after it is shared between a running invocation and the hooks of
`on_shutdown`, and the exit status 0.
Refuses to know: what a hook does; the Extensions API, see `extensions`.

Lambda kills an environment without a word unless an extension is registered. An internal one without events is enough,
if it asks for its next event once, on a connection of its own, where nothing is ever answered. It gets the process
SIGTERM, and half a second until SIGKILL; 300 ms if there are external extensions.

The signal's handler takes note, and raises nothing where something could get lost: an idle wait ends at once, and the
invocation that is running is answered first. It has until its deadline, and half of the time at most; then it is
stopped by an exception, and so is a hook that takes too long. A thread measures the time, and has the main thread look
by sending it the signal once more.
"""

from __future__ import annotations

from _signal import (  # type: ignore[import-not-found] # the C half, as in `signals`
    SIG_DFL,
    SIGTERM,
    getsignal,
    pthread_kill,
    set_wakeup_fd,
    signal,
)
from _socket import MSG_DONTWAIT, MSG_PEEK, socketpair  # `socket` imports `enum` and `selectors`
from _thread import get_ident, start_new_thread  # `threading` imports more, and changes how the process ends
from posix import _exit, getpid, listdir, register_at_fork  # built in, which `os` is not
from select import POLLIN, poll
from sys import modules
from time import monotonic, sleep, time

from .. import current, hooks
from ..errors import FunctionError, RuntimeApiError
from ..extensions import client as extensions
from ..extensions.api import ExtensionError
from ..transport import is_there, mark_of
from . import call
from .signals import peek

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket  # as above
    from collections.abc import Callable
    from typing import Any

    from ..log import Log
    from ..protocol import Address
    from .signals import Signals

NAME = "lambda-bootstrap"  # of the extension, in Lambda's log
EXTERNAL = "/opt/extensions"  # where the files of external extensions are
SECONDS, SECONDS_WITH_EXTERNAL = 0.5, 0.3  # between SIGTERM and SIGKILL
MARGIN = 0.05  # of these, for the log and what `atexit` has
CO_COROUTINE = 0x80  # as `inspect` has it, which is a large import
AGAIN = 0.03  # seconds until what goes on though it has been stopped is stopped again
SHARE = 0.5  # of these, for the invocation that is running


class Ended(SystemExit):
    """Ends the wait for an invocation, and so the loop."""


class Stopped(SystemExit):
    """Ends a handler or a hook whose time is over; asyncio passes a SystemExit on, from wherever it comes."""


class Shutdown:
    """
    The end of one environment.

    Args:
        log: takes what goes wrong.
        client: asks for invocations.
        signals: lets `wait` do the waiting.
    """

    def __init__(self, log: Log, client: Any, signals: Signals) -> None:
        self.log = log
        self.client = client
        self.signals = signals
        self.pid = getpid()
        self.thread = get_ident()
        self.alarm: socket | None = None  # says that a signal has come
        self.seconds = SECONDS_WITH_EXTERNAL if has_external() else SECONDS
        self.since: float | None = None  # the signal came; a reading of the monotonic clock
        self.timer: object = None  # the one that counts; others have been overtaken
        self.is_due = False  # the timer has run out
        self.is_late = False  # and `stop` has been called: no handler is to begin any more
        self.is_polling = self.is_idle = self.is_stoppable = False  # where the main thread is
        self.begun: socket | None = None  # where something of an answer to the poll has come, be it the end

    def run(self, loop: Any, address: Address) -> int:
        """Have SIGTERM sent, run *loop*, and run the hooks at its end; return the exit status."""
        self.register(address)
        self.listen()
        if any(map(is_async, hooks.shutdown)):
            from . import event_loop  # noqa: F401 - asyncio takes long to import: at the end there is no time for that
        self.guard(loop)
        status: int | BaseException = 0
        try:
            status = loop.run()
        except Ended:
            pass
        except (SystemExit, KeyboardInterrupt) as error:  # a signal handler of the function's has ended the wait
            status = error
        except RuntimeApiError:
            if self.since is None:
                raise
        if self.since is None and isinstance(status, int):
            return status
        self.end()
        if isinstance(status, BaseException):
            raise status
        return 0

    def register(self, address: Address) -> None:
        """Register the internal extension; a refusal harms nothing else."""
        try:
            self.extension = extensions.connect(address, NAME)
            self.extension.wait_in_vain()
        except (ExtensionError, RuntimeApiError) as error:
            self.log.problem(f"Lambda will not announce the end of the environment: {error}")

    def listen(self) -> None:
        """Take SIGTERM, unless the function does."""
        if getsignal(SIGTERM) is not SIG_DFL:
            return
        try:
            signal(SIGTERM, self.note)
            # A signal between the last look at `since` and the poll is seen by the byte that it sends.
            self.alarm, self.bell = socketpair()
            for end in (self.alarm, self.bell):
                end.setblocking(False)  # noqa: FBT003 - it takes no keyword
            set_wakeup_fd(self.bell.fileno(), warn_on_full_buffer=False)
        except (OSError, ValueError) as error:  # no descriptor is left; this is not the main thread
            self.log.problem(f"SIGTERM cannot be handled: {error}")
            return
        self.mark = mark_of(self.alarm)
        self.signals.wait_by(self.wait)
        register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Leave SIGTERM alone in a child that the function forked: `multiprocessing` ends its children by it."""
        if getsignal(SIGTERM) == self.note:
            signal(SIGTERM, SIG_DFL)
            set_wakeup_fd(-1)

    def guard(self, loop: Any) -> None:
        """Make *loop* end at the signal, and what the function does in it stoppable."""
        self.guard_steps(loop)
        poll_next, warn = self.client.next, self.client.warn

        def next_() -> Any:
            if self.since is not None:
                raise Ended(0)
            try:
                self.is_polling, self.begun = True, None
                invocation = poll_next()
            finally:
                self.is_polling = False
            if self.since is not None:  # the signal came while the invocation did
                self.limit(invocation.deadline_ms)
            return invocation

        def warn_of_poll(message: str) -> None:
            self.begun = None  # what had come was no invocation: the wait begins anew, after a pause
            warn(message)
            if self.is_polling:
                self.is_idle = True
                if self.since is not None:
                    raise Ended(0)

        self.client.next, self.client.warn = next_, warn_of_poll

    def guard_steps(self, loop: Any) -> None:
        """Make those steps of *loop* stoppable that run code of the function's: its handler, hooks, application."""
        handle, report = self.stoppable(loop.handler.call), loop.failure
        for name in ("invoke", "encode", "pour"):
            setattr(loop, name, self.stoppable(getattr(loop, name)))
        go_on = self.stoppable(loop.finish)

        def call(event: Any, context: Any) -> Any:
            if self.is_late:  # a hook before it has taken all of the time
                raise Stopped(0)
            return handle(event, context)

        def failure(error: BaseException, context: Any) -> Any:
            return report(self.explain(error) if isinstance(error, Stopped) else error, context)

        def finish(context: Any) -> None:
            try:
                if self.is_late:
                    self.stop_in((self.seconds - self.passed()) * SHARE)
                go_on(context)
            except Stopped:
                self.log.problem("the environment is at its end: what went on after the answer has been stopped")

        loop.handler.call, loop.failure, loop.finish = call, failure, finish

    def note(self, _number: int, _frame: Any) -> None:
        """Take note of the signal; end an idle wait, and stop what is stoppable if its time is over."""
        if self.is_due:
            self.is_due = False
            self.stop()
        elif self.since is None:
            self.since = monotonic()
            if self.is_idle:
                raise Ended(0)
            if not self.is_polling:
                self.limit(current.get().deadline_ms)

    def limit(self, deadline_ms: int | None) -> None:
        """Limit the time of the invocation that is running."""
        left = self.seconds if deadline_ms is None else deadline_ms / 1000 - time()
        self.stop_in(min(left, self.seconds * SHARE))

    def stop_in(self, seconds: float) -> None:
        """Have `stop` called in *seconds*, wherever the main thread is then."""
        timer = self.timer = object()

        def ring() -> None:
            sleep(seconds)
            if self.timer is timer:
                self.is_due = True
                pthread_kill(self.thread, SIGTERM)

        try:
            if seconds <= 0:
                self.stop()
            else:
                start_new_thread(ring, ())
        except RuntimeError:  # there can be no more threads
            pass

    def stop(self) -> None:
        """
        Stop what the function is doing, and soon again if it goes on: another hook, or a handler that catches this.

        Raises:
            Stopped: in the midst of it.
        """
        self.is_late = True
        if self.is_stoppable:
            self.stop_in(AGAIN)
            raise Stopped(0)

    def stoppable(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Return *step*, which runs code of the function's, in a form that the timer can stop."""

        def stoppable(*arguments: Any) -> Any:
            try:
                self.is_stoppable = True
                return step(*arguments)
            except Stopped:
                self.is_stoppable = False
                if f"{__package__}.event_loop" in modules:
                    from . import event_loop

                    event_loop.cancel(MARGIN)
                raise
            finally:
                self.is_stoppable = False

        return stoppable

    def explain(self, error: BaseException) -> FunctionError:
        """Return the error of an invocation that has been stopped, with the place where it was."""
        message = f"the environment is at its end: the invocation has been stopped {self.passed():.2f} s after SIGTERM"
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_next is not None:
            if traceback.tb_next.tb_frame.f_code is Shutdown.note.__code__:
                traceback.tb_next = None
            traceback = traceback.tb_next
        found = FunctionError("Runtime.Shutdown", message)
        found.__cause__ = error  # which has the place
        return found

    def wait(self, connection: socket) -> None:
        """
        Wait until there is something to receive.

        Raises:
            Ended: there is not, and there shall not be.
        """
        if not self.is_polling or self.begun is connection:
            if self.signals.has_begun:  # whose handlers run only while this waits
                peek(connection)
            return
        while self.since is None and not self.is_ready(connection):
            pass
        if self.since is not None and not has_more(connection):
            raise Ended(0)
        self.begun = connection

    def is_ready(self, connection: socket) -> bool:
        """Wait for a signal, or for something to receive; return whether there is."""
        found = poll()
        found.register(connection, POLLIN)
        if self.alarm is not None and not is_there(self.alarm, self.mark):  # the function has closed it
            set_wakeup_fd(-1)
            self.alarm.detach()
            self.alarm = None
        if self.alarm is not None:
            found.register(self.alarm, POLLIN)
        ready: dict[int, int] = {}
        try:
            self.is_idle = True
            if self.since is None:
                ready = dict(found.poll())
        except Ended:
            pass
        finally:
            self.is_idle = False
        if self.alarm is not None and self.alarm.fileno() in ready:
            drain(self.alarm)
        return connection.fileno() in ready

    def end(self) -> None:
        """Run the hooks while there is time."""
        if getpid() != self.pid:
            return
        if self.since is None:  # the function has handled the signal by itself
            self.since = monotonic()
            signal(SIGTERM, self.note)
        for hook in tuple(hooks.shutdown):
            left = self.seconds - MARGIN - self.passed()
            if left > 0:
                self.call(hook, left)
            else:
                self.log.problem(f"there is no time left for the hook {hooks.name(hook)}")
        self.log.end()

    def call(self, hook: Callable[[], Any], seconds: float) -> None:
        """Call *hook*; log its failure, and stop it after *seconds*."""
        try:
            self.is_late = False
            self.stop_in(seconds)
            self.stoppable(call)(hook)
        except Stopped:
            self.log.problem(f"the hook {hooks.name(hook)} has been stopped: it had {seconds:.2f} seconds")
        except BaseException as error:
            self.log.problem(f"the hook {hooks.name(hook)} failed", error)
        self.timer = None
        if getpid() != self.pid:  # a child that the hook forked
            _exit(0)

    def passed(self) -> float:
        """Return how many seconds ago the signal came."""
        return 0.0 if self.since is None else monotonic() - self.since


def is_async(hook: Any) -> bool:
    """Return whether *hook* is an `async def`."""
    return bool(getattr(getattr(hook, "__code__", None), "co_flags", 0) & CO_COROUTINE)


def drain(alarm: socket) -> None:
    """Take what signals have written, if they have."""
    try:
        alarm.recv(4096)
    except OSError:
        pass


def has_more(connection: socket) -> bool:
    """Return whether *connection* has something to receive, or comes to its end."""
    try:
        connection.recv(1, MSG_PEEK | MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:  # for the transport to find
        pass
    return True


def has_external() -> bool:
    """Return whether there are external extensions."""
    try:
        return bool(listdir(EXTERNAL))
    except OSError:
        return False
