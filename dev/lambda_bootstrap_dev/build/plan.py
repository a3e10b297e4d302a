"""
What is to be built, with all that can be found out in a moment checked: before anything slow begins.

Owns: which parts of the repository are copied and which are built, the target, and where the output goes.
Refuses to know: the index, and what a package looks like inside.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..errors import BuildError
from . import code, function, indexes, interpreter, lock, project
from .packages import OURS
from .target import GLIBC, Target, native

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .code import Choice
    from .lock import Lock
    from .project import Project
    from .uv import Uv


@dataclass(frozen=True)
class Order:
    """What somebody asks for."""

    handler: str | None = None
    arch: str = ""
    python: str = ""
    glibc: str = GLIBC
    output: Path | None = None
    find_links: tuple[Path, ...] = ()
    build_sdists: bool = False


@dataclass(frozen=True)
class Plan:
    """What will be built."""

    order: Order
    project: Project
    target: Target
    lock: Lock
    uv: Uv
    folders: tuple[Path, ...]  # that may have the interpreter's wheel
    files: dict[str, Path]  # of the function's folder, by their names in the package
    is_built: bool  # whether a wheel of the project goes in too
    choice: Choice

    def output(self, name: str) -> Path:
        """Where a package called *name* goes."""
        return self.order.output or self.project.root / "dist" / f"{name}-{self.target.arch}.zip"


def make(order: Order, cwd: Path, environ: Mapping[str, str]) -> Plan:
    """
    Find and check all that a package is made of.

    Raises:
        UsageError: the command line names something that isn't there.
        BuildError: the function or its project cannot be packed.
    """
    found = project.find(order.handler, cwd)
    folders = wheel_folders(order, cwd, environ)
    target = choose_target(order, found, folders)
    which = lock.find(found)
    if found.handler:
        check_function(found, which, target)
    choice = code.read_choice(found.folder, found.settings.exclude, found.settings.include)
    output = cwd / order.output if order.output else None
    origin = copied(found)
    files = code.collect(origin, choice, output) if origin else code.named(found.root, choice)
    return Plan(
        order=order,
        project=found,
        target=target,
        lock=which,
        uv=indexes.uv_for(found, which.name, folders, environ),
        folders=folders,
        files=files,
        is_built=is_built(found, origin),
        choice=choice,
    )


def make_runtime(order: Order, cwd: Path, environ: Mapping[str, str]) -> Plan:
    """
    Find what a layer or a runtime's image is made of: nothing of the project but its Python and its indexes.

    Raises:
        BuildError: there is no interpreter that suits the project.
    """
    found = project.find(None, cwd)
    folders = wheel_folders(order, cwd, environ)
    which = lock.find(found)
    return Plan(
        order=order,
        project=found,
        target=choose_target(order, found, folders),
        lock=which,
        uv=indexes.uv_for(found, which.name, folders, environ),
        folders=folders,
        files={},
        is_built=False,
        choice=code.Choice(),
    )


def is_built(found: Project, origin: Path | None) -> bool:
    """Whether a wheel of the project goes in: if it can be built, and what is copied doesn't have the same modules."""
    if not found.is_built or canonicalize_name(found.own_name or "") in OURS:
        return False
    return origin != found.root or (found.root / "src").is_dir()


def wheel_folders(order: Order, cwd: Path, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The folders that may have wheels: those of `--find-links`, then those of pip's and uv's variables."""
    for folder in order.find_links:
        if not (cwd / folder).is_dir():
            raise BuildError(f"--find-links is {folder}: there is no such folder")
    listed = [*shlex.split(environ.get("PIP_FIND_LINKS", "")), *environ.get("UV_FIND_LINKS", "").split(",")]
    others = [
        Path(place.removeprefix("file://")) for place in listed if place and "://" not in place.removeprefix("file://")
    ]
    return tuple((cwd / folder).resolve() for folder in (*order.find_links, *others) if (cwd / folder).is_dir())


def choose_target(order: Order, found: Project, folders: tuple[Path, ...]) -> Target:
    """The target that is asked for, with the newest Python that both the project and we know."""
    arch = order.arch or native()
    file = found.root / "pyproject.toml"
    if order.python:
        target = Target(arch, order.python, order.glibc)
        if not found.takes(order.python):
            raise BuildError(
                f"{file}: requires-python is {str(found.requires_python)!r}, which excludes Python {order.python}: "
                "choose another --python"
            )
        return target
    machine = Target(arch, "3.13", order.glibc).machine
    known = interpreter.versions(machine, folders)
    for python in known:
        if found.takes(python):
            return Target(arch, python, order.glibc)
    raise BuildError(
        f"{file}: requires-python is {str(found.requires_python)!r}, which excludes every Python there is an "
        f"interpreter for: {', '.join(known) or 'none'}"
    )


def check_function(found: Project, which: Lock, target: Target) -> None:
    """Check that the handler's module and name are there, unless its module comes with a dependency."""
    handler = found.handler or ""
    places = [found.folder, *([found.root / "src"] if found.folder == found.root else [])]
    for place in places:
        if module := function.find_module(place, handler):
            function.check(module, handler, target.python)
            return
    top = handler.partition(".")[0]
    near = function.near(top, [name for place in places for name in function.modules(place)])
    if near or not (found.is_built or comes_with(top, found, which)):
        there = ", ".join(name for place in places for name in function.modules(place)) or "none"
        hint = f"did you mean {near!r}?" if near else f"the modules there are: {there}"
        raise BuildError(f"handler {handler!r}: there is no module {top!r} in {found.folder}; {hint}")


def comes_with(module: str, found: Project, which: Lock) -> bool:
    """Whether a dependency may have a module of this name: one is called alike, or there are those of others."""
    if not which.name:
        return False
    listed = [*found.metadata.get("dependencies", []), *found.poetry.get("dependencies", {})]
    if which.name == "requirements.txt":
        listed += which.path.read_text(encoding="utf-8").splitlines()
    names = set()
    for text in listed:
        try:
            names.add(canonicalize_name(Requirement(text.partition("#")[0].partition(" \\")[0].strip()).name))
        except InvalidRequirement:
            continue
    return canonicalize_name(module) in names


def copied(found: Project) -> Path | None:
    """
    The folder that is copied as it is; None if all code comes in wheels.

    A project that says how it is built is built, unless the function is a module beside its pyproject.toml: such
    projects often name a build backend and are never built.
    """
    source = found.root / "src"
    if not found.is_built:
        flat = found.folder == found.root and found.handler and not function.find_module(found.root, found.handler)
        return source if flat and function.find_module(source, found.handler or "") else found.folder
    if found.folder == source:
        return None
    if found.folder != found.root:
        return found.folder
    top = (found.handler or "").partition(".")[0]
    return found.folder if top and (found.root / f"{top}.py").is_file() else None
