"""
A task that keeps all others waiting.

Owns: the thread that looks for it, and where it is.
Refuses to know: how a record is written, and how many tasks there are.

The thread has the event loop set a mark, twice a second, and waits for it. If the mark is late, some step of some task
takes long; if it is the same task's a little later, it is that task that blocks the loop.
"""

from __future__ import annotations

import selectors
import sys
from _thread import allocate_lock, start_new_thread  # `threading` would count this thread as its own
from asyncio import base_events, current_task
from itertools import dropwhile, takewhile
from time import monotonic

from ..traces import HERE, exact
from .timeout_dump import awaited, outwards, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

BETWEEN = 0.5  # seconds from one mark to the next
LATE = 0.25  # seconds; a step that takes twice as long is reported
MOST = 100  # places that are remembered: each is reported once
DEEPEST = 5  # calls of a place
ASYNCIO = (base_events.__file__ or "").removesuffix("base_events.py")


class BlockedLoop:
    """
    Watches an event loop that is about to run in the thread *ident*.

    Args:
        loop: the event loop.
        ident: of its thread.
        report: gets the task, or None if something else blocks the loop; the seconds so far, and the place.
    """

    def __init__(
        self, loop: AbstractEventLoop, ident: int, report: Callable[[Task[Any] | None, float, str], None]
    ) -> None:
        self.loop = loop
        self.ident = ident
        self.report = report
        self.mark = allocate_lock()  # released by the loop
        self.pause = allocate_lock()  # nobody releases it
        self.places: set[str] = set()
        self.mark.acquire()
        self.pause.acquire()
        start_new_thread(self.watch, ())

    def watch(self) -> None:
        """Set a mark after the other, as long as there is a loop."""
        while True:
            self.pause.acquire(timeout=BETWEEN)
            try:
                self.loop.call_soon_threadsafe(self.mark.release)
            except RuntimeError:  # it is closed
                return
            began, seen = monotonic(), None
            while not self.mark.acquire(timeout=LATE):
                if not self.loop.is_running():  # the process is at its end
                    continue
                task, frame = self.look()
                if frame is not None and seen == (task,):
                    self.tell(task, frame, monotonic() - began)
                seen = (task,)

    def look(self) -> tuple[Task[Any] | None, FrameType | None]:
        """Return which task the loop is at, and where."""
        return current_task(self.loop), sys._current_frames().get(self.ident)  # noqa: SLF001 - the documented way

    def tell(self, task: Task[Any] | None, frame: FrameType, seconds: float) -> None:
        """Report the place, unless that has been done."""
        frames = list(takewhile(is_users, outwards(frame)))
        if not frames and task is None:  # the loop only waits, and the machine has no time for it
            return
        text = in_words(frames or [frame])
        if text not in self.places and len(self.places) < MOST:
            self.places.add(text)
            self.report(task, seconds, text)


def where(task: Task[Any]) -> str:
    """Return where the function's code is that *task* runs, with the calls around it."""
    frames = awaited(task.get_coro())[::-1]
    return in_words([*takewhile(is_users, dropwhile(lambda frame: not is_users(frame), frames))] or frames)


def in_words(frames: list[FrameType]) -> str:
    """Return a place that is made of calls, the innermost first."""
    calls = [place(frame) for frame in frames[:DEEPEST]]
    return ", called at ".join(f"{call.path}:{call.line} in {call.label}" for call in calls)


def is_users(frame: FrameType) -> bool:
    """Return whether *frame* is neither the runtime's nor the event loop's."""
    return not exact(frame.f_code.co_filename).startswith((HERE, ASYNCIO, selectors.__file__))
