"""The other end of the Runtime API: for a laptop and for tests, never shipped."""

from __future__ import annotations

from .facade import Emulator
from .values import Close, Default, Kind, Outcome, Pause, Raw, Reply, Report, Request, Reset

__all__ = [
    "Close",
    "Default",
    "Emulator",
    "Kind",
    "Outcome",
    "Pause",
    "Raw",
    "Reply",
    "Report",
    "Request",
    "Reset",
]
