"""The long run of the benchmarks, made short."""

from __future__ import annotations

import pytest

from benchmarks.build import ours
from benchmarks.soak import Sample, soak, told

FLAT = [Sample(number, 10_000 + min(number, 4), 5) for number in range(1, 11)]


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        (Sample(11, 10_500, 5), "descriptors 5, 5 at the end: flat"),
        (Sample(11, 10_517, 5), "descriptors 5, 5 at the end: NOT flat"),
        (Sample(11, 10_000, 6), "descriptors 5, 6 at the end: NOT flat"),
    ],
    ids=["flat", "memory", "descriptors"],
)
def test_told(last: Sample, verdict: str) -> None:
    """Memory that grew by more than noise, or any further descriptor, is not flat."""
    assert told([*FLAT, last]).endswith(verdict)


def test_what_may_be_kept() -> None:
    """Memory that grows with the trace ids that glibc keeps is flat, and any more is not."""
    samples = [Sample(number, 10_000 + number * 144 // 1024, 5) for number in range(0, 100_001, 10_000)]

    assert told(samples, 144).endswith(": flat")
    assert told([*samples, Sample(110_000, 10_000 + 110_000 * 144 // 1024 + 520, 5)], 144).endswith(": NOT flat")
    assert told(samples).endswith(": NOT flat")


def test_soak() -> None:
    """Every invocation is answered with its own event or with its error, and looked at now and then."""
    samples = soak(ours(), 200)

    assert [sample.invocations for sample in samples] == list(range(10, 201, 10))
    assert all(sample.rss_kb > 1000 and sample.descriptors >= 4 for sample in samples)
