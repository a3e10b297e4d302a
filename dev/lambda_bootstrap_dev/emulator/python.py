"""
The function's Python: where it is, and what it says of itself.

Owns: which one is taken, and that it can run the runtime.
Refuses to know: our own Python, as the emulator may live in an environment of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

OLDEST = (3, 11)
# Understood by Python 2 too, so that it can say what it is.
QUESTION = ("-E", "-S", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)")
ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class Python:
    """A Python that can run the runtime."""

    program: str
    version: str

    def __str__(self) -> str:
        """The line that says which Python runs the function."""
        return f"Python {self.version}: {self.program}"


def find_python(wanted: str | None, environ: Mapping[str, str]) -> str:
    """
    Find the function's Python: the *wanted* one, else the active virtual environment's, else `python3` on the PATH.

    Raises:
        UsageError: it isn't there.
    """
    active = environ.get("VIRTUAL_ENV")
    name = wanted or (f"{active}/bin/python3" if active else "python3")
    found = shutil.which(name, path=environ.get("PATH"))
    if found is None:
        raise UsageError(f"there is no Python {name!r}: activate a virtual environment, or name one with --python")
    return os.path.abspath(found)  # noqa: PTH100 - a link is how a virtual environment's Python knows its place


def ask_python(program: str) -> Python:
    """
    Ask a Python for its version.

    Raises:
        UsageError: it cannot be run, isn't a Python, or is too old.
    """
    advice = "name another with --python"
    try:
        done = subprocess.run(  # noqa: S603 - the user's Python
            [program, *QUESTION], capture_output=True, stdin=subprocess.DEVNULL, timeout=ANSWER_SECONDS, check=False
        )
    except OSError as error:
        raise UsageError(f"{program} cannot be run: {error.strerror}; {advice}") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{program} doesn't say its version within {ANSWER_SECONDS:g} seconds; {advice}") from error
    version, _, executable = done.stdout.decode(errors="replace").strip().partition("\n")
    if done.returncode or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"{program} isn't a Python that works: {said[-1] if said else 'no version'}; {advice}")
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        raise UsageError(f"{program} is Python {version}, and the runtime needs 3.11 or newer; {advice}")
    # A shim, as pyenv and asdf have them, looks for the program at each start, which takes longer than the start.
    is_shim = os.path.basename(os.path.dirname(program)) == "shims"  # noqa: PTH119, PTH120 - as above
    return Python(executable if is_shim and os.access(executable, os.X_OK) else program, version)
