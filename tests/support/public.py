"""The public sample events of other projects, in `shared/events` beside the checkout: read, and never committed."""

from __future__ import annotations

from functools import cache

import pytest

from tests.support import ROOT

FOLDER = ROOT.parent / "shared" / "events"
PAGE = ROOT / "docs" / "reference" / "events.md"


@cache
def table(heading: str) -> list[list[str]]:
    """Return the cells of the page's table under *heading*, row by row."""
    section = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line[2:-2].split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return rows[2:]


def files(cell: str) -> list[str]:
    """Return the files that a cell names, such as ``go: `a`, `b`; sam: `c` ``."""
    groups = [group.split(": ", 1) for group in cell.split("; ") if ": " in group]
    return [f"{folder.strip()}/{name.strip('` ')}" for folder, names in groups for name in names.split(", ")]


def read(name: str) -> bytes:
    """Return a sample event; skip the test if there are none."""
    if not FOLDER.is_dir():
        pytest.skip(f"there are no sample events in {FOLDER}")
    return (FOLDER / f"{name}.json").read_bytes()
