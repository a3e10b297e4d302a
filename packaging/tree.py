"""
Assemble the runtime tree of one architecture: the folder that image, layer and zip all carry.

Owns: what is in the tree and what is left out of the interpreter, with the reasons. Refuses to know: how the
interpreter is compiled (interpreter.sh), and where a package puts the tree (`lambda-bootstrap build`, Dockerfile).

It has `bootstrap`, the launcher, and beside it lambda-bootstrap/, which works anywhere: bin/python3, lib/ (the standard
library and its extras), bootstrap, runtime/, site-packages/ (what a function may use without bringing it), licences/.
"""

# ruff: noqa: INP001 -- a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIBRARY = "lib/python3.*"
PATHS = "lambda_bootstrap.pth"  # read by `site`, which `bootstrap` does without
# Left out of the interpreter as `make install` gives it, and why.
LEFT_OUT = {
    "for compiling against it": ("include", "share", "lib/pkgconfig", "lib/libpython3.*.a", f"{LIBRARY}/config-*"),
    "programs that are modules as well: python3 -m": ("bin/idle*", "bin/pydoc*", "bin/python*-config"),
    "windows on a screen": (f"{LIBRARY}/idlelib", f"{LIBRARY}/tkinter", f"{LIBRARY}/turtle*"),
    "terminals: the C libraries they need are not linked": (f"{LIBRARY}/curses",),
    "Python's own tests": (f"{LIBRARY}/test", f"{LIBRARY}/__phello__"),
    "pip: packages come with the function, and its folders are read-only": (f"{LIBRARY}/ensurepip",),
    "decimal in Python: it is linked in, in C": (f"{LIBRARY}/_pydecimal.py",),
    "texts of help(), 0.7 MB": (f"{LIBRARY}/pydoc_data",),
    "byte code, made anew below": (f"{LIBRARY}/**/__pycache__",),
}


def library(tree: Path) -> Path:
    """The folder of the standard library."""
    (folder,) = tree.glob(LIBRARY)
    return folder


def trim(tree: Path) -> None:
    """Remove what LEFT_OUT names."""
    for pattern in (pattern for patterns in LEFT_OUT.values() for pattern in patterns):
        for path in list(tree.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def one_program(tree: Path) -> None:
    """Keep bin/python3 alone, as a file: a zip has no links that every tool would unpack."""
    program = (tree / "bin" / "python3").resolve().read_bytes()
    shutil.rmtree(tree / "bin")
    (tree / "bin").mkdir()
    (tree / "bin" / "python3").write_bytes(program)
    # The interpreter looks for this folder, and warns when it is not there; every extension module is linked in.
    dynload = library(tree) / "lib-dynload"
    dynload.mkdir(exist_ok=True)
    (dynload / "README.txt").write_text("Extension modules are linked into bin/python3.\n")


def add_extras(tree: Path, extras: Path) -> None:
    """Add the authorities that packaging/store.c looks for, and time zones where zoneinfo looks for them."""
    shutil.copy(extras / "certifi" / "cacert.pem", tree / "lib" / "cacert.pem")
    packages = library(tree) / "site-packages"
    shutil.rmtree(packages, ignore_errors=True)
    packages.mkdir()
    for folder in extras.glob("tzdata*"):
        shutil.copytree(folder, packages / folder.name)


def add_runtime(tree: Path, packages: Path) -> None:
    """Add what is in this repository, and the packages that it lends to functions."""
    shutil.copy(ROOT / "bootstrap", tree / "bootstrap")
    shutil.copytree(ROOT / "runtime", tree / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(packages, tree / "site-packages", ignore=shutil.ignore_patterns("__pycache__", "bin"))


def add_path(tree: Path) -> None:
    """Have a plain `python3` find both: a program of the function's own, or what starts an extension."""
    packages = library(tree) / "site-packages"
    (packages / PATHS).write_text("../../../runtime\n../../../site-packages\n")


def add_licences(tree: Path, extras: Path) -> None:
    """Add the licences of packages, and ours, to those that the interpreter came with."""
    folder = tree / "licences"
    shutil.copy(ROOT / "LICENSE", folder / "lambda-bootstrap.txt")
    for package in (extras, tree / "site-packages"):
        for file in package.glob("*.dist-info/**/LICENSE*"):
            name = re.split(r"-\d", file.relative_to(package).parts[0])[0]
            shutil.copy(file, folder / f"{name}{file.name.removeprefix('LICENSE').removesuffix('.txt')}.txt")


def compile_all(tree: Path, python: Path) -> None:
    """
    Make byte code of every module, never to be checked against its source (PEP 552).

    The tree is read-only in Lambda: byte code is made now or never, and nothing changes under it.
    """
    options = ["-q", "-f", "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", "/opt/lambda-bootstrap"]
    subprocess.run([python, "-I", "-m", "compileall", *options, str(tree)], check=True)


def open_to_all(root: Path) -> None:
    """Everybody may read, nobody but the owner write: Lambda runs functions as a user of its own."""
    for path in (root, *root.rglob("*")):
        executable = path.is_dir() or path in {root / "bootstrap", root / "lambda-bootstrap" / "bin" / "python3"}
        path.chmod(0o755 if executable else 0o644)


def assemble(root: Path, interpreter: Path, python: Path, extras: Path, packages: Path) -> None:
    """Fill *root*, which is made anew."""
    shutil.rmtree(root, ignore_errors=True)
    tree = root / "lambda-bootstrap"
    shutil.copytree(interpreter, tree, symlinks=True)
    (tree / "launcher").rename(root / "bootstrap")
    trim(tree)
    one_program(tree)
    add_extras(tree, extras)
    add_runtime(tree, packages)
    add_path(tree)
    add_licences(tree, extras)
    compile_all(tree, python.absolute())
    open_to_all(root)


def main() -> None:
    """Assemble build/tree/ARCH out of the interpreter and the packages that are given."""
    parser = argparse.ArgumentParser(description="Assemble the runtime tree of one architecture.")
    parser.add_argument("arch", choices=("x86_64", "arm64"))
    parser.add_argument("interpreter", type=Path, help="what interpreter.sh made")
    parser.add_argument("python", type=Path, help="a Python of the same version that runs here")
    parser.add_argument("extras", type=Path, help="the folder with certifi and tzdata")
    parser.add_argument("packages", type=Path, help="the folder with what functions may use")
    options = parser.parse_args()
    root = ROOT / "build" / "tree" / options.arch
    assemble(root, options.interpreter, options.python, options.extras, options.packages)


if __name__ == "__main__":
    main()
