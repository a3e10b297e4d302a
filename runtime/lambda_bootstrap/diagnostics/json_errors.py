"""
What is wrong with a value that has no JSON form, or a text that isn't JSON, and where.

Owns: paths such as `items[2].when`, and the words for what is wrong there.
Refuses to know: how JSON is read and written: the caller brings that along.
"""

from __future__ import annotations

import sys
from _json import make_scanner  # `json` imports `re`

from ..traces import class_name, describe, exact
from .json_places import open_containers, without_escapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Scan = Callable[[str, int], tuple[Any, int]]

SPACE = " \t\n\r"
HEX = "0123456789abcdefABCDEF"
DIGITS = {*"0123456789"}
NUMBER = "+-.0123456789Ee"
ZEROS = {ord(digit): "0" for digit in "123456789"}
CONTROLS = [chr(code) for code in range(0x20)]
ESCAPE = 12  # characters, of two halves of one
MAX_DEPTH = 100  # a path of more steps helps nobody
MOST_STEPS = 100_000  # of a circle; what makes new parts whenever it is asked has none
SCALARS = {bool, float, int, str, type(None)}
CIRCLE = "Circular reference detected"
TOO_DEEP = ("maximum recursion depth exceeded", "Stack overflow")  # the second since Python 3.14


def in_value(value: Any, dumps: Callable[[Any], str], convert: Callable[[Any], Any]) -> tuple[str, str]:
    """
    Return the path of the innermost part of *value* that has no JSON form, and the reason.

    Args:
        value: what *dumps* failed on.
        dumps: returns the JSON of a value, or raises.
        convert: turns a value into JSON's own types, one step, or raises.
    """
    reason = _reason(value, dumps)
    if reason.startswith((CIRCLE, *TOO_DEEP)):
        steps = _circle(value, convert)
        if steps:
            path = "".join(steps[:MAX_DEPTH]).removeprefix(".")
            return f"{path}..." if len(steps) > MAX_DEPTH else path, CIRCLE
    path = ""
    for _ in range(MAX_DEPTH - 1):
        for step, part in _parts(value, convert):
            found = _reason(part, dumps)
            if found:
                path, value, reason = path + step, part, found
                break
        else:
            break
    return path.removeprefix("."), reason


def _circle(value: Any, convert: Callable[[Any], Any]) -> list[str]:
    """Return the steps to the first part of *value* that it is in itself; empty if there is none."""
    kept = [value]  # or an id may be another's afterwards
    within, done = {id(value)}, set()
    steps: list[str] = []
    open_ = [(value, iter(_fields(value, convert)))]
    while open_:
        outer, parts = open_[-1]
        for step, part in parts:
            if id(part) in within:
                return [*steps, step]
            if type(part) not in SCALARS and id(part) not in done and len(open_) < MOST_STEPS:
                kept.append(part)
                within.add(id(part))
                steps.append(step)
                open_.append((part, iter(_fields(part, convert))))
                break
        else:
            open_.pop()
            within.discard(id(outer))
            done.add(id(outer))
            del steps[-1:]
    return []


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


def _fields(value: Any, convert: Callable[[Any], Any]) -> list[tuple[str, Any]]:
    """Return the parts of *value* as `_parts` does, and those of what a library takes apart, with all that it holds."""
    kind = type(value)
    try:
        if hasattr(kind, "__struct_fields__"):
            return [(step(name), getattr(value, name)) for name in kind.__struct_fields__]
        if hasattr(kind, "__pydantic_serializer__"):
            return [(step(name), part) for name, part in vars(value).items()]
    except Exception:
        return []
    return _parts(value, convert)


def _reason(value: Any, dumps: Callable[[Any], str]) -> str:
    """Return why *value* has no JSON form; "" if it has one."""
    try:
        dumps(value)
    except UnicodeDecodeError:
        return "bytes that are not UTF-8 text have no JSON form; send base64.b64encode(...).decode()"
    except Exception as error:
        words, of_key, name = describe(error).partition("keys must be str, int, float, bool or None, not ")
        return words + of_key + name.rpartition(".")[2] or class_name(error)
    return ""


def step(key: Any) -> str:
    """Return a key as a step of a path."""
    name = exact(key) if isinstance(key, str) else ""
    if name.isidentifier():
        return f".{name}"
    try:
        return f"[{exact(repr(key))}]"
    except Exception:
        return f"[<{class_name(key)}>]"


def after_space(text: str, at: int) -> int:
    """Return where the next token starts."""
    return after(text, at, SPACE)


def after(text: str, at: int, characters: str) -> int:
    """Return where the first comes that is none of *characters*."""
    size = 16
    while at < len(text):
        window = text[at : at + size]
        rest = window.lstrip(characters)
        at += len(window) - len(rest)
        if rest:
            break
        size *= 2
    return at


class _Unexpected(Exception):  # noqa: N818 - the find, not a failure
    """A fault in a text, and its place; the arguments are those of `json.JSONDecodeError`."""

    def __init__(self, what: str, _text: str, at: int) -> None:
        super().__init__(what)
        self.msg = what
        self.pos = at


class _StandIn:
    """What the C half of `json` asks of the module `json.decoder`."""

    JSONDecodeError = _Unexpected


def in_text(text: str, scan: Scan, error: Exception) -> ValueError | None:
    """
    Return what is wrong with a *text* that isn't JSON, in the standard library's words, and the path that leads there.

    None means that nothing is: *error* came from elsewhere, a signal handler of the function's.

    The C code finds the place; the text before it is then looked at in large pieces, and only what is around the
    place token by token. That takes less time than reading the text did.

    Args:
        text: a JSON text with a fault.
        scan: reads one JSON value, or raises.
        error: what it has raised.
    """
    hint = _place(text, scan, error)
    path, at, expected = _around(text, scan, hint)
    what = "Extra data"

    def scalar(at: int) -> tuple[Any, int]:
        return _scalar(text, at, scan, hint)

    try:
        while expected:
            at, expected = _token(text, after_space(text, at), expected, path, scalar)
        at = after_space(text, at)
        if at == len(text):
            return None
    except _Unexpected as unexpected:
        what, at = unexpected.msg, unexpected.pos
    return _at(text, what, at, path)


def behind(text: str, at: int) -> ValueError:
    """Return the error for a JSON text with more behind the value that ends at *at*."""
    return _at(text, "Extra data", after_space(text, at), [])


def _at(text: str, what: str, at: int, path: list[str | int]) -> ValueError:
    """Return the error for *what* is wrong at *at*."""
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    place = "".join(step if isinstance(step, str) else f"[{step}]" for step in path).removeprefix(".")
    return ValueError(f"{what}: line {line} column {column} (char {at}){f' at {place}' if place else ''}")


def _place(text: str, scan: Scan, error: Exception) -> int:
    """Return where *scan* found the fault that it raised *error* for, or 0 if that cannot be known."""
    for attempt in range(2):
        at = error.value if isinstance(error, StopIteration) else getattr(error, "pos", None)
        if isinstance(at, int) and 0 <= at <= len(text):
            return at
        if attempt or type(error) is ValueError or isinstance(error, ArithmeticError):  # on a number, by its type
            break
        # The C code borrows its exception from `json.decoder`, which nobody has imported, or which is the function's.
        theirs = sys.modules.get("json.decoder")
        sys.modules["json.decoder"] = _StandIn  # type: ignore[assignment] # all that is asked for
        try:
            scan(text, after_space(text, 0))
        except Exception as found:
            error = found
        finally:
            del sys.modules["json.decoder"]
            if theirs is not None:
                sys.modules["json.decoder"] = theirs
    return _number(text, scan, error)


class _Numbers:
    """The rules of *scan*, which remember the number with a point or an exponent that was read last."""

    def __init__(self, scan: Any) -> None:
        self.scan = scan
        self.last = ""

    def __getattr__(self, name: str) -> Any:
        """Return a rule as it is."""
        return getattr(self.scan, name)

    def read(self, text: str) -> None:
        """Read *text*, up to its fault."""
        try:
            make_scanner(self)(text, after_space(text, 0))  # type: ignore[arg-type] # as `codec.scanner`
        except Exception:
            return

    def parse_float(self, digits: str) -> Any:
        """Read a number."""
        self.last = digits
        return self.scan.parse_float(digits)


def _number(text: str, scan: Scan, error: Exception) -> int:
    """Return where the number is that its type refuses with *error*; 0 if there is none."""
    numbers, flat = _Numbers(scan), text
    if type(error) is ValueError:  # an integer of more digits than Python reads
        flat, numbers.last = text.translate(ZEROS), "0" * (sys.get_int_max_str_digits() + 1)
    else:
        numbers.read(text)
    masked, at = without_escapes(text), 0
    quotes = 0
    while numbers.last and (found := flat.find(numbers.last, at)) >= 0:
        quotes += masked.count('"', at, found)
        at = found
        if quotes % 2:  # in a string
            at = masked.find('"', at)
            continue
        end = after(text, at, NUMBER)
        if flat is text or not {*text[at:end]} - DIGITS:
            return at - (text[at - 1 : at] == "-")
        at = end
    return 0


def _around(text: str, scan: Scan, hint: int) -> tuple[list[str | int], int, str]:
    """Return the path to the place *hint*, and where to go on from, shortly before it: at, and what is expected."""
    path: list[str | int] = []
    begin, (containers, end) = 0, open_containers(without_escapes(text[:hint]))
    for start, commas, last in containers:
        begin = max(start, last) + 1
        path.append(commas if text[start] == "[" else "")
        if len(path) < len(containers) and text[start] == "{":
            path[-1] = step(scan(text, after_space(text, begin))[0])
    if not path:
        return path, 0, "value"
    is_key = isinstance(path[-1], str)
    if end <= begin:
        return path, begin, "key" if is_key else "value"
    if is_key:
        path[-1] = step(scan(text, after_space(text, begin))[0])
    return path, end, "delimiter"


def _token(
    text: str, at: int, expected: str, path: list[str | int], scalar: Callable[[int], tuple[Any, int]]
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
            raise _Unexpected("Expecting ',' delimiter", text, at)
        path.pop()
        return at + 1, "delimiter" if path else ""
    if expected == "colon":
        if character != ":":
            raise _Unexpected("Expecting ':' delimiter", text, at)
        return at + 1, "value"
    if expected == "key":
        if character != '"':
            raise _Unexpected("Expecting property name enclosed in double quotes", text, at)
        key, end = scalar(at)
        path[-1] = step(key)
        return end, "colon"
    if character in {"{", "["}:
        opened, closed = ("", "}") if character == "{" else (0, "]")
        inside = after_space(text, at + 1)
        if text[inside : inside + 1] == closed:
            return inside + 1, "delimiter" if path else ""
        path.append(opened)
        return inside, "value" if character == "[" else "key"
    return scalar(at)[1], "delimiter" if path else ""


def _scalar(text: str, at: int, scan: Scan, hint: int) -> tuple[Any, int]:
    """Return the string, number or literal at *at*, and the place after it."""
    try:
        return scan(text, at)
    except Exception as error:
        if text[at : at + 1] == '"':
            raise _in_string(text, at, max(at + 1, hint - ESCAPE)) from None
        # A ValueError is Python's word on a number with too many digits; anything else isn't a value at all.
        what = str(error) if type(error) is ValueError else "Expecting value"
        raise _Unexpected(what, text, at) from None


def _in_string(text: str, start: int, begin: int) -> _Unexpected:
    """Return what is wrong with the string that opens at *start*, all of which is right as far as *begin*."""
    masked = without_escapes(text[start + 1 :])
    end = masked.find('"')
    masked, at = masked[: len(masked) if end < 0 else end], begin - start - 1
    faults = [
        ("Invalid control character at", found) for control in CONTROLS if (found := masked.find(control, at)) >= 0
    ]
    while (at := masked.find("\\", at)) >= 0:
        escape = masked[at + 1 : at + 2]
        if escape not in "/bfnrtu":
            faults.append(("Invalid \\escape", at))
            break
        if escape == "u" and (len(masked) < at + 6 or masked[at + 2 : at + 6].strip(HEX)):
            faults.append(("Invalid \\uXXXX escape", at + 1))
            break
        at += 2
    if not faults:
        return _Unexpected("Unterminated string starting at", text, start)
    what, at = min(faults, key=lambda fault: fault[1])
    return _Unexpected(what, text, start + 1 + at)
