"""Which handlers are web applications, and what is said of those that are nearly some."""

from __future__ import annotations

import functools
import re
import sys
from typing import Any

import pytest
from lambda_bootstrap.errors import FunctionError, InitError
from lambda_bootstrap.signature import adapt


class Asgi:
    """An application as frameworks make them."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve."""


class Wsgi:
    """An application as frameworks make them; its annotations name what is there for type checkers only."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:  # type: ignore[name-defined] # noqa: F821
        """Serve."""


class Slotted:
    """A middleware that has its call as an attribute, as Sentry's has."""

    __slots__ = ("__call__",)

    def __init__(self) -> None:
        self.__call__ = self.serve

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve."""


class Method:
    """An application that is a method."""

    async def app(self, _scope: Any, receive: Any, send: Any) -> None:
        """Serve."""


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """An application."""


def wsgi(environ: Any, start_response: Any) -> Any:
    """An application."""


def falcon(env: Any, start_response: Any, more: Any = None) -> Any:
    """An application that names the first parameter otherwise, and takes more."""


def wrapped(application: Any) -> Any:
    """A decorator that hides what an application takes."""

    @functools.wraps(application)
    def call(*arguments: Any) -> Any:
        return application(*arguments)

    return call


def kind(function: Any, *words: str) -> str | None:
    """The class that serves a handler, or None for an ordinary one."""
    application = adapt(function, "app.app", http=words).application
    return None if application is None else type(application).__name__


class TestShape:
    """An application is known by what it takes."""

    @pytest.mark.parametrize(
        "function",
        [asgi, Asgi(), Asgi, Method().app, functools.partial(lambda _x, _scope, receive, send: (receive, send), 1)],
    )
    def test_asgi(self, function: Any) -> None:
        """Three required parameters, the last two `receive` and `send`: a function, an instance, a class, a method."""
        assert kind(function) == "AsgiApplication"

    @pytest.mark.parametrize("function", [wsgi, Wsgi(), Wsgi, falcon])
    def test_wsgi(self, function: Any) -> None:
        """Two required parameters, the second `start_response`, whatever their annotations name."""
        assert kind(function) == "WsgiApplication"

    @pytest.mark.parametrize(
        "function",
        [
            lambda event, context: (event, context),
            lambda event, start_response=None: (event, start_response),
            lambda environ, response: (environ, response),
            lambda start_response: start_response,
            lambda *start_response: start_response,
            wrapped(asgi),
            wrapped(wsgi),
        ],
    )
    def test_neither(self, function: Any) -> None:
        """Any other shape is an ordinary handler, that of a decorator too which hides an application's."""
        assert kind(function) is None

    def test_three(self) -> None:
        """Three required parameters of other names are no application, behind a decorator either: an init error."""

        async def handler(event: Any, context: Any, client: Any) -> None:
            """Take one more than there is."""

        with pytest.raises(InitError, match="takes 3 required positional arguments"):
            adapt(handler, "app.handler")

    def test_no_framework(self) -> None:
        """Knowing an application imports nothing but the room of ours; a WSGI application costs no asyncio."""
        adapt(wsgi, "app.app")

        assert "asyncio" not in vars(sys.modules["lambda_bootstrap.web.wsgi"])
        assert "asyncio" not in vars(sys.modules["lambda_bootstrap.web.application"])


class TestWords:
    """BOOTSTRAP_HTTP."""

    def test_hidden(self) -> None:
        """`asgi` and `wsgi` say what a handler is whose parameters don't."""
        assert kind(wrapped(asgi), "asgi") == "AsgiApplication"
        assert kind(wrapped(wsgi), "wsgi", "stream") == "WsgiApplication"
        assert kind(Slotted(), "asgi") == "AsgiApplication"

    def test_off(self) -> None:
        """`off` turns all of it off: an application is a handler that takes too much."""
        assert kind(wsgi, "off") is None
        with pytest.raises(InitError, match="takes 3 required positional arguments"):
            kind(asgi, "off")

    def test_stream(self) -> None:
        """`stream` alone makes no application of a handler."""
        assert kind(lambda event: event, "stream") is None


class TestNearly:
    """Decision 8: what is nearly an application is refused, with what to do."""

    def test_asgi_2(self) -> None:
        """A handler that takes `scope` alone is an application of ASGI 2."""
        with pytest.raises(InitError, match=r"handler 'app\.app' takes scope alone, as an ASGI 2 application does"):
            adapt(lambda scope: scope, "app.app")
        assert kind(lambda scope: scope, "off") is None
        assert kind(lambda scope: scope, "asgi") == "AsgiApplication"

    @pytest.mark.parametrize("application", [asgi, Asgi(), wsgi, Wsgi()])
    def test_factory(self, application: Any) -> None:
        """A factory is not called for the function's author: whoever names it gets an error that says what to do."""
        call = adapt(lambda: application, "app.create_app").call

        with pytest.raises(FunctionError, match=re.escape("make it in the module: app = create_app()")) as refused:
            call({}, None)
        assert refused.value.error_type == "Runtime.InvalidHandler"

    @pytest.mark.parametrize("result", [None, {}, len, int, lambda a: a, functools.partial(print)])
    def test_no_factory(self, result: Any) -> None:
        """Any other result of a handler without parameters is its result."""
        assert adapt(lambda: result, "app.handler").call({}, None) is result

    def test_class_of_applications(self) -> None:
        """A framework's own class, which cannot be made of nothing, is the init error that any class is."""

        class Framework(Wsgi):
            def __init__(self, import_name: str) -> None:
                self.import_name = import_name

        with pytest.raises(InitError, match="needs an instance of Framework, which cannot be made"):
            adapt(Framework, "app.Framework")


@pytest.mark.parametrize("function", [lambda scope, context=None: scope or context, lambda scope, *rest: scope or rest])
def test_scope_and_more(function: Any) -> None:
    """A handler that calls its event scope, and can be given a context too, is a handler like any other."""
    handler = adapt(function, "app.app")

    assert (handler.application, handler.call({"a": 1}, None)) == (None, {"a": 1})
