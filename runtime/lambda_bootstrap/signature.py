"""
What a function takes, understood once.

Owns: which parameters get the event and the context, and what their annotations change.
Refuses to know: where the function comes from, invocations, how a type is decoded.

Legal handlers, as in aws-lambda-go: `()`, `(event)`, `(context)`, `(event, context)`, and `(context, event)` where
the first parameter is annotated with our own `Context`. A decorator that takes any arguments gets both, whatever the
function inside it takes: what it passes on is its own affair.
"""

from __future__ import annotations

from . import codec, context
from .errors import InitError
from .spare import with_spare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .codec import Options

CONTEXT_NAMES = {"context", "ctx", "lambda_context"}  # of a single parameter
CONTEXT_TYPES = {"Context", "LambdaContext"}  # names of our own class
OUR_NAMES = {f"{__package__}.{name}" for name in CONTEXT_TYPES}
LOGGER_TYPES = {"BoundLogger", "FilteringBoundLogger", "Logger", "LoggerAdapter"}
LEGAL_FORMS = "it has to be (), (event), (context) or (event, context)"
# Annotations of an event that ask for no more than JSON, and those of a result that need nothing either.
PLAIN_EVENTS = {
    *("Any", "Dict", "Mapping", "MutableMapping", "None", "dict", "object"),
    *("Dict[str,Any]", "Mapping[str,Any]", "MutableMapping[str,Any]", "dict[str,Any]", "dict[str,object]"),
}
PLAIN_RESULTS = {
    *("Any", "Dict", "List", "Mapping", "None", "NoneType", "Optional", "bool", "dict", "float", "int", "list"),
    *("object", "str", "typing"),
}
APPLICATIONS = (["receive", "send"], ["start_response"])  # what they require after the first parameter
COROUTINE, ASYNC_GENERATOR, VARARGS = 0x80, 0x200, 0x04  # flags of code, as inspect has them
CODE = type((lambda: None).__code__)


class Handler:
    """
    A function's handler as the loop calls it.

    Attributes:
        call: takes event and context, whatever the function takes of them.
        takes_event: whether the event has to be decoded at all.
        decode: makes the event of a payload that is JSON; where `is_typed`, of any other too.
        encode: makes the body of a result that is not `bytes`.
        is_async: whether many of its invocations can run as tasks of one process.
        warnings: what the function's author should know, and is no reason to refuse the function.
        application: what serves the web application that this is, or None.
    """

    __slots__ = ("application", "call", "decode", "encode", "is_async", "is_typed", "takes_event", "warnings")

    def __init__(self, call: Callable[[Any, Any], Any], *, takes_event: bool) -> None:
        self.call = call
        self.takes_event = takes_event
        self.decode: Callable[[bytes], Any] = codec.decode
        self.encode: Callable[[Any], bytes] = codec.encode
        self.is_typed = self.is_async = False
        self.warnings: list[str] = []
        self.application: Any = None


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
        is_async: whether it is an `async def`, a generator too, or a decorator around one.
        inner: of a decorator that takes any arguments, what the function inside it takes.
    """

    __slots__ = ("annotations", "inner", "is_async", "keyword_only", "names", "positional", "required", "variadic")

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
        self.inner: Signature | None = None


def adapt(
    function: Any, name: str, options: Options = codec.DEFAULTS, taken: Signature | None = None, http: Any = ()
) -> Handler:
    """
    Decide, once, what *function* is called with. Of a class with `__call__` an instance is what gets called.

    Args:
        function: the handler.
        name: its name, for messages.
        options: how JSON is read and written, and whether unknown fields are refused.
        taken: what *function* takes, if that is known already.
        http: the words of `BOOTSTRAP_HTTP`.

    Raises:
        InitError: it cannot be called, or neither with an event and a context nor with less.
    """
    is_class = isinstance(function, type)
    made = with_spare(_open_parameters).constructor(function, signature, raw) if is_class else None
    if is_class and raw(function, "__call__") is not None and not (made and made.required == 2):  # noqa: PLR2004 - of an event and a context
        function, is_class = instance(function, name), False
    if taken is None and callable(function):
        taken = made if is_class else signature(function)
    if taken is None:
        kind = "None" if function is None else "a class" if is_class else f"a {type(function).__name__}"
        raise InitError("Runtime.InvalidHandler", f"handler '{name}' is {kind}, not a function")
    required = taken.positional[: taken.required]
    is_asgi_2 = required == taken.positional == ["scope"] and not taken.variadic
    if "off" not in http and (required[1:] in APPLICATIONS or is_asgi_2 or {"asgi", "wsgi"} & {*http}):
        application = with_spare(_open_detection).application(function, required, http, name)
        handler = Handler(application.call, takes_event=True)
        handler.application, handler.is_async = application, application.is_async
        handler.decode, handler.encode = options.decode, options.encode
        return handler
    warnings = _warnings(taken, name)
    function = _with_loggers(function, taken, name, warnings)
    if taken.keyword_only:
        raise _illegal(name, f"takes the keyword-only arguments {', '.join(taken.keyword_only)} without a default")
    if taken.required > 2:  # noqa: PLR2004 - an event and a context
        raise _illegal(name, f"takes {taken.required} required positional arguments ({', '.join(required)})")
    call = with_spare(_open_event_loop).run_to_completion(function) if taken.is_async else function
    handler, event = _call(call, taken, name)
    decode = _decoder(taken.annotations.get(event), taken, name, options, warnings) if event is not None else None
    handler.is_typed, handler.is_async = decode is not None, taken.is_async or hasattr(function, "is_async_batch")
    handler.decode = decode or options.decode
    handler.encode = _encoder(taken, options) or options.encode
    handler.warnings = warnings
    return handler


def _no_application(result: Any, name: str) -> Any:
    """Return the *result* of a handler without parameters, which may be a factory of applications by mistake."""
    if callable(result):
        with_spare(_open_detection).refuse(result, signature, name)
    return result


def _call(call: Callable[..., Any], taken: Signature, name: str) -> tuple[Handler, str | None]:
    """
    Call a function with as much of an event and a context as it takes: by position, in that order.

    Return the name of the event's parameter with it: "" if it is one of `*args`, None if there is none.

    Raises:
        InitError: both parameters are annotated as the context.
    """
    first, second = [*taken.positional, "", ""][:2]
    count = 2 if taken.variadic else len(taken.positional)
    if count == 0:
        return Handler(lambda _event, _context: _no_application(call(), name), takes_event=False), None
    is_context = _is_context(taken.annotations.get(first), taken.names)
    if count == 1 and (is_context or first in CONTEXT_NAMES):
        return Handler(lambda _event, context: call(context), takes_event=False), None
    if count == 1:
        return Handler(lambda event, _context: call(event), takes_event=True), first
    if is_context:
        if _is_context(taken.annotations.get(second), taken.names):
            raise _illegal(name, f"takes two contexts ({first}, {second})")
        return Handler(lambda event, context: call(context, event), takes_event=True), second
    return Handler(call, takes_event=True), first


def signature(function: Any, bound: int = 0) -> Signature:
    """Return what *function* takes after *bound* arguments: what it says itself, not what it wraps."""
    taken = _declared(function, bound)
    inner = getattr(function, "__wrapped__", function)
    if taken.variadic and taken.inner is None and inner is not function:
        try:
            taken.inner = signature(inner, bound)
        except Exception:  # whatever it wraps, it can be called
            return taken
        taken.is_async = taken.is_async or taken.inner.is_async
    return taken


def _declared(function: Any, bound: int) -> Signature:
    """Return what *function* itself takes: by its code, or by `inspect` if it has none."""
    method, code = _own(function, "__func__"), _own(function, "__code__")
    if method is not None and hasattr(function, "__self__"):
        return signature(method, bound + 1)
    if not isinstance(code, CODE):
        return _without_code(function, bound)
    count = code.co_argcount
    names = code.co_varnames
    keyword_only = names[count : count + code.co_kwonlyargcount]
    return Signature(
        list(names[bound:count]),
        max(count - bound - len(function.__defaults__ or ()), 0),
        variadic=bool(code.co_flags & VARARGS),
        keyword_only=[name for name in keyword_only if name not in (function.__kwdefaults__ or {})],
        annotations=_annotations(function),
        names=getattr(function, "__globals__", {}),
        is_async=bool(code.co_flags & (COROUTINE | ASYNC_GENERATOR)),
    )


def _without_code(function: Any, bound: int) -> Signature:
    """Return what an instance, a partial, a proxy or a builtin takes."""
    call = type(function).__call__
    if hasattr(call, "__code__"):
        return signature(call, bound + 1)
    base = _own(function, "func")
    if base is not None and hasattr(function, "keywords"):
        taken = signature(base, bound)
        with_spare(_open_parameters).leave_to_partial(taken, function.args, function.keywords)
        return taken
    if hasattr(function, "__wrapped__"):  # wrapt's proxies, `lru_cache`
        return Signature([], 0, variadic=True, keyword_only=[], is_async=False)
    return Signature(**with_spare(_open_parameters).inspect_parameters(function, bound))


def _own(function: Any, attribute: str) -> Any:
    """Return an attribute of *function*; None if it has none, or passes on that of what it wraps, as proxies do."""
    found = getattr(function, attribute, None)
    inner = getattr(function, "__wrapped__", function)
    return None if inner is not function and found is getattr(inner, attribute, None) else found


def _warnings(taken: Signature, name: str) -> list[str]:
    """Return a warning if a decorator passes on more than the function inside it may take."""
    inner = taken.inner if len(taken.positional) < 2 else None  # noqa: PLR2004 - an event and a context
    while inner is not None and inner.inner is not None:
        inner = inner.inner
    if inner is None or inner.variadic or len(inner.positional) >= 2:  # noqa: PLR2004 - as above
        return []
    return [with_spare(_open_advice).of_decorator(name, inner.positional)]


def instance(owner: type, name: str) -> Any:
    """Return an instance of the class that a handler's name goes through."""
    try:
        return owner()
    except TypeError as error:
        raise InitError(
            "Runtime.InvalidHandler",
            f"handler '{name}' needs an instance of {owner.__name__}, which cannot be made: {error}",
        ) from error


def _is_context(annotation: Any, names: Mapping[str, Any]) -> bool:
    """Return whether an annotation is our own `Context`: the class itself, or its name in the function's module."""
    if not isinstance(annotation, str):
        return any(annotation is getattr(context, name, context) for name in CONTEXT_TYPES)
    if _words(annotation) in PLAIN_EVENTS:
        return False
    text = annotation.strip("'\" ")
    first, *steps = text.split(".")
    if first not in names:
        is_name = all(map(str.isidentifier, (first, *steps)))
        return text in OUR_NAMES or (is_name and with_spare(_open_imports).has_context(text, names))
    found = names[first]
    if type(found).__name__ == "lazy_import":  # since Python 3.15: what a name has until it is used
        try:
            found = found.resolve()
        except Exception:
            return False
    for step in steps:
        found = getattr(found, step, None)
    return not isinstance(found, str) and _is_context(found, names)


def _annotations(function: Any) -> Mapping[str, Any]:
    """Return annotations as written; those that a decorator has copied tell what the function inside gets."""
    inner = getattr(function, "__wrapped__", function)
    if inner is not function and hasattr(inner, "__annotations__"):
        return {}
    try:
        return function.__annotations__ or {}
    except Exception:
        return with_spare(_open_parameters).annotations_as_text(function)  # type: ignore[no-any-return] # the door is Any


def _last_name(annotation: Any) -> str:
    """Return an annotation's name without its module."""
    text = annotation if isinstance(annotation, str) else str(getattr(annotation, "__name__", ""))
    return text.strip("'\"").rpartition(".")[2]


def _with_loggers(function: Any, taken: Signature, name: str, warnings: list[str]) -> Any:
    """Return *function* without the parameters annotated with a logger's type: it gets loggers there."""
    asked = {p: kind for p, kind in taken.annotations.items() if _last_name(kind) in LOGGER_TYPES and p != "return"}
    return with_spare(_open_annotations).with_loggers(function, asked, taken, name, warnings) if asked else function


def _decoder(
    annotation: Any, taken: Signature, name: str, options: Options, warnings: list[str]
) -> Callable[[bytes], Any] | None:
    """
    Return the decoder that the event's annotation asks for, or None for plain JSON.

    Raises:
        InitError: *options* are strict, and the annotation cannot be decoded; else that is one of *warnings*.
    """
    if annotation is bytes or (isinstance(annotation, str) and annotation == "bytes"):
        return bytes
    if annotation is None or _words(annotation) in PLAIN_EVENTS:
        return None
    door = with_spare(_open_annotations)
    try:
        return door.event_decoder(annotation, taken.names, name, options)  # type: ignore[no-any-return] # the door is Any
    except InitError as error:
        if options.strict:
            raise
        warnings.append(door.plain_instead(annotation, error))
    return None


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
        try:
            text = annotation.__name__ if isinstance(annotation, type) else repr(annotation)
        except Exception:  # an object of the function's own
            return ""
    for noise in (" ", "typing.", "collections.abc."):
        text = text.replace(noise, "")
    return text


def raw(owner: type, attribute: str) -> Any:
    """Return what the class or a base of it defines as *attribute*, before any binding."""
    return next((vars(base)[attribute] for base in owner.__mro__ if attribute in vars(base)), None)


def _open_advice() -> Any:
    from .diagnostics import advice

    return advice


def _open_annotations() -> Any:
    from .typed import annotations

    return annotations


def _open_detection() -> Any:
    from .web import detection

    return detection


def _open_imports() -> Any:
    from .typed import imports

    return imports


def _open_parameters() -> Any:
    from .typed import parameters

    return parameters


def _open_event_loop() -> Any:
    from .lifecycle import event_loop

    return event_loop


def _illegal(name: str, what: str) -> InitError:
    return InitError("Runtime.InvalidHandler", f"handler '{name}' {what}; {LEGAL_FORMS}")
