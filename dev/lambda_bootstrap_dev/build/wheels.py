"""
A folder with all packages that a function needs, as they lie in Lambda.

Owns: building wheels of folders, and installing wheels for the target, held to their hashes.
Refuses to know: which packages these are, and why.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from ..errors import BuildError
from . import bytecode
from .packages import best, choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .packages import Package
    from .target import Target
    from .uv import Uv

# What an installer says of itself, with paths of this machine.
NOTES = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
# The moment of every file, for tools that build wheels: any constant makes two builds the same bytes.
EPOCH = "1754697600"


def build(folder: Path, output: Path, target: Target, root: Path, uv: Uv) -> Path:
    """
    Build the wheel of a project into *output*, and return its path; *root* has uv's settings.

    Raises:
        BuildError: it cannot be built, or is for this machine only.
    """
    with tempfile.TemporaryDirectory(dir=output) as scratch:
        wheel = _build(folder, Path(scratch, "first"), root, uv)
        if not _suits(wheel, target) and (python := native_python(target)):
            wheel = _build(folder, Path(scratch, "second"), root, uv, f"--python={python}")
        if not _suits(wheel, target):
            raise BuildError(
                f"{folder} has machine code, and what is built of it here is {wheel.name}, which isn't for {target}: "
                "build its wheel there, and name the wheel as the dependency"
            )
        return Path(shutil.move(wheel, output / wheel.name))


def _build(folder: Path, output: Path, root: Path, uv: Uv, *options: str) -> Path:
    uv.run(
        *("build", "--quiet", "--wheel", "--no-create-gitignore", f"--out-dir={output}", *options, *uv.indexes),
        folder,
        cwd=root,
        failure=f"no wheel can be built of {folder}",
    )
    (wheel,) = output.glob("*.whl")
    return wheel


def _suits(wheel: Path, target: Target) -> bool:
    return not parse_wheel_filename(wheel.name)[3].isdisjoint(target.tags)


def native_python(target: Target) -> Path | None:
    """Find a Python that machine code for the target can be built with; any other will do for what has none."""
    return bytecode.find_python(target, None) if target.runs_here else None


def install(  # noqa: PLR0913, PLR0917 - all of it is one command
    packages: Sequence[Package],
    built: Sequence[Path],
    folder: Path,
    target: Target,
    lock: str,
    root: Path,
    uv: Uv,
    *,
    sources: bool = False,
) -> None:
    """
    Install the packages' wheels, and those that have been *built*, into *folder*.

    *root* has uv's settings. With *sources*, packages without a wheel are built here, which gives one that the target
    takes if they are pure Python, or if this machine is like the target.

    Raises:
        BuildError: a package has no wheel for the target, cannot be fetched, or asks for a later C library.
    """
    fetched = [package for package in packages if not package.folder]
    compiled = [package for package in fetched if sources and package.sdist and not best(package, target)]
    lines = [source_line(package) if package in compiled else line(package, target, lock) for package in fetched]
    lines += [f"{_name(wheel)} @ {wheel.as_uri()} --hash=sha256:{digest(wheel)}" for wheel in built]
    folder.mkdir(parents=True, exist_ok=True)
    if not lines:
        return
    with tempfile.TemporaryDirectory() as scratch:
        listing = Path(scratch, "requirements.txt")
        listing.write_text("\n".join(lines), encoding="utf-8")
        uv.install(
            listing,
            folder,
            target,
            *(f"--no-binary={package.name}" for package in compiled),
            *(["--require-hashes"] if all("--hash=" in each for each in lines) else []),
            python=native_python(target) if compiled else None,
            cwd=root,
            failure=f"the packages in {lock} cannot be fetched for {target}",
        )
    check_glibc(folder, target)
    tidy(folder)


def check_glibc(folder: Path, target: Target) -> None:
    """
    Check what has been built here: its tag doesn't say which C library it needs, as those of published wheels do.

    Raises:
        BuildError: it needs a later one than the target has.
    """
    for info in (path.parent for path in folder.glob("*.dist-info/WHEEL")):
        if not re.search(r"^Tag: .*-linux_", (info / "WHEEL").read_text(encoding="utf-8"), re.MULTILINE):
            continue
        for row in (info / "RECORD").read_text(encoding="utf-8").splitlines():
            path = folder / row.rsplit(",", 2)[0].strip('"')
            content = path.read_bytes() if path.is_file() else b""
            named = re.findall(rb"\0GLIBC_2\.(\d+)", content) if content.startswith(b"\x7fELF") else []
            needed = max(map(int, named), default=0)
            if needed > target.minor:
                raise BuildError(
                    f"{path.relative_to(folder)}, which was built here, needs glibc 2.{needed}, and the target is "
                    f"{target}: build the wheel of {info.name.split('-')[0]} on a system that is as old, and name its "
                    "folder with --find-links"
                )


def line(package: Package, target: Target, lock: str) -> str:
    """The requirement that only this package's wheels meet: one wheel, if the lock knows where it is."""
    wheel = choose(package, target, lock)
    if wheel.url:
        return f"{package.name} @ {wheel.url}{_hashes(wheel.hashes)}"
    return f"{package.name}=={package.version}{_hashes([each for known in package.wheels for each in known.hashes])}"


def source_line(package: Package) -> str:
    """The requirement that only this package's source distribution meets."""
    assert package.sdist is not None  # noqa: S101 - only such packages are built
    place = f" @ {package.sdist.url}" if package.sdist.url else f"=={package.version}"
    return f"{package.name}{place}{_hashes(package.sdist.hashes)}"


def tidy(folder: Path) -> None:
    """Remove programs, which begin with the path of this machine's Python, byte code, and what the installer noted."""
    for name in ("bin", ".lock"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for cache in list(folder.rglob("__pycache__")):
        shutil.rmtree(cache)
    for info in folder.glob("*.dist-info"):
        for name in NOTES:
            (info / name).unlink(missing_ok=True)
        record = info / "RECORD"
        rows = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        kept = [row for row in rows if (folder / row.rsplit(",", 2)[0].strip('"')).exists()]
        if rows:
            record.write_text("".join(f"{row}\n" for row in sorted(kept)), encoding="utf-8")


def digest(file: Path) -> str:
    """A file's SHA-256."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _hashes(hashes: Sequence[str]) -> str:
    return "".join(f" --hash={each}" for each in dict.fromkeys(hashes))


def _name(wheel: Path) -> str:
    return parse_wheel_filename(wheel.name)[0]
