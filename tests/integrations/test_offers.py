"""The modules that tools import from AWS's managed runtime: offered where nothing else is found."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap.diagnostics import advice
from lambda_bootstrap.on_import import OFFERS, OnImport

from tests.support.programs import ran

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def finder() -> Iterator[OnImport]:
    """A finder that begins without set-ups; modules and finders are put back."""
    finders, path = sys.meta_path[:], sys.path[:]
    made = OnImport(None, {})  # type: ignore[arg-type] # no set-up asks for the log
    made.begin()
    yield made
    sys.meta_path[:], sys.path[:] = finders, path
    tops = {each.partition(".")[0] for each in OFFERS}
    for name in [*sys.modules]:
        if name.startswith("throw_away") or name.partition(".")[0] in tops:
            del sys.modules[name]


def printed(source: str) -> Any:
    """The JSON that a function prints in an interpreter of its own."""
    lines, errors = ran(f"import json\n{dedent(source)}")
    assert errors == ""
    return json.loads(lines[-1])


class TestOffers:
    """Imports that find nothing."""

    @pytest.mark.parametrize("name", ["awslambdaric.bootstrap", "bootstrap"])
    @pytest.mark.usefixtures("finder")
    def test_get_handler(self, tmp_path: Path, name: str) -> None:
        """`_get_handler` imports a handler by its name, from a folder too."""
        (tmp_path / "throw_away").mkdir()
        (tmp_path / "throw_away" / "app.py").write_text("def handler(event, context): ...\n", encoding="utf-8")
        sys.path.insert(0, str(tmp_path))
        module = import_module(name)

        assert module._get_handler("throw_away/app.handler") is sys.modules["throw_away.app"].handler
        assert module._get_handler("throw_away.app.handler") is sys.modules["throw_away.app"].handler

    @pytest.mark.parametrize(
        ("handler", "kind", "message"),
        [
            pytest.param(
                "app",
                "Runtime.MalformedHandlerName",
                "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
                id="no dot",
            ),
            pytest.param(
                "sys.handler",
                "Runtime.BuiltInModuleConflict",
                "Cannot use built-in module sys as a handler module",
                id="built-in",
            ),
            pytest.param(
                "a/throw_away_b.handler",
                "Runtime.ImportModuleError",
                "Unable to import module 'a/throw_away_b': No module named 'a'",
                id="no module",
            ),
            pytest.param(
                "json.nothing", "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'json'", id="no handler"
            ),
            pytest.param(
                "throw_away_broken.handler",
                "Runtime.UserCodeSyntaxError",
                "Syntax error in module 'throw_away_broken': expected ':' (throw_away_broken.py, line 1)",
                id="syntax",
            ),
        ],
    )
    @pytest.mark.usefixtures("finder")
    def test_get_no_handler(self, tmp_path: Path, handler: str, kind: str, message: str) -> None:
        """A handler that cannot be found is an error with awslambdaric's words, and a tool may read its parts."""
        found = import_module("awslambdaric.bootstrap")
        (tmp_path / "throw_away_broken.py").write_text("class A\n", encoding="utf-8")
        sys.path.insert(0, str(tmp_path))
        with pytest.raises(found.FaultException) as raised:
            found._get_handler(handler)

        assert (raised.value.exception_type, raised.value.msg) == (kind, message)
        assert (raised.value.trace is not None) == (kind == "Runtime.UserCodeSyntaxError")

    def test_context(self) -> None:
        """The context that a handler gets is an instance of `awslambdaric.lambda_context.LambdaContext`."""
        assert printed(
            """
            from awslambdaric.lambda_context import Client, ClientContext, CognitoIdentity, LambdaContext
            from lambda_bootstrap import Context
            from lambda_bootstrap.context import identity
            context = Context(None, None, {})
            print(json.dumps([isinstance(context, LambdaContext), LambdaContext.__name__, LambdaContext is Context,
                              isinstance(identity({}), CognitoIdentity)]))
            """
        ) == [True, "LambdaContext", True, True]

    def test_snapshot_hooks(self) -> None:
        """`snapshot_restore_py` takes hooks, as calls and as decorators, and gives the function back."""
        assert printed(
            """
            from snapshot_restore_py import register_after_restore, register_before_snapshot
            import snapshot_restore_py
            @register_before_snapshot
            def before(): ...
            def after(a, b=0): ...
            same = register_after_restore(after, 1, b=2) is after
            [(function, args, kwargs)] = snapshot_restore_py.get_after_restore()
            print(json.dumps([same, function is after, args, kwargs, len(snapshot_restore_py.get_before_snapshot())]))
            """
        ) == [True, True, [1], {"b": 2}, 1]

    def test_patched(self) -> None:
        """What a tool patches on the offered module is called, as under Sentry, which finds the same module."""
        assert printed(
            """
            import awslambdaric.bootstrap, bootstrap, __main__
            from lambda_bootstrap import hooks
            seen = []
            bootstrap.handle_event_request = lambda client, handler, *more: seen.append(handler) or handler
            call = len
            for wrapped in hooks.around:
                call = wrapped(call)
            same = awslambdaric.bootstrap is bootstrap is __main__.bootstrap is sys.modules["bootstrap"]
            print(json.dumps([same, seen == [len], len(hooks.around), "0" < awslambdaric.__version__]))
            """
        ) == [True, True, 1, True]

    def test_nothing_until_asked(self) -> None:
        """Before it is imported, nothing of it is there."""
        assert (
            printed(
                """
                names = {"awslambdaric", "bootstrap", "snapshot_restore_py"}
                print(json.dumps(sorted(names & set(sys.modules))))
                """
            )
            == []
        )


class TestOwn:
    """What the function has itself."""

    @pytest.mark.parametrize("name", ["awslambdaric", "bootstrap", "snapshot_restore_py"])
    @pytest.mark.parametrize("form", ["module", "package", "folder"])
    @pytest.mark.usefixtures("finder")
    def test_wins(self, tmp_path: Path, name: str, form: str) -> None:
        """A module, a package or a folder of that name is what is imported."""
        if form == "module":
            (tmp_path / f"{name}.py").write_text("own = True\n", encoding="utf-8")
        else:
            (tmp_path / name).mkdir()
            (tmp_path / name / "part.py").write_text("own = True\n", encoding="utf-8")
        if form == "package":
            (tmp_path / name / "__init__.py").write_text("from .part import own\n", encoding="utf-8")
        sys.path.append(str(tmp_path))
        found = __import__(name if form != "folder" else f"{name}.part")

        assert getattr(found, "own", None) or found.part.own

    @pytest.mark.usefixtures("finder")
    def test_part_of_own(self, tmp_path: Path) -> None:
        """An own package that lacks a module of that name gets none of ours."""
        (tmp_path / "awslambdaric").mkdir()
        (tmp_path / "awslambdaric" / "__init__.py").write_text("", encoding="utf-8")
        sys.path.append(str(tmp_path))

        with pytest.raises(ModuleNotFoundError, match=r"No module named 'awslambdaric\.bootstrap'"):
            __import__("awslambdaric.bootstrap")

    @pytest.mark.usefixtures("finder")
    def test_not_offered(self) -> None:
        """A module that awslambdaric has and nobody imports is missing."""
        with pytest.raises(ModuleNotFoundError):
            __import__("awslambdaric.lambda_literals")

    def test_finder_of_later(self, finder: OnImport) -> None:
        """A finder that comes after ours is asked, too."""

        class Later:
            asked: list[str]

            def find_spec(self, name: str, *_: object) -> None:
                self.asked.append(name)

        later = Later()
        later.asked = []
        sys.meta_path.append(later)
        assert finder.find_spec("bootstrap") is not None

        assert set(later.asked) == {"bootstrap"}


class TestAdvice:
    """Modules that AWS's managed runtime has, and this one hasn't."""

    @pytest.mark.parametrize(
        ("name", "package"),
        [
            ("boto3", "boto3"),
            ("botocore.config", "botocore"),
            ("dateutil", "python-dateutil"),
            ("simplejson", "simplejson"),
            ("awslambdaric.lambda_literals", "awslambdaric"),
        ],
    )
    def test_managed(self, name: str, package: str) -> None:
        """The message for such a module says so, and how to bring it."""
        top = name.partition(".")[0]

        assert advice.of_import(ModuleNotFoundError(f"No module named '{name}'", name=name)) == (
            f"; AWS's managed runtime brings {top} along, this one doesn't: put it into the package"
            f" (pip install --target . {package})"
        )

    @pytest.mark.parametrize(
        "error",
        [
            ModuleNotFoundError("No module named 'requests'", name="requests"),
            ModuleNotFoundError("No module named 'boto3_extensions'", name="boto3_extensions"),
            ImportError("cannot import name 'x' from 'boto3'", name="boto3"),
            ModuleNotFoundError("gone"),
        ],
        ids=["another", "begins alike", "is there", "no name"],
    )
    def test_others(self, error: ImportError) -> None:
        """For any other module, and for one that is there, nothing is said of the managed runtime."""
        assert "managed" not in advice.of_import(error)
