"""
Payload bytes to event, result to body.

Owns: JSON, in both directions, and the words for what cannot be said in it.
Refuses to know: content types on the wire, sizes, what a handler's annotations ask for.

It stands on the C half of the standard library's `json` (`_json`). The Python half would import `re`, a third of
the whole start-up, and would take the name `json` from a function that has a module of its own called that.
"""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner

from .errors import FunctionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SPACE = " \t\n\r"
MAX_DEPTH = 100  # a path of more steps helps nobody


class _Rules:
    """What `make_scanner` asks of a `json.JSONDecoder`: the defaults, `NaN` and `Infinity` accepted as there."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}.__getitem__


_scan = make_scanner(_Rules())  # type: ignore[arg-type] # typeshed asks for itself


def loads(data: bytes | str) -> Any:
    """
    The value that a JSON text stands for (RFC 8259).

    Raises:
        ValueError: it is no JSON; the message tells what, the position and the path there.
    """
    text = data if isinstance(data, str) else str(data, "utf-8")
    start = _after_space(text, 0)
    try:
        value, end = _scan(text, start)
    except (StopIteration, ValueError, ImportError, SystemError):
        # The C code has no exception of its own: it borrows one from `json`, which may not be there to lend it.
        raise _syntax_error(text) from None
    if end != len(text) and _after_space(text, end) != len(text):
        raise _syntax_error(text)
    return value


def decode(payload: bytes) -> Any:
    """
    The event that a JSON payload holds.

    Raises:
        FunctionError: `Runtime.UnmarshalError`, with position and path.
    """
    try:
        return loads(payload)
    except (ValueError, RecursionError) as error:
        raise FunctionError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def encode(result: Any) -> bytes:
    """
    The body for *result*: compact JSON in UTF-8.

    `Decimal` keeps its digits; dates and times are ISO 8601; an `Enum` is its value, a set a list, a dataclass an
    object, `bytes` the text that they hold. A lone surrogate leaves as its escape, as UTF-8 has no form for it.

    Raises:
        FunctionError: `Runtime.MarshalError`, with the path of the value that has no JSON form.
    """
    try:
        return dumps(result).encode("utf-8", "backslashreplace")
    except Exception:
        path, reason = _fault(result)
        place = f"at {path}" if path else "at the top level"
        raise FunctionError("Runtime.MarshalError", f"Unable to marshal response: {reason} ({place})") from None


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


def ascii_json(value: Any) -> str:
    """Compact JSON of nothing but printable ASCII: fit for a header (RFC 9110, 5.5)."""
    encoder = make_encoder(None, str, encode_basestring_ascii, None, ":", ",", False, False, False)  # noqa: FBT003 - takes no keywords
    return "".join(encoder(value, 0)).replace("\x7f", "\\u007f")


class _ExactNumber(Exception):  # noqa: N818 - not an error: a request to start over
    """There is a number that only its digits can express."""


class _Digits(str):
    """A number's own digits, to be written without quotes."""

    __slots__ = ()


def _decimal(value: Any) -> Any:
    if not value.is_finite():
        raise ValueError("Out of range decimal values are not JSON compliant")
    raise _ExactNumber


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "builtins.bytearray": lambda value: str(value, "utf-8"),
    "builtins.bytes": lambda value: str(value, "utf-8"),
    "builtins.frozenset": list,
    "builtins.set": list,
    "datetime.date": lambda value: value.isoformat(),
    "datetime.time": lambda value: value.isoformat(),
    "decimal.Decimal": _decimal,
    "enum.Enum": lambda value: value.value,
    "uuid.UUID": str,
}


def _convert(value: Any) -> Any:
    """*value* in JSON's own types. Types go by name: importing them to ask costs more than most functions do."""
    for kind in type(value).__mro__:
        conversion = _CONVERSIONS.get(f"{kind.__module__}.{kind.__qualname__}")
        if conversion is not None:
            return conversion(value)
    if hasattr(type(value), "__dataclass_fields__"):
        from dataclasses import fields

        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _convert_exactly(value: Any) -> Any:
    try:
        return _convert(value)
    except _ExactNumber:
        return _Digits(value)


def _write_string(text: str) -> str:
    return text if type(text) is _Digits else encode_basestring(text)


# Without a dictionary of markers a circular structure ends in a RecursionError, which costs nothing until it happens.
_encode = make_encoder(None, _convert, encode_basestring, None, ":", ",", False, False, False)  # noqa: FBT003 - takes no keywords
_encode_exactly = make_encoder(None, _convert_exactly, _write_string, None, ":", ",", False, False, False)  # noqa: FBT003 - as above


def _fault(value: Any) -> tuple[str, str]:
    """The path of the innermost part of *value* that has no JSON form, and why it has none."""
    path, above = "", {id(value)}
    while len(above) < MAX_DEPTH:
        for step, part in _parts(value):
            if id(part) in above:
                return (path + step).removeprefix("."), "Circular reference detected"
            if _reason(part):
                path, value = path + step, part
                above.add(id(value))
                break
        else:
            break
    return path.removeprefix("."), _reason(value)


def _parts(value: Any) -> list[tuple[str, Any]]:
    """What *value* consists of, each with its step of the path."""
    if not isinstance(value, (dict, list, tuple)):
        try:
            value = _convert_exactly(value)
        except Exception:
            return []
    if isinstance(value, dict):
        return [(_step(key), part) for key, part in value.items()]
    return [(f"[{index}]", part) for index, part in enumerate(value)] if isinstance(value, (list, tuple)) else []


def _reason(value: Any) -> str:
    """Why *value* has no JSON form; nothing if it has one."""
    try:
        dumps(value)
    except UnicodeDecodeError:
        return "bytes that are not UTF-8 text have no JSON form; send base64.b64encode(...).decode()"
    except Exception as error:
        return str(error) or type(error).__name__
    return ""


def _step(key: Any) -> str:
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"


def _after_space(text: str, at: int) -> int:
    """Where the next token starts."""
    while text[at : at + 1] in SPACE and at < len(text):
        at += 1
    return at


def _syntax_error(text: str) -> ValueError:
    """What is wrong with *text*, in the standard library's words, and the path that leads there."""
    path: list[str | int] = []  # a step for each open container: an index, or a key; "" before the first key
    at, expected = 0, "value"
    try:
        while expected:
            at = _after_space(text, at)
            at, expected = _token(text, at, expected, path)
        at = _after_space(text, at)
        what = "Extra data"
    except StopIteration as stop:
        what = str(stop.value)
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    place = "".join(step if isinstance(step, str) else f"[{step}]" for step in path).removeprefix(".")
    return ValueError(f"{what}: line {line} column {column} (char {at}){f' at {place}' if place else ''}")


def _token(text: str, at: int, expected: str, path: list[str | int]) -> tuple[int, str]:
    """
    Read what is *expected* at *at*: give the place after it, and what has to follow; nothing at the end of the text.

    Raises:
        StopIteration: it is not there; the value tells what should have been.
    """
    character = text[at : at + 1]
    if expected == "delimiter":
        if character == ",":
            path[-1] = last + 1 if isinstance(last := path[-1], int) else ""
            return at + 1, "value" if path[-1] else "key"
        if not character or character != ("]" if isinstance(path[-1], int) else "}"):
            raise StopIteration("Expecting ',' delimiter")
        path.pop()
        return at + 1, "delimiter" if path else ""
    if expected == "colon":
        if character != ":":
            raise StopIteration("Expecting ':' delimiter")
        return at + 1, "value"
    if expected == "key":
        if character != '"':
            raise StopIteration("Expecting property name enclosed in double quotes")
        key, end = _scalar(text, at)
        path[-1] = _step(key)
        return end, "colon"
    if character in {"{", "["}:
        opened, closed = ("", "}") if character == "{" else (0, "]")
        inside = _after_space(text, at + 1)
        if text[inside : inside + 1] == closed:
            return inside + 1, "delimiter" if path else ""
        path.append(opened)
        return inside, "value" if character == "[" else "key"
    return _scalar(text, at)[1], "delimiter" if path else ""


def _scalar(text: str, at: int) -> tuple[Any, int]:
    """The string, number or literal at *at*, and the place after it."""
    try:
        value, end = _scan(text, at)
    except StopIteration:
        raise StopIteration("Expecting value") from None
    except (ImportError, SystemError):
        raise StopIteration("Invalid or unterminated string") from None
    except ValueError as error:  # a number of too many digits, or json.JSONDecodeError
        raise StopIteration(getattr(error, "msg", str(error))) from None
    return value, end
