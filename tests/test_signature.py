"""A function's signature, understood once."""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import functools
import logging
import sys
import types
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

import pytest
import wrapt
from lambda_bootstrap import Context, codec
from lambda_bootstrap.errors import InitError
from lambda_bootstrap.signature import adapt

if TYPE_CHECKING:
    from collections.abc import Callable

    import lambda_bootstrap as ours  # noqa: F401 - in an annotation, as text
    from lambda_bootstrap import Context as Own  # noqa: F401 - as above

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


async def async_swapped(ctx: Context, event: Any) -> Any:
    """Take both the other way round."""
    return arrived(ctx, event)


def three(a: Any, b: Any, c: Any) -> Any:
    """Take one too many."""
    return a, b, c


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
            pytest.param(lambda ctx, *args: (ctx, args), ("E", ("C",)), True, id="B2.4 (ctx, *args)"),
            pytest.param(
                annotated(lambda a, *args: (a, args), a=Context), ("C", ("E",)), True, id="B2.5 (a: Context, *args)"
            ),
            pytest.param(lambda **kwargs: kwargs, {}, False, id="B2.4 **kwargs"),
            pytest.param(lambda event, **kwargs: (event, kwargs), ("E", {}), True, id="B2.4 (event, **kwargs)"),
            pytest.param(lambda event, *, flag=1: (event, flag), ("E", 1), True, id="B2.4 a keyword with a default"),
            pytest.param(lambda event, context, /: (event, context), ("E", "C"), True, id="B2.4 positional only"),
            pytest.param(lambda context, event: (context, event), ("E", "C"), True, id="B2.5 (context, event)"),
            pytest.param(lambda ctx, _: (ctx, _), ("E", "C"), True, id="B2.5 (ctx, _)"),
            pytest.param(lambda lambda_context, x: (lambda_context, x), ("E", "C"), True, id="B2.5 lambda_context"),
            pytest.param(lambda context, ctx: (context, ctx), ("E", "C"), True, id="B2.5 (context, ctx)"),
            pytest.param(
                annotated(lambda event, context: (event, context), event=LambdaContext, context=LambdaContext),
                ("E", "C"),
                True,
                id="B2.5 somebody else's class twice",
            ),
            pytest.param(
                annotated(lambda a, b: (a, b), a="LambdaContext"), ("E", "C"), True, id="B2.5 somebody else's as text"
            ),
            pytest.param(annotated(lambda a, b: (a, b), a="Context"), ("C", "E"), True, id="B2.5 ours as text"),
            pytest.param(annotated(lambda a, b: (a, b), a="Own"), ("C", "E"), True, id="B2.5 ours for a type checker"),
            pytest.param(
                annotated(lambda a, b: (a, b), a="ours.Context"), ("C", "E"), True, id="B2.5 and with its package"
            ),
            pytest.param(
                annotated(lambda event, context: (event, context), event="Context"),
                ("C", "E"),
                True,
                id="B2.5 the annotation counts, the name does not",
            ),
            pytest.param(annotated(lambda a, b: (a, b), a=Context), ("C", "E"), True, id="B2.5 (a: Context, b)"),
            pytest.param(annotated(lambda a, b: (a, b), b=Context), ("E", "C"), True, id="B2.5 (a, b: Context)"),
            pytest.param(annotated(lambda a, b: (a, b), a=dict, b=LambdaContext), ("E", "C"), True, id="B2.5 both"),
            pytest.param(annotated(lambda a: a, a=Context), "C", False, id="B2.6 Context"),
            pytest.param(annotated(lambda a: a, a=LambdaContext), "E", True, id="B2.6 somebody else's LambdaContext"),
            pytest.param(lambda ctx: ctx, "C", False, id="B2.6 ctx"),
            pytest.param(lambda ctx=None: ctx, "C", False, id="B2.6 ctx with a default"),
            pytest.param(annotated(lambda a: a, a="Context"), "C", False, id="B2.6 as text"),
            pytest.param(
                annotated(lambda a: a, a="lambda_bootstrap.Context"), "C", False, id="B2.6 as text, with its module"
            ),
            pytest.param(annotated(lambda a: a, a="Valuer"), "E", True, id="B2.6 another name as text"),
            pytest.param(
                annotated(lambda a: a, a="contextvars.ContextVar"), "E", True, id="B2.6 a longer name as text"
            ),
            pytest.param(
                annotated(lambda a: a, a="'Context'"),
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
            pytest.param(functools.lru_cache(lambda event, _: event), "E", True, id="lru_cache"),
            pytest.param(functools.singledispatch(lambda event, _: event), "E", True, id="singledispatch"),
            pytest.param(
                functools.update_wrapper(functools.partial(three, c=3), three), ("E", "C", 3), True, id="partial, named"
            ),
            pytest.param(functools.partial(three, 1), (1, "E", "C"), True, id="partial of three"),
            pytest.param(max, "E", True, id="builtin without a signature"),
            pytest.param(str.upper, "E", True, id="builtin with one"),
            pytest.param(wrapt.CallableObjectProxy(lambda *a: a), ("E", "C"), True, id="wrapt proxy"),
            pytest.param(wrapt.CallableObjectProxy(Service().method), ("Service", "E", "C"), True, id="of a method"),
            pytest.param(wrapt.CallableObjectProxy(async_both), ("E", "C"), True, id="of an async function"),
            pytest.param(wrapt.CallableObjectProxy(AsyncService()), ("E", "C"), True, id="of a callable instance"),
            pytest.param(
                functools.partial(wrapt.CallableObjectProxy(three), c=3), ("E", "C", 3), True, id="partial of it"
            ),
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


@wrapt.decorator
def filling(function: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    """Decorate with an argument that the event and the context leave open."""
    return function(*args, c=3, **kwargs)


def three_defaults(a: Any, b: Any, c: Any = 3) -> Any:
    """Take one more."""
    return a, b, c


def injecting_more(function: Any) -> Any:
    """Decorate with a second keyword argument."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, more=4, **kwargs)

    return wrapper


def injecting(function: Any) -> Any:
    """Decorate as aws-embedded-metrics does: with a keyword argument that only the function inside takes."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, metrics="M", **kwargs)

    return wrapper


def of_context(function: Any) -> Any:
    """Decorate with something that uses the context, around a function that takes the event alone."""

    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(args[0]), args[1]

    return wrapper


class Wrapper:
    """A decorator that is a class."""

    def __init__(self, function: Any) -> None:
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Pass on whatever comes."""
        return self.function(*args, **kwargs)


@dataclasses.dataclass
class Order:
    """What an annotation may ask for."""

    sku: str


class Decorated:
    """Methods under decorators."""

    @wrapped
    def wraps(self, event: Any, context: Any) -> Any:
        """Take both."""
        return event, context

    @with_self
    def wraps_self(self, event: Any, context: Any) -> Any:
        """Take both."""
        return event, context

    @tracing
    def traced(self, event: Any, context: Any) -> Any:
        """Take both."""
        return event, context

    @tracing
    def __call__(self, event: Any, context: Any) -> Any:
        """Take both."""
        return event, context


class TestDecorated:
    """Handlers under decorators."""

    @pytest.mark.parametrize(
        ("function", "result"),
        [
            pytest.param(plain(lambda a, b: (a, b)), ("E", "C"), id="without wraps"),
            pytest.param(wrapped(lambda ctx, event: (ctx, event)), ("E", "C"), id="with wraps (ctx, event)"),
            pytest.param(
                wrapped(annotated(lambda a, b: (a, b), a=Context)), ("E", "C"), id="with wraps (a: Context, b)"
            ),
            pytest.param(
                explicit(annotated(lambda event, context: (event, context), event=Context)),
                ("E", "C"),
                id="with its own names, around (event: Context, context)",
            ),
            pytest.param(wrapped(wrapped(lambda event, context: (event, context))), ("E", "C"), id="twice"),
            pytest.param(wrapped(async_both), ("E", "C"), id="async"),
            pytest.param(wrapped(functools.partial(three, 1)), (1, "E", "C"), id="a partial"),
            pytest.param(explicit(lambda event, context: (event, context)), ("E", "C"), id="with its own names"),
            pytest.param(injecting(lambda a, b, metrics: (a, b, metrics)), ("E", "C", "M"), id="a third argument"),
            pytest.param(injecting(lambda a, b, *, metrics: (a, b, metrics)), ("E", "C", "M"), id="a keyword-only one"),
            pytest.param(
                injecting(injecting_more(lambda a, b, metrics, more: (a, b, metrics, more))),
                ("E", "C", "M", 4),
                id="two of them",
            ),
            pytest.param(of_context(lambda event: event), ("E", "C"), id="that uses the context itself"),
            pytest.param(tracing(lambda event, context: (event, context)), ("E", "C"), id="wrapt"),
            pytest.param(filling(three), ("E", "C", 3), id="wrapt that injects"),
            pytest.param(filling(lambda a, b, *, c: (a, b, c)), ("E", "C", 3), id="wrapt that injects a keyword"),
            pytest.param(tracing(async_both), ("E", "C"), id="wrapt, async"),
            pytest.param(tracing(wrapped(lambda event, context: (event, context))), ("E", "C"), id="wrapt over wraps"),
            pytest.param(wrapped(tracing(lambda event, context: (event, context))), ("E", "C"), id="wraps over wrapt"),
            pytest.param(Wrapper(three_defaults), ("E", "C", 3), id="a class"),
            pytest.param(Wrapper(async_both), ("E", "C"), id="a class, async"),
            pytest.param(Decorated().traced, ("E", "C"), id="wrapt, bound method"),
            pytest.param(wrapped(Decorated().traced), ("E", "C"), id="wraps over a bound method"),
            pytest.param(Decorated().wraps, ("E", "C"), id="bound method with wraps"),
            pytest.param(Decorated().wraps_self, ("E", "C"), id="bound method, wraps and self"),
            pytest.param(Decorated(), ("E", "C"), id="wrapt, __call__"),
            pytest.param(synchronous(async_both), ("E", "C"), id="plain over async"),
            pytest.param(asynchronous(lambda event, context: (event, context)), ("E", "C"), id="async over plain"),
        ],
    )
    def test_decorated(self, function: Any, result: Any) -> None:
        """A decorator that takes any arguments gets the event and the context, whatever the function inside takes."""
        assert called(function) == (result, True)

    @pytest.mark.parametrize(
        "decorate",
        [wrapped, explicit, tracing, Wrapper, with_self],
        ids=["wraps", "its own names", "wrapt", "a class", "its own first name"],
    )
    def test_annotations_inside(self, decorate: Any) -> None:
        """A decorator gets the plain event, whatever the function inside asks for with its annotations."""
        made = adapt(decorate(annotated(lambda event, context: (event, context), event=Order, context=Context)), "n")

        assert (made.decode, made.is_typed, made.warnings) == (codec.decode, False, [])
        assert made.call("E", "C") == ("E", "C")

    @pytest.mark.parametrize(
        ("function", "taken"),
        [
            pytest.param(wrapped(lambda: ()), "()", id="wraps ()"),
            pytest.param(wrapped(lambda event: event), "(event)", id="wraps (event)"),
            pytest.param(wrapped(wrapped(lambda context: context)), "(context)", id="twice"),
            pytest.param(tracing(lambda event: event), "(event)", id="wrapt"),
            pytest.param(tracing(async_event), "(event)", id="wrapt, async"),
            pytest.param(tracing(Service().of_context), "(context)", id="wrapt over a bound method"),
            pytest.param(Wrapper(lambda event: event), "(event)", id="a class"),
            pytest.param(functools.lru_cache(lambda event: event), "(event)", id="lru_cache"),
            pytest.param(functools.partial(wrapped(lambda event: event)), "(event)", id="a partial of it"),
            pytest.param(of_context(lambda event: event), "(event)", id="one that passes on less"),
        ],
    )
    def test_fewer_inside(self, function: Any, taken: str) -> None:
        """A function inside that takes less than its decorator may pass on is a warning, and no reason to refuse."""
        message = (
            "handler 'app.handler' is under a decorator that takes any arguments, so it is called with an event and a "
            f"context; the function inside takes {taken}: give it both parameters"
        )

        assert adapt(function, "app.handler").warnings == [message]

    @pytest.mark.parametrize(
        "function",
        [
            pytest.param(wrapped(lambda event, context: (event, context)), id="both"),
            pytest.param(injecting(three), id="more"),
            pytest.param(wrapped(lambda *args: args), id="any"),
            pytest.param(explicit(lambda event: event), id="its own names, which may be all that it passes on"),
            pytest.param(lambda event: event, id="no decorator"),
        ],
    )
    def test_no_warning(self, function: Any) -> None:
        """A decorator around a function that takes all that comes is no reason for a warning."""
        assert adapt(function, "app.handler").warnings == []

    def test_inside_itself(self) -> None:
        """A decorator that says it wraps itself by a detour is called all the same."""
        one, other = plain(lambda *args: args), plain(lambda *args: args)
        one.__wrapped__, other.__wrapped__ = other, one

        assert called(one) == (("E", "C"), True)


@dataclasses.dataclass
class Answer:
    """A result with both, as a dataclass."""

    event: Any
    context: Any


class ByInit(dict[str, Any]):
    """A result that its constructor fills."""

    def __init__(self, event: Any, context: Any) -> None:
        super().__init__(event=event, context=context)


class ByNew(str):
    """A result that is made before it is initialised."""

    __slots__ = ()

    def __new__(cls, event: Any, context: Any) -> Self:
        """Make text of both."""
        return super().__new__(cls, f"{event} {context}")


class ByBoth(ByInit):
    """A result whose two constructors take the same."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self:
        """Make an empty one."""
        return super().__new__(cls)


class Calling(type):
    """A class of classes that are called like functions."""

    def __call__(cls, event: Any, context: Any) -> Any:
        """Answer in place of an instance."""
        return cls.__name__, event, context


class ByMetaclass(metaclass=Calling):
    """A class that makes no instances."""


class Twofold(metaclass=Calling):
    """A class that makes no instances, and whose instances could be called."""

    def __call__(self) -> None:
        """Nobody comes here."""


class Callback(ByInit):
    """A result that can be called."""

    def __call__(self) -> None:
        """Nobody comes here."""


class Row(NamedTuple):
    """A result with both, as a tuple."""

    event: Any
    context: Any


class ByEvent(dict[str, Any]):
    """A result that is made of the event alone."""

    def __init__(self, event: Any) -> None:
        super().__init__(event=event)


class TestClasses:
    """Classes as handlers: they are called, as awslambdaric calls them, once an invocation."""

    @pytest.mark.parametrize(
        ("owner", "result"),
        [
            pytest.param(ByInit, {"event": "E", "context": "C"}, id="__init__"),
            pytest.param(ByNew, "E C", id="__new__"),
            pytest.param(ByBoth, {"event": "E", "context": "C"}, id="both"),
            pytest.param(ByMetaclass, ("ByMetaclass", "E", "C"), id="metaclass"),
            pytest.param(Twofold, ("Twofold", "E", "C"), id="metaclass, with __call__"),
            pytest.param(Callback, {"event": "E", "context": "C"}, id="__init__, with __call__"),
            pytest.param(Answer, Answer("E", "C"), id="dataclass"),
            pytest.param(Row, Row("E", "C"), id="NamedTuple"),
            pytest.param(ByEvent, {"event": "E"}, id="of the event alone"),
            pytest.param(type("Child", (ByInit,), {}), {"event": "E", "context": "C"}, id="inherited"),
        ],
    )
    def test_called(self, owner: Any, result: Any) -> None:
        """A class that takes an event and a context makes a result of them."""
        assert called(owner) == (result, True)

    def test_once_an_invocation(self) -> None:
        """Each invocation has an instance of its own."""
        call = adapt(ByInit, "n").call

        assert call(1, 2) is not call(1, 2)

    def test_instance(self) -> None:
        """Of a class with `__call__` there is one instance for all invocations."""

        class Counting:
            made = 0

            def __init__(self) -> None:
                type(self).made += 1

            def __call__(self, event: Any, context: Any) -> Any:
                return event, context, self.made

        call = adapt(Counting, "n").call

        assert [call(1, 2), call(3, 4)] == [(1, 2, 1), (3, 4, 1)]

    def test_instance_of_a_metaclass(self) -> None:
        """A metaclass that takes any arguments, such as a singleton's, makes that instance, too."""

        class Single(type):
            def __call__(cls, *args: Any, **kwargs: Any) -> Any:
                """Make an instance."""
                return super().__call__(*args, **kwargs)

        class Instance(metaclass=Single):
            def __call__(self, event: Any, context: Any) -> Any:
                """Answer."""
                return event, context

        assert called(Instance) == (("E", "C"), True)

    def test_typed(self) -> None:
        """The annotations of a constructor count as those of a function."""

        class Typed(dict[str, Any]):
            def __init__(self, event: Order, _context: Any) -> None:
                super().__init__(sku=event.sku)

        made = adapt(Typed, "n")

        assert made.call(made.decode(b'{"sku":"a"}'), None) == {"sku": "a"}


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
                id="B1.8, B2.4 three",
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
                annotated(lambda a, b: (a, b), a=Context, b="Own"),
                f"handler 'app.handler' takes two contexts (a, b); {LEGAL}",
                id="B2.5 two annotations",
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


LAZY = """
from __future__ import annotations
lazy from lambda_bootstrap import Context
lazy from nowhere import Missing
lazy import logging

def swapped(own: Context, event): return event, own
def missing(event: Missing, own): return event, own
def logs(log: logging.Logger, event): return log.name, event
"""


@pytest.mark.skipif(sys.version_info < (3, 15), reason="Python has no lazy imports before 3.15")
class TestLazyImports:
    """Annotations with names whose imports wait until they are used (PEP 810)."""

    @pytest.mark.parametrize(
        ("name", "result"), [("swapped", ("E", "C")), ("missing", ("E", "C")), ("logs", ("lazily", "E"))]
    )
    def test_lazy(self, name: str, result: Any) -> None:
        """They mean what they mean to an import that does not wait; a module that is not there is nobody's context."""
        names: dict[str, Any] = {"__name__": "lazily"}
        exec(compile(LAZY, "lazily.py", "exec", dont_inherit=True), names)  # noqa: S102 - no syntax for older Pythons

        assert called(names[name]) == (result, True)


async def waits(event: Any) -> Any:
    """Wait."""
    return event


async def yields(event: Any) -> Any:
    """Stream."""
    yield event


@pytest.mark.parametrize(
    ("handler", "is_async"),
    [(waits, True), (yields, True), (lambda event: event, False), (functools.partial(waits), True), (len, False)],
    ids=["async", "async generator", "function", "partial", "builtin"],
)
def test_is_async(handler: Any, is_async: bool) -> None:  # noqa: FBT001 - a column of the table
    """What can wait may run as one task of many; a function cannot, whatever its module imports from the future."""
    assert adapt(handler, "app.handler").is_async is is_async
