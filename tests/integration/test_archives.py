"""Tree, layer and zip as files: within Lambda's limits, the same each time, and refused where they could not work."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.support import ROOT
from tests.support.packages import TREE, elf_versions, pack
from tests.support.rie import ARCH

if TYPE_CHECKING:
    from pathlib import Path

MB = 1_000_000


@pytest.mark.compiled
def test_glibc_2_26_is_enough() -> None:
    """No ELF file of the tree asks for a symbol of a later glibc than Amazon Linux 2's."""
    assert elf_versions(TREE) == {"python3": (2, 26)}


@pytest.mark.compiled
def test_the_systems_own_c_library_is_called() -> None:
    """Comparing memory and the like is left to glibc, which knows the processor: the compiler's own would be slow."""
    program = (TREE / "lambda-bootstrap" / "bin" / "python3").read_bytes()

    assert [name for name in (b"memcpy", b"memcmp", b"strlen", b"sin") if b"\0%b\0" % name not in program] == []


@pytest.mark.compiled
def test_nothing_tells_where_it_was_built() -> None:
    """No file of the tree has the folder of its build in it: another folder gives the same bytes."""
    files = [path for path in TREE.rglob("*") if path.is_file()]
    telling = [
        str(path.relative_to(TREE))
        for path in files
        if (content := path.read_bytes()) and (str(ROOT).encode() in content or b"/.cache/build" in content)
    ]

    assert len(files) > 1000
    assert telling == []


@pytest.mark.compiled
def test_tree_is_small() -> None:
    """The tree has at most 45 MB."""
    assert sum(path.stat().st_size for path in TREE.rglob("*") if path.is_file()) <= 45 * MB


@pytest.mark.compiled
@pytest.mark.parametrize("what", [("layer", ARCH), ("zip", ARCH, "examples/hello")])
def test_archives_are_small_and_reproducible(what: tuple[str, ...]) -> None:
    """Layer and zip have at most 16 MB, and are the same bytes when packed again."""
    name = f"lambda-bootstrap-layer-{ARCH}" if what[0] == "layer" else f"hello-{ARCH}"
    archive = ROOT / "build" / f"{name}.zip"
    first, second = ((pack(*what), archive.read_bytes())[1] for _ in range(2))

    assert first == second
    assert len(first) <= 16 * MB


@pytest.mark.compiled
@pytest.mark.parametrize("what", ["image", "layer"])
def test_bill_of_materials(what: str, tmp_path: Path) -> None:
    """The document beside a package is CycloneDX, the same each time; it lists what is linked in and came as wheels."""
    first, second = (bill(what, tmp_path) for _ in range(2))
    parts = {part["name"]: part["version"] for part in json.loads(first)["components"]}

    assert first == second
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(first) is None
    assert parts.keys() >= {"cpython", "openssl", "zlib", "libffi", "sqlite", "urllib3", "structlog", "certifi"}
    assert parts.get("aws-lambda-rie", "").startswith("aws-sam-cli-") == (what == "image")
    assert parts["cpython"].startswith("3.13.")


def bill(what: str, folder: Path) -> str:
    """The document of the image, which `make image` writes, or of the layer, which comes with it."""
    if what == "layer":
        assert pack("layer", ARCH, "", "--output", str(folder / "layer.zip")).returncode == 0
        return (folder / "layer.cdx.json").read_text()
    output = folder / "sbom.json"
    command = [sys.executable, str(ROOT / "packaging" / "sbom.py"), str(TREE), ARCH, str(output), "--rie"]
    subprocess.run(command, check=True)
    return output.read_text()


PROJECT = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["attrs"]\n'


@pytest.mark.compiled
@pytest.mark.parametrize(("file", "text"), [("requirements.txt", "attrs\n"), ("pyproject.toml", PROJECT)])
def test_dependencies_are_packed(file: str, text: str, tmp_path: Path) -> None:
    """What either file asks for is in the zip, beside the function; what tools left in its folder is not."""
    (tmp_path / "app.py").touch()
    (tmp_path / file).write_text(text)
    (tmp_path / ".aws-sam").mkdir()
    (tmp_path / ".aws-sam" / "build.toml").touch()
    output = tmp_path.with_suffix(".zip")
    done = pack("zip", ARCH, str(tmp_path), "--output", str(output))
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(output) as archive:
        names = archive.namelist()

    assert {"app.py", "attrs/__init__.py", "bootstrap"} <= set(names)
    assert [name for name in names if name.startswith(".aws-sam")] == []


@pytest.mark.compiled
def test_glibc_is_a_version(tmp_path: Path) -> None:
    """A GLIBC that is none is told so, with an example."""
    (tmp_path / "requirements.txt").touch()
    done = pack("zip", ARCH, str(tmp_path), "--glibc", "al2")

    assert done.returncode == 1
    assert "--glibc is al2: it has to be a version from 2.17 on, 2.34 for provided.al2023, 2.26 for" in done.stderr


def test_architecture_is_known() -> None:
    """An ARCH that nobody builds for is refused before anything is built."""
    done = subprocess.run(["make", "layer", "ARCH=aarch64"], capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 2
    assert 'ARCH is "aarch64": it has to be x86_64 or arm64' in done.stderr


def test_typo_in_function() -> None:
    """A FUNCTION that isn't there is refused before the interpreter would be compiled."""
    command = ["make", "--no-print-directory", "zip", "FUNCTION=examples/helo"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=20)

    assert (done.returncode, done.stdout) == (2, "")
    assert 'FUNCTION is "examples/helo": there is no such folder' in done.stderr


@pytest.mark.compiled
def test_sdist_is_refused_in_one_line(tmp_path: Path) -> None:
    """A dependency that comes as source only is named, and so is what it would have to be."""
    (tmp_path / "requirements.txt").write_text("docopt==0.6.2\n")
    done = pack("zip", ARCH, str(tmp_path))

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "docopt" in done.stderr
    assert f"wheels for Python 3.13 on {ARCH}" in done.stderr


@pytest.mark.compiled
def test_machine_code_of_another_architecture_is_refused(tmp_path: Path) -> None:
    """An extension module for another processor is named before Lambda would find out."""
    other = {"x86_64": 183, "arm64": 62}[ARCH]
    (tmp_path / "fast.so").write_bytes(b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + other.to_bytes(2, "little"))
    done = pack("zip", ARCH, str(tmp_path))

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"fast.so is not for {ARCH}" in done.stderr
