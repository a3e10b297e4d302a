"""The environment's variables without `os`, and with it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap.environ import environ
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP

if TYPE_CHECKING:
    from pathlib import Path

NAME = "BOOTSTRAP_TEST_VARIABLE"


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin and end without the variable."""
    monkeypatch.setenv(NAME, "before")
    monkeypatch.delenv(NAME)


def child_sees() -> str:
    """The variable of a child process that inherits the environment."""
    code = f"import os; print(ascii(os.environ.get({NAME!r})))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


TEXTS = [
    pytest.param("Root=1-5bef4de7", id="ASCII"),
    pytest.param("", id="empty"),
    pytest.param("käse", id="UTF-8"),
    pytest.param("\udcff", id="a byte that is no text"),
]


@pytest.mark.parametrize("value", TEXTS)
def test_set(value: str) -> None:
    """A variable that the runtime sets is the function's."""
    environ[NAME] = value

    assert (os.environ[NAME], environ.get(NAME), NAME in environ) == (value, value, True)


@pytest.mark.parametrize("value", TEXTS)
def test_get(value: str) -> None:
    """A variable that the function sets in `os.environ` is what the runtime reads."""
    os.environ[NAME] = value

    assert (environ.get(NAME), environ.get(NAME, "default")) == (value, value)


@pytest.mark.parametrize("value", TEXTS)
def test_child(value: str) -> None:
    """A child process of the function's has the variables that the runtime has set, and none that it has removed."""
    environ[NAME] = value
    seen = child_sees()
    environ.pop(NAME)

    assert (seen, child_sees()) == (ascii(value), "None")


def test_pop() -> None:
    """A variable that the runtime removes is gone for the function."""
    os.environ[NAME] = "value"

    assert environ.pop(NAME) == "value"
    assert (NAME in os.environ, os.getenv(NAME), NAME in environ) == (False, None, False)


def test_removed_by_the_function() -> None:
    """A variable that the function removes from `os.environ` is gone for the runtime."""
    environ[NAME] = "value"
    del os.environ[NAME]

    assert (environ.get(NAME), NAME in environ, NAME in list(environ)) == (None, False, False)


def test_unset() -> None:
    """A variable that is not set has the default; to remove it changes nothing."""
    assert (environ.get(NAME), environ.get(NAME, "default"), environ.pop(NAME, None)) == (None, "default", None)
    assert environ.pop(NAME, "default") == "default"


def test_setdefault() -> None:
    """A default sets a variable that is not set, and leaves one that is."""
    environ.setdefault(NAME, "first")
    environ.setdefault(NAME, "second")

    assert os.environ[NAME] == "first"


def test_names() -> None:
    """The names are those of `os.environ`."""
    environ[NAME] = "value"

    assert list(environ) == list(os.environ)


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_impossible(value: str) -> None:
    """What no variable can hold is refused, as by `os.environ`, and nothing is changed."""
    with pytest.raises(ValueError, match=r"null byte|can't encode"):
        environ[NAME] = value

    assert NAME not in os.environ


TRACES = [f"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e70{number};Parent=9a9197af755a6419;Sampled=1" for number in range(3)]
LATE = """
import sys
SEEN = ["os" in sys.modules]
def handler(event, context):
    import os, subprocess
    child = subprocess.run(["/bin/sh", "-c", "echo $_X_AMZN_TRACE_ID"], capture_output=True, text=True, check=True)
    names = "_X_AMZN_TRACE_ID", "_HANDLER", "LAMBDA_TASK_ROOT"
    return SEEN + [os.environ.get(name) for name in names] + [child.stdout.strip()]
"""


def test_os_that_comes_late(tmp_path: Path) -> None:
    """A function that imports `os` in its first invocation finds what has been set before, and all that follows."""
    (tmp_path / "late.py").write_text(LATE)
    command = [sys.executable, "-I", "-S", str(BOOTSTRAP)]
    with Emulator(command, cwd=tmp_path, handler="late.handler") as emulator:
        outcomes = [emulator.invoke(headers={"X-Amzn-Trace-Id": trace}).json() for trace in TRACES]

    assert outcomes == [[False, trace, "late.handler", str(tmp_path), trace] for trace in TRACES]


@pytest.mark.parametrize("name", ["os", "stat", "posixpath", "genericpath", "_collections_abc"])
def test_module_with_a_name_of_pythons(tmp_path: Path, name: str) -> None:
    """A function's own module of the name of `os`, or of one that `os` imports, is not in its way."""
    (tmp_path / f"{name}.py").write_text("raise RuntimeError('of the function')\n")
    (tmp_path / "app.py").write_text("import os\ndef handler(event, context): return os.path.basename(os.getcwd())\n")
    with Emulator([sys.executable, "-I", "-S", str(BOOTSTRAP)], cwd=tmp_path, handler="app.handler") as emulator:
        assert emulator.invoke().json() == tmp_path.name
