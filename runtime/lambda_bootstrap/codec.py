"""
Payload bytes to event, result to body.

Owns: JSON, in both directions, and which of Python's types have a form in it.
Refuses to know: content types on the wire, sizes, what a handler's annotations ask for, how an error is worded.

It stands on the C half of the standard library's `json` (`_json`). The Python half would import `re`, a third of
the whole start-up, and would take the name `json` from a function that has a module of its own called that.
"""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner

from . import json_errors
from .errors import FunctionError
from .traces import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    Name = Literal["", "json", "orjson", "msgspec"]  # of a codec


class _Rules:
    """What `make_scanner` asks of a `json.JSONDecoder`: the defaults, `NaN` and `Infinity` accepted as there."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}.__getitem__


def scanner(parse_float: Callable[[str], Any]) -> Callable[[str, int], tuple[Any, int]]:
    """What reads one JSON value at a position; numbers with a point or an exponent are what *parse_float* makes."""
    rules = _Rules()
    rules.parse_float = parse_float  # type: ignore[assignment] # a type is a callable
    return make_scanner(rules)  # type: ignore[arg-type] # typeshed asks for itself


_scan = scanner(float)


def loads(data: bytes | str, scan: Callable[[str, int], tuple[Any, int]] = _scan) -> Any:
    """
    The value that a JSON text stands for (RFC 8259), as *scan* reads it.

    Raises:
        ValueError: it is no JSON; the message tells what, the position and the path there.
    """
    text = data if isinstance(data, str) else str(data, "utf-8")
    start = json_errors.after_space(text, 0)
    try:
        value, end = scan(text, start)
    except (RecursionError, MemoryError):
        raise
    except Exception:
        # The C code has no exception of its own: it borrows one from `json`, which may not be there to lend it.
        raise json_errors.in_text(text, scan) from None
    if end != len(text) and json_errors.after_space(text, end) != len(text):
        raise json_errors.in_text(text, scan)
    return value


def decode(payload: bytes, scan: Callable[[str, int], tuple[Any, int]] = _scan) -> Any:
    """
    The event that a JSON payload holds.

    Raises:
        FunctionError: `Runtime.UnmarshalError`, with position and path.
    """
    try:
        return loads(payload, scan)
    except (ValueError, RecursionError) as error:
        raise FunctionError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def exactly() -> Callable[[bytes], Any]:
    """As `decode`, with a `Decimal` for each number that has a point or an exponent."""
    from decimal import Decimal

    scan = scanner(Decimal)
    return lambda payload: decode(payload, scan)


def as_is(value: Any) -> Any:
    """Stand in for `decode` where something has been decoded already."""
    return value


def encode(result: Any) -> bytes:
    """
    The body for *result*: compact JSON in UTF-8.

    `Decimal` keeps its digits; dates and times are ISO 8601; an `Enum` is its value, a set a list; a dataclass, an
    attrs class, a pydantic model and a msgspec Struct are objects. `bytes` are the text that they hold, or base64
    where a class declares them. A lone surrogate leaves as its escape, as UTF-8 has no form for it.

    Raises:
        FunctionError: `Runtime.MarshalError`, with the path of the value that has no JSON form.
    """
    try:
        return dumps(result).encode("utf-8", "backslashreplace")
    except Exception:
        path, reason = json_errors.in_value(result, dumps, _convert_exactly)
        place = f"at {path}" if path else "at the top level"
        raise FunctionError("Runtime.MarshalError", f"Unable to marshal response: {reason} ({place})") from None


def heaviest(result: Any) -> list[tuple[str, int, int]]:
    """See `json_errors.heaviest`; nothing of raw bytes."""
    return [] if isinstance(result, bytes) else json_errors.heaviest(result, dumps, _convert_exactly)


def dumps(value: Any) -> str:
    """
    Compact JSON for *value*.

    Raises:
        Exception: whatever *value* does to make that impossible.
    """
    try:
        return "".join(_encode(value, 0))
    except _ExactNumber:
        return "".join(_encode_exactly(value, 0))


def leniently(value: Any) -> str:
    """Compact JSON for *value*, in which a part without a form is its `str`; all of it is, if that does not help."""
    encoder = make_encoder(None, _convert_or_describe, _write_string, None, ":", ",", False, False, False)  # noqa: FBT003 - takes no keywords
    try:
        return "".join(encoder(value, 0))
    except Exception:
        return encode_basestring(describe(value))


def ascii_json(value: Any) -> str:
    """Compact JSON of nothing but printable ASCII: fit for a header (RFC 9110, 5.5)."""
    encoder = make_encoder(None, str, encode_basestring_ascii, None, ":", ",", False, False, False)  # noqa: FBT003 - takes no keywords
    return "".join(encoder(value, 0))


class _ExactNumber(Exception):  # noqa: N818 - not an error: a request to start over
    """There is a number that only its digits can express; they come along."""


class _Digits(str):
    """A number's own digits, to be written without quotes."""

    __slots__ = ()


def _decimal(kind: Any, value: Any) -> Any:
    if not kind.is_finite(value):
        raise ValueError("Out of range decimal values are not JSON compliant")
    raise _ExactNumber(kind.__str__(value))


# By the name of the type, which comes along: importing the types to ask costs more than most functions do, and a
# subclass may have a form of its own that is no JSON.
_CONVERSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "builtins.bytearray": lambda _, value: str(value, "utf-8"),
    "builtins.bytes": lambda _, value: str(value, "utf-8"),
    "builtins.frozenset": lambda _, value: list(value),
    "builtins.set": lambda _, value: list(value),
    "datetime.date": lambda _, value: value.isoformat(),
    "datetime.time": lambda _, value: value.isoformat(),
    "decimal.Decimal": _decimal,
    "enum.Enum": lambda _, value: value.value,
    "uuid.UUID": lambda kind, value: kind.__str__(value),
}


# By class: what does it, found once.
_converters: dict[type, Callable[[Any], Any]] = {}


def convert(value: Any) -> Any:
    """*value* in JSON's own types, one step."""
    return (_converters.get(type(value)) or converter(type(value)))(value)


def converter(kind: type) -> Callable[[Any], Any]:
    """
    What converts the instances of a class.

    Raises:
        TypeError: they have no JSON form.
    """
    for base in kind.__mro__:
        conversion = _CONVERSIONS.get(f"{base.__module__}.{base.__qualname__}")
        if conversion is not None:
            return _converters.setdefault(kind, _bound(conversion, base))
    from .typed import encoder

    found = encoder.converter(kind)
    if found is None:
        raise TypeError(f"Object of type {kind.__name__} is not JSON serializable")
    return _converters.setdefault(kind, found)


def _bound(conversion: Callable[[Any, Any], Any], kind: type) -> Callable[[Any], Any]:
    return lambda value: conversion(kind, value)


def _convert_exactly(value: Any) -> Any:
    try:
        return convert(value)
    except _ExactNumber as number:
        return _Digits(number)


def _convert_or_describe(value: Any) -> Any:
    try:
        return _convert_exactly(value)
    except Exception:
        return describe(value)


def _write_string(text: str) -> str:
    return text if type(text) is _Digits else encode_basestring(text)


# Without a dictionary of markers a circular structure ends in a RecursionError, which costs nothing until it happens.
_encode = make_encoder(None, convert, encode_basestring, None, ":", ",", False, False, False)  # noqa: FBT003 - takes no keywords
_encode_exactly = make_encoder(None, _convert_exactly, _write_string, None, ":", ",", False, False, False)  # noqa: FBT003 - as above


class Options:
    """
    How events and results are read and written.

    Args:
        read: as `decode`, or `as_is`.
        write: as `encode`.
        strict: whether a field that a typed event does not have is refused.
        use_decimal: whether numbers with a point or an exponent are read as `Decimal`.
    """

    __slots__ = ("decode", "encode", "strict", "use_decimal")

    def __init__(
        self,
        read: Callable[[bytes], Any] = decode,
        write: Callable[[Any], bytes] = encode,
        *,
        strict: bool = False,
        use_decimal: bool = False,
    ) -> None:
        self.decode = read
        self.encode = write
        self.strict = strict
        self.use_decimal = use_decimal


DEFAULTS = Options()
