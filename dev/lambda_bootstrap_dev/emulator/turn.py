"""
One invocation on its way through an environment.

Owns: its stages and who waits for them, the pieces of a streamed response, the end of its log, and its report.
Refuses to know: what takes it from one stage to the next.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from .bell import Bell
from .values import Report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .values import Delivery, Ending, Invocation

# A runtime waits while so many bytes of its stream wait for the caller.
MOST_WAITING = 1024 * 1024
# What a caller may have of the log.
TAIL = 4096


class Stream:
    """The pieces of a response on their way to a caller who wants them as they are made."""

    def __init__(self) -> None:
        self.content_type: str | None = None  # from the response's head on
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_over = False
        self._bell = Bell()

    def begin(self, content_type: str) -> None:
        """Note that the response begins."""
        self.content_type = content_type
        self._bell.ring()

    async def put(self, data: bytes) -> None:
        """Hand a piece over as soon as there is room; if the caller has gone, drop it."""
        await self._bell.wait_until(lambda: self._size < MOST_WAITING or self._is_over)
        if not self._is_over:
            self._pieces.append(data)
            self._size += len(data)
            self._bell.ring()

    def close(self) -> None:
        """Let no more pieces in; those that wait can be had still."""
        self._is_over = True
        self._bell.ring()

    async def wait_begun(self) -> bool:
        """Wait for the response's head; return whether there is one, as an invocation may end without."""
        await self._bell.wait_until(lambda: self.content_type is not None or self._is_over)
        return self.content_type is not None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the pieces as they come, until there will be no more."""
        while True:
            await self._bell.wait_until(lambda: self._pieces or self._is_over)
            if not self._pieces:
                return
            found, self._pieces, self._size = b"".join(self._pieces), [], 0
            self._bell.ring()
            yield found


class Turn:
    """
    One invocation: begun when it is delivered, answered when it is posted, over at the following `next`.

    With a *stream*, a streamed response goes there piece by piece, and the ending has no body.
    """

    def __init__(self, invocation: Invocation, stream: Stream | None = None) -> None:
        self.invocation = invocation
        self.stream = stream
        self.delivery: Delivery | None = None
        self.begun = asyncio.Event()
        self.over = asyncio.Event()
        self.ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.report: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self.begun_at = time.monotonic()
        self._tail = b""

    @property
    def log(self) -> bytes:
        """The last 4 KB of what was logged meanwhile."""
        return self._tail

    def note(self, data: bytes) -> None:
        """Note what is logged."""
        self._tail = (self._tail + data)[-TAIL:]

    def end(self, ending: Ending) -> None:
        """Answer the caller, unless that has been done."""
        if not self.ending.done():
            self.ending.set_result(ending)
            if self.stream:
                self.stream.close()
        self.begun.set()

    def report_with(self, init_ms: float | None, memory_mb: int | None) -> Report:
        """Return the report of the turn, which has ended just now; what init and memory took is the environment's."""
        duration_ms = (time.monotonic() - self.begun_at) * 1000
        return Report(self.invocation.request_id, self.ending.result().kind, duration_ms, init_ms, memory_mb)
