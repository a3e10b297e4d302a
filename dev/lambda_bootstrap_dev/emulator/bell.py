"""
Waiting for what others change.

Owns: that nobody who waits misses a change.
Refuses to know: what has changed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Bell:
    """What wakes all that wait for a change, which then look again."""

    def __init__(self) -> None:
        self.count = 0  # of the changes so far
        self._waiters: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake those that wait."""
        self.count += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def watch(self, waiter: asyncio.Future[None]) -> None:
        """Complete *waiter* at the next change."""
        self._waiters.add(waiter)

    def forget(self, waiter: asyncio.Future[None]) -> None:
        """Watch for nobody any more."""
        self._waiters.discard(waiter)

    async def wait(self) -> None:
        """Wait for the next change."""
        waiter = asyncio.get_running_loop().create_future()
        self.watch(waiter)
        try:
            await waiter
        finally:
            self.forget(waiter)

    async def wait_until(self, is_so: Callable[[], object]) -> None:
        """Wait until something is so; it is looked at again after each change."""
        while not is_so():
            await self.wait()
