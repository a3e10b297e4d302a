"""
Our Python for the target, out of the wheel `lambda-bootstrap-python`.

Owns: where the wheel is looked for, which versions there are, and what is in its archive.
Refuses to know: how the wheel was made, and what a package does with the interpreter.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.tags import parse_tag
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from ..errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .target import Target
    from .uv import Uv

NAME = "lambda-bootstrap-python"
ARCHIVE = "lambda_bootstrap_python/interpreter.tar.xz"
PINS = Path(__file__).parents[1] / "interpreter.txt"


@dataclass(frozen=True)
class Interpreter:
    """An interpreter's archive: in a wheel, or in the folder that the package is installed in."""

    version: str
    place: Path

    def unpack(self, folder: Path) -> None:
        """Unpack `bootstrap`, the launcher, and lambda-bootstrap/ into *folder*."""
        if self.place.is_dir():
            with tarfile.open(self.place / ARCHIVE) as archive:
                archive.extractall(folder, filter="data")
            return
        with (
            zipfile.ZipFile(self.place) as file,
            file.open(ARCHIVE) as content,
            tarfile.open(fileobj=content) as archive,
        ):
            archive.extractall(folder, filter="data")

    def bill(self) -> str:
        """The bill of materials that came with it; "" if none did."""
        if self.place.is_dir():
            found = self.place.glob("lambda_bootstrap_python-*.dist-info/sboms/*.cdx.json")
            return next((file.read_text("utf-8") for file in found), "")
        with zipfile.ZipFile(self.place) as file:
            names = [name for name in file.namelist() if re.search(r"\.dist-info/sboms/.*\.cdx\.json$", name)]
            return file.read(names[0]).decode() if names else ""


def pinned() -> dict[str, str]:
    """The requirements in interpreter.txt, with their hashes, by Python's version."""
    text = re.sub(r"\\\n\s*", "", PINS.read_text(encoding="utf-8"))
    rows = [row for row in text.splitlines() if row.startswith(f"{NAME}==")]
    return {_python(row.partition("==")[2].split()[0]): row for row in rows}


def versions(machine: str, folders: Sequence[Path]) -> list[str]:
    """The Pythons that can be had, the newest first."""
    known = {*pinned(), *(_python(each.version) for each in [*in_folders(machine, folders), *installed(machine)])}
    return sorted(known, key=Version, reverse=True)


def _python(version: str) -> str:
    return ".".join(version.split(".")[:2])


def in_folders(machine: str, folders: Sequence[Path]) -> Iterator[Interpreter]:
    """The wheels for a machine in folders, the newest of each folder first."""
    for folder in folders:
        wheels = folder.glob(f"lambda_bootstrap_python-*_{machine}.whl")
        for wheel in sorted(wheels, key=lambda file: parse_wheel_filename(file.name)[1], reverse=True):
            yield Interpreter(str(parse_wheel_filename(wheel.name)[1]), wheel)


def installed(machine: str) -> Iterator[Interpreter]:
    """The package that is installed beside ours, if it is for the machine."""
    for found in distributions(name=NAME):
        tags = re.findall(r"^Tag: (\S+)", found.read_text("WHEEL") or "", re.MULTILINE)
        if any(tag.platform.endswith(f"_{machine}") for text in tags for tag in parse_tag(text)):
            yield Interpreter(found.version, Path(str(found.locate_file(""))))


def at_hand(target: Target, folders: Sequence[Path]) -> Interpreter | None:
    """The target's interpreter, if it is in *folders* or installed; nothing is fetched."""
    known = (*in_folders(target.machine, folders), *installed(target.machine))
    return next((each for each in known if _python(each.version) == target.python), None)


def find(target: Target, folders: Sequence[Path], scratch: Path, uv: Uv) -> Interpreter:
    """
    Find the target's interpreter: in *folders*, installed, or with uv in the user's index, held to its hash.

    Raises:
        BuildError: it is nowhere.
    """
    if known := at_hand(target, folders):
        return known
    row = pinned().get(target.python)
    if row is None:
        there = ", ".join(versions(target.machine, folders)) or "none"
        raise BuildError(
            f"there is no interpreter for Python {target.python} on {target.arch}; there is {there}: "
            f"choose one with --python, or name a folder with its {NAME} wheel with --find-links"
        )
    listing, place = scratch / "interpreter.txt", scratch / f"interpreter-{target.arch}"
    listing.write_text(row)
    uv.install(
        listing,
        place,
        target,
        "--require-hashes",
        cwd=scratch,
        failure=f"{row.split()[0]}, the interpreter for {target.arch}, isn't in your index, and no folder that "
        "--find-links or PIP_FIND_LINKS names has its wheel",
    )
    return Interpreter(row.split()[0].partition("==")[2], place)
