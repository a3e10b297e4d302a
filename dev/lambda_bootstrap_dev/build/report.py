"""
What was built, in figures.

Owns: the size of each part, and the largest packages.
Refuses to know: how it is printed, and how any of it was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import distributions
from typing import TYPE_CHECKING, Any

from ..errors import BuildError
from .archive import UNZIPPED, ZIPPED

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 5
# Smaller packages aren't worth a line.
LEAST = 500_000
# What is smaller than this is told in KB.
LEAST_MB = 100 * 1024


@dataclass(frozen=True)
class Part:
    """A part of the package, in bytes unpacked; *before* something was left out, if that is another number."""

    name: str
    size: int
    note: str = ""
    before: int = 0


@dataclass(frozen=True)
class Report:
    """A package that has been written."""

    output: Path
    parts: tuple[Part, ...]
    packages: tuple[Part, ...]  # the largest ones
    zipped: int
    warnings: tuple[str, ...] = ()

    @property
    def unzipped(self) -> int:
        """How many bytes it unpacks to."""
        return sum(part.size for part in self.parts)

    def for_machines(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {
            "output": str(self.output),
            "zipped": self.zipped,
            "unzipped": self.unzipped,
            "parts": [{"name": part.name, "bytes": part.size, "note": part.note} for part in self.parts],
            "packages": [{"name": part.name, "bytes": part.size, "version": part.note} for part in self.packages],
            "warnings": list(self.warnings),
        }

    @property
    def lines(self) -> list[str]:
        """The report as text."""
        packed = f"{mb(self.zipped)}, unpacked " if self.zipped else ""
        rows = [f"{self.output}: {packed}{mb(self.unzipped)} of Lambda's {mb(UNZIPPED)}"]
        rows += [row(part) for part in self.parts]
        if self.packages:
            rows += ["the largest packages:", *(row(part) for part in self.packages)]
        if self.zipped > ZIPPED:
            rows.append(f"over {mb(ZIPPED)} it has to be uploaded by way of S3")
        return [*rows, *self.warnings]


def row(part: Part) -> str:
    """A part in one line."""
    before = f"{mb(part.before)} before" if part.before > part.size else ""
    return f"  {part.name:<16}{mb(part.size):>10}  {', '.join(filter(None, [part.note, before]))}".rstrip()


def mb(size: int) -> str:
    """A size for people, in megabytes as Lambda counts them."""
    return f"{size / 1024**2:.1f} MB" if size >= LEAST_MB else f"{size / 1024:.1f} KB"


def largest(folder: Path) -> tuple[Part, ...]:
    """The largest of the packages in *folder*."""
    sizes = []
    for each in distributions(path=[str(folder)]):
        files = [path for file in each.files or [] if (path := folder / str(file)).is_file()]
        sizes.append(Part(each.name, sum(path.stat().st_size for path in files), each.version))
    return tuple(part for part in sorted(sizes, key=lambda part: -part.size)[:LARGEST] if part.size >= LEAST)


def check_size(output: Path, size: int, packages: tuple[Part, ...]) -> None:
    """
    Refuse what Lambda would.

    Raises:
        BuildError: the package is too large.
    """
    if size > UNZIPPED:
        shown = ", ".join(f"{part.name} {mb(part.size)}" for part in packages)
        which = f"; the largest packages are {shown}" if shown else ""
        raise BuildError(
            f"{output.name} would unpack to {mb(size)}, and Lambda takes {mb(UNZIPPED)}{which}: "
            "leave something out with exclude or services in [tool.lambda-bootstrap],"
            " or build an image, which may have 10 GB"
        )
