"""
What a module imports for a type checker's eyes only.

Owns: the search for our own `Context` in a module's source, where a name in an annotation is not there at run time.
Refuses to know: annotations that can be resolved, and what a parameter gets.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PACKAGE = __name__.partition(".")[0]
CONTEXTS = {"Context", "LambdaContext"}


def has_context(name: str, names: Mapping[str, Any]) -> bool:
    """
    Return whether a module's source imports our `Context` as *name*, under `if TYPE_CHECKING` say.

    Args:
        name: as in the annotation; may be dotted.
        names: the module's globals.
    """
    source = _source(names)
    return PACKAGE in source and name in _contexts(source)


def _contexts(source: str) -> set[str]:
    """Return the names that a module's imports give to our `Context`."""
    import ast

    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and not node.level and str(node.module).partition(".")[0] == PACKAGE:
            found |= {alias.asname or alias.name for alias in node.names if alias.name in CONTEXTS}
        elif isinstance(node, ast.Import):
            found |= {f"{alias.asname}.{each}" for alias in node.names if alias.name == PACKAGE for each in CONTEXTS}
    return found


def _source(names: Mapping[str, Any]) -> str:
    """Return the source of the module with the globals *names*; "" if it cannot be had."""
    import linecache

    return "".join(linecache.getlines(str(names.get("__file__")), dict(names)))
