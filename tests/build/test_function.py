"""The function is checked before anything slow begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.build.function import check, find_module
from lambda_bootstrap_dev.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

MODULE = """\
import os as system
from handlers import imported
from typing import overload

async def plain(event): ...

@overload
def decorated(event): ...

class Class:
    def method(self, event): ...
    other = None

class Derived(Class): ...

if system:
    conditional = lambda event: 1
else:
    try:
        tried: object = 1
    except ImportError:
        rescued = 2
first, (second, *third) = 1, (2, 3)
instance = Class()
with open("x") as opened:
    pass
for each in ():
    pass
"""


def find(folder: Path, handler: str) -> None:
    """Find and check a handler."""
    found = find_module(folder, handler)
    assert found is not None
    check(found, handler, "3.11")


@pytest.mark.parametrize(
    "name",
    [
        *("plain", "decorated", "Class.method", "Class.other", "Derived.anything", "conditional", "tried", "rescued"),
        *("first", "second", "third", "instance.anything", "imported", "imported.x", "system", "opened", "each"),
    ],
)
def test_defined(tmp_path: Path, name: str) -> None:
    """Whatever binds the name, the handler is there."""
    (tmp_path / "app.py").write_text(MODULE)

    find(tmp_path, f"app.{name}")


@pytest.mark.parametrize("last", ["from x import *", "def __getattr__(name): ...", "globals().update({})", "exec('')"])
def test_unreadable(tmp_path: Path, last: str) -> None:
    """A module that may define anything is believed."""
    (tmp_path / "app.py").write_text(f"{MODULE}\n{last}\n")

    find(tmp_path, "app.whatever")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("plan", "doesn't define 'plan'; did you mean 'plain'?"),
        ("zzzzzz", "doesn't define 'zzzzzz'; it defines system, imported, overload, plain, "),
        ("Class.methods", "Class doesn't define 'methods'; did you mean 'method'?"),
    ],
)
def test_undefined(tmp_path: Path, name: str, message: str) -> None:
    """A name that the module doesn't define is told, with the one that was probably meant, or all of them."""
    (tmp_path / "app.py").write_text(MODULE)
    with pytest.raises(BuildError) as caught:
        find(tmp_path, f"app.{name}")

    assert message in str(caught.value)


def test_syntax_error(tmp_path: Path) -> None:
    """A module that isn't Python is told with its line."""
    (tmp_path / "app.py").write_text("x = 1\ndef handler(:\n")
    with pytest.raises(BuildError, match=r"app\.py line 2 isn't Python"):
        find(tmp_path, "app.handler")


def test_newer_syntax(tmp_path: Path) -> None:
    """What this Python cannot read may be fine for a newer target."""
    (tmp_path / "app.py").write_text("def handler(:\n")
    found = find_module(tmp_path, "app.handler")
    assert found is not None

    check(found, "app.handler", "3.99")


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ("ap.handler", "there is no module 'ap' in {root}; did you mean 'app'?"),
        ("zzz.handler", "there is no module 'zzz' in {root}; the modules there are: app"),
        ("app.handle", "{root}/app.py doesn't define 'handle'; did you mean 'handler'?"),
    ],
)
def test_before_all_else(repository: Repository, handler: str, message: str) -> None:
    """A handler that isn't there is told before the index is asked for anything."""
    repository.write("requirements.txt", "alpha")

    assert repository.refused(handler) == f"handler {handler!r}: {message.format(root=repository.root)}"
    assert repository.index.asked == []


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (
            "nowhere/app.handler",
            "there is no folder nowhere: HANDLER is FOLDER/MODULE.FUNCTION, or MODULE.FUNCTION in ",
        ),
        ("app", "'app' names no function: write FOLDER/MODULE.FUNCTION, as in app.handler"),
        ("app..handler", "'app..handler' names no function: write FOLDER/MODULE.FUNCTION, as in app.handler"),
        ("", "'' names no function: write FOLDER/MODULE.FUNCTION, as in app.handler"),
    ],
)
def test_usage(repository: Repository, handler: str, message: str) -> None:
    """A mistake on the command line has the status of such mistakes."""
    assert repository.refused(handler, status=2).startswith(message)


def test_of_a_dependency(repository: Repository) -> None:
    """A handler may be a dependency's, as wrappers of monitoring tools are."""
    repository.index.wheel(
        "some-wrapper".replace("-", "_"), files={"some_wrapper/__init__.py": "def handler(event): ..."}
    )
    repository.write("requirements.txt", "some-wrapper")

    repository.built("some_wrapper.handler")


def test_not_in_the_wheel(repository: Repository) -> None:
    """A handler that the project's wheel turns out not to have is told."""
    repository.package(".", "shop")

    assert "there is no module 'store' in the package" in repository.refused("store.handler")
