"""How Hypothesis runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support import ROOT


@pytest.mark.parametrize(
    ("variables", "deadline"), [({"CI": "true"}, "None"), ({}, "timedelta(milliseconds=200)")], ids=["CI", "else"]
)
def test_deadline(variables: dict[str, str], deadline: str) -> None:
    """An example of Hypothesis may take any time on CI, and no longer than its deadline elsewhere."""
    code = "import tests.conftest, hypothesis; print(repr(hypothesis.settings().deadline))"
    environ = {name: value for name, value in os.environ.items() if name not in {"CI", "TF_BUILD", "GITHUB_ACTIONS"}}
    found = subprocess.run(
        [sys.executable, "-c", code],
        env=environ | variables | {"PYTHONPATH": f"{ROOT / 'runtime'}:{ROOT / 'dev'}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == deadline
