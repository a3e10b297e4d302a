"""
What every thread and task was doing shortly before the deadline: Lambda kills an environment that runs into it.

Owns: the thread that waits for that moment, and the stacks. Imported only where `BOOTSTRAP_TIMEOUT_DUMP_MS` is set.
Refuses to know: how a record is written. It uses no signals: SIGALRM is the function's.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock, get_ident, start_new_thread  # `threading` would count this thread as its own
from time import time

from .. import current
from ..traces import HERE, Frame, describe, exact, line_of, source_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any

    from ..protocol import Invocation

LONGEST_WAIT = 86_400.0  # seconds; a lock has a limit of its own
AWAITING = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))


class TimeoutDump:
    """
    Writes the stacks of an invocation that comes close to its deadline, once.

    Args:
        margin_ms: how close, in milliseconds.
        write: gets the stacks, by the name of the thread or task.
    """

    def __init__(self, margin_ms: int, write: Callable[[dict[str, list[str]]], None]) -> None:
        self.margin_ms = margin_ms
        self.write = write
        self.moments: dict[object, float] = {}  # by invocation; of tasks side by side there are many
        self.moment: float | None = None  # the next one, in seconds since the Unix epoch
        self.changed = allocate_lock()  # released when the moment has changed, until the thread has seen it
        self.changed.acquire()
        start_new_thread(self.watch, ())

    def begin(self, invocation: Invocation) -> None:
        """Wait for the deadline of *invocation*, if it has one."""
        if not current.is_by_task:
            self.moments.clear()
        if invocation.deadline_ms is not None:
            self.moments[invocation] = (invocation.deadline_ms - self.margin_ms) / 1000
        self.wait_for(min(self.moments.values(), default=None))

    def end(self) -> None:
        """Wait for this invocation no more: it is over."""
        if current.is_by_task:
            self.moments.pop(current.get(), None)
        else:
            self.moments.clear()
        self.wait_for(min(self.moments.values(), default=None))

    def wait_for(self, moment: float | None) -> None:
        """Hand a new moment to the thread."""
        self.moment = moment
        if self.changed.locked():
            self.changed.release()

    def watch(self) -> None:
        """Wait for the moment, and anew whenever it changes."""
        while True:
            moment = self.moment
            wait = -1.0 if moment is None else min(max(moment - time(), 0.0), LONGEST_WAIT)
            if self.changed.acquire(timeout=wait) or moment is None:
                continue
            if self.moment == moment and time() >= moment:
                self.moment = min((later for later in [*self.moments.values()] if later > moment), default=None)
                self.write(dict(stacks(get_ident())))


def stacks(own: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the stack of every thread but *own*, and of every task of the event loops that these run."""
    threading: Any = sys.modules.get("threading")
    names = {thread.ident: describe(thread.name) for thread in threading.enumerate()} if threading else {}
    loops = []
    for ident, innermost in sys._current_frames().items():  # noqa: SLF001 - the documented way to do this
        frames = list(outwards(innermost))
        if ident != own:
            name = names.pop(ident, ident)
            yield f"thread {name}{f' ({ident})' if name in names.values() else ''}", lines(users(frames))
        loops += [frame.f_locals.get("self") for frame in frames if frame.f_code.co_name == "run_forever"]
    asyncio: Any = sys.modules.get("asyncio")
    for loop in loops:
        if asyncio and isinstance(loop, asyncio.AbstractEventLoop):
            for task in asyncio.all_tasks(loop):
                yield f"task {describe(task.get_name())}", lines(users(awaited(task.get_coro())[::-1]))


def lines(frames: list[FrameType]) -> list[str]:
    """Return the entries of a stack."""
    return [str(place(frame)) for frame in frames]


def awaited(step: Any) -> list[FrameType]:
    """Return the frame of a coroutine, of what it awaits, and so on: a task's `get_stack` has the first one only."""
    frames = []
    while step is not None:
        kind = next((kind for kind in AWAITING if hasattr(step, kind[0])), None)
        if kind is None:  # a future, or an awaitable of C's
            break
        frame, step = getattr(step, kind[0]), getattr(step, kind[1])
        if frame is not None:
            frames.append(frame)
    return frames


def outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield *frame*, its caller, and so on."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def users(frames: list[FrameType]) -> list[FrameType]:
    """Return, outermost first, those of *frames* that the runtime has called, or all if it has called none."""
    outermost = frames[::-1]
    inner = [exact(frame.f_code.co_filename).startswith(HERE) for frame in outermost]
    start = inner.index(True) if True in inner else 0
    return outermost[inner.index(False, start) :] if False in inner[start:] else outermost


def place(frame: FrameType) -> Frame:
    """Return where *frame* is."""
    path, number = exact(frame.f_code.co_filename), frame.f_lineno or 0
    return Frame(path, number, exact(frame.f_code.co_name), line_of(source_lines(path), number))
