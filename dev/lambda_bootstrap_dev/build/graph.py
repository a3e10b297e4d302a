"""
Which entries of a lock a function needs, where the lock leaves that to its reader: poetry.lock, pdm.lock.

Owns: the walk from what the project asks for to all that this asks for in turn.
Refuses to know: the format of either lock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier
from packaging.utils import canonicalize_name

from ..errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .packages import Package


@dataclass(frozen=True)
class Edge:
    """One package asks for another, with extras, if its version will do."""

    name: str
    extras: frozenset[str] = frozenset()
    suits: Callable[[str], bool] = lambda _: True


@dataclass(frozen=True)
class Entry:
    """A package in a lock, and what it asks for if it is asked for with extras."""

    package: Package
    asks: Callable[[frozenset[str]], Iterable[Edge]]


def read(edges: Iterable[Edge], entries: Iterable[Entry], lock: str, remedy: str) -> list[Package]:
    """
    Return the packages that can be reached, each once; *edges* and *entries* read the lock as they go.

    Raises:
        BuildError: the lock has no entry for something that is asked for, or cannot be read.
    """
    try:
        return reach(edges, entries, lock, remedy)
    except (KeyError, TypeError, InvalidMarker, InvalidRequirement, InvalidSpecifier) as error:
        raise BuildError(f"{lock} cannot be read: {error!r}") from error


def reach(edges: Iterable[Edge], entries: Iterable[Entry], lock: str, remedy: str) -> list[Package]:
    """
    Return the packages that can be reached, each once.

    Raises:
        BuildError: the lock has no entry for something that is asked for.
    """
    known: dict[str, list[Entry]] = {}
    for entry in entries:
        known.setdefault(canonicalize_name(entry.package.name), []).append(entry)
    found: dict[tuple[str, str], Package] = {}
    done: set[tuple[str, frozenset[str]]] = set()
    waiting = deque((edge, "the project") for edge in edges)
    while waiting:
        edge, by = waiting.popleft()
        name = canonicalize_name(edge.name)
        if (name, edge.extras) in done:
            continue
        done.add((name, edge.extras))
        candidates = known.get(name, [])
        if len(candidates) > 1:
            candidates = [entry for entry in candidates if edge.suits(entry.package.version)]
        if not candidates:
            raise BuildError(f"{lock} has no {edge.name} that suits, which {by} asks for: {remedy}")
        for entry in candidates if len({each.package.version for each in candidates}) == 1 else candidates[:1]:
            found[name, entry.package.version] = entry.package
            waiting.extend((each, entry.package.name) for each in entry.asks(edge.extras))
    return list(found.values())
