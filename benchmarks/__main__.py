"""
`python benchmarks`: measure this runtime and its peers in one run, and print the table.

Everything is pinned to one core, and the peers take turns, round after round, so that a noisy minute hits all
alike. It is a report and no gate: a missed target is a line of it, and exit status 1 means that this runtime
could not be measured at all.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # `python benchmarks` has put this folder itself there

from benchmarks.build import CACHE, PEERS, Start, UnavailableError, compiled, run  # noqa: E402
from benchmarks.report import OURS, TARGETS, Figures, quiet, table, verdict  # noqa: E402

STARTS = 3  # in each round
WARM = 100  # invocations that do not count, in each round


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure this runtime beside its peers.")
    parser.add_argument("-n", type=positive, default=300, help="invocations of each peer in each round (%(default)s)")
    parser.add_argument("--rounds", type=positive, default=30, help="rounds, each peer once in each (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    return parser.parse_args()


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def pin() -> None:
    """Keep this process, and all that it starts, on the last core it may use: the first takes the interrupts."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure(start: Start, invocations: int) -> Figures:
    """One round of one peer."""
    counts = str(STARTS), str(WARM), str(invocations)
    return Figures(**json.loads(run((compiled("server"), *counts, *start.command), environment=start.environment)))


def campaign(invocations: int, rounds: int) -> tuple[dict[str, Figures], dict[str, str]]:
    """The figures of every peer that could be measured, and of every other the reason why not."""
    starts: dict[str, Start] = {}
    samples: dict[str, list[Figures]] = {}
    missing: dict[str, str] = {}
    for name, build in PEERS.items():
        try:
            start = build()
            measure(start, 1)  # does it run at all? It also byte-compiles what it imports
            starts[name] = start
        except UnavailableError as error:
            missing[name] = str(error)
    for _ in range(rounds):
        for name, start in starts.items():
            samples.setdefault(name, []).append(measure(start, invocations))
    return {name: quiet(figures) for name, figures in samples.items()}, missing


def machine() -> str:
    """The interpreter, and what it runs on."""
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    model = cpu.partition(": ")[2] or platform.machine()
    cores = f"pinned to core {max(os.sched_getaffinity(0))} of {os.cpu_count()}"
    return f"Python {platform.python_version()}, {model}, {cores}, {platform.system()} {platform.release()}"


def main() -> int:
    """Measure, print, and say by the exit status whether this runtime could be measured."""
    options = arguments()
    CACHE.mkdir(parents=True, exist_ok=True)
    pin()
    try:
        compiled("server")
    except UnavailableError as error:
        print(f"nothing can be measured without a C compiler: {error}", file=sys.stderr)
        return 1
    print(f"measuring {len(PEERS)} programs in {options.rounds} rounds", file=sys.stderr)
    rows, missing = campaign(options.n, options.rounds)
    print(as_json(rows, missing) if options.json else as_text(rows, missing, options))
    return 0 if OURS in rows else 1


def as_json(rows: dict[str, Figures], missing: dict[str, str]) -> str:
    """The figures for a program to read; their names carry their units."""
    peers = {name: asdict(figures) for name, figures in rows.items()}
    return json.dumps({"machine": machine(), "peers": peers, "missing": missing}, indent=2)


def as_text(rows: dict[str, Figures], missing: dict[str, str], options: argparse.Namespace) -> str:
    """The table, and the lines under it that one needs to believe it."""
    rounds = f"{options.rounds} rounds of {options.n} invocations and {STARTS} starts"
    lines = [
        table(rows),
        "",
        f"{machine()}; {rounds}: medians, and of these the lower quartile",
        " ".join(("command: python", *sys.argv)),
        *(f"not measured: {name}: {reason}" for name, reason in missing.items()),
    ]
    if OURS in rows:
        lines += [verdict(target, rows) for target in TARGETS]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
