"""
Taking turns: every peer once in each round, so that a noisy minute hits all alike.

It knows which measurements there are. How a peer is started is build.py's, what the samples mean is report.py's.
"""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.build import PEERS, Start, UnavailableError, compiled, logging, run
from benchmarks.report import OURS, RIC, Figures, Results, quartile, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

STARTS = 3  # in each round
WARM = 100  # invocations that do not count, in each round
LOGGING, LOGGING_WARM = 20, 5  # the same of the function that logs: each of these takes milliseconds


def available() -> tuple[dict[str, Start], dict[str, str]]:
    """Every peer that runs, and of every other the reason why not."""
    starts: dict[str, Start] = {}
    missing: dict[str, str] = {}
    for name, build in PEERS.items():
        try:
            start = build()
            measure(start, 1)  # does it run at all? It also byte-compiles what it imports
            starts[name] = start
        except UnavailableError as error:
            missing[name] = str(error)
    return starts, missing


def campaign(starts: Mapping[str, Start], invocations: int, rounds: int) -> Results:
    """Measure all; this runtime has to be among them."""
    loggers = {name: logging(start) for name, start in starts.items() if name in {OURS, RIC}}
    echoes: dict[str, list[Figures]] = {name: [] for name in starts}
    logs: dict[str, list[Figures]] = {name: [] for name in loggers}
    python: dict[str, list[float]] = {"pass": [], "import logging": []}
    for _ in range(rounds):
        for name, start in starts.items():
            echoes[name].append(measure(start, invocations))
        for name, start in loggers.items():
            logs[name].append(measure(start, LOGGING, LOGGING_WARM))
        for statement, times in python.items():
            times += [python_ms(statement, starts[OURS]) for _ in range(STARTS)]
    return Results(
        {name: quiet(figures) for name, figures in echoes.items()},
        {name: quiet(figures) for name, figures in logs.items()},
        {statement: quartile(times) for statement, times in python.items()},
    )


def measure(start: Start, invocations: int, warm: int = WARM) -> Figures:
    """One round of one peer."""
    counts = str(STARTS), str(warm), str(invocations)
    return Figures(**json.loads(run((compiled("server"), *counts, *start.command), environment=start.environment)))


def python_ms(statement: str, start: Start) -> float:
    """How long the peer's interpreter lives for *statement* alone; it leaves without tidying up."""
    began = perf_counter()
    run(("python3", "-c", f"{statement}; import os; os._exit(0)"), environment=start.environment)
    return (perf_counter() - began) * 1000
