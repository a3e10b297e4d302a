"""A function's signature, understood once."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import types
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import wrapt
from lambda_bootstrap import Context
from lambda_bootstrap.errors import InitError
from lambda_bootstrap.signature import adapt

if TYPE_CHECKING:
    from collections.abc import Callable

LEGAL = "it has to be (), (event), (context) or (event, context)"


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
        """Anything that can be called gets what it asks for, in its own order."""
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
        """The init error of an illegal handler says what the handler is, and what it has to be."""
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


class TestLoggers:
    """Parameters that are annotated with a logger's type."""

    @pytest.mark.parametrize(
        ("function", "result"),
        [
            pytest.param(annotated(lambda log: log.name, log=logging.Logger), "tests.test_signature", id="alone"),
            pytest.param(
                annotated(lambda event, log, context: (event, log.name, context), log="logging.Logger"),
                ("E", "tests.test_signature", "C"),
                id="between",
            ),
            pytest.param(
                annotated(lambda log, a, b: (a, log.name, b), log=logging.Logger, a=Context),
                ("C", "tests.test_signature", "E"),
                id="B2.5 any order",
            ),
            pytest.param(
                annotated(lambda event, *, log: (event, log.name), log=logging.Logger),
                ("E", "tests.test_signature"),
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
