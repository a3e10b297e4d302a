"""
The door to typed events: from a handler's annotations to its decoder, encoder and loggers.

Owns: the annotations that ask for one of these, and the words of a decoder's errors.
Refuses to know: how a type is decoded or encoded.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace

from .. import codec
from ..errors import FunctionError, InitError
from ..traces import describe
from . import encoder
from .compiler import Compiler, payload_decoder
from .decoder import Mismatch
from .fields import not_there, resolve_hints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..codec import Options


LONGEST_ANNOTATION = 200  # characters of it, in a message


def event_decoder(
    annotation: Any, names: Mapping[str, Any], name: str, options: Options
) -> Callable[[bytes], Any] | None:
    """
    Return a function that decodes a payload into an event of the type *annotation*, or None if plain JSON will do.

    A type whose parts are all JSON's own is a note for type checkers, and AWS's events don't always keep to it: the
    event is passed on as it is, unless unknown fields are refused.

    Args:
        annotation: the event parameter's, as written.
        names: the globals of the handler's module.
        name: the handler's name, for error messages.
        options: how JSON is read, and whether unknown fields are refused.

    Raises:
        InitError: the annotation cannot be resolved, or it or a part of it cannot be decoded from JSON.
    """
    read = options.decode
    compiler = Compiler(is_strict=options.strict, keeps_decimals=options.use_decimal)
    try:
        hint = resolve_annotation(annotation, names, "")
        whole = payload_decoder(hint, is_strict=options.strict) if read is not codec.as_is else None
        if whole is not None:
            return lambda payload: decode_or_explain(whole, payload)
        decoder = compiler.required(hint)
    except InitError as error:
        raise InitError(error.error_type, f"handler '{name}': {error}") from None
    except NameError as error:  # of pydantic and msgspec
        raise InitError("Runtime.InvalidHandler", f"handler '{name}': {not_there(error)}") from None
    except Exception as error:  # anything can stand in an annotation, and be raised by what evaluates it
        reason = describe(error).partition("\n")[0]
        message = f"handler '{name}': the annotation {as_written(annotation)} cannot be resolved: {reason}"
        raise InitError("Runtime.InvalidHandler", message) from None
    if not (compiler.converts or options.strict):
        return read
    decode_value, memo = decoder.decode, compiler.memo
    if compiler.needs_digits and read is not codec.as_is:
        read = codec.exactly()

    def decode(payload: bytes) -> Any:
        try:
            return decode_or_explain(decode_value, read(payload))
        finally:
            memo.clear()

    return decode


def plain_instead(annotation: Any, error: InitError) -> str:
    """Return the warning that an event is plain JSON, because of *error* in its annotation."""
    return (
        f"{error}; the event, annotated `{as_written(annotation)}`, is plain JSON: annotate it `dict` if the handler "
        "wants that"
    )


def as_written(annotation: Any) -> str:
    """Return the text of an annotation, or the beginning of a long one."""
    try:
        text = annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
    except Exception:
        text = f"a {type(annotation).__name__}"
    return text if len(text) <= LONGEST_ANNOTATION else f"{text[:LONGEST_ANNOTATION]}…"


def decode_or_explain(decode: Callable[[Any], Any], value: Any) -> Any:
    """
    Decode *value*.

    Raises:
        FunctionError: `Runtime.UnmarshalError`, with the path, what was expected and what came.
    """
    try:
        return decode(value)
    except (Mismatch, RecursionError) as error:
        raise FunctionError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def result_encoder(
    annotation: Any, names: Mapping[str, Any], encode: Callable[[Any], bytes]
) -> Callable[[Any], bytes] | None:
    """Return a function that encodes results of the type *annotation*, or None if *encode* will do."""
    try:
        hint = resolve_annotation(annotation, names, "")
        if encoder.has_bytes(hint):
            return lambda result: encode(encoder.encode_declared_bytes(result, hint))
    except Exception:  # noqa: S110 - a name that only a type checker can resolve, or not a type: *encode* is good enough
        pass
    return None


def resolve_annotation(annotation: Any, names: Mapping[str, Any], where: str) -> Any:
    """
    Return the type that an annotation names.

    Raises:
        InitError: a name cannot be resolved.
    """
    if annotation is None:
        return None
    return resolve_hints(SimpleNamespace(__annotations__={"it": annotation}), names, where)["it"]


def loggers(annotations: Mapping[str, Any], names: Mapping[str, Any], name: str, warnings: list[str]) -> dict[str, Any]:
    """Return a logger for each parameter that is annotated with a type of `logging` or structlog, if it is there."""
    found = {}
    for parameter, annotation in annotations.items():
        try:
            kind = resolve_annotation(annotation, names, f"handler '{name}': ")
        except Exception as error:
            warnings.append(f"{error}; the parameter {parameter} gets no logger")
            continue
        library = str(getattr(kind, "__module__", "")).partition(".")[0]
        if library == "logging":
            found[parameter] = sys.modules["logging"].getLogger(names.get("__name__"))
        elif library == "structlog":
            found[parameter] = sys.modules["structlog"].get_logger(names.get("__name__"))
    return found


def with_loggers(
    function: Callable[..., Any], asked: Mapping[str, Any], taken: Any, name: str, warnings: list[str]
) -> Callable[..., Any]:
    """
    Wrap *function* so that it gets loggers for the parameters that *asked* names; *taken*, what it takes, shrinks.

    A parameter for which there is no logger stays.
    """
    given = loggers(asked, taken.names, name, warnings)
    places = [(index, given[parameter]) for index, parameter in enumerate(taken.positional) if parameter in given]
    keywords = {parameter: logger for parameter, logger in given.items() if parameter not in taken.positional}
    taken.required -= sum(parameter in given for parameter in taken.positional[: taken.required])
    taken.positional = [parameter for parameter in taken.positional if parameter not in given]
    taken.keyword_only = [parameter for parameter in taken.keyword_only if parameter not in given]

    def call(*arguments: Any) -> Any:
        every = list(arguments)
        for index, logger in places:
            every.insert(index, logger)
        return function(*every, **keywords)

    return call
