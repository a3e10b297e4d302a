"""
Types of which a value is one JSON text, number or literal.

Owns: their forms, which are those that `codec.encode` writes.
Refuses to know: what they are parts of.

A type is known by its name and brings what it needs along, so that nothing is imported here for it.
"""

from __future__ import annotations

from binascii import Error, a2b_base64

from .. import codec
from .decoder import Mismatch, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MOST_CHOICES = 10  # named in an error message


def scalar(kind: Any) -> Plan | None:
    """The plan of *kind*, or of what it is derived from; None of what is no scalar."""
    if hasattr(kind, "__members__"):  # before the str or int that it may be besides
        return choices(kind.__members__.values(), kind)
    for base in kind.__mro__:
        make = _PLANS.get(f"{base.__module__}.{base.__qualname__}")
        if make is not None:
            return make(kind)
    return None


def choices(values: Iterable[Any], missing: Callable[[Any], Any] | None = None) -> Plan:
    """One of *values*, each known by its JSON; *missing* makes one of a text or integer that is none of them."""
    by_json: dict[str, Any] = {}
    for value in values:
        by_json.setdefault(codec.leniently(value), value)
    by_text = {codec.loads(json): value for json, value in by_json.items() if json[:1] == '"'}
    expected = _alternatives(list(by_json))
    has_parts = any(json[:1] in "[{" for json in by_json)

    def decode(value: Any) -> Any:
        if type(value) in {list, dict} and not has_parts:
            raise Mismatch(expected, value)  # all of it need not be read for that
        try:
            return by_text[value] if type(value) is str else by_json[codec.leniently(value)]
        except KeyError:
            pass
        try:
            if missing is not None and type(value) in {str, int}:
                return missing(value)
        except ValueError:
            pass
        raise Mismatch(expected, value)

    return Plan(expected, decode)


def _alternatives(named: list[str]) -> str:
    listed = ", ".join(named[:MOST_CHOICES])
    if len(named) == 1:
        return listed
    return f"one of {listed}{', …' if len(named) > MOST_CHOICES else ''}"


def _exactly(expected: str) -> Callable[[type], Plan]:
    """Values as JSON has them; of a subclass, made from them."""

    def plan(kind: type) -> Plan:
        own = next(base for base in kind.__mro__ if base.__module__ == "builtins")

        def decode(value: Any) -> Any:
            if type(value) is not own:
                raise Mismatch(expected, value)
            return value if kind is own else kind(value)

        return Plan(expected, decode, own if kind is own else None)

    return plan


def _float(kind: type) -> Plan:
    def decode(value: Any) -> Any:
        if type(value) is int or hasattr(value, "as_tuple") or type(value) is float:
            try:
                return kind(value)
            except OverflowError:
                pass
        raise Mismatch("number", value)

    return Plan("number", decode, float if kind is float else None)


def _decimal(kind: Any) -> Plan:
    def decode(value: Any) -> Any:
        try:
            if type(value) is not bool:
                made = kind(repr(value) if type(value) is float else value)
                if made.is_finite():
                    return made
        except (ArithmeticError, TypeError, ValueError):
            pass
        raise Mismatch("number", value)

    return Plan("number", decode)


def _from_text(expected: str, method: str = "") -> Callable[[type], Plan]:
    """What *method* of the type makes of a text, or the type itself."""

    def plan(kind: type) -> Plan:
        make = getattr(kind, method) if method else kind

        def decode(value: Any) -> Any:
            if type(value) is str:
                try:
                    return make(value)
                except ValueError:
                    pass
            raise Mismatch(expected, value)

        return Plan(expected, decode)

    return plan


def _base64(kind: type) -> Plan:
    def decode(value: Any) -> Any:
        if type(value) is str:
            try:
                return kind(a2b_base64(value, strict_mode=True))
            except (Error, ValueError):
                pass
        raise Mismatch("base64", value)

    return Plan("base64", decode)


_PLANS: dict[str, Callable[[Any], Plan]] = {
    "builtins.NoneType": _exactly("null"),
    "builtins.bool": _exactly("boolean"),
    "builtins.bytearray": _base64,
    "builtins.bytes": _base64,
    "builtins.float": _float,
    "builtins.int": _exactly("integer"),
    "builtins.str": _exactly("string"),
    "datetime.date": _from_text("date", "fromisoformat"),
    "datetime.datetime": _from_text("date and time", "fromisoformat"),
    "datetime.time": _from_text("time", "fromisoformat"),
    "decimal.Decimal": _decimal,
    "uuid.UUID": _from_text("UUID"),
}
