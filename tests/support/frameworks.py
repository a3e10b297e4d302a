"""
Web frameworks as the tests use them: real packages, locked, in an environment of their own.

Owns where they lie and how they get there. Refuses to know what is asserted about them.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT, give_up

if TYPE_CHECKING:
    from pathlib import Path

REQUIREMENTS = ROOT / "tests" / "web" / "requirements.txt"
CACHE = ROOT / ".cache" / "frameworks"


@pytest.fixture(scope="session")
def frameworks() -> Path:
    """A Python that has the frameworks, as they are locked for these tests, and nothing else."""
    folder = CACHE / f"{sys.version_info[0]}.{sys.version_info[1]}"
    python = folder / "bin" / "python"
    if not is_done(folder):
        venv.create(folder, clear=True, symlinks=True)
        install(folder, "--python", str(python))
    return python


def for_python(version: str) -> Path:
    """A folder with the frameworks for another Python on this kind of machine, as a function's folder has them."""
    folder = CACHE / f"target-{version}"
    if not is_done(folder):
        install(folder, "--target", str(folder), "--python-version", version, "--only-binary=:all:", "--upgrade")
    return folder


def is_done(folder: Path) -> bool:
    """Whether the frameworks are there, as they are locked."""
    done = folder / "requirements.txt"
    return done.exists() and done.read_text() == REQUIREMENTS.read_text()


def install(folder: Path, *options: str) -> None:
    """Install the frameworks, or give up."""
    first, others = ([], list(options)) if options[0] == "--target" else (list(options), [])
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *first, "install", *others]
    command = [*pip, "--no-compile", "--require-hashes", "-r", str(REQUIREMENTS)]
    installed = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    if installed.returncode != 0:
        give_up("the frameworks cannot be installed, so they are not tried")
    (folder / "requirements.txt").write_text(REQUIREMENTS.read_text())
