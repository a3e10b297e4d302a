"""examples/workspace, built from a copy and run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import ROOT
from tests.support.interpreters import PYTHON

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("function", "event", "answer"),
    [
        ("orders", b'{"item": "lamp", "count": 2}', {"price": 40}),
        ("invoices", b'{"lamp": 1, "bulb": 2}', ["1 x lamp: 20", "2 x bulb: 6", "in all: 26"]),
    ],
)
def test_workspace(tmp_path: Path, interpreters: Path, function: str, event: bytes, answer: Any) -> None:
    """Each function of a workspace becomes a package of its own, with what they share and without the other one."""
    shutil.copytree(ROOT / "examples" / "workspace", tmp_path / "workspace")
    task = tmp_path / "task"
    options = ["--python", PYTHON, "--find-links", str(interpreters), "--output", str(task)]
    command = [sys.executable, "-m", "lambda_bootstrap_dev", "build", "zip", f"{function}/app.handler", *options]
    done = subprocess.run(command, cwd=tmp_path / "workspace", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    assert {"app.py", "shop_common"} <= {path.name for path in task.iterdir()}
    assert not {"orders", "invoices", "common"} & {path.name for path in task.iterdir()}
    with Emulator(
        [task / "bootstrap"], cwd=task, handler="app.handler", environ={"PATH": os.environ["PATH"]}
    ) as emulator:
        assert emulator.invoke(event).json() == answer
