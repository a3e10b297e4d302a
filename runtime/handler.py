"""
The function's code: found by name, its signature understood once.

Owns: the handler string, which parameters get the event and the context.
Refuses to know: events, invocations, where an error is reported.

Legal handlers, as in aws-lambda-go: `()`, `(event)`, `(context)`, `(event, context)`, and `(context, event)` where
the context is known by its annotation or name.
"""

from __future__ import annotations

import sys

from .errors import InitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any

CONTEXT_NAMES = {"context", "ctx", "lambda_context"}
CONTEXT_TYPES = {"Context", "LambdaContext"}
LEGAL_FORMS = "it has to be (), (event), (context) or (event, context)"

COROUTINE, VARARGS = 0x80, 0x04  # CO_COROUTINE, CO_VARARGS of inspect


class Handler:
    """
    A function's handler as the loop calls it.

    Attributes:
        call: takes event and context, whatever the function takes of them.
        takes_event: whether the event has to be decoded at all.
    """

    __slots__ = ("call", "takes_event")

    def __init__(self, call: Callable[[Any, Any], Any], *, takes_event: bool) -> None:
        self.call = call
        self.takes_event = takes_event


class Signature:
    """
    What a callable takes.

    Attributes:
        positional: names of the parameters that can be given by position.
        required: how many of those have no default.
        variadic: whether it has `*args`.
        keyword_only: names of the keyword-only parameters without a default.
        annotations: by name, as written.
        is_async: whether it is an `async def`, or a decorator around one.
    """

    __slots__ = ("annotations", "is_async", "keyword_only", "positional", "required", "variadic")

    def __init__(  # noqa: PLR0913 - a value's constructor
        self,
        positional: list[str],
        required: int,
        *,
        variadic: bool,
        keyword_only: list[str],
        annotations: Mapping[str, Any],
        is_async: bool,
    ) -> None:
        self.positional = positional
        self.required = required
        self.variadic = variadic
        self.keyword_only = keyword_only
        self.annotations = annotations
        self.is_async = is_async


def load(name: str) -> Handler:
    """
    Import the handler called *name*: `app.handler`, `pkg/app.handler`, `pkg.mod.handler`, `app.Class.method`.

    Raises:
        InitError: there is no such handler, or it cannot be called; types and texts are awslambdaric's.
        BaseException: whatever the function's module raises while it is imported.
    """
    if not name.strip():
        raise InitError("Runtime.MalformedHandlerName", "Handler not set: name it as argument, or in _HANDLER")
    module_name, _, attribute = name.rpartition(".")
    if not (module_name and attribute):
        raise InitError("Runtime.MalformedHandlerName", f"Bad handler '{name}': it has to be like 'app.handler'")
    top = module_name.replace("/", ".").partition(".")[0]
    if top in sys.builtin_module_names:
        raise InitError("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {top} as a handler module")
    module, attributes = find_module(module_name)
    return adapt(find_handler(module, [*attributes, attribute], name), name)


def find_module(name: str) -> tuple[ModuleType, list[str]]:
    """The module that *name* starts with, and the attributes that the rest of it names: `app.Class` is in `app`."""
    parts = name.replace("/", ".").split(".")
    if not all(parts):
        raise _unimportable(
            name, ImportError("a module is named from the function's folder, with one '.' or '/' between names")
        )
    missing: ImportError | None = None  # of the longest name; the shorter ones fail alike
    for end in range(len(parts), 0, -1):
        dotted = ".".join(parts[:end])
        try:
            __import__(dotted)
        except ImportError as error:
            missing = missing or error
            if not (isinstance(error, ModuleNotFoundError) and f"{dotted}.".startswith(f"{error.name}.")):
                raise _unimportable(name, error) from error
        except SyntaxError as error:
            place = f'  File "{error.filename}" Line {error.lineno}\n    {error.text or ""}'
            raise InitError(
                "Runtime.UserCodeSyntaxError", f"Syntax error in module '{name}': {error}", [place]
            ) from error
        else:
            if missing is None or hasattr(sys.modules[dotted], parts[end]):
                return sys.modules[dotted], parts[end:]
            break
    assert missing is not None
    raise _unimportable(name, missing) from missing


def find_handler(module: ModuleType, attributes: list[str], name: str) -> Any:
    """What *attributes* lead to from *module*. A method that needs an instance of its class gets one."""
    found: Any = module
    for attribute in attributes:
        owner = found
        try:
            found = getattr(owner, attribute)
        except AttributeError:
            raise InitError(
                "Runtime.HandlerNotFound", f"Handler '{'.'.join(attributes)}' missing on module '{module.__name__}'"
            ) from None
        if isinstance(owner, type) and _needs_instance(_raw(owner, attribute)):
            found = getattr(instance(owner, name), attribute)
    return found


def instance(owner: type, name: str) -> Any:
    """An instance of the class that a handler's name goes through."""
    try:
        return owner()
    except TypeError as error:
        raise InitError(
            "Runtime.InvalidHandler",
            f"handler '{name}' needs an instance of {owner.__name__}, which cannot be made: {error}",
        ) from error


def adapt(function: Any, name: str) -> Handler:
    """
    Decide, once, what *function* is called with. Of a class with `__call__` an instance is what gets called.

    Raises:
        InitError: it cannot be called, or neither with an event and a context nor with less.
    """
    if isinstance(function, type) and _raw(function, "__call__") is not None:
        function = instance(function, name)
    if isinstance(function, type) or not callable(function):
        kind = (
            "None" if function is None else "a class" if isinstance(function, type) else f"a {type(function).__name__}"
        )
        raise InitError("Runtime.InvalidHandler", f"handler '{name}' is {kind}, not a function")
    taken = signature(function)
    if taken.keyword_only:
        raise _illegal(name, f"takes the keyword-only arguments {', '.join(taken.keyword_only)} without a default")
    if taken.required > 2:  # noqa: PLR2004 - an event and a context
        required = ", ".join(taken.positional[: taken.required])
        raise _illegal(name, f"takes {taken.required} required positional arguments ({required})")
    contexts = [_is_context(parameter, taken.annotations) for parameter in taken.positional[:2]]
    count = 2 if taken.variadic else len(contexts)
    if contexts == [True, True]:
        raise _illegal(name, f"takes two contexts ({', '.join(taken.positional[:2])})")
    call = _run_to_completion(function) if taken.is_async else function
    if count == 0:
        return Handler(lambda _event, _context: call(), takes_event=False)
    if contexts[:1] == [True]:
        if count == 1:
            return Handler(lambda _event, context: call(context), takes_event=False)
        return Handler(lambda event, context: call(context, event), takes_event=True)
    if count == 1:
        return Handler(lambda event, _context: call(event), takes_event=True)
    return Handler(call, takes_event=True)


def signature(function: Any, bound: int = 0) -> Signature:
    """What *function* takes after *bound* arguments: read off its code where there is one, by `inspect` where not."""
    if hasattr(function, "__func__") and hasattr(function, "__self__"):
        function, bound = function.__func__, 1
    elif not hasattr(function, "__code__") and hasattr(type(function).__call__, "__code__"):
        function, bound = type(function).__call__, 1
    code = getattr(function, "__code__", None)
    if code is None:
        return _inspected(function)
    count, variadic = code.co_argcount, bool(code.co_flags & VARARGS)
    if variadic and count <= bound and getattr(function, "__wrapped__", function) is not function:
        inner = signature(function.__wrapped__, bound)  # the decorator passes on whatever it gets
        inner.is_async = inner.is_async or bool(code.co_flags & COROUTINE)
        return inner
    names = code.co_varnames
    keyword_only = names[count : count + code.co_kwonlyargcount]
    return Signature(
        list(names[bound:count]),
        max(count - bound - len(function.__defaults__ or ()), 0),
        variadic=variadic,
        keyword_only=[name for name in keyword_only if name not in (function.__kwdefaults__ or {})],
        annotations=_annotations(function),
        is_async=bool(code.co_flags & COROUTINE),
    )


def _inspected(function: Any) -> Signature:
    """What a partial or a function without Python code takes; an event and a context if it does not tell."""
    from inspect import Parameter, iscoroutinefunction
    from inspect import signature as inspect_signature

    try:
        parameters = inspect_signature(function).parameters.values()
    except (TypeError, ValueError):
        return Signature(["event", "context"], 2, variadic=False, keyword_only=[], annotations={}, is_async=False)
    positional = [p for p in parameters if p.kind in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}]
    return Signature(
        [p.name for p in positional],
        sum(p.default is Parameter.empty for p in positional),
        variadic=any(p.kind is Parameter.VAR_POSITIONAL for p in parameters),
        keyword_only=[p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY and p.default is Parameter.empty],
        annotations={p.name: p.annotation for p in positional if p.annotation is not Parameter.empty},
        is_async=iscoroutinefunction(function),
    )


def _is_context(parameter: str, annotations: Mapping[str, Any]) -> bool:
    """Whether *parameter* gets the context: its name says so, or its annotation."""
    annotation = annotations.get(parameter)
    kind = annotation if isinstance(annotation, str) else str(getattr(annotation, "__name__", ""))
    return parameter in CONTEXT_NAMES or kind.strip("'\"").rpartition(".")[2] in CONTEXT_TYPES


def _annotations(function: Any) -> Mapping[str, Any]:
    """Annotations as written; none where writing them out fails, as with a name that only a type checker imports."""
    try:
        return function.__annotations__ or {}
    except Exception:
        return {}


def _needs_instance(raw: Any) -> bool:
    """Whether what a class defines is a method of its instances."""
    return callable(raw) and hasattr(type(raw), "__get__") and not isinstance(raw, (staticmethod, classmethod))


def _raw(owner: type, attribute: str) -> Any:
    """What the class or a base of it defines as *attribute*, before any binding."""
    return next((vars(base)[attribute] for base in owner.__mro__ if attribute in vars(base)), None)


def _run_to_completion(function: Callable[..., Any]) -> Callable[..., Any]:
    """An `async def` handler as a plain one: all its invocations share one event loop, so clients may live in it."""
    from asyncio import Runner
    from contextvars import copy_context

    runner = Runner()

    def call(*arguments: Any) -> Any:
        result = function(*arguments)
        # A decorator may have run the coroutine itself.
        return runner.run(result, context=copy_context()) if hasattr(result, "cr_await") else result

    return call


def _unimportable(name: str, error: ImportError) -> InitError:
    return InitError("Runtime.ImportModuleError", f"Unable to import module '{name}': {error}")


def _illegal(name: str, what: str) -> InitError:
    return InitError("Runtime.InvalidHandler", f"handler '{name}' {what}; {LEGAL_FORMS}")
