"""lambda-bootstrap-python: the interpreter's wheels, one per platform."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.support import ROOT
from tests.support.containers import docker
from tests.support.packages import elf_versions
from tests.support.rie import ARCH
from tests.support.wheels import install, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.compiled, pytest.mark.timeout(600)]  # the archive takes its time

MACHINE = {"x86_64": "x86_64", "arm64": "aarch64"}[ARCH]
PLATFORM = f"manylinux_2_26_{MACHINE}"


def build(output: Path) -> Path:
    """Build the wheel of this machine's kind into *output*; return its path."""
    run(sys.executable, ROOT / "packaging" / "wheel.py", ARCH, output)
    (wheel,) = output.glob("*.whl")
    return wheel


@pytest.fixture(scope="module", name="wheel")
def _wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module", name="unpacked")
def _unpacked(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The folder that the archive of the installed wheel has been unpacked into."""
    folder = tmp_path_factory.mktemp("interpreter")
    python = install(folder / "venv", wheel.parent, "lambda-bootstrap-python")
    code = "import sys, lambda_bootstrap_python; print(lambda_bootstrap_python.unpack(sys.argv[1]))"
    program = run(python, "-c", code, folder / "unpacked", cwd=folder)

    assert program == f"{folder}/unpacked/lambda-bootstrap/bin/python3\n"
    return folder / "unpacked"


def test_name(wheel: Path) -> None:
    """The wheel has CPython's version, `.postN` if a library was mended since, and is for glibc 2.26 or later."""
    (row,) = re.findall(r"python3\.13_([\d.]+)\.orig", (ROOT / "packaging" / "sources.txt").read_text())

    assert re.fullmatch(rf"lambda_bootstrap_python-{re.escape(row)}(\.post[1-9])?-py3-none-{PLATFORM}\.whl", wheel.name)


def test_contents(wheel: Path) -> None:
    """The wheel has one archive and a module of a few lines; licences and bill of materials are in their places."""
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        info = next(name for name in names if name.endswith("/METADATA")).removesuffix("METADATA")
        (bill,) = [name for name in names if name.startswith(f"{info}sboms/")]
        document = file.read(bill).decode()
    parts = {part["name"] for part in json.loads(document)["components"]}
    package = "lambda_bootstrap_python/"

    assert {name for name in names if name.startswith(package)} == {
        *(f"{package}__init__.py", f"{package}interpreter.tar.xz", f"{package}py.typed")
    }
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document) is None
    assert {"cpython", "openssl", "sqlite", "tzdata", "certifi"} <= parts
    assert {"structlog", "urllib3"}.isdisjoint(parts)
    assert {f"{info}licenses/licences/{name}.txt" for name in ("python3.13", "openssl", "tzdata")} <= names
    assert [name for name in names if "structlog" in name or "urllib3" in name] == []


def test_same_bytes(wheel: Path, tmp_path: Path) -> None:
    """Two builds have the same bytes."""
    assert build(tmp_path).read_bytes() == wheel.read_bytes()


def test_tree(unpacked: Path) -> None:
    """
    The archive has the interpreter of the tree with its launcher, byte code included, and nothing of the runtime.

    Nor has it the file by which a plain `python3` of the tree finds the runtime.
    """
    tree = ROOT / "build" / "tree" / ARCH
    files = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    different = [name for name in files if (unpacked / name).read_bytes() != (tree / name).read_bytes()]
    modes = [name for name in files if ((unpacked / name).stat().st_mode ^ (tree / name).stat().st_mode) & 0o777]
    missing = {path.relative_to(tree) for path in (tree / "lambda-bootstrap" / "lib").rglob("*") if path.is_file()}

    assert (different, modes) == ([], [])
    assert {path.name for path in missing - files} == {"lambda_bootstrap.pth"}
    assert {path.name for path in unpacked.iterdir()} == {"bootstrap", "lambda-bootstrap"}
    assert {path.name for path in (unpacked / "lambda-bootstrap").iterdir()} == {"bin", "lib", "licences"}


def test_platform(unpacked: Path) -> None:
    """No ELF file in the archive asks for a symbol of a later glibc than the wheel's name says."""
    assert elf_versions(unpacked) == {"python3": (2, 26)}


def test_auditwheel(wheel: Path, unpacked: Path, tmp_path: Path) -> None:
    """
    Auditwheel agrees with the wheel's platform once the archive is unpacked within the wheel.

    It looks into no archive: of the wheel as it is, it says that there is no ELF file.
    """
    audited = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(audited, "w") as target:
        programs = ["bootstrap", "lambda-bootstrap/bin/python3"]
        for name in programs:
            target.write(unpacked / name, f"lambda_bootstrap_python/{name}")
        rows = "".join(f"lambda_bootstrap_python/{name},,\n" for name in programs)
        for name in source.namelist():
            target.writestr(name, source.read(name) + (rows.encode() if name.endswith("/RECORD") else b""))
    command = [sys.executable, "-m", "auditwheel", "show"]
    as_is = subprocess.run([*command, str(wheel)], capture_output=True, text=True, check=False)
    shown = " ".join(run(*command, audited).split())

    assert "no ELF executable" in as_is.stderr
    assert f'is consistent with the following platform tag: "{PLATFORM}"' in shown


@pytest.mark.engine
def test_old_system(old: str, unpacked: Path) -> None:
    """The interpreter runs on a system that has no Python and an old C library."""
    mount = f"{unpacked}:/opt:ro"
    code = "import ssl, sqlite3, zoneinfo, sys; print(sys.version_info[:2], zoneinfo.ZoneInfo('Europe/Berlin'))"
    done = docker("run", "--rm", "--volume", mount, old, "/opt/lambda-bootstrap/bin/python3", "-c", code)

    assert (done.stdout, done.stderr) == ("(3, 13) Europe/Berlin\n", "")
