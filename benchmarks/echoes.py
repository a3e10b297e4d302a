"""
An echo: what this runtime and its peers cost per invocation, until the first `next`, and in memory.

It knows which rounds there are. How a peer is started is build.py's, what the samples mean is report.py's.
"""

from __future__ import annotations

import json

from benchmarks.build import PEERS, Start, UnavailableError, compiled, run
from benchmarks.page import Table, pinned
from benchmarks.report import OURS, TARGETS, Figures, quiet, rows, verdict

STARTS = 3  # in each round
WARM = 100  # invocations that do not count, in each round
COUNT = 300


def measure(rounds: int) -> Table:
    """Measure an echo under every peer that can be had."""
    with pinned():
        starts, missing = available()
        if OURS in missing:
            raise UnavailableError(missing[OURS])
        figures: dict[str, list[Figures]] = {name: [] for name in starts}
        for _ in range(3 * rounds):
            for name, start in starts.items():
                figures[name].append(one_round(start))
    found = {name: quiet(each) for name, each in figures.items()}
    lines = [
        "event to response + response to next poll; start of the process to first `next`; peak RSS",
        f"{3 * rounds} rounds of {COUNT} invocations and {STARTS} starts, on one core: of medians, the lower quartile",
        *(verdict(target, found) for target in TARGETS),
        *(f"not measured: {name}: {reason}" for name, reason in missing.items()),
    ]
    return Table("An echo", rows(found), lines)


def available() -> tuple[dict[str, Start], dict[str, str]]:
    """Every peer that runs, and of every other the reason why not."""
    starts: dict[str, Start] = {}
    missing: dict[str, str] = {}
    for name, build in PEERS.items():
        try:
            start = build()
            one_round(start, 1)  # does it run at all? It also byte-compiles what it imports
            starts[name] = start
        except UnavailableError as error:
            missing[name] = str(error)
    return starts, missing


def one_round(  # noqa: PLR0913 - the measuring end's arguments
    start: Start,
    invocations: int = COUNT,
    warm: int = WARM,
    event: str = "-",
    *,
    is_error: bool = False,
    starts: int = STARTS,
) -> Figures:
    """One round of one peer, whose answers have to be errors or none."""
    command = (compiled("server"), str(starts), str(warm), str(invocations), event, *start.command)
    found = json.loads(run(command, environment=start.environment))
    if found.pop("is_error") != is_error:
        raise UnavailableError(f"{start.handler} answered with {'a result' if is_error else 'an error'}")
    return Figures(**found)
