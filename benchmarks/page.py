"""
The page of figures: docs/performance.md, one table per question, each with the machine and the date that it is of.

Owns: what a table is, how it reads, and that a table which is measured anew takes the old one's place and no other's,
nor that of the words at the page's top.
Refuses to know: what is measured, and how.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"


@dataclass(frozen=True)
class Table:
    """
    The answer to one question.

    Args:
        title: the question, in a few words.
        rows: cells of Markdown; the first row has the columns' names.
        lines: what is needed to believe it: how it was measured, which targets are met, what is missing and why.
        is_well: whether what it shows is no fault; a missed target is none.
    """

    title: str
    rows: Sequence[Sequence[str]]
    lines: Sequence[str] = ()
    is_well: bool = True

    def __str__(self) -> str:
        """The table in Markdown, and its lines as a list under it."""
        lines = "\n".join(f"- {line}" for line in self.lines)
        return "\n\n".join(filter(None, [aligned(self.rows) if self.rows else "", lines]))


def aligned(cells: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded to be read as it is."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    lines.insert(1, " | ".join("-" * max(width, 3) for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def section(table: Table, stamp: str) -> str:
    """A table as a section of the page."""
    return f"## {table.title}\n\n{stamp}\n\n{table}\n"


def merged(page: str, fresh: Mapping[str, str], order: Sequence[str]) -> str:
    """Return *page* with *fresh* sections, by table, in the place of the old ones; those not in *order* go."""
    head, *parts = re.split(r"^<!-- table: (\w+) -->\n", page, flags=re.MULTILINE)
    sections = {**dict(zip(parts[::2], (part.strip("\n") + "\n" for part in parts[1::2]), strict=True)), **fresh}
    return "\n".join(
        [head.rstrip("\n") + "\n", *(f"<!-- table: {n} -->\n{sections[n]}" for n in order if n in sections)]
    )


def stamp() -> str:
    """The date, the commit and the machine, in one line."""
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    commit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit}. {machine()}."


def machine() -> str:
    """The interpreter, and what it runs on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    cores = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    return f"Python {platform.python_version()}, {model}, {cores}, {platform.system()} {platform.release()}"


@contextmanager
def pinned() -> Iterator[None]:
    """Keep this process, and all that it starts, on the last core it may use: the first takes the interrupts."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
