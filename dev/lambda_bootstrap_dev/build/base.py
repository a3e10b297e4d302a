"""
What a function's image is built on, as far as its name tells: ours, Debian's, or any that has a Python.

Owns: which Python a base has, and how it gets there.
Refuses to know: the engine, which the same Dockerfile must not depend on, and what is built on the base.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from ..errors import UsageError

# Debian's releases, by name and number, with the Python of each.
DEBIAN = {"bookworm": "3.11", "12": "3.11", "trixie": "3.13", "13": "3.13"}


class Kind(Enum):
    """What there is in a base."""

    OURS = auto()  # the runtime with its Python
    DEBIAN = auto()  # neither; Debian has a Python to install
    PYTHON = auto()  # a Python


@dataclass(frozen=True)
class Base:
    """An image to build on, with the version of its Python; "" for ours, which has the newest that we know."""

    image: str
    kind: Kind
    python: str


def read(image: str, python: str) -> Base:
    """
    Tell what a base is, by its name; *python* is the version that somebody says it has, or "".

    Raises:
        UsageError: its Python's version is in neither, or not in both the same; or it has another C library.
    """
    name, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    if name.startswith("lambda-bootstrap"):
        return Base(image, Kind.OURS, python)
    if "alpine" in f"{name}:{tag}":
        raise UsageError(
            f"--base is {image}, whose C library is musl, which Lambda's wheels don't run on: name another"
        )
    if name == "debian":
        kind, known = Kind.DEBIAN, next((DEBIAN[word] for word in re.split(r"[-.]", tag) if word in DEBIAN), "")
    else:
        found = re.match(r"3\.\d+", tag) if "python" in name else None
        kind, known = Kind.PYTHON, found[0] if found else ""
    if python and known not in {"", python}:
        raise UsageError(f"--base is {image}, which has Python {known}, and --python is {python}")
    if not (python or known):
        raise UsageError(f"--base is {image}, whose name doesn't tell which Python it has: add --python")
    return Base(image, kind, python or known)
