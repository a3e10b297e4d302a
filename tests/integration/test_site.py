"""The launcher of the packages starts Python without `site`: what functions have of it is there all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import FUNCTIONS
from tests.support.packages import TREE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.compiled


def run(folder: Path = FUNCTIONS, **environ: str) -> Emulator:
    """The function sited.py, started as Lambda does."""
    command = [str(TREE / "bootstrap")]
    return Emulator(command, cwd=folder, handler="sited.handler", environ=environ, timeout=30.0)


def ask(check: str, folder: Path = FUNCTIONS, **environ: str) -> Any:
    """What the function tells."""
    with run(folder, **environ) as emulator:
        return json.loads(emulator.invoke(json.dumps(check).encode()).body)


def test_plain() -> None:
    """A start loads no `site`; `exit` and `quit` are there."""
    assert ask("own") == {"site": False, "builtins": True, "pth": None, "customized": None}


def test_exit() -> None:
    """`exit(3)` ends the environment with 3."""
    with run() as emulator:
        emulator.invoke(b'"leaves"')

        assert emulator.wait_exit() == 3


@pytest.mark.parametrize(
    ("check", "answer"), [("zone", "Europe/Berlin"), ("spawned", "Europe/Berlin"), ("started", "True")]
)
def test_packages_and_children(check: str, answer: str) -> None:
    """The interpreter's own packages are found, in child processes too, and those have `exit`."""
    assert ask(check) == answer


def test_pth(tmp_path: Path) -> None:
    """A .pth file in the function's folder is heeded: its folders are looked into, its imports run."""
    (tmp_path / "vendored").mkdir()
    (tmp_path / "vendored" / "sited.py").symlink_to(FUNCTIONS / "sited.py")
    (tmp_path / "some.pth").write_text("vendored\nimport sys; sys.heeded = 'yes'\n")

    assert ask("own", tmp_path)["pth"] == "yes"


def test_sitecustomize(tmp_path: Path) -> None:
    """A sitecustomize on PYTHONPATH runs, as those of tools do."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.customized = 'yes'\n")

    assert ask("own", PYTHONPATH=str(tmp_path))["customized"] == "yes"


def test_wrapper(tmp_path: Path) -> None:
    """A wrapper that sets PYTHONPATH gets its sitecustomize."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.customized = 'yes'\n")
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec "$@"\n')
    wrapper.chmod(0o755)

    assert ask("own", AWS_LAMBDA_EXEC_WRAPPER=str(wrapper))["customized"] == "yes"
