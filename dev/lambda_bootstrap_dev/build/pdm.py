"""
pdm.lock.

Owns: its format, from 4.0 on.
Refuses to know: how anything in the lock is fetched.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..errors import BuildError
from .graph import Edge, Entry, read
from .packages import Package, Wheel
from .poetry import SDIST, edges_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .project import Project
    from .target import Target


def packages(document: dict[str, Any], project: Project, target: Target) -> list[Package]:
    """
    Read the packages that the target needs.

    Raises:
        BuildError: the lock has no entry for something that is asked for, or cannot be read.
    """
    return read(roots(project, target), _entries(document, project, target), "pdm.lock", "pdm lock")


def _entries(document: dict[str, Any], project: Project, target: Target) -> Iterator[Entry]:
    for entry in merged(document.get("package", [])):
        if _is_for(entry, target):
            yield Entry(_package(entry, project.root), partial(_edges, entry, target))


def roots(project: Project, target: Target) -> Iterator[Edge]:
    """What the project asks for, with the extras and groups that are wanted."""
    listed = [*project.metadata.get("dependencies", [])]
    offered = project.metadata.get("optional-dependencies", {})
    groups = {**project.tool("pdm").get("dev-dependencies", {}), **project.pyproject.get("dependency-groups", {})}
    for table, kind, names in (
        (offered, "extra", project.settings.extras),
        (groups, "group", project.settings.groups),
    ):
        for name in names:
            if name not in table:
                raise BuildError(f"there is no {kind} {name!r} in pyproject.toml; it has {', '.join(table) or 'none'}")
            listed += [each.removeprefix("-e ") for each in table[name] if isinstance(each, str)]
    yield from edges_of((each for each in listed if not each.startswith("file:")), target)


def merged(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Join the entries of one version: with extras, a package has an entry for each choice of them."""
    joined: dict[tuple[str, str, str], dict[str, Any]] = {}
    for entry in entries:
        key = (canonicalize_name(entry["name"]), entry.get("version", ""), entry.get("marker", ""))
        known = joined.setdefault(key, {**entry, "choices": []})
        known["choices"].append((frozenset(entry.get("extras", ())), entry.get("dependencies", [])))
        known["files"] = known.get("files") or entry.get("files", [])
    yield from joined.values()


def _edges(entry: dict[str, Any], target: Target, extras: frozenset[str]) -> Iterator[Edge]:
    wanted = {canonicalize_name(extra) for extra in extras}
    own = canonicalize_name(entry["name"])
    for choice, listed in entry["choices"]:
        if {canonicalize_name(extra) for extra in choice} <= wanted:
            others = [each for each in listed if canonicalize_name(Requirement(each).name) != own]
            yield from edges_of(others, target)


def _is_for(entry: dict[str, Any], target: Target) -> bool:
    python = SpecifierSet(entry.get("requires_python", ""))
    marker = entry.get("marker", "")
    return python.contains(f"{target.python}.99") and (not marker or Marker(marker).evaluate(dict(target.markers)))


def _package(entry: dict[str, Any], root: Path) -> Package:
    files = [(file.get("file") or _name(file["url"]), file) for file in entry.get("files", [])]
    return Package(
        name=entry["name"],
        version=entry.get("version", ""),
        wheels=tuple(
            Wheel(name, file.get("url", ""), (file["hash"],)) for name, file in files if name.endswith(".whl")
        ),
        sdist=next(
            (Wheel(name, file.get("url", ""), (file["hash"],)) for name, file in files if name.endswith(SDIST)), None
        ),
        folder=(root / entry["path"]).resolve() if "path" in entry else None,
        source=entry.get("git") or entry.get("url", ""),
    )


def _name(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]
