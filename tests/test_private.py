"""Private names of Python's that the runtime imports: each has a reason, and is there in the Python that runs this."""

from __future__ import annotations

import ast
import importlib
from typing import TYPE_CHECKING

import pytest

from tests.support import BOOTSTRAP, ROOT, sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUILT_IN = {"posix"}  # private in all but name


def is_private(name: str) -> bool:
    """Whether Python may drop a name without a word."""
    return name in BUILT_IN or (name.startswith("_") and not name.startswith("__"))


def private(path: Path) -> Iterator[tuple[ast.ImportFrom | ast.Import, str, str]]:
    """Every private import in a file: where, the module, and the name in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name, "__name__") for alias in node.names if is_private(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            module = str(node.module)
            for alias in node.names:
                if is_private(module) or is_private(alias.name):
                    yield node, module, alias.name


FILES = [BOOTSTRAP, *sources()]
NAMES = sorted({(module, name) for path in FILES for _, module, name in private(path)})


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_there(module: str, name: str) -> None:
    """What the runtime imports is there in this Python."""
    assert hasattr(importlib.import_module(module), name)


def test_reasons() -> None:
    """Each private import has its reason in a comment on its line."""
    bare = []
    for path in FILES:
        lines = path.read_text().splitlines()
        for node, module, name in private(path):
            if "  # " not in lines[node.lineno - 1]:
                bare.append(f"{path.relative_to(ROOT)}:{node.lineno}: {module}.{name}")

    assert bare == []
