"""
Which versions the project has settled on.

Owns: which of its locks counts, and how each becomes a list of packages for the target.
Refuses to know: how packages get into a folder.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..errors import BuildError
from . import pdm, poetry, pylock
from .packages import OURS, Package
from .project import read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .project import Project
    from .target import Target
    from .uv import Uv

# The first that is there counts.
LOCKS = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "requirements.txt", "pyproject.toml")


@dataclass(frozen=True)
class Lock:
    """The file that says what the function needs."""

    name: str  # one of LOCKS, or ""
    path: Path

    def __str__(self) -> str:
        return self.name


def find(project: Project) -> Lock:
    """Find the lock that counts; without any, its name is empty."""
    for name in LOCKS:
        if (project.root / name).is_file():
            return Lock(name, project.root / name)
        # A workspace has one uv.lock, which lies above its members.
        if name == "uv.lock" and (above := _workspace(project.root)):
            return Lock(name, above)
    return Lock("", project.root)


def _workspace(root: Path) -> Path | None:
    """The uv.lock of the workspace that *root* is a member of."""
    for folder in root.parents:
        if (folder / "uv.lock").is_file():
            members = read(folder / "pyproject.toml").get("tool", {}).get("uv", {}).get("workspace", {})
            within = any(root in folder.glob(pattern) for pattern in members.get("members", []))
            return folder / "uv.lock" if within else None
    return None


def resolve(project: Project, lock: Lock, target: Target, uv: Uv, *, sources: bool = False) -> list[Package]:
    """
    Return the packages that the function needs; *sources* allows some that have no wheel.

    Raises:
        BuildError: there is no solution for the target, or the lock cannot be read or is out of date.
    """
    settings = project.settings
    if lock.name == "uv.lock":
        found = _of_uv(project, lock, target, uv)
    elif lock.name == "pylock.toml":
        text = lock.path.read_text(encoding="utf-8")
        found = pylock.packages(text, project.root, target, lock.name, extras=settings.extras, groups=settings.groups)
    elif lock.name == "poetry.lock":
        found = poetry.packages(read(lock.path), project, target)
    elif lock.name == "pdm.lock":
        found = pdm.packages(read(lock.path), project, target)
    elif lock.name:
        found = _compile(project, lock, target, uv, sources=sources)
    else:
        found = []
    return [package for package in found if not package.is_ours and package.folder != project.root]


def _of_uv(project: Project, lock: Lock, target: Target, uv: Uv) -> list[Package]:
    check_uv_lock(read(lock.path), project)
    options = [f"--extra={extra}" for extra in project.settings.extras]
    options += [f"--group={group}" for group in project.settings.groups]
    text = uv.run(
        *(
            "export",
            "--quiet",
            "--frozen",
            "--no-default-groups",
            "--no-editable",
            "--format=pylock.toml",
            "--no-header",
        ),
        *options,
        cwd=project.root,
        failure=f"{lock.path} cannot be read",
    )
    return pylock.packages(text, project.root, target, lock.name)


def check_uv_lock(document: dict[str, Any], project: Project) -> None:
    """
    Check that the lock knows what pyproject.toml asks for: uv itself would need an interpreter to compare them.

    Raises:
        BuildError: something has been added or changed since.
    """
    own = canonicalize_name(project.own_name or "")
    entry = next((each for each in document.get("package", []) if canonicalize_name(each["name"]) == own), None)
    if entry is None:
        raise BuildError(f"uv.lock has no {project.own_name}, the project itself: uv lock")
    listed = [*entry.get("metadata", {}).get("requires-dist", [])]
    for group in entry.get("metadata", {}).get("requires-dev", {}).values():
        listed += group
    known = {(canonicalize_name(each["name"]), SpecifierSet(each.get("specifier", ""))) for each in listed}
    names = {name for name, _ in known}
    for requirement in _asked(project):
        name = canonicalize_name(requirement.name)
        is_placed = name in project.tool("uv").get("sources", {}) or requirement.url
        if name not in names or not (is_placed or (name, requirement.specifier) in known):
            raise BuildError(f"uv.lock doesn't know {str(requirement)!r}, which pyproject.toml asks for: uv lock")


def _asked(project: Project) -> Iterable[Requirement]:
    """What pyproject.toml asks for, with the wanted extras and groups."""
    optional, groups = project.metadata.get("optional-dependencies", {}), project.pyproject.get("dependency-groups", {})
    texts = [*project.metadata.get("dependencies", [])]
    texts += [text for extra in project.settings.extras for text in optional.get(extra, [])]
    texts += [text for group in project.settings.groups for text in groups.get(group, []) if isinstance(text, str)]
    return [requirement for text in texts if (requirement := Requirement(text)).name != project.own_name]


def _compile(project: Project, lock: Lock, target: Target, uv: Uv, *, sources: bool) -> list[Package]:
    """Resolve requirements.txt or pyproject.toml: nothing has been settled on, so the newest versions are taken."""
    with tempfile.TemporaryDirectory() as scratch:
        file, options = lock.path, []
        if lock.name == "pyproject.toml":
            options = [f"--extra={extra}" for extra in project.settings.extras]
            options += [f"--group={group}" for group in project.settings.groups]
            lines = _lines(project, target)
            if lines == []:
                return []
            if lines is not None:
                file, options = Path(scratch, "requirements.txt"), []
                file.write_text("\n".join(lines), encoding="utf-8")
        ours = Path(scratch, "ours.txt")
        ours.write_text("\n".join(sorted(OURS)), encoding="utf-8")
        command: list[str | Path] = [
            *("pip", "compile", "--quiet", "--format=pylock.toml", "--no-header", f"--excludes={ours}"),
            *(f"--python={sys.executable}", *([] if sources else ["--only-binary=:all:"])),
            *(*target.uv, *uv.indexes, *options),
            file,
        ]
        failure = f"{lock.path} has no solution in wheels for {target}"
        found = pylock.packages(_with_folders(command, uv, project.root, failure), project.root, target, lock.name)
    return hold(found, declared_hashes(lock.path) if lock.name == "requirements.txt" else {})


def _with_folders(command: list[str | Path], uv: Uv, root: Path, failure: str) -> str:
    """
    Run uv; folders may be built, though nothing else may, if uv needs that to know what they ask for.

    Raises:
        BuildError: there is no solution.
    """
    allowed: list[str] = []
    while True:
        try:
            return uv.run(*command, *allowed, cwd=root, failure=failure)
        except BuildError as error:
            name = re.search(
                r"Failed to build `([\w.-]+) @ file:.*Building source distributions .* is disabled", str(error)
            )
            if name is None or f"--no-binary={name[1]}" in allowed:
                raise
            allowed.append(f"--no-binary={name[1]}")


def declared_hashes(file: Path) -> dict[str, set[str]]:
    """The hashes that stand in a requirements file, and in those that it includes, by package."""
    found: dict[str, set[str]] = {}
    for line in re.sub(r"\\\n", " ", file.read_text(encoding="utf-8")).splitlines():
        if included := re.match(r"\s*(?:-r|--requirement)[\s=]+(\S+)", line):
            place = file.parent / included[1]
            found |= declared_hashes(place) if place.is_file() else {}
        hashes = set(re.findall(r"--hash[=\s](\S+)", line))
        if hashes and (name := re.match(r"\s*([\w.-]+)", line)):
            found.setdefault(canonicalize_name(name[1]), set()).update(hashes)
    return found


def hold(packages: list[Package], hashes: dict[str, set[str]]) -> list[Package]:
    """
    Leave only the wheels that have one of the declared hashes.

    Raises:
        BuildError: a package has none.
    """
    held = []
    for package in packages:
        declared = hashes.get(canonicalize_name(package.name))
        wheels = tuple(each for each in package.wheels if declared is None or declared & set(each.hashes))
        if package.wheels and not wheels:
            raise BuildError(
                f"no wheel of {package.title} in your index has a hash that requirements.txt has: "
                "compare where both came from"
            )
        held.append(replace(package, wheels=wheels))
    return held


def _lines(project: Project, target: Target) -> list[str] | None:
    """What a pyproject.toml asks for that uv cannot read by itself; None if it can."""
    dynamic = project.metadata.get("dynamic", [])
    if "optional-dependencies" in dynamic and "dependencies" not in dynamic and not project.settings.extras:
        return [str(requirement) for requirement in _asked(project)]  # uv would build the project to know its extras
    if "dependencies" in project.metadata.get("dynamic", []) or (
        "project" not in project.pyproject and project.is_built
    ):
        if project.poetry.get("dependencies"):
            return poetry.requirements(project, target)
        return [f"{project.own_name or 'function'} @ {project.root.as_uri()}"]
    if "project" not in project.pyproject:
        return poetry.requirements(project, target)
    return None
