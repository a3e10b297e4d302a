"""
Tree, layer and zip as the tests use them: packed, unpacked, looked into, and asked what works.

Owns where they lie and how they are made. Refuses to know what is asserted about them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

from tests.support import ROOT
from tests.support.rie import ARCH, post

if TYPE_CHECKING:
    from pathlib import Path

TREE = ROOT / "build" / "tree" / ARCH
SMOKE = ROOT / "tests" / "integration" / "smoke"


def pack(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the packer as `make layer` and `make zip` do."""
    command = [sys.executable, str(ROOT / "packaging" / "archive.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def elf_versions(tree: Path) -> dict[str, tuple[int, int]]:
    """The latest version of glibc that each ELF file names, of those that name any."""
    found = {}
    for path in tree.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        names = re.findall(rb"\0GLIBC_(\d+)\.(\d+)", content) if content.startswith(b"\x7fELF") else []
        if names:
            found[path.name] = max((int(major), int(minor)) for major, minor in names)
    return found


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack as Lambda does, with the modes."""
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            path = folder / file.extract(entry, folder)
            path.chmod(entry.external_attr >> 16 & 0o777)
    for path in (folder, *folder.rglob("*"), *list(folder.parents)[:2]):
        if path.is_dir():
            path.chmod(0o755)
    return folder


def ask(url: str, *checks: str) -> Any:
    """What the smoke function tells."""
    answer = post(url, json.dumps(dict.fromkeys(checks, 0)).encode())
    return answer.json()


def expected(executable: str) -> dict[str, Any]:
    """What it has to tell."""
    return {
        "interpreter": {"executable": executable, "version": [3, 13], "wrapped": None},
        "child": executable,
        "fork": True,
        "zone": "2026-07-01T14:00:00+02:00",
        "database": [["a word in a row"]],
        "wheels": [[1], 2],
        "authorities": True,
        "symbols": [],
    }
