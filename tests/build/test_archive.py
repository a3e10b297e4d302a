"""The files of a package: how they are written, and which are refused."""

from __future__ import annotations

import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.build import archive, report
from lambda_bootstrap_dev.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

X86, ARM = (b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") for machine in (62, 183))


def written(folder: Path, **files: bytes) -> Path:
    """Fill a folder; double underscores in names are slashes, and a last one makes a program."""
    for name, content in files.items():
        path = folder / name.rstrip("_").replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if name.endswith("_") else 0o644)
    return folder


def test_limits() -> None:
    """The limits are Lambda's: 50 MB as a zip, 250 MB unpacked."""
    assert (archive.ZIPPED, archive.UNZIPPED) == (52_428_800, 262_144_000)


class TestWrite:
    """A zip, or a folder."""

    def test_zip(self, tmp_path: Path) -> None:
        """Entries are sorted, compressed, of 1980, and of Unix; programs and what is made here can be run."""
        folder = written(tmp_path / "in", program_=b"#!", z=b"z" * 100)
        files: dict[str, Any] = {"z": folder / "z", "program": folder / "program", "made": b"#!/bin/sh\n"}
        archive.compress(tmp_path / "a.zip", files)
        with zipfile.ZipFile(tmp_path / "a.zip") as file:
            seen = [(entry.filename, entry.external_attr >> 16, file.read(entry)) for entry in file.infolist()]
            entries = file.infolist()

        assert seen == [("made", 0o100755, b"#!/bin/sh\n"), ("program", 0o100755, b"#!"), ("z", 0o100644, b"z" * 100)]
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {(entry.create_system, entry.compress_type) for entry in entries} == {(3, zipfile.ZIP_DEFLATED)}

    def test_folder(self, tmp_path: Path) -> None:
        """An output that is not called .zip is a folder with the same files and modes."""
        folder = written(tmp_path / "in", program_=b"#!", plain=b"p")
        output = tmp_path / "out"
        archive.write(output, {"a/program": folder / "program", "plain": folder / "plain", "made": b"m"})
        found = {str(path.relative_to(output)): path for path in output.rglob("*") if path.is_file()}
        modes = {name: stat.S_IMODE(path.stat().st_mode) for name, path in found.items()}

        assert {name: path.read_bytes() for name, path in found.items()} == {
            "a/program": b"#!",
            "plain": b"p",
            "made": b"m",
        }
        assert modes == {"a/program": 0o755, "plain": 0o644, "made": 0o755}

    def test_interrupted(self, tmp_path: Path) -> None:
        """A zip that cannot be finished leaves nothing that looks like one, and an earlier one as it was."""
        output = tmp_path / "a.zip"
        archive.write(output, {"a": b"1"})
        before = output.read_bytes()
        with pytest.raises(BuildError, match=r"^.*/a\.zip cannot be written: No such file or directory$"):
            archive.write(output, {"a": b"2", "gone": tmp_path / "gone"})

        assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
        assert output.read_bytes() == before

    def test_at_once(self, tmp_path: Path) -> None:
        """Builds of the same zip at once don't meet in one draft, and what comes out is one of theirs, whole."""
        output = tmp_path / "a.zip"
        contents: list[archive.Files] = [{"a": bytes([number]) * 2_000_000} for number in range(4)]
        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(archive.write, output, files) for files in contents]:
                done.result()

        with zipfile.ZipFile(output) as file:
            assert {"a": file.read("a")} in contents
        assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize(("size", "is_refused"), [(262_144_000, False), (262_144_001, True)])
def test_limit(tmp_path: Path, size: int, *, is_refused: bool) -> None:
    """Files of as many bytes as Lambda unpacks are packed, one byte more is refused; all of them count."""
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(size - 2)
    asked = archive.size({"sparse": sparse, "made": b"12"})
    message = r"^a\.zip would unpack to 250\.0 MB, and Lambda takes 250\.0 MB: "
    with pytest.raises(BuildError, match=message) if is_refused else nullcontext():
        report.check_size(tmp_path / "a.zip", asked, ())


@pytest.mark.parametrize("size", [52_428_800, 52_428_801])
def test_upload(tmp_path: Path, size: int) -> None:
    """A zip of more than 50 MB is reported as one that has to be uploaded by way of S3."""
    lines = report.Report(tmp_path / "a.zip", (), (), size).lines

    assert ("over 50.0 MB it has to be uploaded by way of S3" in lines) == (size > 52_428_800)


class TestMachine:
    """Machine code in a package."""

    @pytest.mark.parametrize(("arch", "machine"), [("arm64", X86), ("x86_64", ARM)])
    def test_other(self, tmp_path: Path, arch: str, machine: bytes) -> None:
        """Machine code of another architecture is refused by its name."""
        files: archive.Files = {"lib/native": written(tmp_path, native=machine) / "native"}

        with pytest.raises(BuildError, match=rf"^lib/native is not for {arch}: bring the wheel for that"):
            archive.check(files, arch)

    @pytest.mark.parametrize(
        "content", [X86, b"", b"\x7fEL", b"\x7fELF" + bytes(14) + b"\x3e\x00", b"text of 20 bytes ..."]
    )
    def test_none(self, tmp_path: Path, content: bytes) -> None:
        """Files that are no machine code, or of the right kind, are packed."""
        archive.check({"a": written(tmp_path, a=content) / "a", "made": b"#!"}, "x86_64")
