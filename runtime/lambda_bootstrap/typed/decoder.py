"""
How a JSON value becomes a value of a type, and what the error says if it doesn't.

Owns: `Decoder` and `Mismatch`, the two values that all of typed decoding is made of.
Refuses to know: which types there are.
"""

from __future__ import annotations

from .. import codec
from ..diagnostics import json_errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LONGEST_EXCERPT = 60  # characters of the value, in an error message
ABSENT: Any = type("Absent", (), {"__slots__": ()})()  # where None is a value


class Decoder:
    """
    A type, as JSON sees it.

    Args:
        expected: the type in JSON's words, for error messages.
        decode: turns a JSON value into a value of the type, or raises Mismatch.
        exact: a class whose instances need no decoding, or None.
    """

    __slots__ = ("decode", "exact", "expected")

    def __init__(self, expected: str, decode: Callable[[Any], Any], exact: type | None = None) -> None:
        self.expected = expected
        self.decode = decode
        self.exact = exact


class Mismatch(Exception):  # noqa: N818 - not an error yet: `annotations` words it as one
    """
    A JSON value that doesn't fit the type.

    Args:
        what: what is wrong, or what was expected if a *value* is given.
        value: the value that came instead.

    Attributes:
        steps: the path to the value, its last step first.
    """

    def __init__(self, what: str, value: Any = ABSENT) -> None:
        super().__init__(what)
        self.what = what
        self.value = value
        self.steps: list[str] = []

    def copy(self) -> Mismatch:
        """Return a second instance, to raise at another place of the event."""
        same = Mismatch(self.what, self.value)
        same.steps = self.steps.copy()
        return same

    def __str__(self) -> str:
        path = "".join(reversed(self.steps)).removeprefix(".")
        what = self.what if self.value is ABSENT else f"expected {self.what}, got {excerpt(self.value)}"
        return f"{path}: {what}" if path else what


def excerpt(value: Any) -> str:
    """Return the beginning of a value's JSON."""
    text = codec.leniently(value)
    return text if len(text) <= LONGEST_EXCERPT else f"{text[:LONGEST_EXCERPT]}…"


def mismatch_at(value: Any, steps: list[Any], text: str) -> Mismatch:
    """
    Make a Mismatch of an error that a library found.

    Args:
        value: the whole JSON value that was decoded.
        steps: the library's path; steps that aren't in *value*, such as names of union members, are skipped.
        text: the library's message.
    """
    path: list[str] = []
    for step in steps:
        if isinstance(value, dict) and step in value:
            path.append(json_errors.step(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            path.append(f"[{step}]")
        else:
            continue
        value = value[step]
    found = Mismatch(text if text.startswith(("missing field", "unknown field")) else f"{text}, got {excerpt(value)}")
    found.steps = path[::-1]
    return found
