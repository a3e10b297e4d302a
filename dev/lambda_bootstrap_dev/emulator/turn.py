"""
One invocation on its way through an environment.

Owns: its stages, and who waits for them.
Refuses to know: what takes it from one to the next.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .values import Delivery, Ending, Invocation, Report


class Turn:
    """One invocation: begun when it is delivered, answered when it is posted, over at the following `next`."""

    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation
        self.delivery: Delivery | None = None
        self.begun = asyncio.Event()
        self.over = asyncio.Event()
        self.ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.report: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self.begun_at = time.monotonic()

    def end(self, ending: Ending) -> None:
        """Answer the caller, unless that has been done."""
        if not self.ending.done():
            self.ending.set_result(ending)
        self.begun.set()
