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


@pytest.fixture(name="package", params=["checkout", "wheel"])
def _package(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The package: with `bootstrap` beside runtime/, or within it as the wheel has it."""
    if request.param == "checkout":
        return PACKAGE
    installed = tmp_path / "site-packages" / "lambda_bootstrap"
    shutil.copytree(PACKAGE, installed)
    shutil.copy(BOOTSTRAP, installed)
    return installed


@pytest.fixture(name="emulator", params=["bootstrap", "-m"])
def _emulator(request: pytest.FixtureRequest, package: Path, task: Path) -> Iterator[Emulator]:
    """The function under the emulator, started by its file, and as a module that is found along the path."""
    if request.param == "-m":
        command = [sys.executable, "-P", "-m", "lambda_bootstrap"]
    else:
        command = [sys.executable, str(BOOTSTRAP if package == PACKAGE else package / "bootstrap")]
    environ = {"PYTHONPATH": str(package.parent)} if request.param == "-m" else {}
    with Emulator(command, cwd=task, handler="app.handler", environ=environ, timeout=60.0) as emulator:
        yield emulator


def test_the_running_one(emulator: Emulator, package: Path) -> None:
    """The copy in the function's folder is never used: hooks and `Context` are the running package's."""
    emulator.invoke()
    file, told, is_context = emulator.invoke().json()

    assert file == f"{package}/__init__.py"
    assert told == ["init", "request", "response", "before next", "request"]
    assert is_context


def test_errors(emulator: Emulator) -> None:
    """A `LambdaError` keeps its type and data."""
    error = emulator.invoke(b'"error"').error

    assert (error["errorType"], error["errorMessage"], error["errorData"]) == ("Shop.SoldOut", "sold out", {"item": 7})


def test_streams(emulator: Emulator) -> None:
    """An `HttpResponse` is the head of a stream."""
    assert emulator.invoke(b'"stream"').body == b'{"statusCode":201,"headers":{"X-A":"b"}}' + bytes(8) + b"c"


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_children(emulator: Emulator, package: Path, method: str) -> None:
    """A child of `multiprocessing` has the running package too, and a context that works and writes to its stdout."""
    name, file, remaining, is_context = emulator.invoke(f'{{"method": "{method}"}}'.encode()).json()

    assert (name, file, is_context) == ("test_function", f"{package}/__init__.py", True)
    assert 0 < remaining <= 60_000
    assert emulator.stdout == b"log of a child\n"
    assert [request.endpoint for request in emulator.requests].count("response") == 1
