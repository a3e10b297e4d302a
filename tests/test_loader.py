"""A function's code: found by name, its signature understood once."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import importlib
import logging
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import wrapt
from lambda_bootstrap import Context
from lambda_bootstrap.errors import InitError
from lambda_bootstrap.loader import load
from lambda_bootstrap.signature import Handler, adapt

if TYPE_CHECKING:
    from collections.abc import Iterator

Write = Callable[[dict[str, str]], None]
LEGAL = "it has to be (), (event), (context) or (event, context)"


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


def arrived(*values: Any) -> tuple[Any, ...]:
    """What an async handler got."""
    assert asyncio.get_running_loop().is_running()
    return values


def called(function: Any) -> tuple[Any, bool]:
    """What *function* makes of an event and a context, and whether it takes the event."""
    handler = adapt(function, "app.handler")
    result = handler.call("E", "C")
    if asyncio.iscoroutine(result):
        result.close()
    return result, handler.takes_event


def refused(function: Any) -> str:
    """Why *function* is no handler."""
    with pytest.raises(InitError) as refusal:
        adapt(function, "app.handler")
    assert refusal.value.error_type == "Runtime.InvalidHandler"
    return str(refusal.value)


class LambdaContext:
    """The name that Powertools' and AWS's own types have."""


class Valuer(Protocol):
    """A protocol that is not the context's."""

    def value(self) -> str:
        """Give a value."""


def annotated(function: Callable[..., Any], **annotations: Any) -> Callable[..., Any]:
    """Give *function* annotations."""
    function.__annotations__ = annotations
    return function


async def async_none() -> Any:
    """Take nothing."""
    return arrived()


async def async_event(event: Any) -> Any:
    """Take an event."""
    return arrived(event)


async def async_context(context: Any) -> Any:
    """Take a context."""
    return arrived(context)


async def async_both(event: Any, context: Any) -> Any:
    """Take both."""
    return arrived(event, context)


async def async_swapped(ctx: Any, event: Any) -> Any:
    """Take both the other way round."""
    return arrived(ctx, event)


class Service:
    """Handlers in a class."""

    def method(self, event: Any, context: Any) -> Any:
        """Take both."""
        return type(self).__name__, event, context

    def of_context(self, context: Any) -> Any:
        """Take a context."""
        return type(self).__name__, context

    @classmethod
    def of_class(cls, event: Any) -> Any:
        """Take an event."""
        return cls.__name__, event

    @staticmethod
    def static(event: Any) -> Any:
        """Take an event."""
        return event

    async def coroutine(self, event: Any) -> Any:
        """Take an event."""
        return arrived(event)

    def __call__(self, event: Any) -> Any:
        """Take an event."""
        return "called", event


class AsyncService:
    """An instance that is a coroutine function."""

    async def __call__(self, event: Any, context: Any) -> Any:
        """Take both."""
        return arrived(event, context)


class TestLegalForms:
    """Every form that aws-lambda-go takes, in its Python form."""

    @pytest.mark.parametrize(
        ("function", "result", "takes_event"),
        [
            pytest.param(lambda: (), (), False, id="B2.1 ()"),
            pytest.param(lambda event: (event,), ("E",), True, id="B2.1 (event)"),
            pytest.param(lambda context: (context,), ("C",), False, id="B2.1 (context)"),
            pytest.param(lambda event, context: (event, context), ("E", "C"), True, id="B2.1 (event, context)"),
            pytest.param(async_none, (), False, id="B2.1 async ()"),
            pytest.param(async_event, ("E",), True, id="B2.1 async (event)"),
            pytest.param(async_context, ("C",), False, id="B2.1 async (context)"),
            pytest.param(async_both, ("E", "C"), True, id="B2.1 async (event, context)"),
            pytest.param(async_swapped, ("C", "E"), True, id="B2.5 async (ctx, event)"),
            pytest.param(lambda e, c: (e, c), ("E", "C"), True, id="B2.1 any names"),
            pytest.param(lambda _, context: context, "C", True, id="B2.1 an event that is not used"),
            pytest.param(lambda event, context=None: (event, context), ("E", "C"), True, id="B2.4 a default"),
            pytest.param(lambda event=1, context=2: (event, context), ("E", "C"), True, id="B2.4 two defaults"),
            pytest.param(lambda event=1: event, "E", True, id="B2.4 an event with a default"),
            pytest.param(lambda context=1: context, "C", False, id="B2.4 a context with a default"),
            pytest.param(lambda a, b, c=3: (a, b, c), ("E", "C", 3), True, id="B2.4 a third with a default"),
            pytest.param(lambda *args: args, ("E", "C"), True, id="B2.4 *args"),
            pytest.param(lambda event, *args: (event, args), ("E", ("C",)), True, id="B2.4 (event, *args)"),
            pytest.param(lambda a, b, *args: (a, b, args), ("E", "C", ()), True, id="B2.4 (a, b, *args)"),
            pytest.param(lambda ctx, *args: (ctx, args), ("C", ("E",)), True, id="B2.4 (ctx, *args)"),
            pytest.param(lambda **kwargs: kwargs, {}, False, id="B2.4 **kwargs"),
            pytest.param(lambda event, **kwargs: (event, kwargs), ("E", {}), True, id="B2.4 (event, **kwargs)"),
            pytest.param(lambda event, *, flag=1: (event, flag), ("E", 1), True, id="B2.4 a keyword with a default"),
            pytest.param(lambda event, context, /: (event, context), ("E", "C"), True, id="B2.4 positional only"),
            pytest.param(lambda context, event: (context, event), ("C", "E"), True, id="B2.5 (context, event)"),
            pytest.param(lambda ctx, data: (ctx, data), ("C", "E"), True, id="B2.5 (ctx, data)"),
            pytest.param(lambda lambda_context, x: (lambda_context, x), ("C", "E"), True, id="B2.5 lambda_context"),
            pytest.param(annotated(lambda a, b: (a, b), a=Context), ("C", "E"), True, id="B2.5 (a: Context, b)"),
            pytest.param(annotated(lambda a, b: (a, b), b=Context), ("E", "C"), True, id="B2.5 (a, b: Context)"),
            pytest.param(annotated(lambda a, b: (a, b), a=dict, b=LambdaContext), ("E", "C"), True, id="B2.5 both"),
            pytest.param(annotated(lambda a: a, a=Context), "C", False, id="B2.6 Context"),
            pytest.param(annotated(lambda a: a, a=LambdaContext), "C", False, id="B2.6 LambdaContext"),
            pytest.param(annotated(lambda a: a, a="Context"), "C", False, id="B2.6 as text"),
            pytest.param(
                annotated(lambda a: a, a="lambda_bootstrap.Context"), "C", False, id="B2.6 as text, with its module"
            ),
            pytest.param(annotated(lambda a: a, a="Valuer"), "E", True, id="B2.6 another name as text"),
            pytest.param(
                annotated(lambda a: a, a="contextvars.ContextVar"), "E", True, id="B2.6 a longer name as text"
            ),
            pytest.param(
                annotated(lambda a: a, a="'LambdaContext'"),
                "C",
                False,
                id="B2.6 as text within text",
            ),
            pytest.param(annotated(lambda a: a, a=Any), "E", True, id="B2.7 Any"),
            pytest.param(annotated(lambda a: a, a=5), "E", True, id="B2.7 an annotation that is no type"),
            pytest.param(annotated(lambda a: a, a=dict[str, Any]), "E", True, id="B2.7 generic"),
            pytest.param(annotated(lambda a: a, a=Valuer), "E", True, id="B2.8 a protocol that is not the context's"),
            pytest.param(annotated(lambda event: event, event=bytes), "E", True, id="B2.13 bytes"),
            pytest.param(lambda event: (event, None), ("E", None), True, id="B2.9 a tuple is one result"),
        ],
    )
    def test_function(self, function: Any, result: Any, takes_event: bool) -> None:  # noqa: FBT001 - a column of the table
        """A function gets what it asks for, in its own order."""
        assert called(function) == (result, takes_event)

    @pytest.mark.parametrize(
        ("function", "result", "takes_event"),
        [
            pytest.param(Service().method, ("Service", "E", "C"), True, id="bound method"),
            pytest.param(Service().of_context, ("Service", "C"), False, id="bound method of a context"),
            pytest.param(Service.of_class, ("Service", "E"), True, id="class method"),
            pytest.param(Service.static, "E", True, id="static method"),
            pytest.param(Service().coroutine, ("E",), True, id="async method"),
            pytest.param(Service(), ("called", "E"), True, id="callable instance"),
            pytest.param(AsyncService(), ("E", "C"), True, id="async callable instance"),
            pytest.param(Service, ("called", "E"), True, id="class with __call__"),
            pytest.param(
                staticmethod(lambda event, context: (event, context)),
                ("E", "C"),
                True,
                id="static method out of a class",
            ),
            pytest.param(functools.partial(lambda x, event: (x, event), 1), (1, "E"), True, id="partial"),
            pytest.param(
                functools.partial(lambda event, context: (event, context), context=1),
                ("E", 1),
                True,
                id="partial of a keyword",
            ),
            pytest.param(functools.partial(Service().method), ("Service", "E", "C"), True, id="partial of a method"),
            pytest.param(functools.partial(async_both), ("E", "C"), True, id="partial of an async function"),
            pytest.param(functools.partial(lambda *a: a, 1), (1, "E", "C"), True, id="partial of *args"),
            pytest.param(
                functools.partial(annotated(lambda x, a: (x, a), a=Context), 1),
                (1, "C"),
                False,
                id="partial, annotated",
            ),
            pytest.param(functools.lru_cache(lambda event: event), "E", True, id="lru_cache"),
            pytest.param(functools.singledispatch(lambda event: event), "E", True, id="singledispatch"),
            pytest.param(max, "E", True, id="builtin without a signature"),
            pytest.param(str.upper, "E", True, id="builtin with one"),
            pytest.param(wrapt.CallableObjectProxy(lambda event: event), "E", True, id="wrapt proxy"),
            pytest.param(wrapt.CallableObjectProxy(Service().of_context), ("Service", "C"), False, id="of a method"),
            pytest.param(wrapt.CallableObjectProxy(async_both), ("E", "C"), True, id="of an async function"),
            pytest.param(wrapt.CallableObjectProxy(Service()), ("called", "E"), True, id="of a callable instance"),
        ],
    )
    def test_callable(self, function: Any, result: Any, takes_event: bool) -> None:  # noqa: FBT001 - a column of the table
        """So does anything else that can be called."""
        assert called(function) == (result, takes_event)

    def test_code_of_its_own(self) -> None:
        """Something with code of its own, as compilers make it, takes what that code takes."""

        class Compiled:
            __code__ = (lambda context: context).__code__
            __defaults__ = None
            __kwdefaults__ = None
            __annotations__ = {}

            def __call__(self, *args: Any) -> Any:
                return args

        assert called(Compiled()) == (("C",), False)

    def test_annotations_that_fail(self) -> None:
        """Annotations that cannot be had, as when only a type checker imports their names, are none."""

        class Compiled:
            __code__ = (lambda event, context: (event, context)).__code__
            __defaults__ = None
            __kwdefaults__ = None

            @property
            def __annotations__(self) -> Any:  # type: ignore[override] # as with Python 3.14's
                raise NameError("name 'LambdaContext' is not defined")

            def __call__(self, event: Any, context: Any) -> Any:
                return event, context

        assert called(Compiled()) == (("E", "C"), True)


def plain(function: Any) -> Any:
    """Decorate, without functools.wraps."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def wrapped(function: Any) -> Any:
    """Decorate, with functools.wraps."""
    return functools.wraps(function)(plain(function))


def explicit(function: Any) -> Any:
    """Decorate as Powertools does: with names of its own."""

    @functools.wraps(function)
    def wrapper(event: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        return function(event, context, *args, **kwargs)

    return wrapper


def with_self(function: Any) -> Any:
    """Decorate a method."""

    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return wrapper


def synchronous(function: Any) -> Any:
    """Decorate an async function so that it can be called as any other."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return asyncio.run(function(*args, **kwargs))

    return wrapper


def asynchronous(function: Any) -> Any:
    """Decorate a plain function so that it can be awaited."""

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        arrived()
        return function(*args, **kwargs)

    return wrapper


@wrapt.decorator
def tracing(function: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    """Decorate as the X-Ray SDK does."""
    return function(*args, **kwargs)


class Decorated:
    """Methods under decorators."""

    @wrapped
    def wraps(self, event: Any, context: Any) -> Any:
        """Take both."""
        return event, context

    @with_self
    def wraps_self(self, event: Any) -> Any:
        """Take an event."""
        return event

    @tracing
    def traced(self, context: Any) -> Any:
        """Take a context."""
        return context

    @tracing
    def __call__(self, event: Any) -> Any:
        """Take an event."""
        return event


class TestDecorated:
    """Handlers under decorators."""

    @pytest.mark.parametrize(
        ("function", "result", "takes_event"),
        [
            pytest.param(plain(lambda a, b: (a, b)), ("E", "C"), True, id="without wraps"),
            pytest.param(wrapped(lambda: ()), (), False, id="with wraps ()"),
            pytest.param(wrapped(lambda event: event), "E", True, id="with wraps (event)"),
            pytest.param(wrapped(lambda context: context), "C", False, id="with wraps (context)"),
            pytest.param(wrapped(lambda ctx, event: (ctx, event)), ("C", "E"), True, id="with wraps (ctx, event)"),
            pytest.param(wrapped(wrapped(lambda event: event)), "E", True, id="twice"),
            pytest.param(wrapped(async_both), ("E", "C"), True, id="async"),
            pytest.param(wrapped(functools.partial(lambda x, event: (x, event), 1)), (1, "E"), True, id="a partial"),
            pytest.param(explicit(lambda event, context: (event, context)), ("E", "C"), True, id="with its own names"),
            pytest.param(tracing(lambda context: context), "C", False, id="wrapt"),
            pytest.param(tracing(async_event), ("E",), True, id="wrapt, async"),
            pytest.param(tracing(wrapped(lambda event: event)), "E", True, id="wrapt over wraps"),
            pytest.param(wrapped(tracing(lambda event: event)), "E", True, id="wraps over wrapt"),
            pytest.param(Decorated().traced, "C", False, id="wrapt, bound method"),
            pytest.param(wrapped(Decorated().traced), "C", False, id="wraps over a bound method"),
            pytest.param(Decorated().wraps, ("E", "C"), True, id="bound method with wraps"),
            pytest.param(Decorated().wraps_self, "E", True, id="bound method, wraps and self"),
            pytest.param(synchronous(async_both), ("E", "C"), True, id="plain over async"),
            pytest.param(
                asynchronous(lambda event, context: (event, context)),
                ("E", "C"),
                True,
                id="async over plain",
            ),
        ],
    )
    def test_decorated(self, function: Any, result: Any, takes_event: bool) -> None:  # noqa: FBT001 - a column of the table
        """A decorator that passes on whatever it gets is looked through."""
        assert called(function) == (result, takes_event)

    def test_wrapt_call(self) -> None:
        """A decorated `__call__` is a method too."""
        assert called(Decorated()) == ("E", True)


class TestIllegalForms:
    """What no event and context can be given to."""

    @pytest.mark.parametrize(
        ("function", "message"),
        [
            pytest.param(None, "handler 'app.handler' is None, not a function", id="B2.2 None"),
            pytest.param({}, "handler 'app.handler' is a dict, not a function", id="B2.3 dict"),
            pytest.param("text", "handler 'app.handler' is a str, not a function", id="B2.3 text"),
            pytest.param(types, "handler 'app.handler' is a module, not a function", id="B2.3 module"),
            pytest.param(LambdaContext, "handler 'app.handler' is a class, not a function", id="B2.3 class"),
            pytest.param(
                LambdaContext(), "handler 'app.handler' is a LambdaContext, not a function", id="B2.3 instance"
            ),
            pytest.param(
                lambda a, b, c: (a, b, c),
                f"handler 'app.handler' takes 3 required positional arguments (a, b, c); {LEGAL}",
                id="B2.4 three",
            ),
            pytest.param(
                lambda a, b, c, d=1: (a, b, c, d),
                f"handler 'app.handler' takes 3 required positional arguments (a, b, c); {LEGAL}",
                id="B2.4 three of four",
            ),
            pytest.param(
                Service.method,
                f"handler 'app.handler' takes 3 required positional arguments (self, event, context); {LEGAL}",
                id="B2.4 a method without its instance",
            ),
            pytest.param(
                functools.partial(lambda a, b, c, d: (a, b, c, d), 1),
                f"handler 'app.handler' takes 3 required positional arguments (b, c, d); {LEGAL}",
                id="B2.4 partial",
            ),
            pytest.param(
                lambda event, *, x, y, z=1: (event, x, y, z),
                f"handler 'app.handler' takes the keyword-only arguments x, y without a default; {LEGAL}",
                id="B2.4 keyword-only",
            ),
            pytest.param(
                functools.partial(lambda event, context: (event, context), event=1),
                f"handler 'app.handler' takes the keyword-only arguments context without a default; {LEGAL}",
                id="B2.4 keyword-only by partial",
            ),
            pytest.param(
                lambda context, ctx: (context, ctx),
                f"handler 'app.handler' takes two contexts (context, ctx); {LEGAL}",
                id="B2.5 two names",
            ),
            pytest.param(
                annotated(lambda a, b: (a, b), a=Context, b=LambdaContext),
                f"handler 'app.handler' takes two contexts (a, b); {LEGAL}",
                id="B2.5 two annotations",
            ),
            pytest.param(
                annotated(lambda event, context: (event, context), event="Context"),
                f"handler 'app.handler' takes two contexts (event, context); {LEGAL}",
                id="B2.5 a name and an annotation",
            ),
        ],
    )
    def test_message(self, function: Any, message: str) -> None:
        """The init error says what the handler is, and what it has to be."""
        assert refused(function) == message

    def test_class_that_needs_arguments(self) -> None:
        """Of a class that cannot be made without arguments there is no instance to call."""

        class Needy:
            def __init__(self, table: str) -> None:
                self.table = table

            def __call__(self, event: Any) -> Any:
                return event

        assert refused(Needy).startswith(
            "handler 'app.handler' needs an instance of Needy, which cannot be made: TestIllegalForms."
        )


NUMBER: contextvars.ContextVar[int] = contextvars.ContextVar("NUMBER", default=0)


class TestAsync:
    """Async handlers, from one invocation to the next."""

    def test_one_loop(self) -> None:
        """All invocations share one event loop, so clients may live in it."""

        async def handler() -> Any:
            arrived()
            return asyncio.get_running_loop()

        call = adapt(handler, "n").call

        assert call(1, 2) is call(3, 4)

    def test_kept_alive(self) -> None:
        """A task that one invocation left goes on in the next."""
        seen: list[str] = []
        tasks = []

        async def rest() -> None:
            await asyncio.sleep(0)
            seen.append("done")

        async def handler(event: Any) -> None:
            arrived()
            if event == "leave":
                tasks.append(asyncio.create_task(rest()))
            else:
                await tasks[0]

        call = adapt(handler, "n").call
        call("leave", None)
        assert seen == []
        call("wait", None)

        assert seen == ["done"]

    def test_context_variables(self) -> None:
        """A context variable that one invocation set is not set in the next."""

        async def handler() -> int:
            arrived()
            NUMBER.set(NUMBER.get() + 1)
            return NUMBER.get()

        call = adapt(handler, "n").call

        assert [call(None, None), call(None, None), NUMBER.get()] == [1, 1, 0]

    def test_exception(self) -> None:
        """What an async handler raises arrives, and the loop lives on."""

        async def handler(event: Any) -> Any:
            arrived()
            if event:
                raise LookupError(event)
            return "fine"

        call = adapt(handler, "n").call
        with pytest.raises(LookupError, match="boom"):
            call("boom", None)

        assert call("", None) == "fine"

    def test_no_running_loop(self) -> None:
        """A plain handler runs outside of any event loop, so it may start one."""

        async def work() -> str:
            return "done"

        def handler() -> str:
            return asyncio.run(work())

        assert called(handler) == ("done", False)


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
    def of_class(cls, event): return cls.__name__, event
    @staticmethod
    @traced
    def static(event): return event
class Strict:
    def __init__(self, table): pass
    @traced
    @classmethod
    def of_class(cls, event): return cls.__name__, event
    @traced
    @staticmethod
    def static(event): return event
@traced
def handler(event): return event
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
        """An async method of a class gets its instance too."""
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
    """A message without what `doctor` adds to it."""
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
        """So is what the package of the handler's module misses."""
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
        """A module with a syntax error has no class to look for either."""
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

        message = f"handler 'app.handler' takes 3 required positional arguments (a, b, c); {LEGAL}"
        assert load_error("app.handler") == ("Runtime.InvalidHandler", message, None)


class TestLoggers:
    """Parameters that are annotated with a logger's type."""

    @pytest.mark.parametrize(
        ("function", "result"),
        [
            pytest.param(annotated(lambda log: log.name, log=logging.Logger), "tests.test_loader", id="alone"),
            pytest.param(
                annotated(lambda event, log, context: (event, log.name, context), log="logging.Logger"),
                ("E", "tests.test_loader", "C"),
                id="between",
            ),
            pytest.param(
                annotated(lambda log, a, b: (a, log.name, b), log=logging.Logger, a=Context),
                ("C", "tests.test_loader", "E"),
                id="B2.5 any order",
            ),
            pytest.param(
                annotated(lambda event, *, log: (event, log.name), log=logging.Logger),
                ("E", "tests.test_loader"),
                id="keyword-only",
            ),
        ],
    )
    def test_given(self, function: Any, result: Any) -> None:
        """A logger of the handler's module is given, and what else the handler takes is as without it."""
        assert adapt(function, "n").call("E", "C") == result

    def test_somebody_elses(self) -> None:
        """A class of that name which is neither logging's nor structlog's is the event's type, or nobody's."""

        class Logger:
            pass

        assert called(annotated(lambda a: a, a=Logger)) == ("E", True)
