"""
The runtime's own files in a package: interpreter, launcher, the modules of `lambda_bootstrap`, and what it lends.

Owns: what lies where beside the function.
Refuses to know: the function.
"""

from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from ..emulator.session import find_bootstrap
from . import wheels

if TYPE_CHECKING:
    from .interpreter import Interpreter
    from .target import Target
    from .uv import Uv

HOME = "lambda-bootstrap"
LENDS = f"{HOME}/site-packages"
# What a function may use without bringing it, where it finds a runtime: in a layer, in a runtime's image.
LENT = Path(__file__).parents[1] / "lent.txt"
# Layers are found along PATH, which ends with /opt/bin.
PYTHON_OF_LAYER = b"""#!/bin/sh
exec /opt/lambda-bootstrap/bin/python3 "$@"
"""


def stage(interpreter: Interpreter, folder: Path) -> None:
    """Fill *folder* with interpreter, launcher and runtime."""
    interpreter.unpack(folder)
    home = folder / HOME
    shutil.copyfile(find_bootstrap(), home / "bootstrap")
    copy_package(home / "runtime")
    add_path(home, "runtime")
    licence = _licence()
    if licence and (home / "licences").is_dir():
        (home / "licences" / "lambda-bootstrap.txt").write_text(licence, encoding="utf-8")
    open_to_all(folder)


def stage_pure(folder: Path) -> None:
    """Fill *folder* with `lambda_bootstrap` as its wheel has it, for a Python that is there: `bootstrap` is in it."""
    copy_package(folder)
    shutil.copyfile(find_bootstrap(), folder / "lambda_bootstrap" / "bootstrap")
    open_to_all(folder)


def copy_package(folder: Path) -> None:
    """Put our package into *folder*, without `bootstrap`, which only the wheel has within it."""
    import lambda_bootstrap  # noqa: PLC0415 - the other verbs work without it

    ignored = shutil.ignore_patterns("__pycache__", "bootstrap")
    package = Path(lambda_bootstrap.__file__).parent
    shutil.copytree(package, folder / "lambda_bootstrap", ignore=ignored, dirs_exist_ok=True)


def lend(root: Path, target: Target, uv: Uv) -> None:
    """
    Add structlog and urllib3, held to their hashes.

    Raises:
        BuildError: they cannot be fetched.
    """
    folder = root / LENDS
    failure = "structlog and urllib3, which it lends to functions, cannot be fetched"
    uv.install(LENT, folder, target, "--require-hashes", cwd=root, failure=failure)
    wheels.tidy(folder)
    add_path(root / HOME, "site-packages")
    open_to_all(root)


def add_path(home: Path, name: str) -> None:
    """Have a plain `python3` find the modules in a folder of *home*; `bootstrap` does so by itself."""
    for library in home.glob("lib/python3.*"):
        (library / "site-packages").mkdir(exist_ok=True)
        with (library / "site-packages" / "lambda_bootstrap.pth").open("a") as file:
            file.write(f"../../../{name}\n")


def open_to_all(folder: Path) -> None:
    """Everybody may read, nobody but the owner write: Lambda runs functions as a user of its own."""
    for path in (folder, *folder.rglob("*")):
        runs = path.is_dir() or path in {folder / "bootstrap", folder / HOME / "bin" / "python3"}
        path.chmod(0o755 if runs else 0o644)


def _licence() -> str:
    try:
        return distribution("lambda-bootstrap").read_text("licenses/LICENSE") or ""
    except PackageNotFoundError:  # a checkout
        return ""
