"""The import graph of `runtime/`: the picture in the README, held."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Bottom to top. A module may import from the lines above its own only; the lists are all that it does import.
GRAPH = {
    # pure
    "stack": [],
    "errors": ["stack"],
    "http1": ["errors"],
    "fault": ["stack"],
    "results": [],
    "codec": ["errors", "fault", "results", "stack"],
    "codecs": ["codec", "errors"],
    "record": ["codec", "stack"],
    "tracing": [],
    "context": ["tracing"],
    "protocol": ["codec", "errors", "http1"],
    # edges
    "client": ["errors", "http1", "protocol", "stack"],
    "urllib3_client": ["errors", "http1", "protocol"],
    "aio": [],
    "streaming": ["aio", "codec", "errors", "http1", "protocol"],
    "plan": ["codec"],
    "scalars": ["codec", "plan"],
    "shapes": ["fault", "plan"],
    "foreign": ["codec", "errors", "fault", "plan"],
    "fields": ["errors"],
    "typed": ["codec", "errors", "fields", "foreign", "plan", "scalars", "shapes"],
    "annotations": ["codec", "errors", "fields", "foreign", "plan", "results", "typed"],
    "inspected": [],
    "queues": [],
    "streams": [],
    "storage": [],
    "bus": [],
    "workflow": [],
    "cognito": [],
    "web": [],
    "signature": ["aio", "annotations", "codec", "errors", "inspected"],
    "batch": ["aio", "codec", "errors", "signature"],
    "events": ["batch", "bus", "cognito", "queues", "storage", "streams", "web", "workflow"],
    "doctor": ["stack"],
    "handler": ["codec", "doctor", "errors", "signature"],
    "log": ["errors", "record"],
    "structured": ["log", "record", "stack"],
    "bridge": ["log", "record", "stack", "structured"],
    "watch": [],
    "hooks": ["context"],
    "otel": ["context", "hooks", "tracing"],
    "ric": ["hooks"],
    "autopsy": ["stack"],
    # policy
    "loop": ["autopsy", "codec", "context", "errors", "log", "protocol", "signature", "streaming", "tracing"],
    "main": [
        *("autopsy", "bridge", "client", "codec", "codecs", "errors", "handler", "log", "loop"),
        *("otel", "protocol", "ric", "signature", "tracing", "urllib3_client", "watch"),
    ],
    "__init__": ["context", "errors", "hooks", "main", "streaming"],
}

PURE = ["stack", "errors", "http1", "fault", "results", "codec", "record", "tracing", "context", "protocol"]
# What a pure module may import of the standard library: nothing that reaches outside of the process. Of `time` it may
# have the conversions, and no clock.
PURE_IMPORTS = {
    "__future__",
    "_contextvars",
    "_json",
    "binascii",
    "collections.abc",
    "dataclasses",
    "decimal",
    "sys",
    "time",
    "types",
    "typing",
}
PURE_TIME = {"gmtime", "strftime"}


def modules() -> list[Path]:
    """The modules of the package."""
    return sorted((ROOT / "runtime").glob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """What a module imports, wherever in it, the package's own with a dot before them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module)
        elif isinstance(node, ast.ImportFrom):
            yield from ([f".{node.module}"] if node.module else [f".{alias.name}" for alias in node.names])


def test_graph() -> None:
    """Every module imports what the graph says, for types and late imports too, and nothing more."""
    found = {path.stem: sorted({name[1:] for name in imports(path) if name[0] == "."}) for path in modules()}

    assert found == GRAPH


def test_downwards() -> None:
    """No module imports one that stands beside or above it."""
    order = list(GRAPH)

    assert [(name, other) for name in order for other in GRAPH[name] if order.index(other) >= order.index(name)] == []


@pytest.mark.parametrize("name", PURE)
def test_pure(name: str) -> None:
    """The pure modules import nothing that owns a piece of the outside world."""
    outside = {found for found in imports(ROOT / "runtime" / f"{name}.py") if found[0] != "."}

    assert outside - PURE_IMPORTS == set()


@pytest.mark.parametrize("name", PURE)
def test_no_clock(name: str) -> None:
    """The pure modules do not know what time it is."""
    nodes = ast.walk(ast.parse((ROOT / "runtime" / f"{name}.py").read_text()))
    of_time = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "time"]

    assert {alias.name for node in of_time for alias in node.names} - PURE_TIME == set()


def test_the_loop_knows_no_client() -> None:
    """The loop says what it needs of a client and is handed one."""
    assert "client" not in GRAPH["loop"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_size(path: Path) -> None:
    """A module fits into one head: 300 lines."""
    assert len(path.read_text().splitlines()) <= 300


def test_bootstrap_is_short() -> None:
    """`bootstrap` has 25 lines at the most."""
    assert len((ROOT / "bootstrap").read_text().splitlines()) <= 25
