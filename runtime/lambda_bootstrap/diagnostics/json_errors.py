"""
What is wrong with a value that has no JSON form, or a text that isn't JSON, and where.

Owns: paths such as `items[2].when`, and the words for what is wrong there.
Refuses to know: how JSON is read and written: the caller brings that along.
"""

from __future__ import annotations

from ..traces import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SPACE = " \t\n\r"
HEX = "0123456789abcdefABCDEF"
MAX_DEPTH = 100  # a path of more steps helps nobody


def in_value(value: Any, dumps: Callable[[Any], str], convert: Callable[[Any], Any]) -> tuple[str, str]:
    """
    Return the path of the innermost part of *value* that has no JSON form, and the reason.

    Args:
        value: what *dumps* failed on.
        dumps: returns the JSON of a value, or raises.
        convert: turns a value into JSON's own types, one step, or raises.
    """
    path, above = "", [value]
    while len(above) < MAX_DEPTH:
        for step, part in _parts(value, convert):
            if any(part is outer for outer in above):
                return (path + step).removeprefix("."), "Circular reference detected"
            if _reason(part, dumps):
                path, value = path + step, part
                above.append(part)
                break
        else:
            break
    return path.removeprefix("."), _reason(value, dumps)


def heaviest(value: Any, dumps: Callable[[Any], str], convert: Callable[[Any], Any]) -> list[tuple[str, int, int]]:
    """Return the three heaviest parts of *value*: path, characters of JSON, and number of elements."""
    path = ""
    while True:
        parts = sorted(
            ((len(dumps(part)), step, part) for step, part in _parts(value, convert)), key=lambda part: -part[0]
        )
        if len(parts) != 1:  # a single part is no choice: look into it
            break
        path, value = path + parts[0][1], parts[0][2]
    found = ((path + step, weight, len(_parts(part, convert)) or 1) for weight, step, part in parts[:3])
    return [(place.removeprefix("."), weight, count) for place, weight, count in found]


def _parts(value: Any, convert: Callable[[Any], Any]) -> list[tuple[str, Any]]:
    """Return the parts of *value*, each with its step of the path; empty if it can't be taken apart."""
    try:
        if not isinstance(value, (dict, list, tuple)) or hasattr(type(value), "_asdict"):
            value = convert(value)
        if isinstance(value, dict):
            return [(step(key), part) for key, part in value.items()]
        return [(f"[{index}]", part) for index, part in enumerate(value)] if isinstance(value, (list, tuple)) else []
    except Exception:
        return []


def _reason(value: Any, dumps: Callable[[Any], str]) -> str:
    """Return why *value* has no JSON form; "" if it has one."""
    try:
        dumps(value)
    except UnicodeDecodeError:
        return "bytes that are not UTF-8 text have no JSON form; send base64.b64encode(...).decode()"
    except Exception as error:
        return describe(error) or type(error).__name__
    return ""


def step(key: Any) -> str:
    """Return a key as a step of a path."""
    if isinstance(key, str) and key.isidentifier():
        return f".{key}"
    try:
        return f"[{key!r}]"
    except Exception:
        return f"[<{type(key).__name__}>]"


def after_space(text: str, at: int) -> int:
    """Return where the next token starts."""
    while text[at : at + 1] in SPACE and at < len(text):
        at += 1
    return at


class _Unexpected(Exception):  # noqa: N818 - the find, not a failure
    """A fault in a text, and its place."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(what)
        self.at = at


def in_text(text: str, scan: Callable[[str, int], tuple[Any, int]]) -> ValueError:
    """
    Return what is wrong with a *text* that isn't JSON, in the standard library's words, and the path that leads there.

    Args:
        text: a JSON text with a fault.
        scan: reads one JSON value, or raises.
    """
    path: list[str | int] = []  # a step for each open container: an index, or a key; "" before the first key
    at, expected = 0, "value"
    what = "Extra data"
    try:
        while expected:
            at, expected = _token(text, after_space(text, at), expected, path, scan)
        at = after_space(text, at)
    except _Unexpected as error:
        what, at = str(error), error.at
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    place = "".join(step if isinstance(step, str) else f"[{step}]" for step in path).removeprefix(".")
    return ValueError(f"{what}: line {line} column {column} (char {at}){f' at {place}' if place else ''}")


def _token(
    text: str, at: int, expected: str, path: list[str | int], scan: Callable[[str, int], tuple[Any, int]]
) -> tuple[int, str]:
    """
    Read what is *expected* at *at*; return the place after it, and what has to follow, "" at the end of the text.

    Raises:
        _Unexpected: it is not there.
    """
    character = text[at : at + 1]
    if expected == "delimiter":
        if character == ",":
            path[-1] = last + 1 if isinstance(last := path[-1], int) else ""
            return at + 1, "value" if path[-1] else "key"
        if not character or character != ("]" if isinstance(path[-1], int) else "}"):
            raise _Unexpected("Expecting ',' delimiter", at)
        path.pop()
        return at + 1, "delimiter" if path else ""
    if expected == "colon":
        if character != ":":
            raise _Unexpected("Expecting ':' delimiter", at)
        return at + 1, "value"
    if expected == "key":
        if character != '"':
            raise _Unexpected("Expecting property name enclosed in double quotes", at)
        key, end = _scalar(text, at, scan)
        path[-1] = step(key)
        return end, "colon"
    if character in {"{", "["}:
        opened, closed = ("", "}") if character == "{" else (0, "]")
        inside = after_space(text, at + 1)
        if text[inside : inside + 1] == closed:
            return inside + 1, "delimiter" if path else ""
        path.append(opened)
        return inside, "value" if character == "[" else "key"
    return _scalar(text, at, scan)[1], "delimiter" if path else ""


def _scalar(text: str, at: int, scan: Callable[[str, int], tuple[Any, int]]) -> tuple[Any, int]:
    """Return the string, number or literal at *at*, and the place after it."""
    try:
        return scan(text, at)
    except Exception as error:
        if text[at : at + 1] == '"':
            raise _in_string(text, at) from None
        # A ValueError is Python's word on a number with too many digits; anything else isn't a value at all.
        what = str(error) if type(error) is ValueError else "Expecting value"
        raise _Unexpected(what, at) from None


def _in_string(text: str, start: int) -> _Unexpected:
    """Return what is wrong with the string that opens at *start*."""
    at = start + 1
    while at < len(text) and text[at] != '"':
        if text[at] < " ":
            return _Unexpected("Invalid control character at", at)
        if text[at] == "\\":
            escape = text[at + 1 : at + 2]
            if escape not in '"\\/bfnrtu':
                return _Unexpected("Invalid \\escape", at)
            if escape == "u" and (len(text) < at + 6 or text[at + 2 : at + 6].strip(HEX)):
                return _Unexpected("Invalid \\uXXXX escape", at + 1)
            at += 1
        at += 1
    return _Unexpected("Unterminated string starting at", start)
