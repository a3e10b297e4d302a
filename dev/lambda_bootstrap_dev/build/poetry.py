"""
poetry.lock, and what Poetry's own tables in pyproject.toml say.

Owns: both formats, of Poetry 1 and 2, and Poetry's way to write versions: `^1.2`, `~1.2`, `1.*`, `>=1 || <0.5`.
Refuses to know: how anything in the lock is fetched.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..errors import BuildError
from .graph import Edge, Entry, read
from .packages import Package, Wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .project import Project
    from .target import Target

REMEDY = "poetry lock"
SDIST = (".tar.gz", ".zip")


def packages(document: dict[str, Any], project: Project, target: Target) -> list[Package]:
    """
    Read the packages that the target needs.

    Raises:
        BuildError: the lock has no entry for something that is asked for, or cannot be read.
    """
    return read(roots(project, target), _entries(document, project, target), "poetry.lock", REMEDY)


def _entries(document: dict[str, Any], project: Project, target: Target) -> Iterator[Entry]:
    for entry in document.get("package", []):
        if _is_for(entry, target):
            yield Entry(_package(entry, project.root), partial(_edges, entry, target))


def roots(project: Project, target: Target) -> Iterator[Edge]:
    """What the project asks for, with the extras and groups that are wanted."""
    extras, groups = project.settings.extras, project.settings.groups
    listed = [*project.metadata.get("dependencies", [])]
    known = {**project.poetry.get("extras", {}), **project.metadata.get("optional-dependencies", {})}
    for extra in extras:
        if extra not in known:
            raise BuildError(f"there is no extra {extra!r} in pyproject.toml; it has {', '.join(known) or 'none'}")
        listed += project.metadata.get("optional-dependencies", {}).get(extra, [])
    for group in groups:
        listed += [
            each for each in project.pyproject.get("dependency-groups", {}).get(group, []) if isinstance(each, str)
        ]
    yield from edges_of(listed, target)
    tables = [project.poetry.get("dependencies", {})]
    tables += [project.poetry.get("group", {}).get(group, {}).get("dependencies", {}) for group in groups]
    offered = {canonicalize_name(name) for extra in extras for name in project.poetry.get("extras", {}).get(extra, [])}
    standing = {canonicalize_name(Requirement(each).name) for each in listed}
    for table in tables:
        for name, value in table.items():
            if name != "python" and canonicalize_name(name) not in standing:
                yield from _alternatives(name, value, target, canonicalize_name(name) in offered)


def requirements(project: Project, target: Target) -> list[str]:
    """What the project asks for as pip and uv write it, for a project without a lock."""
    table = project.poetry.get("dependencies", {})
    lines = []
    for name, value in table.items():
        for each in value if isinstance(value, list) else [value]:
            entry = each if isinstance(each, dict) else {"version": each}
            if name == "python" or entry.get("optional") or not _holds(entry, target):
                continue
            extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
            place = entry.get("url") or (entry.get("path") and (project.root / entry["path"]).resolve().as_uri())
            specifiers = as_specifiers(entry.get("version", "*"))
            lines.append(
                f"{name}{extras} @ {place}" if place else f"{name}{extras}{specifiers[0] if specifiers else ''}"
            )
    return lines


def edges_of(listed: Iterable[str], target: Target) -> Iterator[Edge]:
    """The edges of PEP 508's requirements."""
    for text in listed:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(dict(target.markers)):
            specifier = requirement.specifier
            yield Edge(requirement.name, frozenset(requirement.extras), _within([specifier]))


def _alternatives(name: str, value: Any, target: Target, offered: bool = False) -> Iterator[Edge]:  # noqa: FBT001, FBT002 - one caller
    """The edges of an entry of Poetry's, which may be a list of alternatives by marker."""
    for each in value if isinstance(value, list) else [value]:
        entry = each if isinstance(each, dict) else {"version": each}
        if (offered or not entry.get("optional")) and _holds(entry, target):
            specifiers = as_specifiers(entry.get("version", "*"))
            yield Edge(name, frozenset(entry.get("extras", ())), _within(specifiers))


def _edges(entry: dict[str, Any], target: Target, extras: frozenset[str]) -> Iterator[Edge]:
    """What a package in the lock asks for."""
    wanted = {canonicalize_name(extra) for extra in extras}
    offered = {
        canonicalize_name(re.split(r"[\s\[(<>=!~;]", need, maxsplit=1)[0])
        for extra, needs in entry.get("extras", {}).items()
        if canonicalize_name(extra) in wanted
        for need in needs
    }
    for name, value in entry.get("dependencies", {}).items():
        yield from _alternatives(name, value, target, canonicalize_name(name) in offered)


def _holds(entry: dict[str, Any], target: Target) -> bool:
    """Whether an alternative is for the target. Its `extra == ...` has been decided by then."""
    marker = entry.get("markers", "")
    python = entry.get("python", "*")
    text = re.sub(
        r"""\(?\s*extra\s*==\s*(['"])[^'"]*\1\s*\)?\s*(and|or)?|(and|or)\s*extra\s*==\s*(['"])[^'"]*\4""", "", marker
    )
    return _within(as_specifiers(python))(f"{target.python}.0") and (
        not text.strip() or Marker(text).evaluate(dict(target.markers))
    )


def _is_for(entry: dict[str, Any], target: Target) -> bool:
    """Whether a package in the lock is for the target at all: one of several versions may be for another Python."""
    markers = entry.get("markers", "")
    if isinstance(markers, dict):  # a marker for each group
        markers = " or ".join(f"({marker})" for marker in markers.values())
    fits = not markers or Marker(markers).evaluate(dict(target.markers))
    return fits and _within(as_specifiers(entry.get("python-versions", "*")))(f"{target.python}.0")


def _package(entry: dict[str, Any], root: Path) -> Package:
    source = entry.get("source", {})
    kind, url = source.get("type", ""), source.get("url", "")
    files = [*entry.get("files", [])]
    return Package(
        name=entry["name"],
        version=entry["version"],
        wheels=tuple(
            Wheel(file["file"], url if kind == "url" else "", (file["hash"],))
            for file in files
            if file["file"].endswith(".whl")
        ),
        folder=(root / url).resolve() if kind == "directory" else None,
        sdist=next((Wheel(file["file"], "", (file["hash"],)) for file in files if file["file"].endswith(SDIST)), None),
        source=url if kind in {"git", "url", "file"} else "",
        index=url if kind == "legacy" else "",
    )


def _within(specifiers: list[SpecifierSet]) -> Any:
    """Whether a version is within one of the sets; any is if there is none."""
    return lambda version: not specifiers or any(each.contains(version, prereleases=True) for each in specifiers)


def as_specifiers(constraint: str) -> list[SpecifierSet]:
    """Turn Poetry's way to write versions into PEP 440's: one set for each alternative, none for any version."""
    found = []
    for part in constraint.split("||"):
        terms = [term for each in part.split(",") for term in re.split(r"(?<=[\w*])\s+(?=[<>=!~^])", each.strip())]
        texts = [text for term in terms if (text := _term(term.strip()))]
        if not texts:
            return []
        found.append(SpecifierSet(",".join(texts)))
    return found


def _term(term: str) -> str:
    """One comparison; "" for any version."""
    term = re.sub(r"^([<>=!~^]+)\s+", r"\1", term)
    if term in {"", "*"}:
        return ""
    if term.startswith(("^", "~")) and not term.startswith("~="):
        version = term[1:]
        numbers = [int(number) for number in re.match(r"[\d.]+", version)[0].strip(".").split(".")]  # type: ignore[index] # a version begins with a number
        if term[0] == "~":
            place = min(1, len(numbers) - 1)
        else:
            place = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
        upper = [*numbers[:place], numbers[place] + 1]
        return f">={version},<{'.'.join(map(str, upper))}"
    if term[0].isdigit():
        return f"=={term}"
    return term if not term.startswith("=") or term.startswith("==") else f"={term}"
