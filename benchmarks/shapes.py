"""
What functions do beside an echo: large events, errors, log records, coroutines, streams; beside awslambdaric.

Owns the rows of the table and their targets. The functions are in handlers.py, how a peer is started is build.py's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchmarks.build import CACHE, UnavailableError, ours, ric, shipped, shipped_ric
from benchmarks.page import Table, pinned
from benchmarks.report import OURS, RIC, SHIPPED, SHIPPED_RIC, quiet
from benchmarks.turns import environment, ratio, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from benchmarks.build import Start
    from benchmarks.report import Figures

    Found = Mapping[str, Mapping[str, Sequence[Figures]]]  # by words and peer, one of each turn

MOST = 20
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
        shipped: the same, where both run on our interpreter, if that is another.
        memory: the same of the peak of memory.
        base: the row that *most* is a multiple of, if not awslambdaric's.
        codec: the library that reads and writes JSON, for ours.
        options: variables for all.
        is_error: whether the answer is one.
        is_ours: whether awslambdaric has no such thing.
    """

    words: str
    handler: str = "echo.handler"
    size: int = 0
    most: float = 0.0
    shipped: float = 0.0
    memory: float = 0.0
    base: str = ""
    codec: str = ""
    options: tuple[tuple[str, str], ...] = ()
    is_error: bool = False
    is_ours: bool = False

    @property
    def on_shipped(self) -> float:
        """The target where both run on our interpreter."""
        return 0.0 if self.base else self.shipped or self.most

    @property
    def turns(self) -> int:
        """How many turns a round has, after one to be warm: fewer of those that take half a second."""
        return max(4, min(MOST, 5_000_000 // max(1, self.size)))

    @property
    def count(self) -> int:
        """How many invocations a turn has, of which the median counts."""
        return max(1, min(MOST, 100_000 // max(1, self.size)))


ECHO, STREAM = "an echo", "a stream"
SHAPES = (
    Shape(ECHO, most=0.42, shipped=0.38),
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
    Shape(STREAM, "handlers.streams", is_ours=True),
)
BASE = "the base"  # as a peer of the row that is a multiple of it
HOW = (
    "what a row compares is there at the same time and takes turns; figures are the lower quartile of all turns, "
    "ratios the median of each turn's"
)
FIRST_BYTE_US, FIRST_TURN_US = 300.0, 2_000.0


def measure(rounds: int) -> Table:
    """Measure every shape; what is compared is there at the same time and takes turns."""
    with pinned():
        starts, missing = available()
        found: dict[str, dict[str, list[Figures]]] = {words: {peer: [] for peer in starts[words]} for words in starts}
        for _ in range(rounds):
            for shape in (shape for shape in SHAPES if shape.words in starts):
                for peer, figures in taken(environments(shape, starts[shape.words]), shape.turns).items():
                    found[shape.words][peer] += figures
    lines = [f"{rounds} rounds, on one core: {HOW}", *verdicts(found), *missing]
    return Table("What functions do", rows(found), lines)


def available() -> tuple[dict[str, dict[str, Start]], list[str]]:
    """By row and peer, what can be measured, and of anything else the reason why not."""
    missing = []
    peers = {OURS: ours()}
    for name, build in ((RIC, ric), (SHIPPED, shipped), (SHIPPED_RIC, shipped_ric)):
        try:
            peers[name] = build()
        except UnavailableError as error:
            missing.append(f"not measured: {name}: {error}")
    starts: dict[str, dict[str, Start]] = {}
    for shape in SHAPES:
        try:
            starts[shape.words] = prepared(shape, peers)
        except UnavailableError as error:
            missing.append(f"not measured: {shape.words}: {error}")
            continue
        if shape.base:
            starts[shape.words][BASE] = starts[shape.base][OURS]
    return starts, missing


def prepared(shape: Shape, peers: Mapping[str, Start]) -> dict[str, Start]:
    """The peers of a row, with its function and variables. Libraries for JSON are of this machine's Python."""
    names = {OURS} if shape.is_ours else {OURS, RIC} if shape.codec else peers.keys()
    found = {name: start for name, start in peers.items() if name in names}
    if shape.codec:
        found[OURS] = ours(shape.codec, BOOTSTRAP_CODEC=shape.codec)
    return {
        name: replace(start, handler=shape.handler, options=start.options + shape.options)
        for name, start in found.items()
    }


def environments(shape: Shape, starts: Mapping[str, Start]) -> dict[str, AbstractContextManager[Callable[[], Figures]]]:
    """The environments of a row, by peer."""
    event = str(payload(shape.size)) if shape.size else "-"
    return {
        peer: environment(start, shape.count, event, is_error=shape.is_error and peer != BASE)
        for peer, start in starts.items()
    }


def payload(size: int) -> Any:
    """A file with an event of about *size* bytes: orders, with texts, numbers and nulls."""
    path = CACHE / f"event-{size}.json"
    if not path.exists():
        order = {"id": "c0ffee-0001", "total": 12.5, "count": 3, "note": None, "lines": ["tea", "milk"], "paid": True}
        text = json.dumps({"hello": "world", "orders": [order] * max(1, size // len(json.dumps(order)))})
        path.write_text(text, encoding="utf-8")
    return path


def rows(found: Found) -> list[list[str]]:
    """The table's cells."""
    has_shipped = any(SHIPPED_RIC in peers for peers in found.values())
    own = ["ratio on our interpreter"] * has_shipped
    cells = [["", "per invocation", RIC, "ratio", *own, "peak RSS", RIC, "ratio"]]
    for words, peers in found.items():
        mine, other = quiet(peers[OURS]), quiet(peers[RIC]) if RIC in peers else None
        time = [
            f"{mine.invocation_us:.0f} µs",
            f"{other.invocation_us:.0f} µs" if other else "",
            told(peers, "invocation_us", OURS, RIC),
            *[told(peers, "invocation_us", SHIPPED, SHIPPED_RIC)] * has_shipped,
        ]
        memory = [
            f"{mine.rss_kb / 1024:.1f} MB",
            f"{other.rss_kb / 1024:.1f} MB" if other else "",
            told(peers, "rss_kb", OURS, RIC),
        ]
        cells.append([words, *time, *memory])
    return cells


def told(peers: Mapping[str, Sequence[Figures]], figure: str, mine: str, other: str) -> str:
    """One figure of a row as a multiple of another's, or "" where that is missing."""
    return f"{multiple(peers, figure, mine, other):.2f}" if peers.keys() >= {mine, other} else ""


def multiple(peers: Mapping[str, Sequence[Figures]], figure: str, mine: str, other: str) -> float:
    """One figure of a row as a multiple of another's."""
    return ratio(*([getattr(turn, figure) for turn in peers[name]] for name in (mine, other)))


def verdicts(found: Found) -> list[str]:
    """One line for each target that can be judged."""
    lines = []
    for shape in SHAPES:
        peers = found.get(shape.words, {})
        base, whose = (BASE, "our echo") if shape.base else (RIC, f"{RIC}'s")
        for what, most, figure, mine, other in (
            (shape.words, shape.most, "invocation_us", OURS, base),
            (f"{shape.words} on our interpreter", shape.on_shipped, "invocation_us", SHIPPED, SHIPPED_RIC),
            (f"memory of {shape.words}", shape.memory, "rss_kb", OURS, RIC),
        ):
            if most and peers.keys() >= {mine, other}:
                value = multiple(peers, figure, mine, other)
                lines.append(f"target: {what} at most {most} x {whose}: {value:.2f}, {met(value, most)}")
    if STREAM in found:
        stream = quiet(found[STREAM][OURS])
        for words, time, most in (
            ("first byte of a stream", stream.first_byte_us, FIRST_BYTE_US),
            ("the same of the first invocation", stream.first_turn_us, FIRST_TURN_US),
        ):
            lines.append(f"target: {words} within {most:.0f} µs: {time:.0f} µs, {met(time, most)}")
    return lines


def met(value: float, most: float) -> str:
    """Whether a target is met."""
    return "met" if value <= most else "NOT met"
