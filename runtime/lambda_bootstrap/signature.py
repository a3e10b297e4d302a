"""
What a function takes, understood once.

Owns: which parameters get the event and the context, and what their annotations change.
Refuses to know: where the function comes from, invocations, how a type is decoded.

Legal handlers, as in aws-lambda-go: `()`, `(event)`, `(context)`, `(event, context)`, and `(context, event)` where
the context is known by its annotation or name.
"""

from __future__ import annotations

from . import codec
from .errors import InitError
from .spare import with_spare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .codec import Options

CONTEXT_NAMES = {"context", "ctx", "lambda_context"}
CONTEXT_TYPES = {"Context", "LambdaContext"}
LOGGER_TYPES = {"BoundLogger", "FilteringBoundLogger", "Logger", "LoggerAdapter"}
LEGAL_FORMS = "it has to be (), (event), (context) or (event, context)"
# Annotations of an event that ask for no more than JSON, and those of a result that need nothing either.
PLAIN_EVENTS = {
    *("Any", "Dict", "Mapping", "MutableMapping", "dict", "object"),
    *("Dict[str,Any]", "Mapping[str,Any]", "MutableMapping[str,Any]", "dict[str,Any]", "dict[str,object]"),
}
PLAIN_RESULTS = {
    *("Any", "Dict", "List", "Mapping", "None", "NoneType", "Optional", "bool", "dict", "float", "int", "list"),
    *("object", "str", "typing"),
}

COROUTINE, VARARGS = 0x80, 0x04  # CO_COROUTINE, CO_VARARGS of inspect


class Handler:
    """
    A function's handler as the loop calls it.

    Attributes:
        call: takes event and context, whatever the function takes of them.
        takes_event: whether the event has to be decoded at all.
        decode: makes the event of a payload that is JSON; where `is_typed`, of any other too.
        encode: makes the body of a result that is not `bytes`.
    """

    __slots__ = ("call", "decode", "encode", "is_typed", "takes_event")

    def __init__(self, call: Callable[[Any, Any], Any], *, takes_event: bool) -> None:
        self.call = call
        self.takes_event = takes_event
        self.decode: Callable[[bytes], Any] = codec.decode
        self.encode: Callable[[Any], bytes] = codec.encode
        self.is_typed = False


class Signature:
    """
    What a callable takes.

    Attributes:
        positional: names of the parameters that can be given by position.
        required: how many of those have no default.
        variadic: whether it has `*args`.
        keyword_only: names of the keyword-only parameters without a default.
        annotations: by name, as written; "return" is the result's.
        names: those of the module that the annotations were written in.
        is_async: whether it is an `async def`, or a decorator around one.
    """

    __slots__ = ("annotations", "is_async", "keyword_only", "names", "positional", "required", "variadic")

    def __init__(  # noqa: PLR0913 - a value's constructor
        self,
        positional: list[str],
        required: int,
        *,
        variadic: bool,
        keyword_only: list[str],
        is_async: bool,
        annotations: Mapping[str, Any] = {},
        names: Mapping[str, Any] = {},
    ) -> None:
        self.positional = positional
        self.required = required
        self.variadic = variadic
        self.keyword_only = keyword_only
        self.annotations = annotations
        self.names = names
        self.is_async = is_async


def adapt(function: Any, name: str, options: Options = codec.DEFAULTS) -> Handler:
    """
    Decide, once, what *function* is called with. Of a class with `__call__` an instance is what gets called.

    Raises:
        InitError: it cannot be called, or neither with an event and a context nor with less.
    """
    if isinstance(function, type) and raw(function, "__call__") is not None:
        function = instance(function, name)
    if isinstance(function, type) or not callable(function):
        kind = (
            "None" if function is None else "a class" if isinstance(function, type) else f"a {type(function).__name__}"
        )
        raise InitError("Runtime.InvalidHandler", f"handler '{name}' is {kind}, not a function")
    taken = signature(function)
    function = _with_loggers(function, taken, name)
    if taken.keyword_only:
        raise _illegal(name, f"takes the keyword-only arguments {', '.join(taken.keyword_only)} without a default")
    if taken.required > 2:  # noqa: PLR2004 - an event and a context
        required = ", ".join(taken.positional[: taken.required])
        raise _illegal(name, f"takes {taken.required} required positional arguments ({required})")
    contexts = [_is_context(parameter, taken.annotations) for parameter in taken.positional[:2]]
    if contexts == [True, True]:
        raise _illegal(name, f"takes two contexts ({', '.join(taken.positional[:2])})")
    handler = _call(function, contexts, taken)
    event = next((p for p in taken.positional if not _is_context(p, taken.annotations)), "")
    decode = _decoder(taken.annotations.get(event), taken, name, options) if handler.takes_event else None
    handler.is_typed = decode is not None
    handler.decode = decode or options.decode
    handler.encode = _encoder(taken, options) or options.encode
    return handler


def _call(function: Any, contexts: list[bool], taken: Signature) -> Handler:
    """Call *function* with as much of an event and a context as it takes, in its own order."""
    count = 2 if taken.variadic else len(contexts)
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
    """Return what *function* takes after *bound* arguments: from its code, or by `inspect` if it has none."""
    if hasattr(function, "__func__") and hasattr(function, "__self__"):
        function, bound = function.__func__, 1
    elif not hasattr(function, "__code__") and hasattr(type(function).__call__, "__code__"):
        function, bound = type(function).__call__, 1
    code = getattr(function, "__code__", None)
    if code is None:
        return Signature(**with_spare(_open_parameters).inspect_parameters(function))
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
        names=getattr(function, "__globals__", {}),
        is_async=bool(code.co_flags & COROUTINE),
    )


def instance(owner: type, name: str) -> Any:
    """Return an instance of the class that a handler's name goes through."""
    try:
        return owner()
    except TypeError as error:
        raise InitError(
            "Runtime.InvalidHandler",
            f"handler '{name}' needs an instance of {owner.__name__}, which cannot be made: {error}",
        ) from error


def _is_context(parameter: str, annotations: Mapping[str, Any]) -> bool:
    """Return whether *parameter* gets the context, by its name or its annotation."""
    annotation = annotations.get(parameter)
    kind = annotation if isinstance(annotation, str) else str(getattr(annotation, "__name__", ""))
    return parameter in CONTEXT_NAMES or kind.strip("'\"").rpartition(".")[2] in CONTEXT_TYPES


def _annotations(function: Any) -> Mapping[str, Any]:
    """
    Return annotations as written.

    Those that a decorator with parameters of its own has copied tell what the inner function gets, not what it gets
    itself: of them only contexts count.
    """
    try:
        annotations = function.__annotations__ or {}
    except Exception:
        annotations = _as_text(function)
    inner = getattr(function, "__wrapped__", function)
    if getattr(inner, "__code__", function.__code__) is function.__code__:
        return annotations
    return {name: kind for name, kind in annotations.items() if _last_name(kind) in CONTEXT_TYPES}


def _as_text(function: Any) -> Mapping[str, Any]:
    """Return annotations as text: one has a name that only a type checker imports, an error from 3.14 on (PEP 749)."""
    try:
        library = __import__("annotationlib")
        return library.get_annotations(function, format=library.Format.STRING)  # type: ignore[no-any-return] # no stub
    except Exception:
        return {}


def _last_name(annotation: Any) -> str:
    """Return an annotation's name without its module."""
    text = annotation if isinstance(annotation, str) else str(getattr(annotation, "__name__", ""))
    return text.strip("'\"").rpartition(".")[2]


def _with_loggers(function: Any, taken: Signature, name: str) -> Any:
    """Return *function* without the parameters annotated with a logger's type: it gets loggers there."""
    asked = {p: kind for p, kind in taken.annotations.items() if _last_name(kind) in LOGGER_TYPES and p != "return"}
    if not asked:
        return function
    door = with_spare(_open_annotations)
    given = door.loggers(asked, taken.names, name)
    call = door.with_loggers(function, given, taken.positional)
    taken.required -= sum(p in given for p in taken.positional[: taken.required])
    taken.positional = [p for p in taken.positional if p not in given]
    taken.keyword_only = [p for p in taken.keyword_only if p not in given]
    return call


def _decoder(annotation: Any, taken: Signature, name: str, options: Options) -> Callable[[bytes], Any] | None:
    """Return the decoder that the event's annotation asks for, or None for plain JSON."""
    if annotation in (bytes, "bytes"):
        return bytes
    if annotation is None or _words(annotation) in PLAIN_EVENTS:
        return None
    return with_spare(_open_annotations).event_decoder(annotation, taken.names, name, options)  # type: ignore[no-any-return] # the door is Any


def _encoder(taken: Signature, options: Options) -> Callable[[Any], bytes] | None:
    """Return the encoder that the result's annotation asks for, or None."""
    annotation = taken.annotations.get("return")
    words = "None" if annotation is None else _words(annotation)
    for mark in "[]|":
        words = words.replace(mark, ",")
    if PLAIN_RESULTS.issuperset(words.rstrip(",").split(",")):
        return None
    return with_spare(_open_annotations).result_encoder(annotation, taken.names, options.encode)  # type: ignore[no-any-return] # the door is Any


def _words(annotation: Any) -> str:
    """Return an annotation as text that can be compared, without importing anything."""
    text = annotation if isinstance(annotation, str) else None
    if text is None:
        text = annotation.__name__ if isinstance(annotation, type) else repr(annotation)
    for noise in (" ", "typing.", "collections.abc."):
        text = text.replace(noise, "")
    return text


def raw(owner: type, attribute: str) -> Any:
    """Return what the class or a base of it defines as *attribute*, before any binding."""
    return next((vars(base)[attribute] for base in owner.__mro__ if attribute in vars(base)), None)


def _run_to_completion(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return an `async def` handler as a plain one. All invocations share one event loop, so clients may live in it."""
    run = with_spare(_open_event_loop).run

    def call(*arguments: Any) -> Any:
        result = function(*arguments)
        # A decorator may have run the coroutine itself.
        return run(result) if hasattr(result, "cr_await") else result

    return call


def _open_annotations() -> Any:
    from .typed import annotations

    return annotations


def _open_parameters() -> Any:
    from .typed import parameters

    return parameters


def _open_event_loop() -> Any:
    from .lifecycle import event_loop

    return event_loop


def _illegal(name: str, what: str) -> InitError:
    return InitError("Runtime.InvalidHandler", f"handler '{name}' {what}; {LEGAL_FORMS}")
