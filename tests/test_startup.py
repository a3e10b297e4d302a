"""What start-up may cost: the list of modules that are imported before the first `next`."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, FUNCTIONS

if TYPE_CHECKING:
    from pathlib import Path

# Isolated and without `site`: what a machine's own .pth files import is not ours.
PYTHON = [sys.executable, "-I", "-S", "-X", "importtime"]

OURS = {
    "client",
    "codec",
    "context",
    "current",
    "environ",
    "errors",
    "hooks",
    "http1",
    "loader",
    "log",
    "loop",
    "main",
    "on_import",
    "protocol",
    "record",
    "report",
    "settings",
    "signature",
    "spare",
    "traces",
    "transport",
}

RULED_OUT = {
    *("collections", "contextlib", "dataclasses", "email", "encodings.idna", "enum", "functools", "http", "importlib"),
    *("inspect", "json", "linecache", "logging", "os", "re", "select", "socket", "ssl", "string", "structlog"),
    "tempfile",
    *("threading", "traceback", "types", "typing", "urllib", "urllib3", "uuid", "warnings"),
}


def imported(importtime: str) -> set[str]:
    """The modules that `-X importtime` reports."""
    lines = importtime.splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:") and "|" in line}


def beyond(handler: str, code: str, *, events: tuple[bytes, ...] = ()) -> set[str]:
    """All modules that have been imported when `next` waits after *events*, but for those that *code* alone imports."""
    plain = subprocess.run([*PYTHON, "-c", code], capture_output=True, text=True, check=True).stderr
    with Emulator([*PYTHON, str(BOOTSTRAP)], cwd=FUNCTIONS, handler=handler) as emulator:
        emulator.start()
        for event in events:
            emulator.invoke(event)
        emulator.wait_for("next", 1 + len(events))
        return imported(emulator.stderr.decode()) - imported(plain)


@pytest.fixture(scope="module", name="before_next")
def _before_next() -> set[str]:
    """What is imported beyond what Python needs itself."""
    return beyond("echo.handler", "pass")


def test_exact_list(before_next: set[str]) -> None:
    """Before the first `next` come three C modules, our own, and the function: nothing else."""
    ours = {f"lambda_bootstrap.{name}" for name in OURS}  # the package itself is loaded by hand, which goes unreported

    assert before_next - {"atexit", "time"} == {"__future__", "_json", "_socket", "echo", "gc", *ours}


def test_first_invocation(before_next: set[str]) -> None:
    """An ordinary invocation imports nothing: neither the first one nor any later."""
    assert beyond("echo.handler", "pass", events=(b'{"a": [1]}', b"2")) == before_next


def test_first_error(before_next: set[str]) -> None:
    """An error imports nothing either."""
    modules = beyond("plain.fails", "pass", events=(b"{}",))

    assert modules - before_next == {"plain"}


def test_first_stream(before_next: set[str]) -> None:
    """A plain generator opens one room of three modules, and asyncio is none of them."""
    modules = beyond("plain.streams", "pass", events=(b"{}",))
    room = {"lambda_bootstrap.web", "lambda_bootstrap.web.response", "lambda_bootstrap.web.stream"}

    assert modules - before_next == {"plain", *room}


def test_wsgi(before_next: set[str]) -> None:
    """A WSGI application opens its part of one room, and asyncio is no part of it."""
    event = b'{"rawPath": "/", "requestContext": {"http": {"method": "GET"}}}'
    modules = beyond("bare_wsgi.app", "pass", events=(event,)) - before_next
    ours = {name.removeprefix("lambda_bootstrap.web.") for name in modules if name.startswith("lambda_bootstrap.web.")}
    ends = {f"front_ends.{name}" for name in ("alb", "http_api", "lattice", "request", "rest", "results")}

    assert ours == {"application", "detection", "front_ends", "response", "stream", "wsgi", *ends}
    assert [name for name in modules if name.split(".")[0] in {"asyncio", "ssl", "socket", "typing", "logging"}] == []


def test_first_broken_stream(before_next: set[str]) -> None:
    """A plain generator that fails opens the same room, and base64 for the trailers."""
    modules = beyond("plain.breaks", "pass", events=(b"{}",))
    room = {"lambda_bootstrap.web", "lambda_bootstrap.web.response", "lambda_bootstrap.web.stream"}

    assert modules - before_next - {"binascii"} == {"plain", *room}


def test_first_unreadable_event(before_next: set[str]) -> None:
    """An event that isn't JSON opens the one room that explains it; since 3.13 the C code imports `json` too."""
    own = "import json" if sys.version_info >= (3, 13) else "pass"
    modules = beyond("echo.handler", own, events=(b"{oops",))

    room = {"diagnostics", "diagnostics.json_errors", "diagnostics.json_places"}

    assert modules - before_next == {f"lambda_bootstrap.{name}" for name in room}


def test_garbage() -> None:
    """The function has its garbage collected, from the start; what it has imported counts as old, and isn't frozen."""
    with Emulator([sys.executable, str(BOOTSTRAP)], cwd=FUNCTIONS, handler="facts.garbage") as emulator:
        assert emulator.invoke().json() == {"at init": True, "now": True, "old": True, "frozen": 0}


COLLECTOR = """
import gc, weakref
from lambda_bootstrap import on_init

class Node:
    pass

SEEN = [gc.get_threshold()[0]]
{change}
node = Node()
node.itself = node
GONE = weakref.ref(node)
del node

@on_init
def look():
    SEEN.append(gc.get_threshold()[0])

def handler(event, context):
    was_there = GONE() is not None
    gc.collect()
    return [*SEEN, gc.get_threshold()[0], gc.isenabled(), gc.get_freeze_count() > 0, was_there, GONE() is None]
"""


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        pytest.param("", ["usual", "usual", True, False, True, True], id="nothing"),
        pytest.param("gc.set_threshold(55)", [55, 55, True, False, True, True], id="the threshold"),
        pytest.param("gc.disable()", ["usual", "usual", False, False, True, True], id="whether it collects"),
        pytest.param("gc.freeze()", ["usual", "usual", True, True, True, True], id="what is frozen"),
    ],
)
def test_collector(tmp_path: Path, change: str, seen: list[object]) -> None:
    """Garbage is looked for rarely while the function is imported, then as usual, or as the function has set it."""
    (tmp_path / "app.py").write_text(COLLECTOR.format(change=change))
    with Emulator([sys.executable, str(BOOTSTRAP)], cwd=tmp_path, handler="app.handler") as emulator:
        found = emulator.invoke().json()

    assert found == [100_000, *[gc.get_threshold()[0] if each == "usual" else each for each in seen]]


def test_collector_that_never_runs(tmp_path: Path) -> None:
    """A threshold of 0, by which no garbage is looked for, is not changed for the import."""
    (tmp_path / "first.pth").write_text("import gc; gc.set_threshold(0)\n")
    (tmp_path / "app.py").write_text(COLLECTOR.format(change=""))
    with Emulator([sys.executable, str(BOOTSTRAP)], cwd=tmp_path, handler="app.handler") as emulator:
        assert emulator.invoke().json() == [0, 0, 0, True, False, True, True]


LAZY = """
import sys
def handler(event, context):
    return [sys.get_lazy_imports(), [name for name in sys.lazy_modules if name.startswith("lambda_bootstrap")]]
"""


@pytest.mark.skipif(sys.version_info < (3, 15), reason="Python has no lazy imports before 3.15")
@pytest.mark.parametrize("mode", ["all", "normal"])
def test_lazy_imports(tmp_path: Path, mode: str) -> None:
    """The mode of lazy imports is the function's; whatever it is, the runtime's own are all done before."""
    (tmp_path / "app.py").write_text(LAZY)
    command = [sys.executable, "-X", f"lazy_imports={mode}", str(BOOTSTRAP)]
    with Emulator(command, cwd=tmp_path, handler="app.handler") as emulator:
        assert emulator.invoke().json() == [mode, []]


@pytest.mark.skipif(sys.version_info < (3, 15), reason="Python has no lazy imports before 3.15")
def test_lazy_imports_by_option(tmp_path: Path) -> None:
    """With BOOTSTRAP_LAZY_IMPORTS=1 the function's imports are lazy, and the runtime's own are done before."""
    (tmp_path / "app.py").write_text(LAZY)
    environ = {"BOOTSTRAP_LAZY_IMPORTS": "1"}
    with Emulator([sys.executable, str(BOOTSTRAP)], cwd=tmp_path, handler="app.handler", environ=environ) as emulator:
        assert emulator.invoke().json() == ["all", []]


REGISTERS = {
    "registry.py": "NAMES = []\n",
    "base_pb2.py": "import registry\nregistry.NAMES.append('base')\n",
    "order_pb2.py": "import registry\nimport base_pb2 as base__pb2\nregistry.NAMES.append('order')\n",
    "app.py": "import sys, registry, order_pb2\n"
    "def handler(event, context):\n"
    "    order_pb2.registry\n"
    "    lazy = sys.get_lazy_imports_filter()('app', 'anything', None)\n"
    "    return [registry.NAMES, lazy, 'colorsys' in sys.modules]\n"
    "import colorsys\n",
}


@pytest.mark.skipif(sys.version_info < (3, 15), reason="Python has no lazy imports before 3.15")
@pytest.mark.parametrize(
    ("options", "environ"),
    [
        pytest.param([], {"BOOTSTRAP_LAZY_IMPORTS": "1"}, id="by option"),
        pytest.param(["-X", "lazy_imports=all"], {}, id="by Python"),
    ],
)
def test_imports_of_generated_modules(tmp_path: Path, options: list[str], environ: dict[str, str]) -> None:
    """What protobuf generates has its imports at once, for what they register; all others are lazy."""
    for name, text in REGISTERS.items():
        (tmp_path / name).write_text(text)
    command = [sys.executable, *options, str(BOOTSTRAP)]
    with Emulator(command, cwd=tmp_path, handler="app.handler", environ=environ) as emulator:
        assert emulator.invoke().json() == [["base", "order"], True, False]


@pytest.mark.skipif(sys.version_info < (3, 15), reason="Python has no lazy imports before 3.15")
def test_filter_that_is_there(tmp_path: Path) -> None:
    """A filter of lazy imports that was set before the runtime began is kept."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import sys\nsys.set_lazy_imports_filter(lambda *_: False)\n")
    for name, text in REGISTERS.items():
        (tmp_path / name).write_text(text)
    command = [sys.executable, str(BOOTSTRAP)]
    environ = {"BOOTSTRAP_LAZY_IMPORTS": "1", "PYTHONPATH": str(tmp_path / "site")}
    with Emulator(command, cwd=tmp_path, handler="app.handler", environ=environ) as emulator:
        assert emulator.invoke().json() == [["base", "order"], False, True]


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="Python has lazy imports since 3.15")
def test_no_lazy_imports() -> None:
    """Where Python has no lazy imports, one warning says that BOOTSTRAP_LAZY_IMPORTS has no effect."""
    command = [sys.executable, str(BOOTSTRAP)]
    environ = {"BOOTSTRAP_LAZY_IMPORTS": "1"}
    with Emulator(command, cwd=FUNCTIONS, handler="echo.handler", environ=environ) as emulator:
        outcomes = [emulator.invoke(b"1").json() for _ in range(2)]
        log = (emulator.stdout + emulator.stderr).decode()

    assert outcomes == [1, 1]
    assert log.count("BOOTSTRAP_LAZY_IMPORTS has no effect on Python 3.") == 1
    assert "lazy imports begin with Python 3.15" in log


SPECS = """
import importlib.machinery, os, sys
PREFIX = "lambda_bootstrap."
def is_found(module):
    spec, name = module.__spec__, module.__name__
    found = importlib.machinery.PathFinder.find_spec(name, sys.modules["lambda_bootstrap"].__path__)
    return [spec == found, spec.cached == found.cached and os.path.exists(module.__file__)]
def handler(event, context):
    modules = {name: module for name, module in sys.modules.items() if name.startswith(PREFIX) and name.count(".") == 1}
    return [
        {name.removeprefix(PREFIX): is_found(module) for name, module in modules.items()},
        [getattr(finder, "__name__", type(finder).__name__) for finder in sys.meta_path],
    ]
"""


@pytest.mark.parametrize(
    ("mode", "word"),
    [
        pytest.param("timestamp", "new", id="of an older source"),
        pytest.param("checked-hash", "new", id="of another source"),
        pytest.param("unchecked-hash", "old", id="whatever its source"),
    ],
)
def test_byte_code(tmp_path: Path, mode: str, word: str) -> None:
    """Byte code of the runtime's own modules counts as Python itself has it count."""
    shutil.copytree(BOOTSTRAP.parent / "runtime", tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    bootstrap = shutil.copy(BOOTSTRAP, tmp_path)
    module = tmp_path / "runtime" / "lambda_bootstrap" / "errors.py"
    source = module.read_text()
    module.write_text(f"{source}WORD = 'old'\n")
    compiled = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", mode, str(tmp_path / "runtime")]
    subprocess.run(compiled, check=True)
    module.write_text(f"{source}WORD = 'new'  # longer\n")
    (tmp_path / "app.py").write_text(
        "import sys\ndef handler(event, context): return sys.modules['lambda_bootstrap.errors'].WORD\n"
    )
    with Emulator([sys.executable, str(bootstrap)], cwd=tmp_path, handler="app.handler") as emulator:
        assert emulator.invoke().json() == word


def test_nothing_heavy(before_next: set[str]) -> None:
    """None of the modules is imported that decision D3 in docs/why.md rules out."""
    assert before_next & RULED_OUT == set()


def test_the_package_costs_nothing() -> None:
    """`import lambda_bootstrap` alone imports none of its modules."""
    code = "import sys, lambda_bootstrap; print(sorted(name for name in sys.modules if name.startswith('lambda_')))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=BOOTSTRAP.parent / "runtime"
    )

    assert result.stdout == "['lambda_bootstrap']\n"


def test_own_modules(tmp_path: Path) -> None:
    """The runtime's modules are as an ordinary import makes them, and what finds them faster is gone afterwards."""
    (tmp_path / "app.py").write_text(SPECS)
    with Emulator([sys.executable, str(BOOTSTRAP)], cwd=tmp_path, handler="app.handler") as emulator:
        modules, finders = emulator.invoke().json()

    assert set(modules) >= OURS
    assert [name for name, (is_same, has_code) in modules.items() if not (is_same and has_code)] == []
    assert "find_spec" not in finders


@pytest.mark.parametrize("is_relative", [False, True], ids=["absolute", "relative"])
def test_link(tmp_path: Path, is_relative: bool) -> None:  # noqa: FBT001 - a parameter
    """A symbolic link to `bootstrap`, wherever it lies, starts the runtime that it leads to."""
    (tmp_path / "app.py").write_text("import lambda_bootstrap\ndef handler(): return lambda_bootstrap.__file__\n")
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "started"
    link.symlink_to(os.path.relpath(BOOTSTRAP, link.parent) if is_relative else BOOTSTRAP)
    with Emulator([sys.executable, str(link)], cwd=tmp_path, handler="app.handler") as emulator:
        assert emulator.invoke().json() == str(BOOTSTRAP.parent / "runtime" / "lambda_bootstrap" / "__init__.py")


def test_logging_costs_itself(before_next: set[str]) -> None:
    """A function that imports `logging` has that, what it imports, and the one room of ours that sets it up."""
    modules = beyond("imports_logging.handler", "import logging")

    assert modules - before_next == {
        "imports_logging",
        "lambda_bootstrap.integrations",
        "lambda_bootstrap.integrations.stdlib",
    }
