"""JSON records through `logging`: how many go in a second, and what `import logging` costs at the start."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.build import Start, UnavailableError, logging, ours, ric, run
from benchmarks.echoes import STARTS, one_round
from benchmarks.logs import RECORDS
from benchmarks.page import Table, pinned
from benchmarks.report import OURS, RIC, Figures, quartile, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNT, WARM = 20, 5  # invocations of a round: each of these takes milliseconds


def measure(rounds: int) -> Table:
    """Measure a function that logs, and what its import of `logging` adds to a start."""
    with pinned():
        echo, missing = ours(), []
        starts = {OURS: logging(echo)}
        try:
            starts[RIC] = logging(ric())
        except UnavailableError as error:
            missing.append(f"not measured: {RIC}: {error}")
        logs: dict[str, list[Figures]] = {name: [] for name in starts}
        echoes: list[Figures] = []
        python: dict[str, list[float]] = {"pass": [], "import logging": []}
        for _ in range(rounds):
            for name, start in starts.items():
                logs[name].append(one_round(start, COUNT, WARM))
            echoes.append(one_round(echo, 1, 0))
            for statement, times in python.items():
                times += [python_ms(statement, echo) for _ in range(STARTS)]
    found = {name: quiet(each) for name, each in logs.items()}
    added = found[OURS].first_next_ms - quiet(echoes).first_next_ms
    alone = quartile(python["import logging"]) - quartile(python["pass"])
    lines = [
        f"{RECORDS} records an invocation, {rounds} rounds of {COUNT}, on one core",
        verdict(rates(found)),
        import_line(added, alone),
        *missing,
    ]
    return Table("JSON records through `logging`", rows(rates(found)), lines)


def rates(logs: Mapping[str, Figures]) -> dict[str, float]:
    """By peer, records per second."""
    return {name: RECORDS / figures.turn_us * 1e6 for name, figures in logs.items()}


def rows(rates: Mapping[str, float]) -> list[list[str]]:
    """The table's cells."""
    return [["", "records", "ratio"], *([name, f"{rate:.0f} /s", _ratio(rates, name)] for name, rate in rates.items())]


def verdict(rates: Mapping[str, float]) -> str:
    """One line: whether there are no fewer records than awslambdaric's."""
    asked = f"target: JSON records per second at least 1 x {RIC}'s"
    if RIC not in rates:
        return f"{asked}: not measured"
    return f"{asked}: {_ratio(rates, OURS)}, {'met' if rates[OURS] >= rates[RIC] else 'NOT met'}"


def _ratio(rates: Mapping[str, float], name: str) -> str:
    return f"{rates[name] / rates[RIC]:.2f}" if RIC in rates else "-"


def import_line(function_ms: float, python_ms: float) -> str:
    """One line: what `import logging` adds to our start, which should be what it adds to Python's own."""
    return f"`import logging` adds {function_ms:.1f} ms to our first `next`, {python_ms:.1f} ms to `python3 -c pass`"


def python_ms(statement: str, start: Start) -> float:
    """How long the peer's interpreter lives for *statement* alone; it leaves without tidying up."""
    began = perf_counter()
    run(("python3", "-c", f"{statement}; import os; os._exit(0)"), environment=start.environment)
    return (perf_counter() - began) * 1000
