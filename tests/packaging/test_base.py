"""What gets the image that ours is built on."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("answer", ["exit 1", "exit 127"])
def test_no_engine(tmp_path: Path, answer: str) -> None:
    """Where no container engine answers, one line says so and what to do, before anything is pulled or built."""
    (tmp_path / "docker").write_text(f"#!/bin/sh\n{answer}\n")
    (tmp_path / "docker").chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [str(ROOT / "packaging" / "base.sh"), "debian:trixie-slim", "x86_64"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "no container engine answers: make engine\n")
