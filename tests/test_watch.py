"""What happens right after a module's first import."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from runtime.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that can be imported from; what it leaves in the interpreter is undone."""
    path, finders, modules = sys.path[:], sys.meta_path[:], set(sys.modules)
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path[:] = path
    sys.meta_path[:] = finders
    for name in set(sys.modules) - modules:
        if name.startswith("throw_away"):
            del sys.modules[name]


class TestWatch:
    """Something to do right after a module's first import."""

    def watch(self, name: str) -> list[dict[str, Any]]:
        """What the module called *name* holds each time the hook is called."""
        seen: list[dict[str, Any]] = []
        Watch({name: lambda module: seen.append(dict(vars(module)))}).begin()
        return seen

    def test_already_imported(self, folder: Path) -> None:
        """With a module that has been imported it is done now, and not again."""
        assert folder.is_dir()
        seen = self.watch("json")
        importlib.reload(sys.modules["json"])

        assert [fields["__name__"] for fields in seen] == ["json"]

    def test_first_import(self, folder: Path) -> None:
        """It is done once, after the module was executed, and before its importer goes on."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        (folder / "throw_away_importer.py").write_text("import throw_away\nseen = throw_away.value\n", encoding="utf-8")
        seen = self.watch("throw_away")
        importlib.import_module("throw_away_importer")
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]

    def test_may_change_it(self, folder: Path) -> None:
        """What is done then, whoever imports the module sees."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        Watch({"throw_away": lambda module: setattr(module, "value", 6)}).begin()

        assert importlib.import_module("throw_away").value == 6

    def test_other_modules(self, folder: Path) -> None:
        """Other modules are nothing to it, also those within it."""
        (folder / "throw_away_other.py").write_text("", encoding="utf-8")
        seen = self.watch("throw_away")
        importlib.import_module("throw_away_other")

        assert seen == []

    def test_package(self, folder: Path) -> None:
        """With a package it is done when that is ready, not when its parts are."""
        (folder / "throw_away").mkdir()
        (folder / "throw_away" / "__init__.py").write_text("from . import part\nready = 1\n", encoding="utf-8")
        (folder / "throw_away" / "part.py").write_text("", encoding="utf-8")
        seen = self.watch("throw_away")
        importlib.import_module("throw_away.part")

        assert [fields["ready"] for fields in seen] == [1]

    def test_missing(self, folder: Path) -> None:
        """A module that there is not stays missing."""
        assert folder.is_dir()
        seen = self.watch("throw_away_missing")
        with pytest.raises(ModuleNotFoundError, match="No module named 'throw_away_missing'"):
            importlib.import_module("throw_away_missing")

        assert seen == []

    def test_failing(self, folder: Path) -> None:
        """With a module that fails it is not done, and the failure is the module's."""
        (folder / "throw_away.py").write_text("1 / 0\n", encoding="utf-8")
        seen = self.watch("throw_away")
        with pytest.raises(ZeroDivisionError):
            importlib.import_module("throw_away")

        assert seen == []

    def test_folder(self, folder: Path) -> None:
        """A folder without code has nothing to be executed."""
        (folder / "throw_away").mkdir()
        seen = self.watch("throw_away")

        assert list(importlib.import_module("throw_away").__path__) == [str(folder / "throw_away")]
        assert seen == []

    def test_looked_for(self, folder: Path) -> None:
        """Looking whether there is such a module is not importing it."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.watch("throw_away")
        assert importlib.util.find_spec("throw_away") is not None
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]

    def test_zip(self, folder: Path) -> None:
        """In a zip, too, it is done for the one module only."""
        with zipfile.ZipFile(folder / "lib.zip", "w") as archive:
            archive.writestr("throw_away.py", "value = 5\n")
            archive.writestr("throw_away_other.py", "value = 6\n")
        sys.path.insert(0, str(folder / "lib.zip"))
        seen = self.watch("throw_away")
        importlib.import_module("throw_away")
        importlib.import_module("throw_away_other")

        assert [fields["value"] for fields in seen] == [5]
