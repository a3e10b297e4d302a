"""
The end of a process of tasks, which its supervisor passes on.

Owns: what SIGTERM does there: what is running has half of the time, and no poll begins any more.
Refuses to know: who is told by whom that the environment ends, see `workers`; what a task does.
"""

from __future__ import annotations

from os import register_at_fork
from signal import SIG_DFL, SIGTERM, getsignal, set_wakeup_fd, signal
from time import monotonic

from . import event_loop
from .shutdown import SHARE, Shutdown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..protocol import Address
    from .tasks import Tasks


class ToldTasks(Shutdown):
    """The end of a process of tasks: the supervisor, which Lambda tells, passes the signal on."""

    tasks: Tasks

    def register(self, _address: Address) -> None:
        """Register nothing: the supervisor has done so."""

    def listen(self) -> None:
        """Take SIGTERM on the event loop, unless the function does."""
        if getsignal(SIGTERM) is not SIG_DFL:
            return
        event_loop.loop().add_signal_handler(SIGTERM, self.begin_end)
        register_at_fork(after_in_child=self.forget)

    def guard(self, loop: Any) -> None:
        """Remember the tasks: nothing of what they do is interrupted but by the event loop."""
        self.tasks = loop

    def begin_end(self) -> None:
        """Give what is running half of the time."""
        if self.since is None:
            self.since = monotonic()
            event_loop.loop().call_later(self.seconds * SHARE, self.tasks.stop)
            self.tasks.end()

    def forget(self) -> None:
        """Leave SIGTERM alone in a child that the function forked."""
        signal(SIGTERM, SIG_DFL)
        set_wakeup_fd(-1)

    def end(self) -> None:
        """Run the hooks, now that nothing else runs."""
        signal(SIGTERM, self.note)
        super().end()
