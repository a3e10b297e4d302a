"""
What a package is built for: machine, Python and C library.

Owns: which wheels run there, and what a requirement's marker is there.
Refuses to know: where wheels come from.
"""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass
from functools import cached_property

from packaging.tags import Tag, compatible_tags, cpython_tags

from ..errors import BuildError

MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# e_machine of an ELF file: elf(5), EM_X86_64 and EM_AARCH64.
ELF = {"x86_64": 62, "arm64": 183}
# The C libraries that uv has a platform for; a later one runs what is built for an earlier one.
UV_GLIBCS = (17, 28, *range(31, 41))
# What the oldest names of platforms stand for.
ALIASES = {17: "2014", 12: "2010", 5: "1"}
# Lambda's provided.al2023.
GLIBC = "2.34"


def native() -> str:
    """The architecture of this machine, as Lambda calls it."""
    return "arm64" if platform.machine().lower() in {"aarch64", "arm64"} else "x86_64"


@dataclass(frozen=True)
class Target:
    """A machine in Lambda, with a Python like `3.13`."""

    arch: str
    python: str
    glibc: str = GLIBC

    def __post_init__(self) -> None:
        if not re.fullmatch(r"3\.\d+", self.python):
            raise BuildError(f"--python is {self.python}: it has to be a version like 3.13")
        if not re.fullmatch(r"2\.\d+", self.glibc) or self.minor < UV_GLIBCS[0]:
            raise BuildError(
                f"--glibc is {self.glibc}: it has to be a version from 2.17 on, 2.34 for provided.al2023, 2.26 for "
                "provided.al2"
            )

    def __str__(self) -> str:
        return f"Python {self.python} on {self.arch} with glibc {self.glibc}"

    @property
    def minor(self) -> int:
        """The C library's version, without the 2 before it."""
        return int(self.glibc.partition(".")[2])

    @property
    def machine(self) -> str:
        """The architecture as wheels call it."""
        return MACHINES[self.arch]

    @property
    def runs_here(self) -> bool:
        """Whether a program for the target runs on this machine."""
        return sys.platform == "linux" and self.arch == native()

    @property
    def uv(self) -> list[str]:
        """The target as uv takes it."""
        glibc = max(minor for minor in UV_GLIBCS if minor <= self.minor)
        return [f"--python-version={self.python}", f"--python-platform={self.machine}-manylinux_2_{glibc}"]

    @cached_property
    def tags(self) -> list[Tag]:
        """The tags of the wheels that run there, the best first."""
        platforms = []
        for minor in range(self.minor, 4, -1):
            platforms.append(f"manylinux_2_{minor}_{self.machine}")
            if minor in ALIASES:
                platforms.append(f"manylinux{ALIASES[minor]}_{self.machine}")
        platforms.append(f"linux_{self.machine}")
        version = (3, int(self.python.partition(".")[2]))
        interpreter = f"cp3{version[1]}"
        return [*cpython_tags(version, platforms=platforms), *compatible_tags(version, interpreter, platforms)]

    @property
    def markers(self) -> dict[str, str]:
        """What the variables of a requirement's marker are there."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
            "extra": "",
        }
