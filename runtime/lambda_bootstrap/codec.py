"""
Payload bytes to event, result to body.

Owns: JSON, in both directions, and which of Python's types have a form in it.
Refuses to know: content types on the wire, limits, what a handler's annotations ask for, how a fault is located.

It stands on the C half of the standard library's `json` (`_json`). The Python half would import `re`, a third of
the whole start-up, and would take the name `json` from a function that has a module of its own called that.
"""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner  # `json` imports `re`
from gc import get_referents
from marshal import dumps as marshal

from .errors import FunctionError
from .spare import with_spare
from .traces import describe, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    Name = Literal["", "json", "orjson", "msgspec"]  # of a codec


quoted = encode_basestring  # a text in JSON
quoted_ascii = encode_basestring_ascii  # and in nothing but printable ASCII: fit for a header (RFC 9110, 5.5)

SPACE = " \t\n\r"
SHORT, FEW = 1024, 64  # bytes and parts of a value that is small
LEVELS, PARTS, MANY = 64, 1 << 20, 512  # of one that is not, whose parts are gone through so MANY at a time


class _Rules:
    """What `make_scanner` asks of a `json.JSONDecoder`: the defaults, `NaN` and `Infinity` accepted as there."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None  # asked for since Python 3.15
    parse_float = float
    parse_int = int
    parse_constant = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}.__getitem__


def scanner(parse_float: Callable[[str], Any]) -> Callable[[str, int], tuple[Any, int]]:
    """Return a reader of one JSON value at a position; *parse_float* makes numbers with a point or an exponent."""
    rules = _Rules()
    rules.parse_float = parse_float  # type: ignore[assignment] # a type is a callable
    return make_scanner(rules)  # type: ignore[arg-type] # typeshed asks for itself


_scan = scanner(float)


def loads(data: bytes | str, scan: Callable[[str, int], tuple[Any, int]] = _scan) -> Any:
    """
    Return the value of a JSON text (RFC 8259), as *scan* reads it.

    Raises:
        ValueError: it isn't JSON; the message has the reason, the position and the path.
    """
    text = data if isinstance(data, str) else str(data, "utf-8")
    start = len(text) - len(text.lstrip(SPACE)) if text[:1] in SPACE else 0
    try:
        value, end = scan(text, start)
    except (RecursionError, MemoryError):
        raise
    except Exception as error:
        # The C code has no exception of its own: it borrows one from `json`, which may not be there to lend it.
        fault = with_spare(_open_json_errors).in_text(text, scan, error)
        if fault is None:
            raise
        raise fault from None
    if end != len(text) and text[end:].strip(SPACE):
        raise with_spare(_open_json_errors).behind(text, end)
    return value


def decode(payload: bytes, scan: Callable[[str, int], tuple[Any, int]] = _scan) -> Any:
    """
    Return the event that a JSON payload holds.

    Raises:
        FunctionError: `Runtime.UnmarshalError`, with position and path.
    """
    try:
        return loads(payload, scan)
    except (ValueError, RecursionError) as error:
        raise FunctionError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def exactly() -> Callable[[bytes], Any]:
    """Return a `decode` that makes a `Decimal` of each number with a point or an exponent."""
    from decimal import Decimal

    scan = scanner(Decimal)
    return lambda payload: decode(payload, scan)


def as_is(value: Any) -> Any:
    """Stand in for `decode` where something has been decoded already."""
    return value


def encode(result: Any) -> bytes:
    """
    Return the body for *result*: compact JSON in UTF-8.

    `Decimal` keeps its digits; dates and times are ISO 8601; an `Enum` is its value, a set a list; a dataclass, an
    attrs class, a pydantic model, a msgspec Struct, a named tuple and whatever else has an `_asdict()` are objects.
    `bytes` are the text that they hold, or base64 where a class declares them or where they came as base64; as keys,
    they are text. A lone surrogate leaves as its escape, as UTF-8 has no form for it.

    Raises:
        FunctionError: `Runtime.MarshalError`, with the path of the value that has no JSON form.
    """
    try:
        return result_text(result).encode("utf-8", "backslashreplace")
    except Exception:
        path, reason = with_spare(_open_json_errors).in_value(result, result_text, _convert_exactly)
        if not reason:  # it has a form: something else went wrong meanwhile, in a signal handler of the function's
            raise
        place = f"at {path}" if path else "at the top level"
        raise FunctionError("Runtime.MarshalError", f"Unable to marshal response: {reason} ({place})") from None


def heaviest(result: Any) -> list[tuple[str, int, int]]:
    """Return the heaviest parts of *result*, as `json_errors` does; empty for what has none, such as raw bytes."""
    if isinstance(result, bytes):
        return []
    try:
        return with_spare(_open_json_errors).heaviest(result, result_text, _convert_exactly)  # type: ignore[no-any-return] # the door is Any
    except Exception:  # it has a form by its annotation only
        return []


def result_text(value: Any) -> str:
    """
    Return compact JSON for *value* with simplejson's forms, which are awslambdaric's: see `_is_whole`.

    Raises:
        Exception: whatever *value* does to make that impossible.
    """
    if text := _text_of_plain(value):
        return text
    try:
        text = "".join(_careful(convert, encode_basestring)(value, 0))
    except (_ExactNumber, TypeError):
        text = _text_of_odd(value)
    if text and _is_whole(value):
        return text
    return "".join(_encode_exactly(with_spare(_open_encoder).whole(value, _convert_exactly), 0))


def _text_of_odd(value: Any) -> str:
    """Return the JSON of a *value* with numbers to be written exactly; "" for keys that are `bytes`, perhaps."""
    try:
        return "".join(_careful(_convert_exactly, _write_string)(value, 0))
    except TypeError:
        return ""


def _text_of_plain(value: Any) -> str:
    """Return the JSON of a *value* that holds no instance of a class made in Python, nor itself; "" of another."""
    parts = get_referents(value)
    is_small = len(parts) < FEW and len(get_referents(*parts)) < FEW
    try:
        size = len(marshal(value, 4)) if is_small else SHORT  # what comes again is a number to it
    except ValueError:  # it takes no more than those types, sets and bytes
        return ""
    try:  # a small one may hold itself: `_encode` has a limit of its own, after some thousand levels
        return "".join(_encode(value, 0)) if size < SHORT or _has_end(value) else ""
    except (_ExactNumber, TypeError):
        return ""


def _has_end(value: Any) -> bool:
    """
    Return whether *value* has an end within reason.

    What holds itself has none. Nor has an instance of a class made in Python, as it refers to its class, and that to
    itself: so no part need be asked for its type. A few are, before the walk goes through all that a class refers to.
    The walk goes down before it goes on, so that what it looks at is still near the processor.
    """
    levels, seen = [[[value]]], 0
    while levels:
        if not levels[-1]:
            levels.pop()
            continue
        some = levels[-1].pop()
        if seen > PARTS or len(levels) > LEVELS or not _PLAIN_TYPES.issuperset(map(type, some[:2] + some[-2:])):
            return False
        parts = get_referents(*some)
        if parts:
            seen += len(parts)
            levels.append([parts] if len(parts) < MANY else [parts[i : i + MANY] for i in range(0, len(parts), MANY)])
    return True


def dumps(value: Any) -> str:
    """
    Return compact JSON for *value*, in which every list and tuple is an array.

    Raises:
        Exception: whatever *value* does to make that impossible.
    """
    try:
        return _text_of_plain(value) or "".join(_careful(convert, encode_basestring)(value, 0))
    except _ExactNumber:
        return "".join(_careful(_convert_exactly, _write_string)(value, 0))


def leniently(value: Any) -> str:
    """Return compact JSON for *value*, in which a part without a form is its `str`; if that fails, all of it is."""
    try:
        return "".join(_careful(_convert_or_describe, _write_string)(value, 0))
    except Exception:
        return encode_basestring(describe(value))


def _is_whole(value: Any) -> bool:
    """Return whether the text of *value* is right: nothing that it wrote as it stands has an `_asdict()`."""
    layer = [value]
    while layer:
        odd = set(map(type, layer)) - _JSON_TYPES
        if any(issubclass(kind, _CONTAINERS) and hasattr(kind, "_asdict") for kind in odd):
            return False
        plain = [part for part in layer if type(part) not in odd] if odd else layer
        parts = [_parts(part) for part in layer if type(part) in odd] if odd else []
        layer = [*get_referents(*plain), *(each for some in parts for each in some)]
    return True


def _parts(value: Any) -> list[Any]:
    """Return what stands in the text of a *value* that is not of JSON's own types, as far as it was taken apart."""
    kind = type(value)  # isinstance() would ask the value itself
    if issubclass(kind, dict):
        return [part for _, part in value.items()]
    if issubclass(kind, (list, tuple)):
        return [*value]
    return [_converters[type(value)](value)] if type(value) in _parted else []


class _ExactNumber(Exception):  # noqa: N818 - not an error: a request to start over
    """A number that only its digits can express; they come along."""


class _Digits(str):
    """A number's own digits, to be written without quotes."""

    __slots__ = ()


def _decimal(kind: Any, value: Any) -> Any:
    if not kind.is_finite(value):
        raise ValueError("Out of range decimal values are not JSON compliant")
    raise _ExactNumber(kind.__str__(value))


def _raw_json(_: Any, value: Any) -> Any:
    raise _ExactNumber(value.encoded_json)


def _base64(value: Any) -> str:
    from binascii import b2a_base64

    return b2a_base64(value, newline=False).decode()


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
    "simplejson.raw_json.RawJSON": _raw_json,
    # In AWS's events, `bytes` are base64: what came like that goes back like that.
    "lambda_bootstrap.typed.scalars.Base64Bytearray": lambda _, value: _base64(value),
    "lambda_bootstrap.typed.scalars.Base64Bytes": lambda _, value: _base64(value),
    "uuid.UUID": lambda kind, value: kind.__str__(value),
}


# By class: what does it, found once; and those classes whose values are made of others.
_converters: dict[type, Callable[[Any], Any]] = {}
_parted: set[type] = set()
_JSON_TYPES = {bool, dict, float, int, list, str, tuple, type(None)}
_PLAIN_TYPES = _JSON_TYPES | {bytearray, bytes, frozenset, set}
_CONTAINERS = (dict, list, tuple)


def convert(value: Any) -> Any:
    """Turn *value* into JSON's own types, one step."""
    return (_converters.get(type(value)) or converter(type(value)))(value)


def converter(kind: type) -> Callable[[Any], Any]:
    """
    Return what converts the instances of a class.

    Raises:
        TypeError: they have no JSON form.
    """
    for base in kind.__mro__:
        name = f"{describe(base.__module__)}.{describe(base.__qualname__)}"
        conversion = _CONVERSIONS.get(name)
        if conversion is not None:
            if name in {"builtins.frozenset", "builtins.set", "enum.Enum"}:
                _parted.add(kind)
            return _converters.setdefault(kind, _bound(conversion, base))
    encoder = with_spare(_open_encoder)
    found = encoder.converter(kind)
    if found is None:
        raise TypeError(f"Object of type {name_of(kind)} is not JSON serializable")
    if not encoder.is_library_made(kind):
        _parted.add(kind)
    return _converters.setdefault(kind, found)


def _open_json_errors() -> Any:
    from .diagnostics import json_errors

    return json_errors


def _open_encoder() -> Any:
    from .typed import encoder

    return encoder


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


def _careful(default: Callable[[Any], Any], write: Callable[[str], str]) -> Callable[[Any, int], Any]:
    """Return an encoder that marks every container it is in, so that it refuses one that holds itself, at once."""
    return make_encoder({}, default, write, None, ":", ",", False, False, False)  # noqa: FBT003 - takes no keywords


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
