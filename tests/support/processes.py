"""What tests of several processes share: whose children there are, and waiting for them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def children(pid: int) -> set[int]:
    """The living children of a process, dead ones that nobody has asked for included."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found.add(int(entry.name))
    return found


def in_time(ask: Callable[[], T], is_late: Callable[[T], bool]) -> T:
    """The first answer that is not too late: a machine that others keep busy may take longer than the margin."""
    for _ in range(5):
        found = ask()
        if not is_late(found):
            break
    return found


def wait_until(condition: Any, seconds: float = 10.0) -> None:
    """Wait until *condition* returns something true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
