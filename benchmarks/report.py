"""What an echo costs, as values and as text: quartiles, ratios, rows, targets. It starts and reads nothing."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

OURS = "lambda-bootstrap"
RIC = "awslambdaric"
GO = "aws-lambda-go"
NODE = "aws-lambda-ric for Node"
OLD = "lambda-bootstrap, old commit"
SHIPPED = "lambda-bootstrap, our interpreter"
SHIPPED_RIC = "awslambdaric, our interpreter"

WORDS = {"invocation_us": "per invocation", "first_next_ms": "first `next`", "rss_kb": "RSS"}


@dataclass(frozen=True)
class Figures:
    """What one peer costs, as server.c's JSON line has it: medians, and the peak resident size."""

    turn_us: float
    loop_us: float
    first_next_ms: float
    rss_kb: float
    first_byte_us: float = 0.0
    first_turn_us: float = 0.0

    @property
    def invocation_us(self) -> float:
        """All the time between two events that is not the server's."""
        return self.turn_us + self.loop_us


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


def rows(found: Mapping[str, Figures]) -> list[list[str]]:
    """The table's cells; every ratio is to awslambdaric."""
    header = ["", *(cell for words in WORDS.values() for cell in (words, "ratio"))]
    return [header, *(_row(name, figures, found.get(RIC)) for name, figures in found.items())]


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


def verdict(target: Target, found: Mapping[str, Figures]) -> str:
    """One line: what was asked, and what was measured, met or not; or that its peer is missing."""
    asked = f"target: {WORDS[target.figure]} at most {target.ratio} x {target.peer}'s"
    base = found.get(target.peer)
    if base is None:
        return f"{asked}: not measured"
    met = getattr(found[OURS], target.figure) <= target.ratio * getattr(base, target.figure)
    return f"{asked}: {_ratio(found[OURS], base, target.figure)}, {'met' if met else 'NOT met'}"
