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
from pathlib import Path
from typing import Any

from tests.support import ROOT
from tests.support.rie import ARCH, post

TREE = ROOT / "build" / "tree" / ARCH
SMOKE = ROOT / "tests" / "integration" / "smoke"


def pack(what: str, arch: str, folder: str = "", *options: str) -> subprocess.CompletedProcess[str]:
    """Build as `make layer` and `make zip` do, with the interpreter that is compiled here."""
    name = f"{Path(folder).name}-{arch}" if folder else f"lambda-bootstrap-layer-{arch}"
    command = [sys.executable, "-m", "lambda_bootstrap_dev", "build", what, *([f"{folder}/"] if folder else [])]
    place = ["--find-links", f"build/interpreter/{arch}", "--output", f"build/{name}.zip"]
    return subprocess.run(
        [*command, "--arch", arch, *place, *options], capture_output=True, text=True, check=False, cwd=ROOT
    )


def build(folder: Path, *arguments: str) -> str:
    """Run `lambda-bootstrap build` in a repository, with the interpreter compiled here; return what it prints."""
    compiled = ROOT / "build" / "interpreter" / ARCH
    wheels = ["--find-links", str(compiled)] if compiled.is_dir() else []
    command = [sys.executable, "-m", "lambda_bootstrap_dev", "build", *arguments, *wheels]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


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
