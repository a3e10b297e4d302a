"""Some seconds of the faults that `make bench TABLES=faults` has minutes of."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from benchmarks.build import CACHE, ours
from benchmarks.faults import run


@pytest.mark.parametrize(("handler", "concurrency"), [("naps.plain", 6), ("naps.task", 24)])
def test_short(handler: str, concurrency: int) -> None:
    """While workers die and the platform falters, who lives answers each invocation once; in the end all is flat."""
    CACHE.mkdir(parents=True, exist_ok=True)
    found = asyncio.run(run(replace(ours(), handler=handler), concurrency, 5.0))

    assert (found.twice, found.never) == (0, 0)
    assert found.answered > found.killed > 0
    assert found.lost <= found.killed * concurrency
    assert found.after.processes == found.before.processes
    assert found.after.descriptors == found.before.descriptors
    assert found.is_well
