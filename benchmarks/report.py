"""What was measured, as values and as text: quartiles, ratios, the table, the targets. It starts and reads nothing."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from benchmarks.logs import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

OURS = "lambda-bootstrap"
RIC = "awslambdaric"
GO = "aws-lambda-go"

WORDS = {"invocation_us": "per invocation", "first_next_ms": "first `next`", "rss_kb": "RSS"}


@dataclass(frozen=True)
class Figures:
    """What one peer costs, as server.c's JSON line has it: medians, and the peak resident size."""

    turn_us: float
    loop_us: float
    first_next_ms: float
    rss_kb: float

    @property
    def invocation_us(self) -> float:
        """All the time between two events that is not the server's."""
        return self.turn_us + self.loop_us


@dataclass(frozen=True)
class Results:
    """
    What a campaign has found.

    Args:
        echoes: by peer, figures of the function that returns its event.
        logs: by peer, figures of the one that logs.
        python_ms: by statement, how long an interpreter lives for it alone: `pass` and `import logging`.
    """

    echoes: Mapping[str, Figures]
    logs: Mapping[str, Figures]
    python_ms: Mapping[str, float]

    @property
    def rates(self) -> dict[str, float]:
        """By peer, records per second."""
        return {name: RECORDS / figures.turn_us * 1e6 for name, figures in self.logs.items()}

    @property
    def imports_ms(self) -> tuple[float, float]:
        """What `import logging` adds: to our first `next`, to Python alone."""
        ours = self.logs[OURS].first_next_ms - self.echoes[OURS].first_next_ms
        return ours, self.python_ms["import logging"] - self.python_ms["pass"]


@dataclass(frozen=True)
class Target:
    """The most that one of our figures (a key of `WORDS`) may be, as a multiple of a peer's."""

    figure: str
    peer: str
    ratio: float


TARGETS = (
    Target("invocation_us", RIC, 0.45),
    Target("first_next_ms", RIC, 0.6),
    Target("invocation_us", GO, 1),
)


def quiet(rounds: Iterable[Figures]) -> Figures:
    """
    The lower quartile of each figure on its own, over at least one round.

    Noise only ever adds. A virtual machine runs at two speeds, by its neighbours: a median lies now in the one and now
    in the other: it made one ratio anything from 0.37 to 0.52, which the lower quartile put at 0.41 or 0.42.
    """
    return Figures(*map(quartile, zip(*map(astuple, rounds), strict=True)))


def quartile(values: Sequence[float]) -> float:
    """The lower quartile, of at least one value."""
    return sorted(values)[len(values) // 4]


def table(rows: Mapping[str, Figures]) -> str:
    """A Markdown table, padded to be read as it is; every ratio is to awslambdaric."""
    header = ["", *(cell for words in WORDS.values() for cell in (words, "ratio"))]
    cells = [header, *(_row(name, figures, rows.get(RIC)) for name, figures in rows.items())]
    return aligned(cells)


def aligned(cells: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded to be read as it is."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    lines.insert(1, " | ".join("-" * max(width, 3) for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def _row(name: str, figures: Figures, ric: Figures | None) -> list[str]:
    return [
        name,
        f"{figures.turn_us:.1f} + {figures.loop_us:.1f} µs",
        _ratio(figures, ric, "invocation_us"),
        f"{figures.first_next_ms:.1f} ms",
        _ratio(figures, ric, "first_next_ms"),
        f"{figures.rss_kb / 1024:.1f} MB",
        _ratio(figures, ric, "rss_kb"),
    ]


def _ratio(figures: Figures, base: Figures | None, figure: str) -> str:
    return f"{getattr(figures, figure) / getattr(base, figure):.2f}" if base else "-"


def verdict(target: Target, rows: Mapping[str, Figures]) -> str:
    """One line: what was asked, and what was measured, met or not; or that its peer is missing."""
    asked = f"target: {WORDS[target.figure]} at most {target.ratio} x {target.peer}'s"
    base = rows.get(target.peer)
    if base is None:
        return f"{asked}: not measured"
    met = getattr(rows[OURS], target.figure) <= target.ratio * getattr(base, target.figure)
    return f"{asked}: {_ratio(rows[OURS], base, target.figure)}, {'met' if met else 'NOT met'}"


def log_table(rates: Mapping[str, float]) -> str:
    """A Markdown table of records per second."""
    rows = [[name, f"{rate:.0f} /s", _rate_ratio(rates, name)] for name, rate in rates.items()]
    return aligned([["", "JSON records through `logging`", "ratio"], *rows])


def _rate_ratio(rates: Mapping[str, float], name: str) -> str:
    return f"{rates[name] / rates[RIC]:.2f}" if RIC in rates else "-"


def log_verdict(rates: Mapping[str, float]) -> str:
    """As `verdict`, of records per second, of which there have to be no fewer than awslambdaric's."""
    asked = f"target: JSON records per second at least 1 x {RIC}'s"
    if RIC not in rates:
        return f"{asked}: not measured"
    return f"{asked}: {_rate_ratio(rates, OURS)}, {'met' if rates[OURS] >= rates[RIC] else 'NOT met'}"


def import_line(function_ms: float, python_ms: float) -> str:
    """One line: what `import logging` adds to our start, which should be what it adds to Python's own."""
    return f"`import logging` adds {function_ms:.1f} ms to our first `next`, {python_ms:.1f} ms to `python3 -c pass`"
