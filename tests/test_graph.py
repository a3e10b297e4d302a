"""The floor plan of the package, held: the road, the rooms beside it, and what may import what."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT, sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = ROOT / "runtime" / "lambda_bootstrap"
ROOMS = ("diagnostics", "events", "extensions", "integrations", "lifecycle", "typed", "web")
# Bottom to top. A module may import from the lines above its own only; the lists are all that it does import, for
# types and inside functions too.
GRAPH = {
    # the road's ground: pure values and functions, and what the whole road may ask
    "errors": [],
    "environ": [],
    "settings": ["errors"],
    "spare": [],
    "traces": [],
    "typed.encoder": [],
    "diagnostics.json_places": [],
    "diagnostics.json_errors": ["diagnostics.json_places", "traces"],
    "codec": ["diagnostics.json_errors", "errors", "spare", "traces", "typed.encoder"],
    "record": ["codec", "traces"],
    "report": ["codec", "errors", "record", "spare", "traces"],
    "http1": ["errors"],
    "protocol": ["errors", "http1", "settings"],
    "contracts": ["http1", "protocol", "report"],
    "current": ["protocol"],
    "integrations.tracing": [],
    "integrations.mobile": [],
    "context": ["integrations.mobile", "integrations.tracing", "spare"],
    "hooks": ["context", "traces"],
    # the road's edges
    "transport": ["errors", "http1", "protocol", "spare"],
    "client": ["contracts", "errors", "http1", "protocol", "report", "traces"],
    "log": ["current", "errors", "protocol", "record", "report", "settings", "traces"],
    # the rooms
    "integrations.fast_json": ["codec", "errors", "settings"],
    "integrations.urllib3": ["errors", "http1", "protocol", "spare"],
    "integrations.structlog": ["current", "log", "record", "traces"],
    "integrations.stdlib": ["current", "log", "record", "traces"],
    "integrations.spans": ["context", "current", "integrations.tracing", "traces"],
    "integrations.opentelemetry": ["hooks", "integrations.spans"],
    "integrations.awslambdaric": ["context", "errors", "hooks", "integrations.mobile", "report"],
    "integrations.snapshot_restore_py": [],
    "integrations.offers": ["integrations.awslambdaric", "integrations.snapshot_restore_py"],
    "diagnostics.timeout_dump": ["current", "protocol", "traces"],
    "diagnostics.blocked_loop": ["diagnostics.timeout_dump", "traces"],
    "lifecycle.event_loop": ["current", "diagnostics.blocked_loop", "errors"],
    "lifecycle": ["lifecycle.event_loop"],
    "lifecycle.randomness": [],
    "lifecycle.signals": ["log", "report"],
    "extensions.api": ["codec", "http1", "protocol"],
    "extensions.telemetry": ["codec", "extensions.api"],
    "extensions.client": ["environ", "extensions.api", "extensions.telemetry", "protocol", "settings", "transport"],
    "extensions.async_client": [
        *("environ", "errors", "extensions.api", "extensions.telemetry", "http1", "protocol", "settings"),
    ],
    "extensions": ["extensions.api", "extensions.async_client", "extensions.client"],
    "lifecycle.shutdown": [
        *("current", "errors", "extensions.api", "extensions.client", "hooks", "lifecycle", "lifecycle.event_loop"),
        *("lifecycle.signals", "log", "protocol", "transport"),
    ],
    "lifecycle.sharing": [],
    "lifecycle.shares": [],
    "lifecycle.polls": ["transport"],
    "lifecycle.staff": ["lifecycle.polls"],
    "lifecycle.connection": ["http1", "lifecycle.polls", "protocol", "transport"],
    "lifecycle.task_client": ["errors", "http1", "lifecycle.connection", "lifecycle.staff", "protocol", "report"],
    "web.response": ["codec", "traces"],
    "web.stream": [
        *("codec", "contracts", "errors", "http1", "lifecycle.event_loop", "protocol", "report", "spare"),
        "web.response",
    ],
    "lifecycle.tasks": [
        *("current", "diagnostics.blocked_loop", "errors", "hooks", "lifecycle.connection"),
        *("lifecycle.event_loop", "lifecycle.polls", "lifecycle.shutdown", "lifecycle.task_client", "log"),
        *("protocol", "report", "traces", "transport", "web.stream"),
    ],
    "lifecycle.told_tasks": ["lifecycle.event_loop", "lifecycle.shutdown", "lifecycle.tasks", "protocol"],
    "web.front_ends.request": ["errors"],
    "web.front_ends.results": [],
    "web.front_ends.rest": ["web.front_ends.request", "web.front_ends.results"],
    "web.front_ends.http_api": ["web.front_ends.request", "web.front_ends.results"],
    "web.front_ends.alb": ["web.front_ends.request", "web.front_ends.results"],
    "web.front_ends.lattice": ["web.front_ends.alb", "web.front_ends.request"],
    "web.front_ends": [
        *(
            "errors",
            "web.front_ends.alb",
            "web.front_ends.http_api",
            "web.front_ends.lattice",
            "web.front_ends.request",
        ),
        "web.front_ends.rest",
    ],
    "web.application": [
        *("codec", "errors", "log", "report", "settings", "web.front_ends", "web.front_ends.request"),
        *("web.front_ends.results", "web.response", "web.stream"),
    ],
    "web.wsgi": [
        *("web.application", "web.front_ends.request", "web.front_ends.results", "web.response", "web.stream"),
    ],
    "web.lifespan": ["errors"],
    "web.exchange": [
        *("lifecycle.event_loop", "web.application", "web.front_ends.request", "web.front_ends.results"),
        *("web.response", "web.stream"),
    ],
    "web.asgi": [
        *("current", "hooks", "lifecycle.event_loop", "log", "settings", "web.application", "web.exchange"),
        *("web.front_ends.request", "web.lifespan", "web.stream"),
    ],
    "web.detection": ["errors", "web.application", "web.asgi", "web.wsgi"],
    "typed.decoder": ["codec", "diagnostics.json_errors"],
    "typed.scalars": ["codec", "typed.decoder"],
    "typed.containers": ["diagnostics.json_errors", "typed.decoder"],
    "typed.pydantic": ["codec", "errors", "typed.decoder"],
    "typed.msgspec": ["codec", "diagnostics.json_errors", "typed.decoder"],
    "typed.fields": ["errors"],
    "typed.compiler": [
        *("codec", "errors", "typed.containers", "typed.decoder", "typed.fields", "typed.msgspec", "typed.pydantic"),
        "typed.scalars",
    ],
    "typed.annotations": [
        *("codec", "errors", "traces", "typed.compiler", "typed.decoder", "typed.encoder", "typed.fields"),
    ],
    "typed.imports": [],
    "typed.parameters": [],
    "diagnostics.advice": ["traces"],
    "diagnostics.uniqueness": [],
    "lifecycle.snapstart": [
        *("diagnostics.uniqueness", "errors", "hooks", "lifecycle", "lifecycle.randomness", "log", "protocol"),
        "report",
    ],
    "events.sqs_sns": [],
    "events.dynamodb_kinesis": [],
    "events.s3": [],
    "events.eventbridge": [],
    "events.other": [],
    "events.cognito": [],
    "events.http": [],
    "events.firehose": [],
    "events.kafka": [],
    "events.cloudwatch_logs": ["codec"],
    # the road's crossings: what the function is, and what happens when
    "signature": [
        *("codec", "context", "diagnostics.advice", "errors", "lifecycle.event_loop", "spare", "typed.annotations"),
        *("typed.imports", "typed.parameters", "web.detection"),
    ],
    "events.batch": ["codec", "errors", "lifecycle.event_loop", "signature"],
    "events": [
        *("events.batch", "events.cloudwatch_logs", "events.cognito", "events.dynamodb_kinesis"),
        *("events.eventbridge", "events.firehose", "events.http", "events.kafka"),
        *("events.other", "events.s3", "events.sqs_sns"),
    ],
    "lifecycle.workers": [
        *("errors", "extensions.api", "extensions.client", "hooks", "lifecycle", "lifecycle.polls"),
        *("lifecycle.randomness", "lifecycle.shares", "lifecycle.sharing", "lifecycle.shutdown", "lifecycle.signals"),
        *("lifecycle.staff", "lifecycle.tasks", "lifecycle.told_tasks", "log", "protocol", "report", "settings"),
        "signature",
    ],
    "loader": ["codec", "diagnostics.advice", "errors", "signature", "spare", "traces"],
    "on_import": [
        *("integrations.awslambdaric", "integrations.offers", "integrations.stdlib", "integrations.structlog", "log"),
    ],
    "loop": [
        *("codec", "context", "contracts", "current", "diagnostics.advice", "errors", "hooks", "integrations.mobile"),
        *("log", "protocol", "report", "signature", "spare", "traces", "web.stream"),
    ],
    "main": [
        *("client", "codec", "contracts", "current", "diagnostics.timeout_dump", "environ", "errors", "hooks"),
        *("integrations.fast_json", "integrations.opentelemetry", "integrations.urllib3", "lifecycle.shutdown"),
        *("lifecycle.signals", "lifecycle.snapstart", "lifecycle.workers", "loader", "log", "loop", "on_import"),
        *("protocol", "report"),
        *("settings", "signature", "spare", "transport"),
    ],
    "__main__": [],
    "__init__": ["context", "errors", "hooks", "main", "web.response"],
}

PURE = [
    *("errors", "settings", "traces", "diagnostics.json_errors", "codec", "report", "record", "http1", "protocol"),
    *("current", "integrations.tracing", "context"),
    *("web.front_ends", "web.front_ends.request", "web.front_ends.results", "web.front_ends.rest"),
    *("web.front_ends.http_api", "web.front_ends.alb", "web.front_ends.lattice"),
]
# What a pure module may import of the standard library: nothing that reaches outside of the process. Of `time` it may
# have the conversions, and no clock.
PURE_IMPORTS = {
    "__future__",
    "_contextvars",
    "_json",
    "_weakref",
    "binascii",
    "collections.abc",
    "dataclasses",
    "decimal",
    "gc",
    "marshal",
    "sys",
    "time",
    "types",
    "typing",
    "urllib.parse",
}
PURE_TIME = {"gmtime", "strftime"}
# What decides what happens when; a room is handed what it needs.
POLICY = {"client", "loader", "loop", "main"}


def modules() -> list[Path]:
    """The modules of the package, road and rooms."""
    return [path for path in sources() if len(path.read_text().splitlines()) > 1]


def name_of(path: Path) -> str:
    """A module's name in GRAPH: within the package, with dots; a room's own is the room's."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def path_of(name: str) -> Path:
    """The file of a module in GRAPH."""
    path = PACKAGE / name.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def is_room(name: str) -> bool:
    """Whether a module lies in a room."""
    return name.partition(".")[0] in ROOMS


def base_of(path: Path, level: int) -> str:
    """What the dots of a relative import in *path* stand for, within the package."""
    parents = path.relative_to(PACKAGE).parts[:-1]
    return ".".join(parents[: len(parents) - level + 1])


def imports(path: Path, nodes: Iterator[ast.AST] | None = None) -> Iterator[str]:
    """What a module imports, in the function or anywhere, the package's own with a dot before them."""
    known = {name_of(module) for module in modules()}
    for node in ast.walk(ast.parse(path.read_text())) if nodes is None else nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, [base_of(path, node.level), node.module]))
            inner = [".".join(filter(None, [base, alias.name])) for alias in node.names]
            yield from {f".{each}" if each in known else f".{base}" for each in inner}


def ours(names: Iterator[str]) -> list[str]:
    """Those of *names* that are modules of the package; itself, where its version stands, is there before them."""
    return sorted({name[1:] for name in names if name[0] == "." and name != "."})


def at_top(path: Path) -> Iterator[ast.AST]:
    """The statements of a module that run when it is imported."""

    def walk(body: list[ast.stmt]) -> Iterator[ast.AST]:
        for node in body:
            yield node
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                continue
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from walk([each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt)])

    return walk(ast.parse(path.read_text()).body)


def test_rooms() -> None:
    """The folders of the package are the rooms that the floor plan names, each with something in it."""
    folders = sorted(path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__")

    assert folders == sorted(ROOMS)
    assert [room for room in ROOMS if not any(name.startswith(f"{room}.") for name in GRAPH)] == []


def test_graph() -> None:
    """Every module imports what the graph says, for types and late imports too, and nothing more."""
    assert {name_of(path): ours(imports(path)) for path in modules()} == GRAPH


def test_downwards() -> None:
    """No module imports one that stands beside or above it in the graph, so there is no cycle."""
    order = list(GRAPH)

    assert [(name, other) for name in order for other in GRAPH[name] if order.index(other) >= order.index(name)] == []


@pytest.mark.parametrize("path", [path for path in modules() if not is_room(name_of(path))], ids=name_of)
def test_the_road_opens_rooms_late(path: Path) -> None:
    """A module of the road imports a room inside a function only: before it is used, a folder costs nothing."""
    assert [name for name in ours(imports(path, at_top(path))) if is_room(name)] == []


def test_rooms_know_no_policy() -> None:
    """No room imports main, loop, client or loader."""
    assert {
        name: sorted(POLICY & set(GRAPH[name])) for name in GRAPH if is_room(name) and POLICY & set(GRAPH[name])
    } == {}


@pytest.mark.parametrize("name", PURE)
def test_pure(name: str) -> None:
    """The pure modules import nothing that owns a piece of the outside world."""
    outside = {found for found in imports(path_of(name)) if found[0] != "."}

    assert outside - PURE_IMPORTS == set()


@pytest.mark.parametrize("name", PURE)
def test_no_clock(name: str) -> None:
    """The pure modules do not know what time it is."""
    nodes = ast.walk(ast.parse((path_of(name)).read_text()))
    of_time = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "time"]

    assert {alias.name for node in of_time for alias in node.names} - PURE_TIME == set()


def test_the_loop_knows_no_client() -> None:
    """The loop says what it needs of a client and is handed one."""
    assert "client" not in GRAPH["loop"]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_size(path: Path) -> None:
    """A module has at most 400 lines, and a function at most 50."""
    source = path.read_text()
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]

    assert len(source.splitlines()) <= 400
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= 50] == []


def test_bootstrap_is_short() -> None:
    """`bootstrap` has 25 lines at the most."""
    assert len((ROOT / "bootstrap").read_text().splitlines()) <= 25
