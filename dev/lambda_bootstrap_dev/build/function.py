"""
Whether the function is there: its module, and the name in it.

Owns: reading a module without running it, before anything slow begins.
Refuses to know: what the function does, and how it is packed.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ..errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Found:
    """A module that the handler's name starts with, and the attributes that follow."""

    file: Path
    attributes: tuple[str, ...]


def find_module(folder: Path, handler: str) -> Found | None:
    """Find the module of a handler like `shop.orders.handler`: the longest name that is one in *folder*."""
    parts = handler.split(".")
    for end in range(len(parts) - 1, 0, -1):
        base = folder.joinpath(*parts[:end])
        for file in (base / "__init__.py", base.with_name(f"{base.name}.py")):
            if file.is_file():
                return Found(file, tuple(parts[end:]))
    return None


def modules(folder: Path) -> list[str]:
    """The modules and packages at the top of *folder*."""
    found = [path.stem for path in folder.glob("*.py")]
    return sorted([*found, *(path.parent.name for path in folder.glob("*/__init__.py"))])


def check(found: Found, handler: str, python: str) -> None:
    """
    Check that the module defines the handler's name, as far as reading it can tell.

    Raises:
        BuildError: it doesn't, or isn't Python.
    """
    try:
        tree = ast.parse(found.file.read_bytes(), filename=str(found.file))
    except (SyntaxError, ValueError) as error:
        if sys.version_info[:2] < tuple(map(int, python.split("."))):
            return  # the target's Python knows more than ours
        line = f" line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise BuildError(
            f"{found.file}{line} isn't Python {sys.version_info[0]}.{sys.version_info[1]}: {error}"
        ) from error
    body: Iterable[ast.stmt] = tree.body
    for depth, name in enumerate(found.attributes):
        names = dict(defined(body))
        if "*" in names or "__getattr__" in names:
            return
        if name not in names:
            near = get_close_matches(name, names, 1)
            defines = [each for each in names if not each.startswith("_")]
            hint = f"did you mean {near[0]!r}?" if near else f"it defines {', '.join(defines) or 'nothing'}"
            where = ".".join(["", *found.attributes[:depth]]).strip(".")
            owner = f"{found.file}: {where}" if where else str(found.file)
            raise BuildError(f"handler {handler!r}: {owner} doesn't define {name!r}; {hint}")
        node = names[name]
        # Of an instance, an imported class or one with bases, only running the module could tell.
        if not isinstance(node, ast.ClassDef) or node.bases or node.decorator_list:
            return
        body = node.body


def defined(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:  # noqa: C901 - a case for each statement
    """Yield the names that the statements define, `*` for what cannot be read."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name.partition(".")[0], node) for alias in node.names)
        elif isinstance(node, ast.Assign):
            yield from ((name, node) for target in node.targets for name in names_of(target))
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            yield from ((name, node) for name in names_of(node.target))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if ast.unparse(node.value.func) in {"exec", "globals().update", "vars().update", "setattr"}:
                yield "*", node
        else:
            for _, inner in ast.iter_fields(node):
                yield from defined(statements(inner))
            if isinstance(node, (ast.With, ast.AsyncWith)):
                yield from ((name, node) for item in node.items for name in names_of(item.optional_vars))
            if isinstance(node, (ast.For, ast.AsyncFor)):
                yield from ((name, node) for name in names_of(node.target))


def statements(value: object) -> Iterator[ast.stmt]:
    """The statements in a field of a compound statement: of `if`, `try`, `with`, `match`."""
    for each in value if isinstance(value, list) else []:
        if isinstance(each, ast.stmt):
            yield each
        elif isinstance(each, (ast.ExceptHandler, ast.match_case)):
            yield from each.body


def names_of(target: ast.expr | None) -> Iterator[str]:
    """The names that an assignment's target binds."""
    if target is not None:
        yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def near(name: str, names: Iterable[str]) -> str:
    """The name that was probably meant; "" if none is like it."""
    return next(iter(get_close_matches(name, [each for each in names if each != name], 1)), "")
