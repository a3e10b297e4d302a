"""
A worker as its supervisor sees it.

Owns: what a worker says, how long it waits for the Runtime API, and when another process takes the place of a dead one.
Refuses to know: what a worker does, and what follows from its end.
"""

from __future__ import annotations

from posix import close, read  # built in, which `os` is not
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .polls import Polls

# Seconds between polls that fail: doubled each time, 90 at most, a quarter of an hour in all.
PAUSES = (*(0.1 * 2**number for number in range(10)), *[90.0] * 9)
FIRST_WAIT, LONGEST_WAIT = 0.1, 90.0  # seconds until a worker is replaced; doubled each time
AT_ONCE = 5.0  # seconds within which all workers lose the Runtime API, if it is gone
SETTLED = 1.0  # seconds; a worker that has lived longer, and polled, begins a new row of failures
# It polls, for one invocation or for many; it cannot begin, and why; it has lost the Runtime API.
ONE, MANY, FAILED, LOST = b"1", b"M", b"F", b"L"


class Worker:
    """One place among the workers: its process, if it has one, and when it gets the next."""

    pid = 0
    life = words = -1  # descriptors: it lives while the first is open; what it says comes out of the second
    said = b""
    forked_at = due = 0.0
    lost_at = -AT_ONCE  # when its process lost the Runtime API
    failures = 0
    polls: Polls | None = None  # of its processes, if they run tasks

    def __init__(self, share: int) -> None:
        self.share = share  # of the invocations at once

    def ends(self) -> list[int]:
        """Return where its process is heard, if it has one."""
        if not self.pid:
            return []
        return [self.words] if self.polls is None else [self.words, self.polls.inbox.fileno()]

    def let_go(self, *, is_own: bool) -> None:
        """Close, in a new process, what is the supervisor's; it keeps what *is its own*."""
        if self.life >= 0:
            close(self.life)
            close(self.words)
        if self.polls is not None:
            self.polls.let_go(is_own=is_own)

    def hear(self) -> None:
        """Take in what it says."""
        if self.polls is not None:
            self.polls.take()
        try:
            while data := read(self.words, 1 << 16):
                self.said += data
        except BlockingIOError:
            pass

    def bury(self) -> None:
        """Forget its process, which has ended, but for its polls."""
        for end in (self.life, self.words):
            close(end)
        self.pid, self.life, self.words = 0, -1, -1
        if self.polls is not None:
            self.polls.settle()

    def is_lost(self) -> bool:
        """Return whether it lost the Runtime API just now."""
        return monotonic() - self.lost_at < AT_ONCE

    def postpone(self) -> None:
        """Set when it gets its next process: at once, and later each time that the process doesn't live."""
        if self.said.startswith((ONE, MANY)) and monotonic() - self.forked_at > SETTLED:
            self.failures = 0
        pause = min(FIRST_WAIT * 2 ** (self.failures - 1), LONGEST_WAIT) if self.failures else 0.0
        self.due = monotonic() + pause
        self.failures = min(self.failures + 1, 20)
