"""What of the interpreter, the packages and this repository is in the runtime tree, and how it may be read."""

from __future__ import annotations

import importlib.util
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

SCRIPT = ROOT / "packaging" / "tree.py"
TREE: dict[str, Any] = runpy.run_path(str(SCRIPT))
LIBRARY = f"lib/python3.{sys.version_info[1]}"
# As `make install` leaves it, shortened; what stays, and what goes.
STAYS = ("bin/python3.99", f"{LIBRARY}/os.py", f"{LIBRARY}/json/__init__.py", f"{LIBRARY}/_sysconfigdata__linux_.py")
GOES = (
    "include/python3.99/Python.h",
    "share/man/man1/python3.1",
    "lib/pkgconfig/python3.pc",
    "lib/libpython3.99.a",
    f"{LIBRARY}/config-3.99-linux/Makefile",
    f"{LIBRARY}/_pydecimal.py",
    f"{LIBRARY}/curses/__init__.py",
    f"{LIBRARY}/ensurepip/__init__.py",
    f"{LIBRARY}/idlelib/idle.py",
    f"{LIBRARY}/json/__pycache__/__init__.cpython-399.pyc",
    f"{LIBRARY}/pydoc_data/topics.py",
    f"{LIBRARY}/test/test_os.py",
    f"{LIBRARY}/tkinter/__init__.py",
    f"{LIBRARY}/turtle.py",
    f"{LIBRARY}/turtledemo/__main__.py",
    "bin/idle3.99",
    "bin/pydoc3.99",
    "bin/python3.99-config",
)


def write(folder: Path, names: Iterable[str]) -> None:
    """Write files with these names, each with its name for content."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n")


def files(folder: Path) -> set[str]:
    """The names of all files."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(name="interpreter")
def _interpreter(tmp_path: Path) -> Path:
    """An interpreter as interpreter.sh leaves it, with few modules."""
    folder = tmp_path / "interpreter"
    write(folder, [*STAYS, *GOES, "launcher", "licences/openssl.txt", "licences/PARTS"])
    (folder / "bin" / "python3").symlink_to("python3.99")
    return folder


@pytest.fixture(name="extras")
def _extras(tmp_path: Path) -> Path:
    """The packages of packaging/interpreter.txt, as pip puts them into a folder."""
    folder = tmp_path / "extras"
    certifi = ("certifi/cacert.pem", "certifi/core.py", "certifi-1.0.dist-info/licenses/LICENSE")
    zones = ("tzdata/zones", "tzdata-1.0.dist-info/METADATA", "tzdata-1.0.dist-info/licenses/LICENSE_APACHE")
    write(folder, (*certifi, *zones))
    return folder


@pytest.fixture(name="packages")
def _packages(tmp_path: Path) -> Path:
    """The packages that the runtime lends, as pip puts them into a folder."""
    folder = tmp_path / "packages"
    write(folder, ("lent/__init__.py", "lent-2.0.dist-info/METADATA", "lent-2.0.dist-info/LICENSE.txt", "bin/lent"))
    return folder


@pytest.fixture(name="root")
def _root(tmp_path: Path, interpreter: Path, extras: Path, packages: Path) -> Path:
    """The tree, assembled."""
    root = tmp_path / "tree"
    TREE["assemble"](root, interpreter, Path(sys.executable), extras, packages)
    return root


def test_trim(interpreter: Path) -> None:
    """What is for compiling, for screens, for terminals and for tests is left out, and so is what nothing can reach."""
    TREE["trim"](interpreter)

    assert files(interpreter) == {*STAYS, "bin/python3", "launcher", "licences/openssl.txt", "licences/PARTS"}


def test_one_program(interpreter: Path) -> None:
    """The one program is bin/python3, a file; the folder that the interpreter looks for is there."""
    TREE["one_program"](interpreter)

    program = interpreter / "bin" / "python3"
    assert [path.name for path in program.parent.iterdir()] == ["python3"]
    assert (program.is_symlink(), program.read_text()) == (False, "# bin/python3.99\n")
    assert (interpreter / LIBRARY / "lib-dynload").is_dir()


def test_extras(interpreter: Path, extras: Path) -> None:
    """Of certifi, the tree has the authorities, where OpenSSL looks; tzdata is whole, where zoneinfo looks."""
    write(interpreter, [f"{LIBRARY}/site-packages/README.txt"])
    TREE["add_extras"](interpreter, extras)

    assert (interpreter / "lib" / "cacert.pem").read_text() == "# certifi/cacert.pem\n"
    assert files(interpreter / LIBRARY / "site-packages") == {
        *("tzdata/zones", "tzdata-1.0.dist-info/METADATA", "tzdata-1.0.dist-info/licenses/LICENSE_APACHE")
    }


def test_assemble(root: Path) -> None:
    """The tree has launcher, interpreter, runtime, what it lends and every licence, and nothing that isn't named."""
    home = root / "lambda-bootstrap"
    runtime = {name.removeprefix("lambda_bootstrap/") for name in files(home / "runtime")}

    assert {path.name for path in root.iterdir()} == {"bootstrap", "lambda-bootstrap"}
    assert (root / "bootstrap").read_text() == "# launcher\n"
    assert {path.name for path in home.iterdir()} == {"bin", "bootstrap", "lib", "licences", "runtime", "site-packages"}
    assert (home / "bootstrap").read_bytes() == (ROOT / "bootstrap").read_bytes()
    assert {"main.py", "typed/compiler.py"} <= runtime
    assert {name for name in files(home / "site-packages") if "__pycache__" not in name} == {
        *("lent/__init__.py", "lent-2.0.dist-info/METADATA", "lent-2.0.dist-info/LICENSE.txt")
    }
    assert files(home / "licences") == {
        *("PARTS", "certifi.txt", "lambda-bootstrap.txt", "lent.txt", "openssl.txt", "tzdata_APACHE.txt")
    }


def test_path(root: Path) -> None:
    """A plain Python finds the runtime and what it lends by a file in site-packages, wherever the tree lies."""
    folder = root / "lambda-bootstrap" / LIBRARY / "site-packages"
    lines = (folder / "lambda_bootstrap.pth").read_text().splitlines()

    assert {(folder / line).resolve() for line in lines} == {
        root / "lambda-bootstrap" / "runtime",
        root / "lambda-bootstrap" / "site-packages",
    }


def test_byte_code(root: Path) -> None:
    """Every module has byte code that is never compared with its source, and that names the place in the layer."""
    home = root / "lambda-bootstrap"
    modules = [path for path in home.rglob("*.py") if path.parent.name != "__pycache__"]
    byte_code = [Path(importlib.util.cache_from_source(str(path))) for path in modules]
    main = (home / "runtime" / "lambda_bootstrap" / "__pycache__").glob("main.*.pyc")

    assert len(modules) > 50
    assert [path.name for path in byte_code if not path.is_file()] == []
    # PEP 552: the second word is 1 for a hash, and 2 more if it is to be checked.
    assert {path.read_bytes()[4:8] for path in byte_code} == {b"\x01\0\0\0"}
    assert b"/opt/lambda-bootstrap/runtime/lambda_bootstrap/main.py" in next(main).read_bytes()


@pytest.mark.parametrize("umask", ["022", "077", "000"])
def test_umask(umask: str, tmp_path: Path, interpreter: Path, extras: Path, packages: Path) -> None:
    """Under any umask, programs and folders have mode 755 and files 644, and the bytes are the same."""
    roots = [tmp_path / "usual", tmp_path / "masked"]
    names = [str(path) for path in (interpreter, sys.executable, extras, packages)]
    code = (
        f"import os, runpy, sys; from pathlib import Path; os.umask(int(sys.argv[1], 8)); "
        f"runpy.run_path({str(SCRIPT)!r})['assemble'](*map(Path, sys.argv[2:]))"
    )
    for mask, root in zip(("022", umask), roots, strict=True):
        subprocess.run([sys.executable, "-c", code, mask, str(root), *names], check=True)

    modes = [{path.relative_to(root): path.stat().st_mode & 0o777 for path in root.rglob("*")} for root in roots]
    contents = [{name: (root / name).read_bytes() for name in files(root)} for root in roots]
    programs = {name.as_posix() for name, mode in modes[1].items() if mode == 0o755 and (roots[1] / name).is_file()}
    assert modes[0] == modes[1]
    assert contents[0] == contents[1]
    assert set(modes[1].values()) == {0o755, 0o644}
    assert programs == {"bootstrap", "lambda-bootstrap/bin/python3"}
    assert roots[1].stat().st_mode & 0o777 == 0o755


def test_modes(tmp_path: Path) -> None:
    """Whoever runs the function may read all of it, and nobody but the owner write."""
    write(tmp_path, ("bootstrap", "lambda-bootstrap/bin/python3", "lambda-bootstrap/bootstrap"))
    for path in tmp_path.rglob("*"):
        path.chmod(0o777)
    TREE["open_to_all"](tmp_path)

    found = {path.relative_to(tmp_path).as_posix(): oct(path.stat().st_mode & 0o777) for path in tmp_path.rglob("*")}
    assert found == {
        "bootstrap": "0o755",
        "lambda-bootstrap": "0o755",
        "lambda-bootstrap/bin": "0o755",
        "lambda-bootstrap/bin/python3": "0o755",
        "lambda-bootstrap/bootstrap": "0o644",
    }
    assert os.access(tmp_path / "lambda-bootstrap" / "bootstrap", os.R_OK)
