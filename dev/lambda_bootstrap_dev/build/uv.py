"""
uv, which resolves, builds and installs.

Owns: where the program is, and what of its errors people are shown.
Refuses to know: what it is asked to do.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .target import Target

# Its output is for us; the rest has no meaning for a package, or would decide for another machine than the target.
QUIET = {"NO_COLOR": "1", "UV_NO_PROGRESS": "1"}
MEANINGLESS = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_COMPILE_BYTECODE", "UV_SYSTEM_PYTHON", "UV_TARGET"}


@dataclass(frozen=True)
class Uv:
    """uv with the user's settings of indexes, as variables and options."""

    environ: Mapping[str, str]
    indexes: Sequence[str] = field(default=())

    def run(self, *arguments: str | Path, cwd: Path, failure: str) -> str:
        """
        Run uv, and return what it prints.

        Raises:
            BuildError: it fails; the message begins with *failure*.
        """
        done = subprocess.run(
            [find(), *map(str, arguments)],
            cwd=cwd,
            env={name: value for name, value in self.environ.items() if name not in MEANINGLESS} | QUIET,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BuildError(f"{failure}: {reason(done.stderr)}")
        return done.stdout

    def install(  # noqa: PLR0913 - all of it is one command
        self,
        listing: Path,
        folder: Path,
        target: Target,
        *options: str,
        cwd: Path,
        failure: str,
        python: Path | None = None,
    ) -> None:
        """
        Install the wheels that the requirements file *listing* names, and no others, into *folder*.

        What *options* have uv build is built with *python*.

        Raises:
            BuildError: one of them cannot be had; the message begins with *failure*.
        """
        self.run(
            *("pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--link-mode=copy"),
            *(f"--target={folder}", f"--python={python or sys.executable}", f"--requirement={listing}"),
            *(*options, *target.uv, *self.indexes),
            cwd=cwd,
            failure=failure,
        )


def find() -> str:
    """Find the user's uv, which knows the user's locks, else the one that came with us."""
    program = shutil.which("uv")
    if program is None:
        try:
            from uv import find_uv_bin  # noqa: PLC0415 - needed where there is no other

            program = find_uv_bin()
        except (ImportError, FileNotFoundError) as error:
            raise BuildError("uv isn't there: pip install uv") from error
    return program


def reason(stderr: str) -> str:
    """What uv says went wrong, in one line, without its drawing of branches."""
    text = re.sub(r"[^\S ]+|[│╰─▶\u00d7├]+|\x1b\[[0-9;]*m", " ", stderr)
    return re.sub(r" {2,}", " ", text).strip().removeprefix("error: ")
