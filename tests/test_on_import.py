"""What happens right after a module's first import."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import threading
import zipfile
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from lambda_bootstrap.on_import import OnImport
from lambda_bootstrap.traces import frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from pathlib import Path


LOG: Any = None  # what no set-up here asks for


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


class TestOnImport:
    """Something to do right after a module's first import."""

    def seen(self, name: str) -> list[dict[str, Any]]:
        """What the module called *name* holds each time the hook is called."""
        seen: list[dict[str, Any]] = []
        OnImport(LOG, {name: lambda _log, module: seen.append(dict(vars(module)))}).begin()
        return seen

    def test_already_imported(self, folder: Path) -> None:
        """The set-up of a module that has been imported is done at once, and not again."""
        assert folder.is_dir()
        seen = self.seen("json")
        importlib.reload(sys.modules["json"])

        assert [fields["__name__"] for fields in seen] == ["json"]

    def test_first_import(self, folder: Path) -> None:
        """The set-up is done once, after the module was executed, and before its importer goes on."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        (folder / "throw_away_importer.py").write_text("import throw_away\nseen = throw_away.value\n", encoding="utf-8")
        seen = self.seen("throw_away")
        importlib.import_module("throw_away_importer")
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]

    def test_may_change_it(self, folder: Path) -> None:
        """Whoever imports the module sees what the set-up has done to it."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        OnImport(LOG, {"throw_away": lambda _log, module: setattr(module, "value", 6)}).begin()

        assert importlib.import_module("throw_away").value == 6

    def test_other_modules(self, folder: Path) -> None:
        """Modules that are not watched for are not set up."""
        (folder / "throw_away_other.py").write_text("", encoding="utf-8")
        seen = self.seen("throw_away")
        importlib.import_module("throw_away_other")

        assert seen == []

    def test_package(self, folder: Path) -> None:
        """The set-up of a package is done when the package is ready, not when its parts are."""
        (folder / "throw_away").mkdir()
        (folder / "throw_away" / "__init__.py").write_text("from . import part\nready = 1\n", encoding="utf-8")
        (folder / "throw_away" / "part.py").write_text("", encoding="utf-8")
        seen = self.seen("throw_away")
        importlib.import_module("throw_away.part")

        assert [fields["ready"] for fields in seen] == [1]

    def test_missing(self, folder: Path) -> None:
        """A module that there is not stays missing."""
        assert folder.is_dir()
        seen = self.seen("throw_away_missing")
        with pytest.raises(ModuleNotFoundError, match="No module named 'throw_away_missing'"):
            importlib.import_module("throw_away_missing")

        assert seen == []

    def test_failing(self, folder: Path) -> None:
        """The set-up of a module that fails is not done, and the failure is the module's."""
        (folder / "throw_away.py").write_text("1 / 0\n", encoding="utf-8")
        seen = self.seen("throw_away")
        with pytest.raises(ZeroDivisionError):
            importlib.import_module("throw_away")

        assert seen == []

    def test_folder(self, folder: Path) -> None:
        """A folder without code has nothing to be executed."""
        (folder / "throw_away").mkdir()
        seen = self.seen("throw_away")

        assert list(importlib.import_module("throw_away").__path__) == [str(folder / "throw_away")]
        assert seen == []

    def test_looked_for(self, folder: Path) -> None:
        """Looking whether there is such a module is not importing it."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.seen("throw_away")
        assert importlib.util.find_spec("throw_away") is not None
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]

    def test_zip(self, folder: Path) -> None:
        """The set-up is done for a module in a zip, and for no other in there."""
        with zipfile.ZipFile(folder / "lib.zip", "w") as archive:
            archive.writestr("throw_away.py", "value = 5\n")
            archive.writestr("throw_away_other.py", "value = 6\n")
        sys.path.insert(0, str(folder / "lib.zip"))
        seen = self.seen("throw_away")
        importlib.import_module("throw_away")
        importlib.import_module("throw_away_other")

        assert [fields["value"] for fields in seen] == [5]

    def test_two(self, folder: Path) -> None:
        """Two modules are watched for at once, and one that imports the other comes after it."""
        (folder / "throw_away_a.py").write_text("import throw_away_b\n", encoding="utf-8")
        (folder / "throw_away_b.py").write_text("", encoding="utf-8")
        seen: list[str] = []
        names = ("throw_away_a", "throw_away_b", "throw_away_c")
        OnImport(LOG, dict.fromkeys(names, lambda _log, module: seen.append(module.__name__))).begin()
        importlib.import_module("throw_away_a")

        assert seen == ["throw_away_b", "throw_away_a"]

    def test_two_already(self) -> None:
        """Of several modules those that have been imported are set up at once."""
        seen: list[str] = []
        names = ("json", "throw_away", "logging")
        on_import = OnImport(LOG, dict.fromkeys(names, lambda _log, module: seen.append(module.__name__)))
        on_import.begin()
        sys.meta_path.remove(on_import)

        assert seen == ["json", "logging"]

    def test_threads(self, folder: Path) -> None:
        """Threads that import a module at the same time all get it set up, once."""
        (folder / "throw_away.py").write_text("import time\ntime.sleep(0.02)\nvalue = 5\n", encoding="utf-8")
        OnImport(LOG, {"throw_away": lambda _log, module: setattr(module, "value", module.value + 1)}).begin()
        values: list[int] = []
        threads = [
            threading.Thread(target=lambda: values.append(importlib.import_module("throw_away").value))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert values == [6] * 8

    def test_mended(self, folder: Path) -> None:
        """The set-up of a module that failed is done once an import succeeds."""
        path = folder / "throw_away.py"
        path.write_text("1 / 0\n", encoding="utf-8")
        seen = self.seen("throw_away")
        with pytest.raises(ZeroDivisionError):
            importlib.import_module("throw_away")
        path.write_text("value = 5  # and longer than before\n", encoding="utf-8")
        importlib.invalidate_caches()
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]

    def test_appears(self, folder: Path) -> None:
        """The set-up of a module that was missing is done once there is one."""
        seen = self.seen("throw_away")
        assert importlib.util.find_spec("throw_away") is None
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        importlib.invalidate_caches()
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]

    def test_reloaded(self, folder: Path) -> None:
        """A module that is loaded again is not set up again."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.seen("throw_away")
        importlib.reload(importlib.import_module("throw_away"))

        assert len(seen) == 1

    def test_submodule(self, folder: Path) -> None:
        """A module in a package is watched for by its full name."""
        (folder / "throw_away").mkdir()
        (folder / "throw_away" / "__init__.py").write_text("", encoding="utf-8")
        (folder / "throw_away" / "part.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.seen("throw_away.part")
        importlib.import_module("throw_away.part")

        assert [fields["value"] for fields in seen] == [5]

    def test_unseen(self, folder: Path) -> None:
        """The module does not see that it was watched for, neither while it is executed nor afterwards."""
        source = "names = [type(loader).__name__ for loader in (__loader__, __spec__.loader)]\n"
        (folder / "throw_away.py").write_text(source, encoding="utf-8")
        (folder / "throw_away_other.py").write_text(source, encoding="utf-8")
        self.seen("throw_away")
        watched = importlib.import_module("throw_away")
        other = importlib.import_module("throw_away_other")

        assert watched.names == other.names == ["SourceFileLoader"] * 2
        assert type(watched.__loader__) is type(other.__loader__)
        assert type(vars(watched)["__spec__"].loader) is type(vars(other)["__spec__"].loader)
        assert inspect.getsource(watched) == source

    def test_loader(self, folder: Path) -> None:
        """A tool that only looks for the module finds a loader that does what loaders do."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        self.seen("throw_away")
        spec = importlib.util.find_spec("throw_away")
        assert spec is not None
        loader: Any = spec.loader

        assert loader.get_source("throw_away") == "value = 5\n"
        assert not loader.is_package("throw_away")
        assert loader.get_filename() == str(folder / "throw_away.py")
        with pytest.raises(AttributeError, match="'SourceFileLoader' object has no attribute 'nonsense'"):
            _ = loader.nonsense

    def test_by_hand(self, folder: Path) -> None:
        """A module that is loaded by its spec, as tools do, is set up."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.seen("throw_away")
        spec = importlib.util.find_spec("throw_away")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        assert seen == []
        spec.loader.exec_module(module)

        assert [fields["value"] for fields in seen] == [5]

    def test_twice_by_hand(self, folder: Path) -> None:
        """A module that is loaded by two specs which were found before is set up once."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.seen("throw_away")
        for spec in [importlib.util.find_spec("throw_away"), importlib.util.find_spec("throw_away")]:
            assert spec is not None
            assert spec.loader is not None
            spec.loader.exec_module(importlib.util.module_from_spec(spec))

        assert [fields["value"] for fields in seen] == [5]

    def test_without_spec(self, folder: Path) -> None:
        """A module that has no spec of its own is set up when it is executed."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.seen("throw_away")
        spec = importlib.util.find_spec("throw_away")
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(ModuleType("throw_away"))

        assert [fields["value"] for fields in seen] == [5]

    def test_lazy(self, folder: Path) -> None:
        """A module that is imported lazily is set up when it is used."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.seen("throw_away")
        spec = importlib.util.find_spec("throw_away")
        assert spec is not None
        assert spec.loader is not None
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules["throw_away"] = module
        spec.loader.exec_module(module)
        assert seen == []

        assert module.value == 5
        assert [fields["value"] for fields in seen] == [5]

    def test_asking_finder(self, folder: Path) -> None:
        """A finder that asks all the others, as tools do, does not go round in circles."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.seen("throw_away")

        class Asking:
            busy = False

            @classmethod
            def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
                if cls.busy:
                    return None
                cls.busy = True
                try:
                    specs = (finder.find_spec(name, path, target) for finder in sys.meta_path)
                    return next((spec for spec in specs if spec is not None), None)
                finally:
                    cls.busy = False

        sys.meta_path.insert(0, Asking)
        sys.meta_path.append(Asking)
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]

    def test_asked_by_a_later_finder(self, folder: Path) -> None:
        """A finder that asks all the others does not go round in circles when ours comes before it."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")

        class Asking:
            @staticmethod
            def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
                others = [finder for finder in sys.meta_path if finder is not Asking]
                specs = (finder.find_spec(name, path, target) for finder in others)
                return next((spec for spec in specs if spec is not None), None)

        sys.meta_path.insert(0, Asking)
        seen = self.seen("throw_away")
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]

    def test_finder_fails(self, folder: Path) -> None:
        """A finder that fails fails as without us, and the next import is watched again."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.seen("throw_away")

        class Failing:
            @staticmethod
            def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
                raise LookupError(name, path, target)

        sys.meta_path.insert(1, Failing)
        with pytest.raises(LookupError):
            importlib.import_module("throw_away")
        sys.meta_path.remove(Failing)
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]

    @pytest.mark.filterwarnings("ignore:.*find_spec:ImportWarning")
    def test_old_finder(self, folder: Path) -> None:
        """A finder of the old protocol is passed over, as the import system does."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        sys.meta_path.insert(0, cast("Any", object()))
        self.seen("throw_away")

        assert importlib.import_module("throw_away").value == 5

    def test_forbidden(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A module whose import was forbidden is none that is there."""
        assert folder.is_dir()
        monkeypatch.setitem(sys.modules, "throw_away", cast("ModuleType", None))

        assert self.seen("throw_away") == []

    def test_trace(self, folder: Path) -> None:
        """The trace of an import that fails goes from the function to the library, without us between them."""
        (folder / "throw_away.py").write_text("1 / 0\n", encoding="utf-8")
        self.seen("throw_away")
        with pytest.raises(ZeroDivisionError) as raised:
            importlib.import_module("throw_away")

        paths = [frame.path for frame in frames(raised.value.__traceback__)]
        assert paths[0] == __file__
        assert paths[-1] == str(folder / "throw_away.py")
        assert not [path for path in paths if path.endswith("/on_import.py")]

    def test_set_up_fails(self, folder: Path) -> None:
        """A set-up that fails is logged, and the function has its module."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        told: list[tuple[str, BaseException]] = []
        log: Any = SimpleNamespace(problem=lambda message, error: told.append((message, error)))
        OnImport(log, {"throw_away": lambda _log, module: module.missing}).begin()

        assert importlib.import_module("throw_away").value == 5
        [(message, error)] = told
        assert message == "throw_away cannot be set up"
        assert isinstance(error, AttributeError)

    def test_frozen(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Modules of the interpreter itself are watched for as well."""
        assert folder.is_dir()
        for name in ("__hello__", "_weakref"):
            monkeypatch.delitem(sys.modules, name, raising=False)
            seen = self.seen(name)
            importlib.import_module(name)

            assert [fields["__name__"] for fields in seen] == [name]
