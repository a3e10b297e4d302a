"""A function's code, found by its name."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap.errors import InitError
from lambda_bootstrap.loader import load, process_pth
from lambda_bootstrap.signature import Handler

if TYPE_CHECKING:
    from collections.abc import Iterator

Write = Callable[[dict[str, str]], None]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Write the files of a function into its folder, which is importable until the test ends."""
    path, before = sys.path[:], set(sys.modules)
    sys.path.insert(0, str(tmp_path))

    def put(files: dict[str, str]) -> None:
        for name, source in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(source, encoding="utf-8")
        importlib.invalidate_caches()

    yield put
    sys.path[:] = path
    tops = {place.name.removesuffix(".py") for place in tmp_path.iterdir()}
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in tops:
            del sys.modules[name]


FILES = {
    "app.py": """
import functools, types
def handler(event, context): return "app", event, context
class Class:
    def method(self, event): return type(self).__name__, event
    def context_only(self, context): return context
    @classmethod
    def of_class(cls, event): return cls.__name__, event
    @staticmethod
    def static(event, context): return event, context
    async def coroutine(self, event): return event
    class Inner:
        def method(self, event): return "inner", event
    attribute = staticmethod(lambda event: event)
class Child(Class): pass
class Service:
    def __init__(self): self.made = True
    def __call__(self, event): return self.made, event
class Result(dict):
    def __init__(self, event, context): super().__init__(event=event)
    class Inner(str):
        def __new__(cls, event, context): return super().__new__(cls, event)
instance = Service()
space = types.SimpleNamespace(handler=lambda event: event)
partial = functools.partial(handler, context=None)
value = 5
none = None
""",
    "pkg/__init__.py": "def handler(event): return 'pkg', event\n",
    "pkg/mod.py": "from . import handler as other\ndef handler(event): return 'mod', event\n",
    "pkg/sub/deep.py": "class Class:\n    def method(self, event): return 'deep', event\n",
    "bare/mod.py": "def handler(event): return 'bare', event\n",
    "traced.py": """
import wrapt
@wrapt.decorator
def traced(function, instance, args, kwargs): return function(*args, **kwargs)
class Class:
    @traced
    def method(self, event, context): return type(self).__name__, event, context
    @classmethod
    @traced
    def of_class(cls, event, context): return cls.__name__, event
    @staticmethod
    @traced
    def static(event, context): return event
class Strict:
    def __init__(self, table): pass
    @traced
    @classmethod
    def of_class(cls, event, context): return cls.__name__, event
    @traced
    @staticmethod
    def static(event, context): return event
@traced
def handler(event, context): return event
""",
    "lazy.py": "def __getattr__(name):\n    if name == 'handler': return lambda event: ('lazy', event)\n"
    "    raise AttributeError(name)\n",
}


class TestNames:
    """Handler strings that lead somewhere."""

    @pytest.mark.parametrize(
        ("name", "result"),
        [
            pytest.param("app.handler", ("app", "E", "C"), id="module"),
            pytest.param("pkg.handler", ("pkg", "E"), id="package"),
            pytest.param("pkg.mod.handler", ("mod", "E"), id="module in a package"),
            pytest.param("pkg/mod.handler", ("mod", "E"), id="with a slash"),
            pytest.param("bare/mod.handler", ("bare", "E"), id="folder without __init__"),
            pytest.param("pkg/sub/deep.Class.method", ("deep", "E"), id="class in a module in a folder"),
            pytest.param("pkg/sub.deep.Class.method", ("deep", "E"), id="slash and dots"),
            pytest.param("app.Class.method", ("Class", "E"), id="instance method"),
            pytest.param("app.Child.method", ("Child", "E"), id="inherited method"),
            pytest.param("app.Class.context_only", "C", id="instance method of a context"),
            pytest.param("app.Class.of_class", ("Class", "E"), id="class method"),
            pytest.param("app.Class.static", ("E", "C"), id="static method"),
            pytest.param("app.Class.attribute", "E", id="static attribute"),
            pytest.param("app.Class.Inner.method", ("inner", "E"), id="class in a class"),
            pytest.param("app.Service", (True, "E"), id="class with __call__"),
            pytest.param("app.Result", {"event": "E"}, id="class without, called itself"),
            pytest.param("app.Result.Inner", "E", id="such a class in a class"),
            pytest.param("app.Service.__call__", (True, "E"), id="its __call__"),
            pytest.param("app.instance", (True, "E"), id="callable instance"),
            pytest.param("app.instance.__call__", (True, "E"), id="method of an instance"),
            pytest.param("app.space.handler", "E", id="namespace"),
            pytest.param("app.partial", ("app", "E", None), id="partial"),
            pytest.param("traced.handler", "E", id="wrapt"),
            pytest.param("traced.Class.of_class", ("Class", "E"), id="wrapt class method"),
            pytest.param("traced.Class.static", "E", id="wrapt static method"),
            pytest.param("traced.Strict.of_class", ("Strict", "E"), id="wrapt around a class method"),
            pytest.param("traced.Strict.static", "E", id="wrapt around a static method"),
            pytest.param(
                "traced.Class.method",
                ("Class", "E", "C"),
                id="wrapt instance method",
            ),
            pytest.param("lazy.handler", ("lazy", "E"), id="module with __getattr__"),
        ],
    )
    def test_found(self, write: Write, name: str, result: Any) -> None:
        """A handler string names this handler."""
        write(FILES)
        handler = load(name)

        assert isinstance(handler, Handler)
        assert handler.call("E", "C") == result

    def test_module_before_attribute(self, write: Write) -> None:
        """A submodule is what its name means, even where the package has an attribute of that name."""
        write({"pkg/__init__.py": "class mod:\n    handler = staticmethod(lambda event: 'class')\n"})
        write({"pkg/mod.py": "def handler(event): return 'module'\n"})

        assert load("pkg.mod.handler").call("E", "C") == "module"

    def test_imported_once(self, write: Write) -> None:
        """A module is executed once, however its name is taken apart."""
        write(
            {
                "app.py": "import sys\nsys.executed = getattr(sys, 'executed', 0) + 1\nclass A:\n    class B:\n"
                "        def c(self): return sys.executed\n"
            }
        )
        try:
            assert load("app.A.B.c").call("E", "C") == 1
        finally:
            vars(sys).pop("executed", None)

    def test_async(self, write: Write) -> None:
        """An async method of a class gets an instance of it."""
        source = "import asyncio\nclass C:\n    async def m(self, event): return asyncio.get_running_loop()\n"
        write({"app.py": source})
        loop = load("app.C.m").call("E", "C")

        assert not loop.is_closed()


def load_error(name: str) -> tuple[str, str, list[str] | None]:
    """Why *name* leads nowhere: type, message, stack."""
    with pytest.raises(InitError) as refusal:
        load(name)
    return refusal.value.error_type, without_advice(str(refusal.value)), refusal.value.stack


def without_advice(message: str) -> str:
    """A message without what `advice` adds to it."""
    return re.split(r"; did you mean '|; it defines |; working directory | \(line \d+ of ", message)[0]


BEFORE = "a module is named from the function's folder, with one '.' or '/' between names"


SYNTAX = "Runtime.UserCodeSyntaxError"


NO_IMPORT = "Runtime.ImportModuleError"


class TestFailures:
    """Handler strings that lead nowhere, with AWS's types and texts."""

    @pytest.mark.parametrize(
        ("name", "error_type", "message"),
        [
            pytest.param(
                "", "Runtime.MalformedHandlerName", "Handler not set: name it as argument, or in _HANDLER", id="empty"
            ),
            pytest.param(
                " ", "Runtime.MalformedHandlerName", "Handler not set: name it as argument, or in _HANDLER", id="blank"
            ),
            pytest.param(
                "app", "Runtime.MalformedHandlerName", "Bad handler 'app': it has to be like 'app.handler'", id="no dot"
            ),
            pytest.param(
                "pkg/app",
                "Runtime.MalformedHandlerName",
                "Bad handler 'pkg/app': it has to be like 'app.handler'",
                id="slash and no dot",
            ),
            pytest.param(
                ".handler",
                "Runtime.MalformedHandlerName",
                "Bad handler '.handler': it has to be like 'app.handler'",
                id="no module",
            ),
            pytest.param(
                "app.",
                "Runtime.MalformedHandlerName",
                "Bad handler 'app.': it has to be like 'app.handler'",
                id="no attribute",
            ),
            pytest.param(
                ".", "Runtime.MalformedHandlerName", "Bad handler '.': it has to be like 'app.handler'", id="dot"
            ),
            pytest.param(
                "sys.exit",
                "Runtime.BuiltInModuleConflict",
                "Cannot use built-in module sys as a handler module",
                id="built-in",
            ),
            pytest.param(
                "builtins.print",
                "Runtime.BuiltInModuleConflict",
                "Cannot use built-in module builtins as a handler module",
                id="builtins",
            ),
            pytest.param(
                "sys.path.append",
                "Runtime.BuiltInModuleConflict",
                "Cannot use built-in module sys as a handler module",
                id="attribute of a built-in",
            ),
            pytest.param(
                "sys/path.append",
                "Runtime.BuiltInModuleConflict",
                "Cannot use built-in module sys as a handler module",
                id="built-in with a slash",
            ),
            pytest.param(
                "missing.handler",
                NO_IMPORT,
                "Unable to import module 'missing': No module named 'missing'",
                id="missing module",
            ),
            pytest.param(
                "missing.Class.method",
                NO_IMPORT,
                "Unable to import module 'missing.Class': No module named 'missing'",
                id="missing, deeper",
            ),
            pytest.param(
                "pkg.missing.handler",
                NO_IMPORT,
                "Unable to import module 'pkg.missing': No module named 'pkg.missing'",
                id="missing in a package",
            ),
            pytest.param(
                "pkg/missing.handler",
                NO_IMPORT,
                "Unable to import module 'pkg/missing': No module named 'pkg.missing'",
                id="missing in a folder",
            ),
            pytest.param(
                "app.Missing.method",
                NO_IMPORT,
                "Unable to import module 'app.Missing': No module named 'app.Missing'; 'app' is not a package",
                id="missing class",
            ),
            pytest.param(
                "app.Class.Missing.method",
                "Runtime.HandlerNotFound",
                "Handler 'Class.Missing.method' missing on module 'app'",
                id="missing class in a class",
            ),
            pytest.param(
                "app.missing",
                "Runtime.HandlerNotFound",
                "Handler 'missing' missing on module 'app'",
                id="missing function",
            ),
            pytest.param(
                "app.Class.missing",
                "Runtime.HandlerNotFound",
                "Handler 'Class.missing' missing on module 'app'",
                id="missing method",
            ),
            pytest.param(
                "pkg/mod.missing",
                "Runtime.HandlerNotFound",
                "Handler 'missing' missing on module 'pkg.mod'",
                id="missing function in a folder",
            ),
            pytest.param(
                "app.handler/x",
                "Runtime.HandlerNotFound",
                "Handler 'handler/x' missing on module 'app'",
                id="slash at the wrong end",
            ),
            pytest.param("app.py", "Runtime.HandlerNotFound", "Handler 'py' missing on module 'app'", id="file name"),
            pytest.param("./app.handler", NO_IMPORT, f"Unable to import module './app': {BEFORE}", id="relative"),
            pytest.param("../app.handler", NO_IMPORT, f"Unable to import module '../app': {BEFORE}", id="parent"),
            pytest.param(
                "/var/task/app.handler", NO_IMPORT, f"Unable to import module '/var/task/app': {BEFORE}", id="absolute"
            ),
            pytest.param("..app.handler", NO_IMPORT, f"Unable to import module '..app': {BEFORE}", id="dots before"),
            pytest.param("app..handler", NO_IMPORT, f"Unable to import module 'app.': {BEFORE}", id="double dot"),
            pytest.param(
                "pkg//mod.handler", NO_IMPORT, f"Unable to import module 'pkg//mod': {BEFORE}", id="double slash"
            ),
            pytest.param("a b.handler", NO_IMPORT, "Unable to import module 'a b': No module named 'a b'", id="space"),
            pytest.param(
                "a\0b.handler", NO_IMPORT, "Unable to import module 'a\0b': No module named 'a\\x00b'", id="NUL"
            ),
            pytest.param("app.none", "Runtime.InvalidHandler", "handler 'app.none' is None, not a function", id="None"),
            pytest.param(
                "app.value", "Runtime.InvalidHandler", "handler 'app.value' is a int, not a function", id="number"
            ),
            pytest.param(
                "app.Class", "Runtime.InvalidHandler", "handler 'app.Class' is a class, not a function", id="class"
            ),
        ],
    )
    def test_message(self, write: Write, name: str, error_type: str, message: str) -> None:
        """A handler string that leads nowhere is an init error of this type, with this text."""
        write(FILES)

        assert load_error(name) == (error_type, message, None)

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            pytest.param("import one", "No module named 'nowhere'", id="three deep"),
            pytest.param("import nowhere.at.all", "No module named 'nowhere'", id="package"),
            pytest.param("import app.nowhere", "No module named 'app.nowhere'; 'app' is not a package", id="of itself"),
            pytest.param("from . import x", "attempted relative import with no known parent package", id="relative"),
            pytest.param("raise ImportError('libfoo.so.1: cannot open')", "libfoo.so.1: cannot open", id="library"),
            pytest.param("raise ImportError", "", id="without words"),
            pytest.param("raise ModuleNotFoundError('no name')", "no name", id="without a name"),
        ],
    )
    @pytest.mark.parametrize(("name", "module"), [("app.handler", "app"), ("app.Class.method", "app.Class")])
    def test_dependency(self, write: Write, name: str, module: str, source: str, message: str) -> None:
        """What a module cannot import is told in the words of that import."""
        write({"app.py": source, "one.py": "import two", "two.py": "import three", "three.py": "import nowhere"})

        assert load_error(name) == (NO_IMPORT, f"Unable to import module '{module}': {message}", None)

    def test_dependency_in_a_package(self, write: Write) -> None:
        """A submodule that a submodule misses is not taken for the handler's own module."""
        write({"pkg/__init__.py": "", "pkg/mod.py": "import pkg.nowhere"})

        message = "Unable to import module 'pkg.mod': No module named 'pkg.nowhere'"
        assert load_error("pkg.mod.handler") == (NO_IMPORT, message, None)

    def test_package_that_fails(self, write: Write) -> None:
        """A module that the package of the handler's module misses is told by its name."""
        write({"pkg/__init__.py": "import nowhere", "pkg/mod.py": ""})

        assert load_error("pkg.mod.handler")[1] == "Unable to import module 'pkg.mod': No module named 'nowhere'"

    def test_name_missing(self, write: Write, tmp_path: Path) -> None:
        """A name that another module does not have is told with that module's file."""
        write({"app.py": "from one import nothing", "one.py": ""})

        message = f"Unable to import module 'app': cannot import name 'nothing' from 'one' ({tmp_path / 'one.py'})"
        assert load_error("app.handler")[:2] == (NO_IMPORT, message)

    @pytest.mark.parametrize(
        ("files", "message", "entry"),
        [
            pytest.param(
                {"app.py": "x = 1\ndef handler(event)\n    pass\n"},
                "expected ':' (app.py, line 2)",
                'app.py" Line 2\n    def handler(event)\n',
                id="module",
            ),
            pytest.param(
                {"app.py": "import one\n", "one.py": "x = = 1\n"},
                "invalid syntax (one.py, line 1)",
                'one.py" Line 1\n    x = = 1\n',
                id="dependency",
            ),
            pytest.param(
                {"app.py": "if 1:\nx = 1\n"},
                "expected an indented block after 'if' statement on line 1 (app.py, line 2)",
                'app.py" Line 2\n    x = 1\n',
                id="indentation",
            ),
        ],
    )
    def test_syntax(self, write: Write, tmp_path: Path, files: dict[str, str], message: str, entry: str) -> None:
        """A syntax error is told with its file, line and source."""
        write(files)

        stack = [f'  File "{tmp_path}/{entry}']
        assert load_error("app.handler") == (SYNTAX, f"Syntax error in module 'app': {message}", stack)

    def test_syntax_of_a_class(self, write: Write) -> None:
        """A syntax error is reported for a handler that is a class's method, too."""
        write({"app.py": "1 +\n"})

        assert load_error("app.Class.method")[:2] == (
            SYNTAX,
            "Syntax error in module 'app.Class': invalid syntax (app.py, line 1)",
        )

    @pytest.mark.parametrize(
        "source",
        ["raise KeyError('TABLE')", "1 / 0", "raise SystemExit(3)", "raise KeyboardInterrupt", "raise BaseException"],
    )
    @pytest.mark.parametrize("name", ["app.handler", "app.Class.method"])
    def test_own_exception(self, write: Write, name: str, source: str) -> None:
        """What a module raises while it is imported stays what it is, with the module's own trace."""
        write({"app.py": f"\n\n{source}\n"})
        expected = {"1 / 0": "ZeroDivisionError"}.get(source, source.rpartition(" ")[2].partition("(")[0])
        with pytest.raises(BaseException) as raised:  # noqa: PT011 - whatever it is
            load(name)

        assert type(raised.value).__name__ == expected
        assert (Path(raised.traceback[-1].path).name, raised.traceback[-1].lineno) == ("app.py", 2)

    def test_instance_that_fails(self, write: Write) -> None:
        """What a class raises while an instance is made stays what it is."""
        write(
            {"app.py": "class C:\n    def __init__(self): raise LookupError('TABLE')\n    def m(self, event): pass\n"}
        )

        with pytest.raises(LookupError, match="TABLE"):
            load("app.C.m")

    def test_instance_that_needs_arguments(self, write: Write) -> None:
        """A class that takes arguments has no instance to call a method of."""
        write({"app.py": "class C:\n    def __init__(self, x): pass\n    def m(self, event): pass\n"})

        message = (
            "handler 'app.C.m' needs an instance of C, which cannot be made: "
            "C.__init__() missing 1 required positional argument: 'x'"
        )
        assert load_error("app.C.m") == ("Runtime.InvalidHandler", message, None)

    def test_signature(self, write: Write) -> None:
        """B2.12: an impossible signature is found at init, not at every invocation."""
        write({"app.py": "def handler(a, b, c): pass\n"})

        message = (
            "handler 'app.handler' takes 3 required positional arguments (a, b, c); "
            "it has to be (), (event), (context) or (event, context)"
        )
        assert load_error("app.handler") == ("Runtime.InvalidHandler", message, None)


def test_pth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The `.pth` files of each folder that is there are processed; a folder without any, and our own file, add none."""
    monkeypatch.setattr(sys, "path", [])
    names = {"own/shop.pth": "lib\n", "own/lib/a.py": "", "plain/a.py": "", "ours/lambda_bootstrap.pth": ".\n"}
    for name, text in names.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    process_pth([str(tmp_path / name) for name in ("nowhere", "plain", "ours", "own")])

    assert sys.path == [str(tmp_path / "own"), str(tmp_path / "own" / "lib")]
