"""
Byte code for the target's Python, never to be checked against its source.

Owns: which Python compiles, and that the code names no folder of this machine.
Refuses to know: what is compiled.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from . import uv as uvs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .target import Target

VERSION = "import sys; print('%d.%d' % sys.version_info[:2], sys.implementation.name)"


def find_python(target: Target, own: Path | None) -> Path | None:
    """Find a Python whose byte code the target takes: the target's *own* if it runs here, else one of its version."""
    for python in _candidates(target, own):
        done = subprocess.run([python, "-I", "-c", VERSION], capture_output=True, text=True, check=False)
        if done.stdout.split() == [target.python, "cpython"]:
            return python
    return None


def _candidates(target: Target, own: Path | None) -> Iterator[Path]:
    if own and target.runs_here:
        yield own
    for name in (f"python{target.python}", "python3"):
        if found := shutil.which(name):
            yield Path(found)
    command = [uvs.find(), "python", "find", "--no-python-downloads", "--no-project", target.python]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    if found:
        yield Path(found)


def compile_all(folder: Path, python: Path, place: str) -> None:
    """
    Make byte code of every module in *folder*, which will lie at *place* (PEP 552, unchecked).

    A package is read-only in Lambda: byte code is made now or never, and nothing changes under it. Some packages have
    templates or old code that isn't Python: these are left as they are.
    """
    options = ["-q", "-q", "-f", "--invalidation-mode=unchecked-hash", "-s", str(folder), "-p", place]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    # One hash seed: a set in the code would come out in another order with each.
    subprocess.run(
        [python, "-S", "-m", "compileall", *options, str(folder)],
        env={**environ, "PYTHONHASHSEED": "0"},
        cwd=folder,
        capture_output=True,
        check=False,
    )
