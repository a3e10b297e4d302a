"""
The body of a request on its way in.

Owns: how much of it is taken, by whom, and where its chunks end.
Refuses to know: where it comes from.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import h11

    from .values import Headers


@dataclass(frozen=True)
class Intake:
    """What becomes of a body: the most bytes that it may have, who gets its pieces as they come, whether it is kept."""

    most: int
    sink: Callable[[bytes], Awaitable[None]] | None = None
    keeps: bool = True


@dataclass
class Body:
    """A body as it comes in. Without its end, it isn't complete."""

    data: bytearray = field(default_factory=bytearray)
    ends: array[int] = field(default_factory=lambda: array("Q"))  # a list would take more than chunks of one byte
    trailers: Headers = ()
    is_complete: bool = False
    size: int = 0
    is_within: bool = False  # a chunk, of which there is a part

    async def take(self, event: h11.Data, intake: Intake) -> bool:
        """Take a piece, unless it is too much; whether it isn't."""
        self.size += len(event.data)
        if self.size > intake.most:
            return False
        if intake.sink:
            await intake.sink(bytes(event.data))
        if intake.keeps:
            self.data += event.data
            self.ends[-1 if self.is_within else len(self.ends) :] = array("Q", [len(self.data)])
        self.is_within = not event.chunk_end
        return True
