"""
The runtime's own files in a package: interpreter, launcher, and the modules of `lambda_bootstrap`.

Owns: what lies where beside the function.
Refuses to know: the function.
"""

from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from ..emulator.session import find_bootstrap

if TYPE_CHECKING:
    from .interpreter import Interpreter

HOME = "lambda-bootstrap"
# Layers are found along PATH, which ends with /opt/bin.
PYTHON_OF_LAYER = b"""#!/bin/sh
exec /opt/lambda-bootstrap/bin/python3 "$@"
"""


def stage(interpreter: Interpreter, folder: Path) -> None:
    """Fill *folder* with interpreter, launcher and runtime."""
    interpreter.unpack(folder)
    home = folder / HOME
    bootstrap = find_bootstrap()
    import lambda_bootstrap  # noqa: PLC0415 - the other verbs work without it

    package = Path(lambda_bootstrap.__file__).parent
    shutil.copyfile(bootstrap, home / "bootstrap")
    shutil.copytree(
        package,
        home / "runtime" / "lambda_bootstrap",
        ignore=shutil.ignore_patterns("__pycache__", "bootstrap"),
        dirs_exist_ok=True,
    )
    for library in home.glob("lib/python3.*"):  # so that a plain `python3` finds the runtime too
        (library / "site-packages").mkdir(exist_ok=True)
        (library / "site-packages" / "lambda_bootstrap.pth").write_text("../../../runtime\n")
    licence = _licence()
    if licence and (home / "licences").is_dir():
        (home / "licences" / "lambda-bootstrap.txt").write_text(licence, encoding="utf-8")
    for path in (folder, *folder.rglob("*")):
        runs = path.is_dir() or path in {folder / "bootstrap", home / "bin" / "python3"}
        path.chmod(0o755 if runs else 0o644)


def _licence() -> str:
    try:
        return distribution("lambda-bootstrap").read_text("licenses/LICENSE") or ""
    except PackageNotFoundError:  # a checkout
        return ""
