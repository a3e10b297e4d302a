"""
What the repository is: where the function and its project lie, and what the project says of itself.

Owns: reading pyproject.toml, `[tool.lambda-bootstrap]` included, and whether the project is a package to be built.
Refuses to know: locks, and what is in the function's folder.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ..errors import BuildError, UsageError

# A folder with one of these is a project's.
MARKS = ("pyproject.toml", "uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "requirements.txt")
# A folder with one of these is the whole repository's: the search ends there.
TOPS = (".git", ".hg", ".svn", ".jj")
LISTS = ("include", "exclude", "extras", "groups", "services")
TABLE = "[tool.lambda-bootstrap]"


@dataclass(frozen=True)
class Settings:
    """What `[tool.lambda-bootstrap]` says."""

    handler: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    services: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Project:
    """A function with its project."""

    root: Path  # of the project: what is asked for stands there
    folder: Path  # of the function: `handler` is found from there
    handler: str | None
    settings: Settings = field(default_factory=Settings)
    pyproject: dict[str, Any] = field(default_factory=dict)

    @property
    def metadata(self) -> dict[str, Any]:
        """The table `[project]`."""
        table: dict[str, Any] = self.pyproject.get("project", {})
        return table

    @property
    def poetry(self) -> dict[str, Any]:
        """The table `[tool.poetry]`."""
        table: dict[str, Any] = self.tool("poetry")
        return table

    def tool(self, name: str) -> Any:
        """A tool's table."""
        return self.pyproject.get("tool", {}).get(name, {})

    @property
    def name(self) -> str:
        """What a package of it is called: as the project, or as the folder, if the function has one of its own."""
        stands_apart = self.folder not in {self.root, self.root / "src"}
        name = self.folder.name if stands_apart else self.own_name or self.root.name
        return re.sub(r"[^\w.-]+", "-", name).strip("-") or "function"

    @property
    def own_name(self) -> str | None:
        """The name that the project gives itself."""
        name: str | None = self.metadata.get("name") or self.poetry.get("name")
        return name

    @property
    def is_built(self) -> bool:
        """Whether the project says how to make a wheel of it."""
        if self.poetry.get("package-mode") is False or self.tool("uv").get("package") is False:
            return False
        return "build-system" in self.pyproject or self.tool("uv").get("package") is True

    @property
    def requires_python(self) -> SpecifierSet:
        """The Pythons that the project is for."""
        wanted = self.metadata.get("requires-python", "")
        if not wanted:
            python = self.poetry.get("dependencies", {}).get("python", "")
            from .poetry import as_specifiers  # noqa: PLC0415 - a project of another tool needs none of it

            wanted = ",".join(map(str, as_specifiers(python))) if "|" not in python else ""
        try:
            return SpecifierSet(wanted)
        except InvalidSpecifier as error:
            raise BuildError(f"{self.root / 'pyproject.toml'}: requires-python is {wanted!r}: {error}") from error

    def takes(self, python: str) -> bool:
        """Whether the project is for a Python like `3.13`: for its newest, at least."""
        return self.requires_python.contains(f"{python}.99")


def find(handler: str | None, cwd: Path) -> Project:
    """
    Find the function that a handler like `app.handler` or `services/orders/app.handler` names, and its project.

    Raises:
        UsageError: there is no such folder, or the name is none of a function.
        BuildError: pyproject.toml cannot be read, or says something that nobody understands.
    """
    place, slash, name = (handler or "").rpartition("/")
    folder = (cwd / (place or slash or ".")).resolve()
    if not folder.is_dir():
        raise UsageError(
            f"there is no folder {place}: HANDLER is FOLDER/MODULE.FUNCTION, or MODULE.FUNCTION in this one"
        )
    root = find_root(folder)
    pyproject = read(root / "pyproject.toml")
    settings = read_settings(pyproject.get("tool", {}).get("lambda-bootstrap", {}), root / "pyproject.toml")
    name = name or settings.handler or ""
    if not handler and name and ("/" in name or folder != root):
        return find(f"{root}/{name}", cwd)
    if handler == "" or (name and ("." not in name or not all(name.split(".")))):
        raise UsageError(f"{name!r} names no function: write FOLDER/MODULE.FUNCTION, as in app.handler")
    return Project(root, folder, name or None, settings, pyproject)


def misfit(folder: Path, python: str) -> str:
    """
    Return a sentence if the project of a function in *folder* isn't for a Python like `3.13.2`, else "".

    Raises:
        BuildError: pyproject.toml cannot be read, or says something that nobody understands.
    """
    root = find_root(folder)
    wanted = Project(root, folder, None, pyproject=read(root / "pyproject.toml")).requires_python
    if wanted.contains(python, prereleases=True):
        return ""
    return f"{root / 'pyproject.toml'} asks for Python {wanted}, and this is {python}: name another with --python"


def find_root(folder: Path) -> Path:
    """The nearest folder of a project: *folder* itself or one above it, within the repository."""
    for place in (folder, *folder.parents):
        if any((place / mark).exists() for mark in MARKS):
            return place
        if any((place / top).exists() for top in TOPS) or place == Path.home():
            break
    return folder


def read(file: Path) -> dict[str, Any]:
    """Read a TOML file; a missing one is empty."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BuildError(f"{file} cannot be read: {error}") from error


def read_settings(table: dict[str, Any], file: Path) -> Settings:
    """Check the table's names and types."""
    known = {"handler", "functions", *LISTS}
    for key, value in table.items():
        if key == "functions":  # `serve` reads it
            continue
        if key not in known:
            near = get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(sorted(known))}"
            raise BuildError(f"{file}: {TABLE} has no {key!r}; {hint}")
        if key == "handler" and not isinstance(value, str):
            raise BuildError(f"{file}: handler in {TABLE} has to be a text like 'app.handler'")
        if key != "handler" and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            raise BuildError(f"{file}: {key} in {TABLE} has to be a list of texts, as in {key} = ['...']")
    lists: dict[str, Any] = {key: tuple(value) for key, value in table.items() if key in LISTS}
    return Settings(handler=table.get("handler"), **lists)
