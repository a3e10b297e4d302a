"""
What tests share: where things lie, and the type of the fixture that starts the runtime.

No test file is another's library: what two of them need stands in this folder.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import pytest

if TYPE_CHECKING:
    from lambda_bootstrap_dev.testing import Emulator

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "tests" / "functions"
BOOTSTRAP = ROOT / "bootstrap"
# What starts the runtime; `make matrix OPTIONS=...` gives it options of Python's own.
PYTHON = [sys.executable, *os.environ.get("RUNTIME_OPTIONS", "").split()]
# With this option a function's imports at the top of a module happen where their names are used, since Python 3.15.
LAZY = "lazy_imports=all" in PYTHON
# What a function in C says that has called itself too often.
TOO_DEEP = "Stack overflow (used " if sys.version_info >= (3, 14) else "maximum recursion depth exceeded while "


def give_up(reason: str) -> NoReturn:
    """Skip a test that lacks something of the outside, or fail it where REQUIRE_ENGINE asks for everything."""
    if os.environ.get("REQUIRE_ENGINE") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def sources() -> list[Path]:
    """The modules of the runtime. There are more than 40: a test that goes through them cannot check nothing."""
    found = sorted((ROOT / "runtime" / "lambda_bootstrap").rglob("*.py"))
    assert len(found) > 40
    return found


class Start(Protocol):
    """Puts a function under the emulator; nothing runs before the first invocation or `start()`."""

    def __call__(
        self, handler: str, *, folder: Path = FUNCTIONS, environ: dict[str, str] | None = None, **options: Any
    ) -> Emulator:
        """Give the emulator; the fixture ends it."""
