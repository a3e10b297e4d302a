"""`python3 -P -m lambda_bootstrap app.handler`, for an image that has a Python of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import FUNCTIONS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

RUNTIME = str(ROOT / "runtime")
MODULE = ["-m", "lambda_bootstrap"]
# Modules that Python imports by itself to run a module, and some that everybody does.
SHADOWS = ("functools", "runpy", "importlib", "collections", "json", "pkgutil", "typing", "types")


@pytest.fixture(name="task", params=["alone", "with a copy"])
def _task(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A function's folder with modules that are called as the standard library's are, and perhaps a copy of ours."""
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('the function has its own {name}')\n")
    (tmp_path / "app.py").write_text(
        "import sys, lambda_bootstrap\n\n\n"
        "def handler(event, context):\n"
        "    return [lambda_bootstrap.__file__, sys.path[0], sys.argv, __import__('gc').isenabled()]\n"
    )
    if request.param == "with a copy":
        shutil.copytree(ROOT / "runtime" / "lambda_bootstrap", tmp_path / "lambda_bootstrap")
    return tmp_path


def test_safe(task: Path) -> None:
    """With -P, modules of the function that are called as ours or the standard library's do no harm."""
    command = [sys.executable, "-P", *MODULE, "app.handler"]
    with Emulator(command, cwd=task, environ={"PYTHONPATH": RUNTIME}) as emulator:
        told = emulator.invoke().json()

    assert told == [f"{RUNTIME}/lambda_bootstrap/__init__.py", str(task), [f"{ROOT}/bootstrap", "app.handler"], True]


def test_unsafe(task: Path) -> None:
    """Without -P, Python looks in the working directory first: a `functools.py` there ends it before we run."""
    result = subprocess.run(
        [sys.executable, *MODULE, "app.handler"],
        env={"PYTHONPATH": RUNTIME},
        cwd=task,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert result.returncode == 1
    assert "the function has its own " in result.stderr


def test_unsafe_but_harmless(tmp_path: Path) -> None:
    """Without -P, a function whose modules have names of their own runs."""
    (tmp_path / "app.py").write_text("import sys\n\n\ndef handler(event, context):\n    return sys.path[:2]\n")
    with Emulator([sys.executable, *MODULE, "app.handler"], cwd=tmp_path, environ={"PYTHONPATH": RUNTIME}) as emulator:
        first, second = emulator.invoke().json()

    assert first == str(tmp_path)
    assert second != ""


def test_wrapper(tmp_path: Path) -> None:
    """AWS_LAMBDA_EXEC_WRAPPER gets the interpreter, `bootstrap` and the handler; what it starts is a runtime."""
    wrapper = tmp_path / "wrapper"
    wrapper.write_text('#!/bin/sh\necho "$@"\nexec "$@"\n')
    wrapper.chmod(0o755)
    environ = {"PYTHONPATH": RUNTIME, "AWS_LAMBDA_EXEC_WRAPPER": str(wrapper)}
    with Emulator([sys.executable, "-P", *MODULE, "echo.handler"], cwd=FUNCTIONS, environ=environ) as emulator:
        answer = emulator.invoke(b"1").json()
        output = emulator.stdout

    assert answer == 1
    assert output == f"{sys.executable} {ROOT}/bootstrap echo.handler\n".encode()


def test_exit(tmp_path: Path) -> None:
    """`exit` is `sys.exit` there, with `site` and without: it ends an environment and closes no stream."""
    (tmp_path / "app.py").write_text(
        "import sys\n\n\ndef handler(event, context):\n    return exit is sys.exit is quit\n"
    )
    command = [sys.executable, "-S", "-P", *MODULE, "app.handler"]
    with Emulator(command, cwd=tmp_path, environ={"PYTHONPATH": RUNTIME}) as emulator:
        assert emulator.invoke().json() is True


def test_no_api() -> None:
    """Outside of Lambda one line tells how to run a function here, and the exit status is 1."""
    command = [sys.executable, "-P", *MODULE, "echo.handler"]
    result = subprocess.run(command, env={"PYTHONPATH": RUNTIME}, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("bootstrap: AWS_LAMBDA_RUNTIME_API is not set")
