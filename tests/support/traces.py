"""What the tests of exceptions share: an exception as it was raised, and the module of a user that raises it."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def caught(call: Callable[[], object]) -> BaseException:
    """What *call* raises, with a traceback that starts inside it."""
    with pytest.raises(BaseException) as raised:  # noqa: PT011 - whatever it is
        call()
    assert raised.value.__traceback__ is not None
    return raised.value.with_traceback(raised.value.__traceback__.tb_next)


def written(folder: Path, source: str) -> tuple[str, dict[str, Any]]:
    """A user's module: where it lies, and its names."""
    path = folder / "app.py"
    path.write_text(source, encoding="utf-8")
    return str(path), runpy.run_path(str(path))


def fail() -> None:
    """Raise an error, as a thread of the function's might."""
    raise LookupError("in a thread")
