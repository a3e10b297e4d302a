"""
One package that a lock has settled on, and the wheel of it that the target runs.

Owns: choosing among a package's wheels, and what to say if none will do.
Refuses to know: which lock it stands in, and how a wheel is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from ..errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    from .target import Target

# Ours: the package has it already, or the function never needs it.
OURS = {"lambda-bootstrap", "lambda-bootstrap-dev", "lambda-bootstrap-python"}
MOST_WHEELS = 4


@dataclass(frozen=True)
class Wheel:
    """A file, where it is if the lock knows that, and its hashes, like `sha256:...`."""

    name: str
    url: str = ""
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Package:
    """A package of one version, in one of three forms: wheels, a folder, or source that would have to be compiled."""

    name: str
    version: str = ""
    wheels: tuple[Wheel, ...] = ()
    folder: Path | None = None
    source: str = ""  # what else there is: an sdist, a repository, by its address
    sdist: Wheel | None = None  # a source distribution, which isn't a wheel, but a file as well
    index: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether it is one of our own distributions."""
        return canonicalize_name(self.name) in OURS

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()


def best(package: Package, target: Target) -> Wheel | None:
    """Return the wheel that suits the target best."""
    order = {tag: place for place, tag in enumerate(target.tags)}
    found: tuple[int, Wheel] | None = None
    for wheel in package.wheels:
        try:
            _, _, _, tags = parse_wheel_filename(wheel.name)
        except InvalidWheelFilename:
            continue
        place = min((order[tag] for tag in tags if tag in order), default=None)
        if place is not None and (found is None or place < found[0]):
            found = place, wheel
    return found[1] if found else None


def choose(package: Package, target: Target, lock: str) -> Wheel:
    """
    Return the wheel that suits the target best.

    Raises:
        BuildError: there is none.
    """
    wheel = best(package, target)
    if wheel:
        return wheel
    if package.wheels:
        names = [wheel.name.removesuffix(".whl").split("-", 2)[2] for wheel in package.wheels]
        linux = [name for name in names if target.machine in name] or names
        shown = ", ".join(linux[:MOST_WHEELS]) + (", ..." if len(linux) > MOST_WHEELS else "")
        raise BuildError(
            f"{package.title} in {lock} has no wheel for {target}; it has {shown}. "
            f"Lock a version that has one, or build for another --python, --arch or --glibc"
        )
    where = f" ({package.source})" if package.source else ""
    raise BuildError(
        f"{package.title} in {lock} comes as source only{where}, and nothing is compiled here: "
        "lock a version that has wheels, or --build-sdists if it is pure Python or this machine is like the target"
    )
