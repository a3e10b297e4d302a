"""
What functions do beside an echo: large events, errors, log records, coroutines, streams; beside awslambdaric.

Owns the rows of the table and their targets. The functions are in handlers.py, how a peer is started is build.py's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchmarks.build import CACHE, UnavailableError, ours, ric
from benchmarks.echoes import one_round
from benchmarks.page import Table, pinned
from benchmarks.report import OURS, RIC, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.build import Start
    from benchmarks.report import Figures

JSON_LOG = ("AWS_LAMBDA_LOG_FORMAT", "JSON")


@dataclass(frozen=True)
class Shape:
    """
    One row.

    Args:
        words: what it is.
        handler: the function.
        size: of the event in bytes, or 0 for a greeting.
        most: the target: our time as a multiple of awslambdaric's, or of our own row *base*.
        memory: the same of the peak of memory.
        base: the row that *most* is a multiple of, if not awslambdaric's.
        codec: the library that reads and writes JSON, for ours.
        options: variables for all.
        is_error: whether the answer is one.
    """

    words: str
    handler: str = "echo.handler"
    size: int = 0
    most: float = 0.0
    memory: float = 0.0
    base: str = ""
    codec: str = ""
    options: tuple[tuple[str, str], ...] = ()
    is_error: bool = False
    is_ours: bool = False

    @property
    def count(self) -> int:
        """How many invocations a round has: about as much work in each row."""
        return max(4, min(200, 20_000_000 // max(1, 40 * self.size)))


ECHO = "an echo"
SHAPES = (
    Shape(ECHO, most=0.42),
    Shape("1 KB", size=1_000),
    Shape("100 KB", size=100_000, most=0.6),
    Shape("1 MB", size=1_000_000, most=0.75, memory=0.8),
    Shape("6 MB", size=5_900_000, most=0.75, memory=0.8),
    Shape("1 MB with orjson", size=1_000_000, most=0.4, codec="orjson"),
    Shape("1 MB with msgspec", size=1_000_000, most=0.4, codec="msgspec"),
    Shape("an error", "handlers.fails", most=1.6, base=ECHO, is_error=True),
    Shape("10 records, text", "handlers.logs", most=0.55),
    Shape("10 records, JSON", "handlers.logs", most=0.6, options=(JSON_LOG,)),
    Shape("a printed line", "handlers.prints"),
    Shape("a printed line, JSON", "handlers.prints", options=(JSON_LOG,)),
    Shape("an async echo", "handlers.awaits", most=1.6, base=ECHO, is_ours=True),
    Shape("a stream", "handlers.streams", is_ours=True),
)
FIRST_BYTE_US, FIRST_TURN_US = 300.0, 2_000.0


def measure(rounds: int) -> Table:
    """Measure every shape, ours and awslambdaric taking turns."""
    with pinned():
        missing = []
        runtimes = {OURS: ours()}
        try:
            runtimes[RIC] = ric()
        except UnavailableError as error:
            missing.append(f"not measured: {RIC}: {error}")
        starts: dict[tuple[str, str], Start] = {}
        for shape in SHAPES:
            try:
                starts[shape.words, OURS] = prepared(shape, coded(shape.codec) if shape.codec else runtimes[OURS])
            except UnavailableError as error:
                missing.append(f"not measured: {shape.words}: {error}")
            if RIC in runtimes and not shape.is_ours:
                starts[shape.words, RIC] = prepared(shape, runtimes[RIC])
        found: dict[tuple[str, str], list[Figures]] = {key: [] for key in starts}
        for _ in range(rounds):
            for shape in SHAPES:
                for key in [key for key in starts if key[0] == shape.words]:
                    event = str(payload(shape.size)) if shape.size else "-"
                    warm = min(20, shape.count)
                    found[key].append(
                        one_round(starts[key], shape.count, warm, event, is_error=shape.is_error, starts=1)
                    )
    figures = {key: quiet(each) for key, each in found.items()}
    lines = [f"{rounds} rounds, on one core: medians, and of these the lower quartile", *verdicts(figures), *missing]
    return Table("What functions do", rows(figures), lines)


def coded(codec: str) -> Start:
    """Return ours, with a library for JSON."""
    return ours(codec, BOOTSTRAP_CODEC=codec)


def prepared(shape: Shape, start: Start) -> Start:
    """A peer with a shape's function and variables."""
    return replace(start, handler=shape.handler, options=start.options + shape.options)


def payload(size: int) -> Any:
    """A file with an event of about *size* bytes: orders, with texts, numbers and nulls."""
    path = CACHE / f"event-{size}.json"
    if not path.exists():
        order = {"id": "c0ffee-0001", "total": 12.5, "count": 3, "note": None, "lines": ["tea", "milk"], "paid": True}
        text = json.dumps({"hello": "world", "orders": [order] * max(1, size // len(json.dumps(order)))})
        path.write_text(text, encoding="utf-8")
    return path


def rows(figures: Mapping[tuple[str, str], Figures]) -> list[list[str]]:
    """The table's cells."""
    cells = [["", "per invocation", RIC, "ratio", "peak RSS", RIC, "ratio"]]
    for shape in SHAPES:
        mine, other = figures.get((shape.words, OURS)), figures.get((shape.words, RIC))
        if mine is None:
            continue
        time, size = f"{mine.invocation_us:.0f} µs", f"{mine.rss_kb / 1024:.1f} MB"
        if other is None:
            cells.append([shape.words, time, "", "", size, "", ""])
            continue
        cells.append(
            [
                shape.words,
                time,
                f"{other.invocation_us:.0f} µs",
                f"{mine.invocation_us / other.invocation_us:.2f}",
                size,
                f"{other.rss_kb / 1024:.1f} MB",
                f"{mine.rss_kb / other.rss_kb:.2f}",
            ]
        )
    return cells


def verdicts(figures: Mapping[tuple[str, str], Figures]) -> list[str]:
    """One line for each target that can be judged."""
    lines = []
    for shape in SHAPES:
        mine = figures.get((shape.words, OURS))
        base = figures.get((shape.base, OURS) if shape.base else (shape.words, RIC))
        if mine is None or base is None:
            continue
        whose = "our echo" if shape.base else f"{RIC}'s"
        if shape.most:
            lines.append(verdict(shape.words, "", mine.invocation_us / base.invocation_us, shape.most, whose))
        if shape.memory:
            lines.append(verdict(shape.words, "memory of ", mine.rss_kb / base.rss_kb, shape.memory, whose))
    stream = figures.get(("a stream", OURS))
    if stream is not None:
        for words, time, most in (
            ("first byte of a stream", stream.first_byte_us, FIRST_BYTE_US),
            ("the same of the first invocation", stream.first_turn_us, FIRST_TURN_US),
        ):
            lines.append(f"target: {words} within {most:.0f} µs: {time:.0f} µs, {met(time, most)}")
    return lines


def verdict(words: str, what: str, ratio: float, most: float, whose: str) -> str:
    """One line: what was asked, what was measured, met or not."""
    return f"target: {what}{words} at most {most} x {whose}: {ratio:.2f}, {met(ratio, most)}"


def met(value: float, most: float) -> str:
    """Whether a target is met."""
    return "met" if value <= most else "NOT met"
