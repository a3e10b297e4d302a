"""The long run of the benchmarks, made short."""

from __future__ import annotations

import pytest

from benchmarks.build import ours
from benchmarks.soak import DEEDS, KEPT, Api, Sample, deed, is_flat, judged, soak, told

FLAT = [Sample(number, 10_000 + min(number, 4), 5) for number in range(1, 11)]


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        (Sample(11, 10_772, 5), "descriptors 5, 5 at the end: flat"),
        (Sample(11, 10_773, 5), "descriptors 5, 5 at the end: NOT flat"),
        (Sample(11, 10_000, 6), "descriptors 5, 6 at the end: NOT flat"),
    ],
    ids=["flat", "memory", "descriptors"],
)
def test_told(last: Sample, verdict: str) -> None:
    """Memory that grew by more than noise, or any further descriptor, is not flat."""
    assert told([*FLAT, last]).endswith(verdict)


def test_judged() -> None:
    """The long run is well only if it is flat over each transport, by what may be kept there."""
    grown = [*FLAT, Sample(11, 10_773, 5)]

    assert judged({"socket": (FLAT, 0), "urllib3": (FLAT, 0)}, ["over a third: not measured"]).is_well
    assert not judged({"socket": (FLAT, 0), "urllib3": (grown, 0)}).is_well
    assert not judged({"socket": (grown, 0), "urllib3": (FLAT, 0)}).is_well
    assert judged({"socket": (grown, 1024)}).is_well
    assert [line.rpartition(": ")[2] for line in judged({"socket": (grown, 0)}, ["a: none"]).lines] == [
        "NOT flat",
        "none",
    ]


def test_what_may_be_kept() -> None:
    """Memory that grows with the trace ids that glibc keeps is flat, and any more is not."""
    samples = [Sample(number, 10_000 + number * 144 // 1024, 5) for number in range(0, 100_001, 10_000)]

    assert told(samples, 144).endswith(": flat")
    assert told([*samples, Sample(110_000, 10_000 + 110_000 * 144 // 1024 + 776, 5)], 144).endswith(": NOT flat")
    assert told(samples).endswith(": NOT flat")


def test_kept() -> None:
    """What the C library keeps of each trace id is no growth of the runtime's, and nothing else is added to it."""
    after = [Sample(number, 10_000 + (number - 5) // 10, 5) for number in range(1, 20_001, 1000)]

    assert is_flat(after, 144)
    assert not is_flat(after, 0)
    assert not is_flat([*after, Sample(20_001, after[-1].rss_kb + 2000, 5)], 144)


def test_deeds() -> None:
    """Each deed is done among a thousand invocations, and most of these are echoes."""
    done = [deed(number) for number in range(1, 1001)]

    assert {*done} == {"", *DEEDS}
    assert done.count("") > 600


def test_soak() -> None:
    """Every invocation is answered once, whatever the function does in some of them, and nothing grows."""
    samples = soak(ours(), 600)

    assert [sample.invocations for sample in samples] == list(range(30, 601, 30))
    assert all(sample.rss_kb > 1000 and sample.descriptors >= 4 for sample in samples)
    assert is_flat(samples, KEPT), told(samples, KEPT)


def test_leak() -> None:
    """A function that keeps memory or descriptors is seen to grow."""
    samples = soak(ours(), 100, "leaks")

    assert samples[-1].descriptors > samples[4].descriptors + 50
    assert samples[-1].rss_kb > samples[4].rss_kb + 5000
    assert not is_flat(samples, 1000)


def test_silence_of_a_process_that_has_ended() -> None:
    """Nothing is waited for that cannot come: what has ended says nothing more."""
    with Api(60, lambda: True) as api, pytest.raises(RuntimeError, match="nothing was heard for 1 seconds"):
        api.receive()
