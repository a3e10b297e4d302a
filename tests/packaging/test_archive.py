"""What lies in a layer's and in a function's zip, with which modes, and which packages are refused."""

from __future__ import annotations

import stat
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.scripts import script

if TYPE_CHECKING:
    from pathlib import Path

archive = script("archive")
X86, ARM = (b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") for machine in (62, 183))


def written(folder: Path, **files: bytes) -> Path:
    """Fill a folder; double underscores in names are slashes, and a last one makes a program."""
    for name, content in files.items():
        path = folder / name.rstrip("_").replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if name.endswith("_") else 0o644)
    return folder


@pytest.fixture(name="build")
def _build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small tree for each architecture."""
    build = tmp_path / "build"
    for arch, program in (("x86_64", X86), ("arm64", ARM)):
        written(build / "tree" / arch, bootstrap_=b"#!boot", **{"lambda-bootstrap__runtime__a": program})
    monkeypatch.setattr(archive, "BUILD", build)
    return build


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

    def test_too_large(self, tmp_path: Path) -> None:
        """Files of more than 250 MB are refused with their size, before any of them is read."""
        sparse = tmp_path / "sparse"
        with sparse.open("wb") as file:
            file.truncate(300 * 1024**2)

        with pytest.raises(archive.PackagingError, match=r"^a\.zip would unpack to 300 MB: Lambda takes 250$"):
            archive.write(tmp_path / "a.zip", {"sparse": sparse})
        assert not (tmp_path / "a.zip").exists()

    @pytest.mark.parametrize(("limit", "is_refused"), [(9, True), (10, False)])
    def test_limit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, limit: int, is_refused: bool) -> None:
        """Files of as many bytes as the limit are packed, one byte more is refused; all of them count."""
        monkeypatch.setattr(archive, "UNZIPPED", limit)
        files = {"a": written(tmp_path, a=b"aaaa") / "a", "b": b"bbbbbb"}
        try:
            archive.write(tmp_path / "out", files)
        except archive.PackagingError:
            assert is_refused
        else:
            assert not is_refused

    @pytest.mark.parametrize("is_over", [False, True])
    def test_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, is_over: bool
    ) -> None:
        """The sizes are printed in megabytes, with a hint where the zip is too large to be uploaded directly."""
        output = tmp_path / "a.zip"
        files = {"a": bytes(range(256)) * 8000}
        archive.write(output, files)
        size = output.stat().st_size
        capsys.readouterr()
        monkeypatch.setattr(archive, "ZIPPED", size - is_over)
        archive.write(output, files)

        assert capsys.readouterr().out == (
            f"{output}: {size / 1e6:.1f} MB, unpacked 2.0 MB"
            f"{'; over 50 MB it has to be uploaded by way of S3' if is_over else ''}\n"
        )


class TestLayer:
    """What is unpacked into /opt."""

    def test_files(self, build: Path, tmp_path: Path) -> None:
        """A layer has the tree, and a `python3` on the PATH that starts the tree's interpreter."""
        archive.layer("arm64", tmp_path / "out")

        assert (tmp_path / "out" / "bin" / "python3").read_bytes() == (
            b'#!/bin/sh\nexec /opt/lambda-bootstrap/bin/python3 "$@"\n'
        )
        assert (tmp_path / "out" / "lambda-bootstrap" / "runtime" / "a").read_bytes() == ARM
        assert build.is_dir()


@pytest.mark.usefixtures("build")
class TestFunction:
    """What is unpacked into /var/task."""

    def test_files(self, tmp_path: Path) -> None:
        """A function's files are packed with the tree, but for what only its developer needs."""
        folder = written(
            tmp_path / "shop",
            **{"app.py": b"1", "data__x.txt": b"2", "lib__native.so": X86},
            **dict.fromkeys(("Dockerfile", ".git__HEAD", ".venv__bin__python"), b"no"),
            **{".aws-sam__build.toml": b"no", ".terraform__x": b"no", ".dockerignore": b"no", ".DS_Store": b"no"},
        )
        (folder / "data" / "__pycache__").mkdir()
        (folder / "data" / "__pycache__" / "x.pyc").write_bytes(b"no")
        output = tmp_path / "out"
        archive.function("x86_64", folder, "2.34", output)

        assert sorted(str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()) == [
            "app.py",
            "bootstrap",
            "data/x.txt",
            "lambda-bootstrap/runtime/a",
            "lib/native.so",
        ]

    def test_tree_wins(self, tmp_path: Path) -> None:
        """A function's own file called `bootstrap` does not take the place of the runtime's."""
        output = tmp_path / "out"
        archive.function("x86_64", written(tmp_path / "shop", bootstrap=b"mine"), "2.34", output)

        assert (output / "bootstrap").read_bytes() == b"#!boot"

    def test_no_folder(self, tmp_path: Path) -> None:
        """A folder that is not there is named."""
        with pytest.raises(archive.PackagingError, match=r"^FUNCTION is .*/nowhere: there is no such folder$"):
            archive.function("x86_64", tmp_path / "nowhere", "2.34", tmp_path / "out")

    @pytest.mark.parametrize(("arch", "machine"), [("arm64", X86), ("x86_64", ARM)])
    def test_other_machine(self, tmp_path: Path, arch: str, machine: bytes) -> None:
        """Machine code of another architecture is refused by its name."""
        folder = written(tmp_path / "shop", lib__native=machine)

        with pytest.raises(archive.PackagingError, match=rf"^lib/native is not for {arch}: bring the wheel for that"):
            archive.function(arch, folder, "2.34", tmp_path / "out")

    @pytest.mark.parametrize("content", [b"", b"\x7fEL", b"\x7fELF" + bytes(14) + b"\x3e\x00", b"text of 20 bytes ..."])
    def test_no_other_machine(self, tmp_path: Path, content: bytes) -> None:
        """Files that are no machine code, or of the right kind, are packed."""
        archive.function("x86_64", written(tmp_path / "shop", a=content), "2.34", tmp_path / "out")

        assert (tmp_path / "out" / "a").read_bytes() == content

    @pytest.mark.parametrize("glibc", ["", "2", "2.x", "3.1", "2.34.1", "x2.34"])
    def test_glibc(self, tmp_path: Path, glibc: str) -> None:
        """A version of glibc in another form is refused, with an example."""
        folder = written(tmp_path / "shop", **{"requirements.txt": b""})

        with pytest.raises(archive.PackagingError) as refused:
            archive.function("x86_64", folder, glibc, tmp_path / "out")
        assert str(refused.value) == f"GLIBC is {glibc}: it has to be a version, 2.26 for provided.al2"


UV = """#!/bin/sh
echo "$PWD" "$@" >"$0.log"
for argument; do case $argument in --target=*) target=${argument#--target=}; esac; done
mkdir -p "$target/lent/__pycache__"
echo 1 >"$target/lent/__init__.py"
echo 2 >"$target/lent/__pycache__/x.pyc"
test ! -e refuse || { printf '  \\342\\225\\260 no  wheel\\nfor this\\n' >&2; exit 1; }
"""


@pytest.mark.usefixtures("build")
class TestInstall:
    """A function's dependencies; a program in uv's place takes down what it is asked for."""

    @pytest.fixture(autouse=True)
    def _uv(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        written(tmp_path / "bin", uv_=UV.encode())
        monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))

    @pytest.mark.parametrize(
        ("arch", "glibc", "platform"),
        [
            ("x86_64", "2.34", "x86_64-manylinux_2_34"),
            ("x86_64", "2.28", "x86_64-manylinux_2_28"),
            ("x86_64", "2.27", "x86_64-manylinux_2_17"),
            ("arm64", "2.26", "aarch64-manylinux_2_17"),
        ],
    )
    @pytest.mark.parametrize("listing", ["requirements.txt", "pyproject.toml"])
    def test_asked_for(self, tmp_path: Path, arch: str, glibc: str, platform: str, listing: str) -> None:
        """Wheels for the interpreter, the machine and the C library are asked for, and packed without byte code."""
        folder = written(tmp_path / "shop", **{"pyproject.toml": b"", listing: b""})
        output = tmp_path / "out"
        archive.function(arch, folder, glibc, output)
        place, *words = (tmp_path / "bin" / "uv.log").read_text().split()

        assert place == str(folder)
        assert words[:7] == [
            *("pip", "install", "--quiet", "--no-config", "--only-binary=:all:", "--python-version=3.13"),
            f"--python-platform={platform}",
        ]
        assert words[8:] == ["--requirement", listing]
        assert (output / "lent" / "__init__.py").read_text() == "1\n"
        assert not (output / "lent" / "__pycache__").exists()

    def test_nothing_listed(self, tmp_path: Path) -> None:
        """A function without a list of dependencies has none."""
        archive.function("x86_64", written(tmp_path / "shop", **{"app.py": b""}), "2.34", tmp_path / "out")

        assert not (tmp_path / "bin" / "uv.log").exists()

    def test_no_solution(self, tmp_path: Path) -> None:
        """What cannot be resolved is told in one line, with the file, the target and the reason."""
        folder = written(tmp_path / "shop", refuse=b"", **{"requirements.txt": b""})

        with pytest.raises(archive.PackagingError) as refused:
            archive.function("arm64", folder, "2.34", tmp_path / "out")
        assert str(refused.value) == (
            f"{folder}/requirements.txt has no solution in wheels for Python 3.13 on arm64 with glibc 2.34: "
            "no wheel for this"
        )


class TestMain:
    """The command line."""

    def test_layer(self, build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A layer is build/lambda-bootstrap-layer-ARCH.zip."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["archive.py", "layer", "arm64"])
        archive.main()

        assert zipfile.is_zipfile(build / "lambda-bootstrap-layer-arm64.zip")

    def test_function(self, build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A function's zip is called after its folder, however that is written."""
        folder = written(tmp_path / "shop", **{"app.py": b""})
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["archive.py", "function", "x86_64", f"{folder}/../shop"])
        archive.main()

        assert zipfile.is_zipfile(build / "shop-x86_64.zip")

    @pytest.mark.usefixtures("build")
    def test_output(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """--output names another place."""
        monkeypatch.setattr(sys, "argv", ["archive.py", "layer", "arm64", "--output", str(tmp_path / "mine")])
        archive.main()

        assert (tmp_path / "mine" / "bootstrap").is_file()

    def test_refusal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A refusal is one line."""
        monkeypatch.setattr(sys, "argv", ["archive.py", "function", "x86_64", "/nowhere"])

        with pytest.raises(SystemExit, match=r"^make: FUNCTION is /nowhere: there is no such folder$"):
            archive.main()
