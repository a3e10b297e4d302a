"""
Build the wheel of `lambda-bootstrap-python` for one architecture out of the runtime tree.

Owns: what of the tree is in the wheel, its version and its platform, and that the same tree gives the same bytes.
Refuses to know: what is in the tree (tree.py), and what a wheel looks like (hatchling).
"""

# ruff: noqa: INP001 -- a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
ROOT = HERE.parent
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# The oldest C library that the interpreter runs on; tests look at the symbols that it asks for.
GLIBC = "2_26"
# To be raised when a library in the interpreter is mended, and set to 0 when CPython has a new version.
POST = 1
SBOM = "sboms/lambda-bootstrap-python.cdx.json"
SECONDS = 1754697600  # the moment of every file, as in interpreter.sh
# What the tree has beside the interpreter: it comes in a wheel of its own, or with the function.
NOT_OURS = ("bootstrap", "runtime", "site-packages")


def version() -> str:
    """CPython's version, with `.postN` if libraries have been mended since."""
    python = re.escape(os.environ.get("PYTHON_VERSION", "3.13"))
    form = rf"^python{python}\s+python{python}_([\d.]+)\.orig"
    cpython = re.findall(form, (HERE / "sources.txt").read_text(), re.MULTILINE)
    return f"{cpython[0]}.post{POST}" if POST else str(cpython[0])


def wanted(tree: Path) -> list[Path]:
    """The files and folders of the interpreter, its launcher and its licences, in order."""
    home = tree / "lambda-bootstrap"
    lent = {re.split(r"-\d", folder.name)[0] for folder in (home / "site-packages").glob("*.dist-info")}
    strange = {home / name for name in NOT_OURS}
    strange |= set(home.glob("lib/*/site-packages/lambda_bootstrap.pth"))
    strange |= {file for name in lent for file in (home / "licences").glob(f"{name}*.txt")}
    return [path for path in sorted(tree.rglob("*")) if strange.isdisjoint([path, *path.parents])]


def write_archive(tree: Path, output: Path, preset: Literal[0, 9] = 9) -> None:
    """Pack what is wanted of *tree*; every file is root's, and of the same moment."""
    with tarfile.open(output, "w:xz", preset=preset, format=tarfile.PAX_FORMAT) as archive:
        for path in wanted(tree):
            entry = archive.gettarinfo(path, str(path.relative_to(tree)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mtime = SECONDS
            if path.is_dir():
                archive.addfile(entry)
                continue
            with path.open("rb") as content:
                archive.addfile(entry, content)


def stage(arch: str, folder: Path, preset: Literal[0, 9]) -> None:
    """Fill *folder* with all that the wheel is built of."""
    tree = ROOT / "build" / "tree" / arch
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "python", folder, ignore=shutil.ignore_patterns("__pycache__"))
    write_archive(tree, folder / "lambda_bootstrap_python" / "interpreter.tar.xz", preset)
    (folder / "VERSION").write_text(version())
    (folder / "TAG").write_text(f"py3-none-manylinux_{GLIBC}_{MACHINES[arch]}")
    for name in ("licences", "sboms"):
        (folder / name).mkdir()
    for file in wanted(tree):
        if file.parent == tree / "lambda-bootstrap" / "licences":
            shutil.copy(file, folder / "licences")
    parts = [HERE / "sbom.py", tree, arch, folder / SBOM, "--interpreter", version()]
    subprocess.run([sys.executable, *map(str, parts)], check=True)


def main() -> None:
    """Build the wheel."""
    parser = argparse.ArgumentParser(description="Build the interpreter's wheel for one architecture.")
    parser.add_argument("arch", choices=sorted(MACHINES))
    parser.add_argument("output", type=Path, help="the folder that gets the wheel")
    parser.add_argument(
        "--preset", type=int, choices=(0, 9), default=9, help="of xz: 0 takes seconds, for a wheel that stays here"
    )
    options = parser.parse_args()
    folder = ROOT / "build" / "wheel" / options.arch
    stage(options.arch, folder, options.preset)
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        options.output.absolute(),
    ]
    subprocess.run(command, cwd=folder, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(SECONDS)})
    wheel = f"lambda_bootstrap_python-{version()}-{(folder / 'TAG').read_text()}"
    shutil.copy(folder / SBOM, options.output / f"{wheel}.cdx.json")


if __name__ == "__main__":
    main()
