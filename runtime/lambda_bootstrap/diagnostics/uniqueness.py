"""
What will be the same in every environment that is restored from one snapshot, though its author meant it to be unique.

Owns: which calls at the top of a module make such a value, and the advice.
Refuses to know: when the snapshot is taken, and where a warning is logged.

The sources of the function's own modules are read, not those of packages that pip installed; open sockets are found in
the variables of the same modules.
"""

from __future__ import annotations

import ast
import os
import socket
import sys
from importlib.metadata import packages_distributions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

# Modules of which every call counts, and calls of the others.
WHOLE = {"random", "secrets", "numpy.random"}
CALLS = {
    *("uuid.uuid1", "uuid.uuid4", "os.urandom", "tempfile.mkdtemp", "tempfile.mkstemp"),
    *("time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"),
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"),
}
HARMLESS = {"random.seed", "numpy.random.seed"}
SEEDED = {"random.Random", "numpy.random.default_rng", "numpy.random.RandomState"}  # by their argument, if there is one
ADVICE = "make it in the handler, or anew in a hook of after_restore"


def warnings() -> Iterator[str]:
    """Find what is not unique; one sentence each, with module, line and variable."""
    installed = set(packages_distributions())
    for name, module in sorted(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if path.endswith(".py") and is_of_function(name, path, installed):
            yield from values(name, path)
            yield from sockets(name, module)


def is_of_function(name: str, path: str, installed: set[str]) -> bool:
    """Return whether a module is the function's own: not Python's, not ours, and not of a package."""
    top = name.partition(".")[0]
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    is_other = top in installed or top in sys.stdlib_module_names or "site-packages" in path
    return not (is_other or os.path.abspath(path).startswith(ours))


def values(name: str, path: str) -> Iterator[str]:
    """Find the assignments at the top of a module that make a value by chance or by the clock."""
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):  # what ran is not what lies there
        return
    known: dict[str, str] = {}
    for statement in at_top(tree.body):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                top = alias.name.partition(".")[0]
                known[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(statement, ast.ImportFrom):
            known.update({alias.asname or alias.name: f"{statement.module}.{alias.name}" for alias in statement.names})
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [each for target in targets for each in getattr(target, "elts", [target])]
            variable = ", ".join(map(ast.unparse, names))
            for made in filter(None, (call_of(node, known) for node in ast.walk(statement.value))):
                yield (
                    f"{variable} of {name} ({path}, line {statement.lineno}) is made by {made}() before the snapshot, "
                    f"and so the same in every environment: {ADVICE}"
                )
                break


def at_top(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Go through what runs when a module is imported: bodies of classes, `if` and `try` too."""
    for statement in statements:
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from at_top([each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.stmt)])


def call_of(node: ast.AST, known: dict[str, str]) -> str | None:
    """Return the name of the call that *node* is, if it makes a value that should be unique."""
    if not isinstance(node, ast.Call):
        return None
    first, dot, rest = ast.unparse(node.func).partition(".")
    name = known.get(first, "") + dot + rest
    is_meant = name in HARMLESS or (name in SEEDED and bool(node.args or node.keywords))
    is_whole = name.rpartition(".")[0] in WHOLE and not is_meant
    return name if is_whole or name in CALLS else None


def sockets(name: str, module: ModuleType) -> Iterator[str]:
    """Find the open sockets in a module's variables, and in the attributes of what these hold."""
    for variable, value in list(vars(module).items()):
        inner = getattr(value, "__dict__", None) if not isinstance(value, type(sys)) else None
        held = [(variable, value), *((f"{variable}.{key}", each) for key, each in dict(inner or {}).items())]
        for where, each in held:
            if isinstance(each, socket.socket) and each.fileno() >= 0:
                yield (
                    f"{where} of {name} is an open socket, which no restored environment can use: "
                    "close it in a hook of before_snapshot, and open it in one of after_restore"
                )
