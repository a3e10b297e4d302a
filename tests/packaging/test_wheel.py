"""What of the tree is in the interpreter's wheel, and the wheel's version."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.support.scripts import script

if TYPE_CHECKING:
    from pathlib import Path

wheel = script("wheel")


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    """A tree with an interpreter, the runtime, and a package that only the runtime's users have."""
    tree = tmp_path / "tree"
    home = tree / "lambda-bootstrap"
    for name, mode in {
        "bin/python3": 0o755,
        "lib/os.py": 0o644,
        "lib/python3.13/site-packages/lambda_bootstrap.pth": 0o644,
        "licences/openssl.txt": 0o644,
        "licences/structlog.txt": 0o644,
        "licences/structlog-NOTICE.txt": 0o644,
        "bootstrap": 0o755,
        "runtime/lambda_bootstrap/main.py": 0o644,
        "site-packages/structlog/__init__.py": 0o644,
        "site-packages/structlog-25.5.0.dist-info/METADATA": 0o644,
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
        (home / name).chmod(mode)
    (tree / "bootstrap").write_text("launcher")
    return tree


def test_wanted(tree: Path) -> None:
    """Interpreter, launcher and their licences are wanted; the runtime, its packages and their licences are not."""
    assert [str(path.relative_to(tree)) for path in wheel.wanted(tree) if path.is_file()] == [
        "bootstrap",
        "lambda-bootstrap/bin/python3",
        "lambda-bootstrap/lib/os.py",
        "lambda-bootstrap/licences/openssl.txt",
    ]


def test_archive(tree: Path, tmp_path: Path) -> None:
    """Every file of the archive is root's and of one moment, in order, with its mode and content."""
    wheel.write_archive(tree, tmp_path / "a.tar.xz")
    with tarfile.open(tmp_path / "a.tar.xz", "r:xz") as archive:
        entries = archive.getmembers()
        program = archive.extractfile("lambda-bootstrap/bin/python3")
        assert program is not None
        content = program.read()

    assert [entry.name for entry in entries] == [
        "bootstrap",
        "lambda-bootstrap",
        "lambda-bootstrap/bin",
        "lambda-bootstrap/bin/python3",
        "lambda-bootstrap/lib",
        "lambda-bootstrap/lib/os.py",
        "lambda-bootstrap/lib/python3.13",
        "lambda-bootstrap/lib/python3.13/site-packages",
        "lambda-bootstrap/licences",
        "lambda-bootstrap/licences/openssl.txt",
    ]
    owners = {(entry.uid, entry.gid, entry.uname, entry.gname, entry.mtime) for entry in entries}
    assert owners == {(0, 0, "", "", 1_754_697_600)}
    assert [entry.mode & 0o777 for entry in entries if entry.isfile()] == [0o644, 0o755, 0o644, 0o644]
    assert content == b"bin/python3"


@pytest.mark.parametrize(("post", "version"), [(0, "3.13.9"), (2, "3.13.9.post2")])
def test_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, post: int, version: str) -> None:
    """The version is that of the pinned CPython, with `.postN` once a library in it was mended."""
    (tmp_path / "sources.txt").write_text(
        "# python3.13 python3.13_3.13.1.orig.tar.xz 00\nzlib zlib_1.3.orig.tar.gz 00\n"
        "python3.13 python3.13_3.13.9.orig.tar.xz 00\n"
    )
    monkeypatch.setattr(wheel, "HERE", tmp_path)
    monkeypatch.setattr(wheel, "POST", post)

    assert wheel.version() == version
