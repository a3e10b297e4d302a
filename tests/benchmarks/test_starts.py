"""How the starts' packages are laid out before they are timed."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

from benchmarks.starts import FUNCTIONS, cells, forget, unpack

DESCRIPTORS = Path("/proc/self/fd")


def test_unpacked_as_lambda_does(tmp_path: Path) -> None:
    """Files have the times that the zip has, in steps of two seconds, and nobody may write them."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(zipfile.ZipInfo("b/c.py", (2026, 11, 27, 1, 2, 3)), "pass\n")
    found = unpack(tmp_path / "a.zip", tmp_path / "task") / "b" / "c.py"

    assert time.localtime(found.stat().st_mtime)[:6] == (2026, 11, 27, 1, 2, 2)
    assert [oct(path.stat().st_mode)[-3:] for path in (found, found.parent)] == ["555", "555"]


def test_unpacked_without_byte_code(tmp_path: Path) -> None:
    """A package that ships no byte code has no folder of it, and all of its modules."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name in ("a.py", "__pycache__/a.cpython-313.pyc", "b/c.py", "b/__pycache__/c.cpython-313.pyc"):
            file.writestr(name, "")
    folder = unpack(tmp_path / "a.zip", tmp_path / "task", without="__pycache__")

    assert {str(path.relative_to(folder)) for path in folder.rglob("*")} == {"a.py", "b", "b/c.py"}


def test_functions_are_python() -> None:
    """Every function is a module with a handler."""
    for function in FUNCTIONS:
        names = compile(function.code, "app.py", "exec").co_names
        assert "handler" in names, function.name


def test_ratios() -> None:
    """Ours is told as a part of what each other way takes."""
    times = {"zipped without byte code": 400.0, "zipped by pip": 200.0, "built": 100.4}

    assert cells(times) == ["400 ms", "200 ms", "100 ms", "0.25", "0.50"]


def test_forgotten_files_are_read_again(tmp_path: Path) -> None:
    """A file that the kernel has forgotten has its content all the same, and no descriptor stays open."""
    (tmp_path / "a").write_text("a")
    before = len([*DESCRIPTORS.iterdir()])
    forget([tmp_path / "a"])

    assert (tmp_path / "a").read_text() == "a"
    assert len([*DESCRIPTORS.iterdir()]) == before
