"""
`make bench`, or `python benchmarks [TABLE...]`: measure this runtime and its peers, and write docs/performance.md.

It is a report and no gate: a missed target is a line of it, and exit status 1 means that a table could not be measured
at all, or that this runtime grows in the soak.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[0] = str(Path(__file__).parents[1])  # `python benchmarks` has put this folder itself there

from benchmarks.build import CACHE, UnavailableError  # noqa: E402
from benchmarks.page import PAGE, merged, section, stamp  # noqa: E402

if TYPE_CHECKING:
    from benchmarks.page import Table

# By table, the module that measures it, in the order of the page: its `measure(rounds)` returns a `Table`, or raises
# UnavailableError.
TABLES = {
    "echo": "echoes",
    "instructions": "instructions",
    "shapes": "shapes",
    "logs": "records",
    "web": "web",
    "environments": "environments",
    "crowd": "crowd",
    "faults": "faults",
    "starts": "starts",
    "emulator": "emulator",
    "soak": "soak",
}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure this runtime beside its peers.")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)} (default: all)")
    parser.add_argument("--rounds", type=positive, default=10, help="rounds, all once in each (%(default)s)")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the tables are written (%(default)s)")
    options = parser.parse_args()
    if unknown := set(options.tables) - set(TABLES):
        parser.error(f"there is no table {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    return options


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def main() -> int:
    """Measure one table after the other, each written as soon as it is there; return the exit status."""
    options = arguments()
    CACHE.mkdir(parents=True, exist_ok=True)
    status = 0
    for name in options.tables or TABLES:
        print(f"measuring {name}", file=sys.stderr)
        try:
            table = measured(name, options.rounds)
        except UnavailableError as error:
            print(f"{name} cannot be measured: {error}", file=sys.stderr)
            status = 1
            continue
        page = options.page.read_text(encoding="utf-8") if options.page.exists() else ""
        options.page.write_text(merged(page, {name: section(table, stamp())}, list(TABLES)), encoding="utf-8")
        print(f"{table.title}\n\n{table}\n")
        status = status if table.is_well else 1
    return status


def measured(name: str, rounds: int) -> Table:
    """Measure one table."""
    table: Table = import_module(f"benchmarks.{TABLES[name]}").measure(rounds)
    return table


if __name__ == "__main__":
    sys.exit(main())
