"""The public API as a type checker sees it."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support import ROOT

FOLDER = ROOT / "tests" / "typing"


def errors(name: str) -> dict[int, set[str]]:
    """The codes of the errors that mypy has for a file, by line."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-pretty", "--show-error-codes", f"tests/typing/{name}"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found: dict[int, set[str]] = {}
    for line, code in re.findall(rf"^tests/typing/{name}:(\d+): error: .*\[([\w-]+)\]$", result.stdout, re.MULTILINE):
        found.setdefault(int(line), set()).add(code)
    assert "rror" in result.stdout or result.returncode == 0, result.stdout
    return found


def test_marked() -> None:
    """The package says that it is typed (PEP 561)."""
    assert (ROOT / "runtime" / "lambda_bootstrap" / "py.typed").read_bytes() == b""


def test_accepted() -> None:
    """What a function writes type-checks, strictly."""
    assert errors("accepted.py") == {}


def test_refused() -> None:
    """What is wrong is found, line by line, and nothing else is."""
    lines = (FOLDER / "refused.py").read_text().splitlines()
    expected = {
        number: set(line.rpartition("  # ")[2].split(", ")) for number, line in enumerate(lines, 1) if "  # " in line
    }

    assert errors("refused.py") == expected
