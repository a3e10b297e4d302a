"""What users deploy with, as far as it works without an account: the side of `sam build` that is ours."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.conftest import ARCH, ROOT
from tests.integration.test_packages import built

if TYPE_CHECKING:
    from pathlib import Path


@built
@pytest.mark.parametrize(("target", "own"), [("build-Zip", "app.py"), ("build-Runtime", "bin/python3")])
def test_sam_gets_what_lambda_unpacks(target: str, own: str, tmp_path: Path) -> None:
    """The makefile fills ARTIFACTS_DIR with bootstrap, tree and what else belongs to the package."""
    command = ["make", "--silent", "-C", str(ROOT / "examples" / "deploy"), target, f"ARCH={ARCH}"]
    subprocess.run(command, check=True, env={**os.environ, "ARTIFACTS_DIR": str(tmp_path)}, timeout=110)

    for name in ("bootstrap", "lambda-bootstrap/bin/python3"):
        assert os.access(tmp_path / name, os.X_OK)
    assert (tmp_path / own).is_file()
