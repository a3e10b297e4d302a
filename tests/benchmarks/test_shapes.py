"""The benchmark of shapes: how environments take turns, and what its table makes of them. No time is taken here."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.report import OURS, RIC, SHIPPED, SHIPPED_RIC, Figures
from benchmarks.shapes import BASE, ECHO, rows, verdicts
from benchmarks.turns import ratio, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ERROR = "an error"


def turns(*times: float, rss_mb: int = 10) -> list[Figures]:
    """Turns that took so many microseconds an invocation."""
    return [Figures(turn_us=time - 1, loop_us=1, first_next_ms=20, rss_kb=rss_mb * 1024) for time in times]


FOUND = {
    ECHO: {OURS: turns(40, 60, 50), RIC: turns(100, 150, 100, rss_mb=20)},
    ERROR: {OURS: turns(64, 900, 80), BASE: turns(40, 60, 40), RIC: turns(200, 90, 100)},
}


def test_turns() -> None:
    """All environments are there before the first turn and until the last, and each takes one after the other."""
    events = []

    @contextmanager
    def environment(name: str) -> Iterator[Callable[[], int]]:
        events.append(f"{name} begins")
        yield lambda: events.append(name) or len(events)  # type: ignore[func-returns-value] # which is None
        events.append(f"{name} ends")

    found = taken({name: environment(name) for name in "ab"}, 2)

    assert events == ["a begins", "b begins", "a", "b", "a", "b", "b ends", "a ends"]
    assert found == {"a": [3, 5], "b": [4, 6]}


def test_ratio() -> None:
    """A ratio is of the same turn: a machine that is slow in one of them is slow for both."""
    assert ratio([40, 400, 44], [100, 1000, 100]) == 0.4


def test_rows() -> None:
    """A row has the lower quartile of all turns, and the median of their ratios."""
    assert rows(FOUND)[1:] == [
        [ECHO, "40 µs", "100 µs", "0.40", "10.0 MB", "20.0 MB", "0.50"],
        [ERROR, "64 µs", "90 µs", "0.80", "10.0 MB", "10.0 MB", "1.00"],
    ]


def test_our_interpreter() -> None:
    """Where the interpreter is compiled, a column has the ratio on it, for which there are targets too."""
    on_ours = {SHIPPED: turns(30, 40, 39), SHIPPED_RIC: turns(100, 100, 100)}
    found = {**FOUND, ECHO: {**FOUND[ECHO], **on_ours}, "100 KB": {OURS: turns(70), RIC: turns(100), **on_ours}}
    header, echo, error, large = rows(found)

    assert header[4] == "ratio on our interpreter"
    assert echo[3:5] == ["0.40", "0.39"]
    assert error[4] == ""
    assert large[3:5] == ["0.70", "0.39"]
    assert verdicts(found)[1:4] == [
        "target: an echo on our interpreter at most 0.38 x awslambdaric's: 0.39, NOT met",
        "target: 100 KB at most 0.6 x awslambdaric's: 0.70, NOT met",
        "target: 100 KB on our interpreter at most 0.6 x awslambdaric's: 0.39, met",
    ]


def test_base() -> None:
    """A row that is measured by our own echo is compared with one that took its turns, not with the echo's row."""
    assert verdicts(FOUND) == [
        "target: an echo at most 0.42 x awslambdaric's: 0.40, met",
        "target: an error at most 1.6 x our echo: 2.00, NOT met",
    ]


def test_missing_peer() -> None:
    """Without awslambdaric there are figures, no ratios, and nothing is claimed."""
    found = {ECHO: {OURS: turns(40)}}

    assert rows(found)[1] == [ECHO, "40 µs", "", "", "10.0 MB", "", ""]
    assert verdicts(found) == []
