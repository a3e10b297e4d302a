"""
The event loop of functions that are `async`.

Owns: the one loop, which lives as long as the environment, so that clients may live in it; and that a task ends before
the deadline of its invocation does.
Refuses to know: what runs on it, and who asks for invocations.

Shortly before the deadline the task is cancelled: its `finally` and `with` do their work, the caller gets an error that
says where it was, and the environment lives on. `MARGIN` is below what functions leave for themselves that watch their
time by `context.get_remaining_time_in_millis()`, as they know better. A task that catches the cancellation and goes on
is cancelled again, and named.
"""

from __future__ import annotations

from asyncio import CancelledError, Runner, all_tasks, current_task, wait
from asyncio.log import logger
from contextvars import copy_context
from time import time

from .. import current
from ..errors import FunctionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Handle, Task
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, TypeVar

    T = TypeVar("T")

MARGIN = 0.03  # seconds before the deadline
EXCEEDED = "Runtime.DeadlineExceeded"
AGAIN, MOST = 1.0, 3  # seconds from one cancellation to the next, and how many there are
CLINGS = "a task goes on after its deadline, at %s: it has caught asyncio.CancelledError. It is cancelled once more"

_runner = Runner()
_latest: Coroutine[Any, Any, Any] | None = None  # what has been run, to its end or not


def loop() -> AbstractEventLoop:
    """Return the loop, for a room that runs it by itself."""
    return _runner.get_loop()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run *coroutine* as one task that sees the `contextvars` of its caller, and return its result."""
    global _latest  # noqa: PLW0603 - one runs at a time
    _latest = coroutine
    loop = _runner.get_loop()  # and not `run`, which sets a handler of SIGINT each time
    return loop.run_until_complete(loop.create_task(coroutine, context=copy_context()))


class DeadlineError(FunctionError):
    """Ends an invocation whose task was cancelled in time."""


class Deadline:
    """
    Cancels a task, and again while it goes on.

    Many tasks are done in their first turn of the loop: it sets a timer, which takes as long as the turn, after that.

    Args:
        task: what it cancels.
        seconds: how many the task had when it began.

    Attributes:
        count: how often it has cancelled the task.
    """

    __slots__ = ("count", "seconds", "task", "timer")

    def __init__(self, task: Task[Any], seconds: float) -> None:
        self.task = task
        self.seconds = seconds
        self.count = 0
        self.timer: Handle = task.get_loop().call_soon(self.begin)

    def begin(self) -> None:
        """Wait for the deadline, unless the task is done."""
        if not self.task.done():  # its turn may have taken all of the time
            left = seconds_left(current.get()) or 0.0
            self.timer = self.task.get_loop().call_later(left, self.cancel)

    def cancel(self) -> None:
        """Cancel the task; the second time, say where it goes on."""
        self.count += 1
        if self.count == 2:  # noqa: PLR2004 - as above
            from ..diagnostics.blocked_loop import where

            logger.warning(CLINGS, where(self.task))
        self.task.cancel()
        if self.count < MOST:
            self.timer = self.task.get_loop().call_later(AGAIN, self.cancel)

    def __str__(self) -> str:
        return f"the task was cancelled {MARGIN * 1000:.0f} ms before the deadline: it had {self.seconds:.2f} seconds"


async def within_deadline(awaitable: Awaitable[T]) -> T:
    """
    Await *awaitable*, and cancel the task shortly before the deadline of the current invocation.

    What the task makes of that counts: a result, or another exception. A deadline that has passed already is not one.

    Raises:
        DeadlineError: the task has let itself be cancelled.
    """
    left, task = seconds_left(current.get()), current_task()
    if left is None or task is None:
        return await awaitable
    deadline = Deadline(task, left)
    try:
        return await awaitable
    except CancelledError as error:
        if not deadline.count:
            raise
        raise DeadlineError(EXCEEDED, str(deadline)) from error
    finally:
        deadline.timer.cancel()


def seconds_left(invocation: Any) -> float | None:
    """Return how many seconds an *invocation* has, or None if it has no deadline, or had one."""
    left = 0.0 if invocation.deadline_ms is None else invocation.deadline_ms / 1000 - time() - MARGIN
    return left if left > 0 else None


class OneTask(Deadline):
    """The deadline of the only task that the loop runs for: when that is done, the loop stops."""

    __slots__ = ()

    def begin(self) -> None:
        """Stop the loop at once if the task is done already, and nothing else is left for another turn."""
        loop = self.task.get_loop()
        if self.task.done() and is_idle(loop):
            loop.stop()
            return
        self.task.add_done_callback(stop)
        super().begin()

    def end(self) -> None:
        """Leave nothing in the loop that would stop it another time; a task left half-way still has its deadline."""
        self.task.remove_done_callback(stop)
        if not self.task.done():  # a signal handler has raised, or the function has stopped the loop
            if not self.count:
                self.timer.cancel()
                super().begin()
            self.task.add_done_callback(lambda _: self.timer.cancel())
            return
        self.timer.cancel()
        if not self.task.cancelled():
            self.task.exception()  # or asyncio would complain that nobody has looked at it, after an exit


def is_idle(loop: Any) -> bool:
    """Return whether one more turn of *loop* would do nothing: nothing is due, or can become due."""
    try:
        is_over = not (loop._ready or loop._scheduled or loop._signal_handlers)  # noqa: SLF001 - nobody else tells
        return is_over and len(loop._selector.get_map()) == 1  # noqa: SLF001 - as above; one is the loop's own
    except AttributeError:  # it isn't asyncio's
        return False


def stop(task: Task[Any]) -> None:
    """Stop the loop, unless it has been left already, by what *task* has raised."""
    if task.cancelled() or not isinstance(task.exception(), (SystemExit, KeyboardInterrupt)):
        task.get_loop().stop()


def run_within_deadline(coroutine: Coroutine[Any, Any, T]) -> T:
    """
    Run *coroutine* as `run` does, until shortly before the deadline at most.

    A handler that is done in the loop's first turn, and leaves nothing behind, needs no other.
    """
    global _latest  # noqa: PLW0603 - as in `run`
    _latest = coroutine
    loop = _runner.get_loop()
    task = loop.create_task(coroutine, context=copy_context())
    left = seconds_left(current.get())
    if left is None:
        return loop.run_until_complete(task)
    deadline = OneTask(task, left)
    try:
        loop.run_forever()
        if not task.done():
            raise RuntimeError("Event loop stopped before Future completed.")
        return task.result()
    except CancelledError as error:
        if not deadline.count:
            raise
        raise DeadlineError(EXCEEDED, str(deadline)) from error
    finally:
        deadline.end()


# What becomes of the coroutine that a handler returns: where tasks run side by side, they await it instead.
complete: Callable[[Any], Any] = run_within_deadline


def cancel(seconds: float) -> None:
    """Cancel the latest task, which a signal handler has left behind half-way, and give it *seconds* to end."""
    left = {task for task in all_tasks(_runner.get_loop()) if task.get_coro() is _latest}
    for task in left:
        task.cancel()
    if left:
        run(wait(left, timeout=seconds))


def run_to_completion(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return an `async def` handler as a plain one. All invocations share one event loop, so clients may live in it."""

    def call(*arguments: Any) -> Any:
        result = function(*arguments)
        # A decorator may have run the coroutine itself.
        return complete(result) if hasattr(result, "cr_await") else result

    return call
