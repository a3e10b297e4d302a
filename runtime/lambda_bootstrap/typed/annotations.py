"""
What a handler's annotations ask for: a typed event, an encoding of the result, a logger.

Owns: which of them ask for nothing, and what the others are given.
Refuses to know: how a type is decoded or encoded.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace

from .. import codec
from ..errors import FunctionError, InitError
from . import encoder, foreign
from .compiler import Types
from .decoder import Mismatch
from .fields import resolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..codec import Options


def event_decoder(
    annotation: Any, names: Mapping[str, Any], name: str, options: Options
) -> Callable[[bytes], Any] | None:
    """
    What makes an event of the type of *annotation* out of a payload; None if that is plain JSON.

    Args:
        annotation: of the event's parameter, as written.
        names: of the handler's module.
        name: the handler's.
        options: what else decides.

    Raises:
        InitError: a name cannot be resolved, or there is no way to decode a part of the type.
    """
    hint = resolve(annotation, names, f"handler '{name}': ")
    read = options.decode
    types = Types(is_strict=options.strict, keeps_decimals=options.use_decimal)
    try:
        whole = foreign.whole(hint, is_strict=options.strict) if read is not codec.as_is else None
        if whole is not None:
            return lambda payload: worded(whole, payload)
        plan = types.make(hint)
    except InitError as error:
        raise InitError(error.error_type, f"handler '{name}': {error}") from None
    if plan is None:
        return None
    make, tried = plan.decode, types.tried
    if types.needs_digits and read is not codec.as_is:
        read = codec.exactly()

    def decode(payload: bytes) -> Any:
        try:
            return worded(make, read(payload))
        finally:
            tried.clear()

    return decode


def worded(make: Callable[[Any], Any], value: Any) -> Any:
    """
    What *make* makes of *value*.

    Raises:
        FunctionError: `Runtime.UnmarshalError`, with path, what was expected and what came.
    """
    try:
        return make(value)
    except (Mismatch, RecursionError) as error:
        raise FunctionError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def result_encoder(
    annotation: Any, names: Mapping[str, Any], encode: Callable[[Any], bytes]
) -> Callable[[Any], bytes] | None:
    """What encodes a result of the type of *annotation*; None if *encode* does."""
    try:
        hint = resolve(annotation, names, "")
        if encoder.has_bytes(hint):
            return lambda result: encode(encoder.as_declared(result, hint))
    except (InitError, NameError, TypeError):
        pass  # a name that is there for a type checker only, or no type at all: nothing is lost without it
    return None


def resolve(annotation: Any, names: Mapping[str, Any], where: str) -> Any:
    """
    The type that an annotation stands for.

    Raises:
        InitError: it names what is not there.
    """
    if annotation is None:
        return None
    return resolved(SimpleNamespace(__annotations__={"it": annotation}), names, where)["it"]


def loggers(annotations: Mapping[str, Any], names: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A logger for each parameter that is annotated with a type of `logging` or structlog."""
    found = {}
    for parameter, annotation in annotations.items():
        kind = resolve(annotation, names, f"handler '{name}': ")
        library = str(getattr(kind, "__module__", "")).partition(".")[0]
        if library == "logging":
            found[parameter] = sys.modules["logging"].getLogger(names.get("__name__"))
        elif library == "structlog":
            found[parameter] = sys.modules["structlog"].get_logger(names.get("__name__"))
    return found


def with_loggers(function: Callable[..., Any], given: Mapping[str, Any], positional: list[str]) -> Callable[..., Any]:
    """*function* without the parameters that are *given*, of which some are *positional*."""
    places = [(index, given[parameter]) for index, parameter in enumerate(positional) if parameter in given]
    keywords = {parameter: logger for parameter, logger in given.items() if parameter not in positional}

    def call(*arguments: Any) -> Any:
        every = list(arguments)
        for index, logger in places:
            every.insert(index, logger)
        return function(*every, **keywords)

    return call
