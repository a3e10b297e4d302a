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


def test_functions_are_python() -> None:
    """Every function is a module with a handler."""
    for function in FUNCTIONS:
        names = compile(function.code, "app.py", "exec").co_names
        assert "handler" in names, function.name


def test_ratio() -> None:
    """Ours is told as a part of what pip's takes."""
    assert cells(400.0, 100.4) == ["400 ms", "100 ms", "0.25"]


def test_forgotten_files_are_read_again(tmp_path: Path) -> None:
    """A file that the kernel has forgotten has its content all the same, and no descriptor stays open."""
    (tmp_path / "a").write_text("a")
    before = len([*DESCRIPTORS.iterdir()])
    forget([tmp_path / "a"])

    assert (tmp_path / "a").read_text() == "a"
    assert len([*DESCRIPTORS.iterdir()]) == before
