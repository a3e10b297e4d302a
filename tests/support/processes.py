"""What tests of several processes share: whose children there are, and waiting for them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any


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


def wait_until(condition: Any, seconds: float = 10.0) -> None:
    """Wait until *condition* returns something true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
