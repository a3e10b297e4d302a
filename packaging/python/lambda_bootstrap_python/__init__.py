"""
CPython for AWS Lambda, in an archive.

It isn't installed file by file: pip would compile its standard library with the host's Python, and uv would link files
that packages change.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

__all__ = ["archive", "unpack"]


def archive() -> Path:
    """Return the path of the archive: `bootstrap`, the launcher, and lambda-bootstrap/, the interpreter."""
    return Path(__file__).parent / "interpreter.tar.xz"


def unpack(folder: str | os.PathLike[str]) -> Path:
    """Unpack the archive into *folder*, and return the path of the interpreter's program."""
    with tarfile.open(archive()) as file:
        file.extractall(folder, filter="data")
    return Path(folder, "lambda-bootstrap", "bin", "python3")
