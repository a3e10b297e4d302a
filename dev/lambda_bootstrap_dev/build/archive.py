"""
The files of a package, and the zip or the folder that they become.

Owns: Lambda's limits, modes, and that the same input gives the same bytes.
Refuses to know: what the files are.
"""

from __future__ import annotations

import secrets
import zipfile
from typing import TYPE_CHECKING

from ..errors import BuildError
from .target import ELF

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Files = dict[str, "Path | bytes"]

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip can tell
# Lambda's own limits, in bytes. AWS Lambda Developer Guide, "Lambda quotas".
ZIPPED, UNZIPPED = 50 * 1024**2, 250 * 1024**2


def listed(folder: Path) -> Files:
    """The files of a folder under their names in the package."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def size(files: Mapping[str, Path | bytes]) -> int:
    """How many bytes the files have."""
    return sum(len(part) if isinstance(part, bytes) else part.stat().st_size for part in files.values())


def check(files: Files, arch: str) -> None:
    """
    Refuse machine code of another architecture: it would fail on its first import, in Lambda.

    Raises:
        BuildError: a file has such code.
    """
    for name, path in files.items():
        if isinstance(path, bytes):
            continue
        with path.open("rb") as file:
            head = file.read(20)
        if head[:4] == b"\x7fELF" and int.from_bytes(head[18:20], "little") != ELF[arch]:
            raise BuildError(f"{name} is not for {arch}: bring the wheel for that one, or build for another --arch")


def write(output: Path, files: Files) -> None:
    """
    Write a zip, or fill a folder if *output* isn't called like a zip.

    Raises:
        BuildError: it cannot be written.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        if output.suffix != ".zip":
            fill(output, files)
            return
        # Whole or not at all: an interrupted build must not look like a package, and two at once have a draft each.
        draft = output.with_name(f".{output.stem}.{secrets.token_hex(4)}.zip.part")
        try:
            compress(draft, files)
            draft.replace(output)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise BuildError(f"{output} cannot be written: {error.strerror}") from error


def compress(archive: Path, files: Files) -> None:
    """Write a zip whose bytes depend on names, contents and modes only."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, part in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if executable(part) else 0o100644) << 16
            entry.create_system = 3  # Unix, or the modes do not count
            file.writestr(entry, content(part))


def fill(folder: Path, files: Files) -> None:
    """Put the files into a folder, as `sam build` wants them."""
    for name, part in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content(part))
        target.chmod(0o755 if executable(part) else 0o644)


def executable(part: Path | bytes) -> bool:
    """Whether a file is a program; what is made here always is."""
    return isinstance(part, bytes) or bool(part.stat().st_mode & 0o100)


def content(part: Path | bytes) -> bytes:
    """A file's bytes."""
    return part if isinstance(part, bytes) else part.read_bytes()
