"""The tree for arm64 where this machine is another: run by QEMU against our emulator of the Runtime API."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from emulator import Emulator
from tests.integration.conftest import ARCH, ROOT, give_up
from tests.integration.test_packages import SMOKE, elf_versions, expected

if TYPE_CHECKING:
    from pathlib import Path

TREE = ROOT / "build" / "tree" / "arm64"
QEMU = ROOT / ".cache" / "arm64" / "qemu"
# A child process would be a program that this machine's kernel refuses, so that one check is left to real machines.
CHECKS = ("fork", "zone", "database", "wheels", "symbols")

pytestmark = pytest.mark.skipif(ARCH == "arm64", reason="this machine's own packages are for arm64")


@pytest.fixture(name="tree")
def _tree() -> Path:
    """The tree for arm64; gives up where it was not built."""
    if not TREE.is_dir() or not QEMU.is_file():
        give_up("arm64 is not tried out: `make tree ARCH=arm64 arm64` gets what that takes")
    return TREE


def test_function_with_wheels_answers(tree: Path, tmp_path: Path) -> None:
    """Interpreter, runtime and wheels for arm64 work together."""
    packer = [sys.executable, str(ROOT / "packaging" / "archive.py"), "function", "arm64", str(SMOKE)]
    subprocess.run([*packer, "--output", str(tmp_path)], check=True, cwd=ROOT)
    home = tree / "lambda-bootstrap"
    command = [str(QEMU), "-L", str(QEMU.parent / "root"), str(home / "bin" / "python3"), str(home / "bootstrap")]
    with Emulator(
        command, cwd=tmp_path, handler="app.handler", environ={"LAMBDA_TASK_ROOT": str(tmp_path)}
    ) as emulator:
        told = json.loads(emulator.invoke(json.dumps(dict.fromkeys(CHECKS, 0)).encode()).body)

    assert told == {name: value for name, value in expected("").items() if name in CHECKS}


def test_glibc_2_26_is_enough(tree: Path) -> None:
    """No ELF file of the tree asks for a symbol of a later glibc than Amazon Linux 2's."""
    assert elf_versions(tree) == {"python3": (2, 26)}
