"""
Wheels as the tests use them: built out of the checkout, and installed without an index.

Owns how they are built, and where the wheels are that they need. Refuses to know what is asserted about them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support import ROOT, give_up

if TYPE_CHECKING:
    from pathlib import Path

# What the developer's side needs; `make test` fetches it.
NEEDED = ROOT / ".cache" / "wheels"
EPOCH = "1754697600"  # as in packaging/build.mk


def run(*command: str | Path, cwd: Path = ROOT, **environ: str) -> str:
    """Run a program that has to succeed, without the checkout on Python's path; return what it prints."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=inherited | environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder: Path, output: Path, *targets: str) -> None:
    """Build wheel and source distribution of the project in *folder*, or the one of them."""
    options = [word for target in targets for word in ("--target", target)]
    run(
        sys.executable, "-m", "hatchling", "build", "--directory", output, *options, cwd=folder, SOURCE_DATE_EPOCH=EPOCH
    )


def build_both(output: Path) -> Path:
    """Build lambda-bootstrap and lambda-bootstrap-dev; return *output*."""
    for folder in (ROOT, ROOT / "dev"):
        build(folder, output)
    return output


def install(environment: Path, dist: Path, *requirements: str) -> Path:
    """Make a virtual environment with *requirements*, from folders alone; return the path of its Python."""
    if not NEEDED.is_dir():
        give_up("the wheels that lambda-bootstrap-dev needs are not there: `make test` fetches them")
    run(sys.executable, "-m", "venv", environment)
    python = environment / "bin" / "python3"
    places = [f"--find-links={dist}", f"--find-links={NEEDED}"]
    run(python, "-m", "pip", "--isolated", "--quiet", "install", "--no-index", *places, *requirements, cwd=dist)
    return python
