"""The package under its one name: where `bootstrap` finds it, and what a second copy of it does."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, FUNCTIONS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = ROOT / "runtime" / "lambda_bootstrap"


@pytest.fixture(name="task")
def _task(tmp_path: Path) -> Path:
    """A function's folder with a copy of the package that must not be imported."""
    task = tmp_path / "task"
    shutil.copytree(PACKAGE, task / "lambda_bootstrap")
    (task / "lambda_bootstrap" / "__init__.py").write_text("raise ImportError('the copy')\n")
    (task / "lambda_bootstrap" / "hooks.py").write_text("raise ImportError('the copy')\n")
    shutil.copy(FUNCTIONS / "copies" / "app.py", task)
    return task


@pytest.fixture(name="command", params=["checkout", "wheel"])
def _command(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The command that starts `bootstrap`: beside runtime/, or within the package as the wheel has it."""
    if request.param == "checkout":
        return [sys.executable, str(BOOTSTRAP)]
    installed = tmp_path / "site-packages" / "lambda_bootstrap"
    shutil.copytree(PACKAGE, installed)
    shutil.copy(BOOTSTRAP, installed)
    return [sys.executable, str(installed / "bootstrap")]


@pytest.fixture(name="emulator")
def _emulator(command: list[str], task: Path) -> Iterator[Emulator]:
    """The function under the emulator."""
    with Emulator(command, cwd=task, handler="app.handler") as emulator:
        yield emulator


def test_the_running_one(emulator: Emulator, command: list[str]) -> None:
    """The copy in the function's folder is never used: hooks and `Context` are the running package's."""
    emulator.invoke()
    file, told, is_context = emulator.invoke().json()
    home = command[1].removesuffix("/bootstrap")

    assert file in {f"{home}/__init__.py", f"{home}/runtime/lambda_bootstrap/__init__.py"}
    assert told == ["init", "request", "response", "before next", "request"]
    assert is_context


def test_errors(emulator: Emulator) -> None:
    """A `LambdaError` keeps its type and data."""
    error = emulator.invoke(b'"error"').error

    assert (error["errorType"], error["errorMessage"], error["errorData"]) == ("Shop.SoldOut", "sold out", {"item": 7})


def test_streams(emulator: Emulator) -> None:
    """An `HttpResponse` is the head of a stream."""
    assert emulator.invoke(b'"stream"').body == b'{"statusCode":201,"headers":{"X-A":"b"}}' + bytes(8) + b"c"
