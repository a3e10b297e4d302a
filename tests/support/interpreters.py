"""
A wheel like `lambda-bootstrap-python`'s, whose interpreter is the Python that runs the tests.

Owns its layout, which is that of the real one. Refuses to know what is built with it.
"""

from __future__ import annotations

import io
import platform
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

from tests.support.rie import ARCH

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# What packaging/launcher.c does, in a language that needs no compiler.
LAUNCHER = """#!/bin/sh
home=$(dirname "$(readlink -f "$0")")/lambda-bootstrap
exec "$home/bin/python3" "$home/bootstrap" "$@"
"""
BILL = '{"components": [{"bom-ref": "cpython", "type": "library", "name": "cpython", "version": "1"}]}'


def build_wheel(folder: Path, version: str = platform.python_version(), arch: str = ARCH) -> Path:
    """Write the wheel into *folder*, and return its path."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:xz", preset=0) as file:
        for name, text in {
            "bootstrap": LAUNCHER,
            "lambda-bootstrap/bin/python3": f'#!/bin/sh\nexec {sys.executable} "$@"\n',
            "lambda-bootstrap/lib/os.py": "# Python's library.\n",
            "lambda-bootstrap/licences/python.txt": "a licence\n",
        }.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o755 if "/lib" not in name else 0o644
            file.addfile(entry, io.BytesIO(text.encode()))
    tag = f"py3-none-manylinux_2_17_{MACHINES[arch]}"
    info = f"lambda_bootstrap_python-{version}.dist-info"
    wheel = folder / f"lambda_bootstrap_python-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("lambda_bootstrap_python/interpreter.tar.xz", archive.getvalue())
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: lambda-bootstrap-python\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n")
        file.writestr(f"{info}/sboms/lambda-bootstrap-python.cdx.json", BILL)
        file.writestr(f"{info}/RECORD", "")
    return wheel
