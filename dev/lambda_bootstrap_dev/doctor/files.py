"""
The function's folder: what is in it that Lambda cannot run, or runs slowly.

Owns: modules that take others' places, machine code, modes, byte code, and how large each part is.
Refuses to know: what the function does; it is read, not run.
"""

from __future__ import annotations

import os
import re
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.tags import parse_tag

from ..build import code, project
from ..build.archive import UNZIPPED
from ..build.function import modules
from ..build.report import mb
from ..build.target import ELF, Target, native
from ..errors import BuildError
from .findings import Level, Size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import Distribution

    from .findings import Report
    from .importing import Facts

# Where people put packages that go along, below the function's folder.
VENDORED = ("", "python", "package", "vendor")
EXTENSIONS = "extensions"
MOST_SHOWN = 3
TAG = re.compile(r"^([^.]+)\.(cpython-\d+[^.]*|cp\d+[^.]*)\.so$")


def look(root: Path, python: str, facts: Facts, report: Report) -> None:
    """Look at the folder *root*; *python* is the function's, like `3.13`."""
    vendored = [each for place in VENDORED for each in distributions(path=[str(root / place)])]
    files = walk(root)
    of_names(root, facts, report)
    of_wheels(vendored, python, report)
    of_machine_code(files, facts, python, report)
    of_modes(root, files, report)
    of_byte_code(vendored, facts, report)
    of_sizes(root, files, vendored, facts, report)


def walk(root: Path) -> dict[str, Path]:
    """The files of the folder that would be packed, by their names; those of a virtual environment aren't."""
    found = {}
    for place, folders, files in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if (name not in code.NEVER or name == "__pycache__") and not Path(place, name, "pyvenv.cfg").exists()
        ]
        for file in files:
            path = Path(place, file)
            found[path.relative_to(root).as_posix()] = path
    return found


def of_names(root: Path, facts: Facts, report: Report) -> None:
    """Modules at the top of the folder that are found in place of others."""
    others = {top: each for each in facts.installed if Path(each.place) != root for top in each.tops}
    for name in modules(root):
        if name in facts.stdlib:
            text = f"{name} takes the place of Python's own {name}, for every package that imports it: rename it"
            report.add(Level.WARNING, "modules", text)
        elif name in others and not name.startswith("_"):
            text = (
                f"{name} takes the place of {others[name].name}, which is installed: rename it, or remove the package"
            )
            report.add(Level.WARNING, "modules", text)


def of_wheels(vendored: list[Distribution], python: str, report: Report) -> None:
    """Packages in the folder whose wheels are for another machine or another Python."""
    target = Target(native(), python)
    for each in vendored:
        lines = (each.read_text("WHEEL") or "").splitlines()
        tags = [line.partition(":")[2].strip() for line in lines if line.startswith("Tag:")]
        if tags and not any(parsed in target.tags for tag in tags for parsed in parse_tag(tag)):
            has = f"{each.name} {each.version} is for {', '.join(tags[:MOST_SHOWN])}, and not for {target}"
            text = f"{has}: uv pip install --target . {' '.join(target.uv)} {each.name}"
            report.add(Level.ERROR, "wheels", text)


def of_machine_code(files: dict[str, Path], facts: Facts, python: str, report: Report) -> None:
    """Extension modules for another machine, or for other Pythons only."""
    for name, path in files.items():
        if not path.name.endswith(".so") and ".so." not in path.name:
            continue
        with path.open("rb") as file:
            head = file.read(20)
        if head[:4] != b"\x7fELF" or int.from_bytes(head[18:20], "little") != ELF[native()]:
            report.add(Level.ERROR, "wheels", f"{name} isn't for Linux on {native()}: bring the wheel for that one")
            continue
        found = TAG.match(path.name)
        fits = any((path.parent / f"{found[1]}{suffix}").exists() for suffix in facts.suffixes) if found else True
        if found and not fits and not (path.parent / f"{found[1]}.py").exists():
            text = f"{name} is for {found[2]}, and the function has Python {python}: bring the wheel for that one"
            report.add(Level.ERROR, "wheels", text)


def of_modes(root: Path, files: dict[str, Path], report: Report) -> None:
    """Programs that cannot be run, and files that only their owner can read: on Lambda, somebody else runs."""
    for name, path in files.items():
        if Path(name).parent == Path(EXTENSIONS) and not path.stat().st_mode & 0o001:
            report.add(Level.ERROR, "modes", f"{name} is an extension that cannot be run: chmod +x {name}")
    closed = [name for name, path in files.items() if path.exists() and not path.stat().st_mode & 0o004]
    if closed:
        more = f" and {len(closed) - MOST_SHOWN} more" if len(closed) > MOST_SHOWN else ""
        text = f"only their owner can read {', '.join(closed[:MOST_SHOWN])}{more}, and on Lambda another user runs"
        report.add(Level.WARNING, "modes", f"{text}: chmod -R a+rX {root}, or use lambda-bootstrap build")


def of_byte_code(vendored: list[Distribution], facts: Facts, report: Report) -> None:
    """Packages in the folder that each new environment would have to compile."""
    bare = sorted({each.name for each in vendored if _has_modules(each) and not _is_compiled(each, facts.cache_tag)})
    if bare:
        shown = ", ".join(bare[:MOST_SHOWN]) + (f" and {len(bare) - MOST_SHOWN} more" * (len(bare) > MOST_SHOWN))
        text = f"without byte code for {facts.cache_tag}: {shown}; every new environment compiles them"
        report.add(Level.WARNING, "byte code", f"{text}: lambda-bootstrap build makes it, or python -m compileall")


def _has_modules(each: Distribution) -> bool:
    return any(file.suffix == ".py" for file in each.files or [])


def _is_compiled(each: Distribution, cache_tag: str) -> bool:
    sources = (Path(str(each.locate_file(file))) for file in each.files or [] if file.suffix == ".py")
    return any((path.parent / "__pycache__" / f"{path.stem}.{cache_tag}.pyc").exists() for path in sources)


def of_sizes(root: Path, files: dict[str, Path], vendored: list[Distribution], facts: Facts, report: Report) -> None:
    """How large each part is: the function's own code, and the packages that it brings or imports."""
    theirs = dict(_sizes(vendored))
    total = sum(path.stat().st_size for name, path in files.items() if path.exists() and "__pycache__" not in name)
    imported = {each.name: each.size for each in facts.installed if each.imported and each.name not in theirs}
    parts = {"the function's own files": max(0, total - sum(theirs.values())), **theirs, **imported}
    report.sizes += [Size(part, size) for part, size in sorted(parts.items(), key=lambda item: -item[1]) if size]
    whole = total + sum(imported.values())
    if whole > UNZIPPED:
        text = f"{mb(whole)} with the packages that it imports, and Lambda takes {mb(UNZIPPED)}"
        report.add(Level.ERROR, "size", f"{text}: build an image, or leave something out")
    try:
        settings = project.read_settings(
            project.read(root / "pyproject.toml").get("tool", {}).get("lambda-bootstrap", {}), root / "pyproject.toml"
        )
        code.collect(root, code.read_choice(root, settings.exclude, settings.include))
    except BuildError as error:
        report.add(Level.ERROR, "package", str(error))


def _sizes(vendored: list[Distribution]) -> Iterator[tuple[str, int]]:
    for each in vendored:
        paths = (Path(str(each.locate_file(file))) for file in each.files or [])
        yield each.name, sum(path.stat().st_size for path in paths if path.is_file() and path.suffix != ".pyc")
