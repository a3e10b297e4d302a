"""
How a JSON value becomes a value of a type, and what is said when it does not.

Owns: `Plan` and `Mismatch`, the two values that all of typed decoding is made of.
Refuses to know: which types there are.
"""

from __future__ import annotations

from .. import codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LONGEST_EXCERPT = 60  # characters of what came, in an error message
ABSENT: Any = type("Absent", (), {"__slots__": ()})()  # where None is a value


class Mismatch(Exception):  # noqa: N818 - a find, worded by whoever asked for the value
    """
    A JSON value that is none of the type that was asked for.

    Args:
        what: what is wrong, or what had been expected if a *value* is given.
        value: what came instead.

    Attributes:
        steps: the way to the value, its last step first.
    """

    def __init__(self, what: str, value: Any = ABSENT) -> None:
        super().__init__(what)
        self.what = what
        self.value = value
        self.steps: list[str] = []

    def again(self) -> Mismatch:
        """The same find, to be raised once more on another way."""
        same = Mismatch(self.what, self.value)
        same.steps = self.steps.copy()
        return same

    def __str__(self) -> str:
        path = "".join(reversed(self.steps)).removeprefix(".")
        what = self.what if self.value is ABSENT else f"expected {self.what}, got {excerpt(self.value)}"
        return f"{path}: {what}" if path else what


class Plan:
    """
    A type, as the decoder knows it.

    Args:
        expected: what it is in JSON's words.
        decode: makes a value of it, or raises Mismatch.
        exact: a type of which every value is one of this type already, or None.
    """

    __slots__ = ("decode", "exact", "expected")

    def __init__(self, expected: str, decode: Callable[[Any], Any], exact: type | None = None) -> None:
        self.expected = expected
        self.decode = decode
        self.exact = exact


def excerpt(value: Any) -> str:
    """The beginning of a value's JSON."""
    text = codec.leniently(value)
    return text if len(text) <= LONGEST_EXCERPT else f"{text[:LONGEST_EXCERPT]}…"
