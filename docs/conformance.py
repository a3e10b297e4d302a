"""
Make docs/conformance.md: run this runtime, awslambdaric and a bare loop through the cases of the conformance kit.

`make conformance` does. awslambdaric is fetched, as it is locked for the benchmark.

Owns: how the page looks. Refuses to know: any case.
"""

# ruff: noqa: INP001 - a folder of pages is no package
from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "conformance.md"
sys.path[:0] = [str(ROOT), str(ROOT / "runtime"), str(ROOT / "dev")]

from lambda_bootstrap_dev.conformance import cases, running  # noqa: E402 - the path comes first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OURS, THEIRS, BARE = "lambda-bootstrap", "awslambdaric", "a bare loop"
HEAD = (
    "# Conformance\n"
    "\n"
    "What a runtime for AWS Lambda has to do, case by case, and who does it. The cases are data: the Runtime "
    "API's answers, and what has to come back. They lie in `dev/lambda_bootstrap_dev/conformance/cases`, each "
    "with the page or the source that says so.\n"
    "\n"
    "```console\n"
    "$ lambda-bootstrap conform\n"
    "Requests\n"
    "…\n"
    "{count} of {count} pass\n"
    "```\n"
    "\n"
    "runs our own runtime through them, and `lambda-bootstrap conform COMMAND` or `lambda-bootstrap conform "
    "IMAGE` [any other](reference/cli.md#lambda-bootstrap-conform).\n"
    "\n"
    "awslambdaric is AWS's own client of the Runtime API for Python, in the version that "
    "`benchmarks/requirements.txt` names. The bare loop is `dev/lambda_bootstrap_dev/conformance/bare.py`, as "
    'first tutorials have it. "Dies" means that the environment ends, and with it the invocations that it '
    "would have served. A mark stands for what was seen first. This page is made by `make conformance`.\n"
    "\n"
    "| | {names} |\n"
    "| --- | {lines} |\n"
    "| passed | {sums} |\n"
)


def cell(result: running.Result) -> str:
    """A result in a few words."""
    return "✓" if result.passes else result.wrong[0].partition(":")[0].replace("|", r"\|")


def page(columns: Mapping[str, Sequence[str]]) -> str:
    """Return the whole page; *columns* have a cell for each case, by the runtime's name."""
    table = cases.load()
    sums = (f"{list(column).count('✓')} of {len(table)}" for column in columns.values())
    lines = " | ".join("---" for _ in columns)
    text = HEAD.format(count=len(table), names=" | ".join(columns), lines=lines, sums=" | ".join(sums))
    group = ""
    for index, case in enumerate(table):
        if case.group != group:
            group = case.group
            text += f"\n## {group}\n\n| | {' | '.join(columns)} |\n| --- | {lines} |\n"
        text += f"| {case.name} | {' | '.join(column[index] for column in columns.values())} |\n"
    return text


def read(text: str) -> dict[str, list[str]]:
    """Return the columns of a page."""
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ") and ". | " in line]
    return {name: [row[index].strip() for row in rows] for index, name in enumerate((OURS, THEIRS, BARE), 1)}


def measure(*words: str) -> list[str]:
    """Run a runtime through the cases and return its column."""
    return [cell(result) for result in running.run(running.find_runtime(words, None), cases.load())]


def main() -> None:
    """Write the page."""
    from tests.support.side_by_side import install  # noqa: PLC0415 - the page can be read without awslambdaric

    theirs = measure(str(install()), "-m", "awslambdaric", running.HANDLER)
    bare = measure(sys.executable, str(running.BARE), running.HANDLER)
    PAGE.write_text(page({OURS: measure(), THEIRS: theirs, BARE: bare}), encoding="utf-8")


if __name__ == "__main__":
    main()
