"""What environments of one function take side by side on a machine: the memory that each adds to what all share."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from benchmarks.build import PEERS, UnavailableError
from benchmarks.instances import running
from benchmarks.page import Table
from benchmarks.report import GO, NODE, OURS, RIC, SHIPPED

if TYPE_CHECKING:
    from benchmarks.build import Start

COUNTS = (1, 4, 16)
INVOCATIONS = 100  # of each environment
NAMES = (OURS, SHIPPED, RIC, GO, NODE)


def measure(_rounds: int) -> Table:
    """Measure what is the table's: memory does not differ from round to round."""
    rows, missing = [["", *map(str, COUNTS)]], []
    for name in NAMES:
        try:
            start = PEERS[name]()
            sums = [asyncio.run(taken(start, count)) for count in COUNTS]
        except UnavailableError as error:
            missing.append(f"not measured: {name}: {error}")
        else:
            rows.append([name, *(f"{each:.1f} MB" for each in sums)])
    lines = [
        f"environments of an echo, each after {INVOCATIONS} invocations: the PSS of all their processes",
        "containers of one machine share pages as these do; on Lambda, each environment is a machine of its own",
        *missing,
    ]
    return Table("Environments side by side", rows, lines)


async def taken(start: Start, count: int) -> float:
    """What so many environments take in all, in MB."""
    async with AsyncExitStack() as stack:
        platforms = [await stack.enter_async_context(running(start)) for _ in range(count)]
        for platform in platforms:
            for _ in range(INVOCATIONS):
                await platform.invoke()
            await platform.wait_polls(1)
        return sum(sum(platform.memory_mb("Pss")) for platform in platforms)
