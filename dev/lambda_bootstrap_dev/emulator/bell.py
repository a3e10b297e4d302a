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
        self.changed = asyncio.Event()  # set once, then replaced

    def ring(self) -> None:
        """Wake those that wait."""
        self.changed.set()
        self.changed = asyncio.Event()

    async def wait_until(self, is_so: Callable[[], object]) -> None:
        """Wait until something is so; it is looked at again after each change."""
        while not is_so():
            await self.changed.wait()
