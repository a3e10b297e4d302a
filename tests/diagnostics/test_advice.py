"""What is said of a function that cannot be imported."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap.diagnostics import advice
from lambda_bootstrap.errors import InitError
from lambda_bootstrap.loader import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = f"cpython-{sys.version_info[0]}{sys.version_info[1]}-{sys.implementation._multiarch}"
MACHINE = sys.implementation._multiarch.partition("-")[0]
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
GLIBC = os.confstr("CS_GNU_LIBC_VERSION") or ""
NEW = int(GLIBC.rpartition(".")[2]) >= 28  # of version 2
PIP = (
    f"pip install --target . --only-binary=:all: --platform manylinux2014_{MACHINE} "
    f"{f'--platform manylinux_2_28_{MACHINE} ' if NEW else ''}--python-version {VERSION}"
)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def message(name: str) -> str:
    """Why there is no such handler."""
    with pytest.raises(InitError) as refusal:
        load(name)
    return str(refusal.value)


class TestNames:
    """Names that are nearly right."""

    def test_attribute(self, folder: Path) -> None:
        """A near name is proposed, and what the module defines is listed."""
        (folder / "shop.py").write_text("def handle(): ...\ndef other(): ...\n_hidden = print\nn = 1\n")

        assert message("shop.handler") == (
            "Handler 'handler' missing on module 'shop'; did you mean 'handle'?; it defines handle, other"
        )

    def test_many(self, folder: Path) -> None:
        """Of many names the first ten are listed."""
        (folder / "shop.py").write_text("".join(f"def f{number}(): ...\n" for number in range(12)))

        assert message("shop.xyz").endswith("; it defines f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, ...")

    def test_nothing(self, folder: Path) -> None:
        """A module without functions is said to define none."""
        (folder / "shop.py").touch()

        assert message("shop.xyz").endswith("; it defines nothing that can be called")

    @pytest.mark.parametrize(("name", "near"), [("shpo.handler", "shop"), ("pgk.shop.handler", "")])
    def test_module(self, folder: Path, name: str, near: str) -> None:
        """A near module of the function's folder is proposed; where it was looked for is told."""
        (folder / "shop.py").touch()
        told = message(name)

        assert ("; did you mean 'shop'?" in told) == bool(near)
        assert f"; search path {folder}:" in told.replace(", search", "; search")
        assert "; working directory /" in told

    def test_without_difflib(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the standard library is broken by the function's own modules, no name is proposed."""
        monkeypatch.setitem(sys.modules, "difflib", None)

        assert advice.near("handler", ["handle"]) == ""

    def test_no_names(self) -> None:
        """Of something without names there is nothing to say."""
        assert advice.of_attribute(3, "x") == ""


class TestImports:
    """Imports that fail within the function."""

    def test_place(self, folder: Path) -> None:
        """Which import it was, in which line of which file, is told, and the trace is kept."""
        (folder / "outer.py").write_text("import inner\n")
        (folder / "inner.py").write_text("\nimport not_there_at_all\n")
        with pytest.raises(InitError) as refusal:
            load("outer.handler")

        assert str(refusal.value) == (
            "Unable to import module 'outer': No module named 'not_there_at_all' "
            f"(line 2 of {folder / 'inner.py'}: import not_there_at_all)"
        )


class TestWheels:
    """Extensions that are not for this place."""

    def test_other_python(self, folder: Path) -> None:
        """An extension for another Python is named as such, with the command that fetches the right one."""
        package = folder / "fast_json"
        package.mkdir()
        (package / "__init__.py").write_text("from fast_json import _speed\n")
        (package / "_speed.cpython-39-x86_64-linux-gnu.so").touch()
        (folder / "shop.py").write_text("import fast_json\n")
        told = message("shop.handler")

        assert f"; there is _speed for cpython-39-x86_64-linux-gnu, this is {SUFFIX}: {PIP} fast-json" in told

    def test_other_python_by_module(self, folder: Path) -> None:
        """An extension for another Python that is imported by its own name is named as such."""
        package = folder / "fast_json"
        package.mkdir()
        (package / "__init__.py").write_text("import fast_json._speed\n")
        (package / "_speed.cpython-39-x86_64-linux-gnu.so").touch()

        assert f"; there is _speed for cpython-39-x86_64-linux-gnu, this is {SUFFIX}" in message("fast_json.handler")

    def test_stubs(self, folder: Path) -> None:
        """An extension for another Python is named where a folder of stubs beside it is imported in its place."""
        package = folder / "fast_json"
        (package / "_speed").mkdir(parents=True)
        (package / "_speed" / "__init__.pyi").touch()
        (package / "__init__.py").write_text("from fast_json._speed import loads\n")
        (package / "_speed.cpython-39-x86_64-linux-gnu.so").touch()
        told = message("fast_json.handler")

        assert f"; there is _speed for cpython-39-x86_64-linux-gnu, this is {SUFFIX}: {PIP} fast-json" in told

    def test_fallback(self, folder: Path) -> None:
        """A module in Python that lacks a name is no extension for another Python, though one lies beside it."""
        package = folder / "fast_json"
        package.mkdir()
        (package / "_speed.py").touch()
        (package / "__init__.py").write_text("from fast_json._speed import loads\n")
        (package / "_speed.cpython-39-x86_64-linux-gnu.so").touch()

        assert "there is _speed for" not in message("fast_json.handler")

    @pytest.mark.parametrize(
        ("text", "version"), [("glibc 2.26", (2, 26)), ("musl 1.2", (0,)), ("glibc x", (0,)), (None, (0,))]
    )
    def test_library(self, text: str | None, version: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        """Wheels of a later platform are asked for only where the C library is new enough."""
        monkeypatch.setattr(advice, "confstr", lambda _: text)

        assert advice.glibc() == version
        assert ("manylinux_2_28" in advice.fetch("numpy", "3.13", "x86_64")) == (version >= (2, 28))

    @pytest.mark.parametrize(("machine", "name"), [(0xB7, "aarch64"), (0x28, "arm"), (0xF3, "another machine")])
    def test_other_machine(self, folder: Path, machine: int, name: str) -> None:
        """An extension for another machine is named as such."""
        file = folder / f"speed.{SUFFIX}.so"
        file.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" + machine.to_bytes(2, "little"))
        (folder / "shop.py").write_text("import speed\n")

        assert f"; {file} was built for {name}, this is {MACHINE}: {PIP} speed" in message("shop.handler")

    def test_glibc(self) -> None:
        """An extension for a newer C library is named as such."""
        file = "/var/task/numpy/core.so"
        error = ImportError(f"/lib/libc.so.6: version `GLIBC_2.38' not found (required by {file})", name="c", path=file)

        assert advice.of_extension(error).startswith(f"; {file} was built for a newer C library (glibc 2.38): {PIP}")

    @pytest.mark.parametrize("content", [b"", b"no ELF file at all, but long enough"])
    def test_no_extension(self, folder: Path, content: bytes) -> None:
        """A file that is no extension is not explained."""
        (folder / f"speed.{SUFFIX}.so").write_bytes(content)
        (folder / "shop.py").write_text("import speed\n")

        assert "was built for" not in message("shop.handler")

    def test_gone(self) -> None:
        """A file that is not there any more is not explained."""
        assert advice.of_extension(ImportError("x", name="x", path="/nowhere/x.so")) == ""

    def test_chain(self, folder: Path) -> None:
        """The ImportError under the package's own words is the one that counts."""
        package = folder / "fast_json"
        package.mkdir()
        (package / "__init__.py").write_text(
            "try:\n    from . import _speed\nexcept ImportError as error:\n    raise ImportError('READ') from error\n"
        )
        (package / "_speed.cpython-39-x86_64-linux-gnu.so").touch()

        assert "; there is _speed for cpython-39" in message("fast_json.handler")
