"""
`python benchmarks`: measure this runtime and its peers in one run, and print the tables.

Everything is pinned to one core. It is a report and no gate: a missed target is a line of it, and exit status 1 means
that this runtime could not be measured at all, or that it grows in the soak.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[0] = str(Path(__file__).parents[1])  # `python benchmarks` has put this folder itself there

from benchmarks.build import CACHE, UnavailableError, compiled  # noqa: E402
from benchmarks.campaign import LOGGING, STARTS, available, campaign  # noqa: E402
from benchmarks.report import OURS, TARGETS, import_line, log_table, log_verdict, table, verdict  # noqa: E402
from benchmarks.soak import report as soaked  # noqa: E402
from benchmarks.web import report as web  # noqa: E402

if TYPE_CHECKING:
    from benchmarks.report import Results


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure this runtime beside its peers.")
    parser.add_argument("-n", type=positive, default=300, help="invocations of each peer in each round (%(default)s)")
    parser.add_argument("--rounds", type=positive, default=30, help="rounds, each peer once in each (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the tables")
    parser.add_argument("--soak", action="store_true", help="run one environment for long, and tell whether it grows")
    parser.add_argument("--web", action="store_true", help="measure web applications beside their adapters")
    return parser.parse_args()


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def pin() -> None:
    """Keep this process, and all that it starts, on the last core it may use: the first takes the interrupts."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def machine() -> str:
    """The interpreter, and what it runs on."""
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    model = cpu.partition(": ")[2] or platform.machine()
    cores = f"pinned to core {max(os.sched_getaffinity(0))} of {os.cpu_count()}"
    return f"Python {platform.python_version()}, {model}, {cores}, {platform.system()} {platform.release()}"


def main() -> int:
    """Measure, print, and say by the exit status whether this runtime could be measured, and is flat in the soak."""
    options = arguments()
    CACHE.mkdir(parents=True, exist_ok=True)
    if options.soak:
        lines, is_well = soaked()
        print(lines)
        return 0 if is_well else 1
    pin()
    if options.web:
        print(web())
        return 0
    try:
        compiled("server")
    except UnavailableError as error:
        print(f"nothing can be measured without a C compiler: {error}", file=sys.stderr)
        return 1
    starts, missing = available()
    if OURS in missing:
        print(f"{OURS} cannot be measured: {missing[OURS]}", file=sys.stderr)
        return 1
    print(f"measuring {len(starts)} programs in {options.rounds} rounds", file=sys.stderr)
    results = campaign(starts, options.n, options.rounds)
    print(as_json(results, missing) if options.json else as_text(results, missing, options))
    return 0


def as_json(results: Results, missing: dict[str, str]) -> str:
    """The figures for a program to read; their names carry their units."""
    peers = {name: asdict(figures) for name, figures in results.echoes.items()}
    logs = {"records_per_s": results.rates, "import_ms": dict(zip(("ours", "python"), results.imports_ms, strict=True))}
    return json.dumps({"machine": machine(), "peers": peers, "logging": logs, "missing": missing}, indent=2)


def as_text(results: Results, missing: dict[str, str], options: argparse.Namespace) -> str:
    """The tables, and the lines under them that one needs to believe them."""
    rounds = f"{options.rounds} rounds of {options.n} invocations ({LOGGING} that log) and {STARTS} starts"
    lines = [
        table(results.echoes),
        "",
        log_table(results.rates),
        "",
        import_line(*results.imports_ms),
        f"{machine()}; {rounds}: medians, and of these the lower quartile",
        " ".join(("command: python", *sys.argv)),
        *(f"not measured: {name}: {reason}" for name, reason in missing.items()),
        *(verdict(target, results.echoes) for target in TARGETS),
        log_verdict(results.rates),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
