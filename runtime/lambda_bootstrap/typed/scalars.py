"""
Types whose values are a single JSON string, number or literal.

Owns: their forms, the same that `codec.encode` writes.
Refuses to know: the types that they are parts of.

A type is recognised by its name, so that nothing is imported here for it.
"""

from __future__ import annotations

from binascii import Error, a2b_base64

from .. import codec
from .decoder import Decoder, Mismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MOST_CHOICES = 10  # listed in an error message


def scalar(kind: Any) -> Decoder | None:
    """Return the decoder of *kind* or of its nearest base that has one; None if *kind* isn't a scalar."""
    if hasattr(kind, "__members__"):  # before str or int, which may be its bases
        return choices(kind.__members__.values(), kind)
    for base in kind.__mro__:
        make = _SCALARS.get(f"{base.__module__}.{base.__qualname__}")
        if make is not None:
            return make(kind)
    return None


def choices(values: Iterable[Any], missing: Callable[[Any], Any] | None = None) -> Decoder:
    """Return a decoder for one of *values*, known by its JSON; other strings and integers are passed to *missing*."""
    by_json: dict[str, Any] = {}
    for value in values:
        by_json.setdefault(codec.leniently(value), value)
    by_text = {codec.loads(json): value for json, value in by_json.items() if json[:1] == '"'}
    expected = _alternatives(list(by_json))
    has_parts = any(json[:1] in "[{" for json in by_json)

    def decode(value: Any) -> Any:
        if type(value) in {list, dict} and not has_parts:
            raise Mismatch(expected, value)  # without encoding it, however large it is
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

    return Decoder(expected, decode)


def _alternatives(named: list[str]) -> str:
    listed = ", ".join(named[:MOST_CHOICES])
    if len(named) == 1:
        return listed
    return f"one of {listed}{', …' if len(named) > MOST_CHOICES else ''}"


def _plain(expected: str) -> Callable[[type], Decoder]:
    """Return a decoder that takes JSON values as they are; a subclass is called with them."""

    def decoder(kind: type) -> Decoder:
        own = next(base for base in kind.__mro__ if base.__module__ == "builtins")

        def decode(value: Any) -> Any:
            if type(value) is not own:
                raise Mismatch(expected, value)
            return value if kind is own else kind(value)

        return Decoder(expected, decode, own if kind is own else None)

    return decoder


def _float(kind: type) -> Decoder:
    def decode(value: Any) -> Any:
        if type(value) is int or hasattr(value, "as_tuple") or type(value) is float:
            try:
                return kind(value)
            except OverflowError:
                pass
        raise Mismatch("number", value)

    return Decoder("number", decode, float if kind is float else None)


def _decimal(kind: Any) -> Decoder:
    def decode(value: Any) -> Any:
        try:
            if type(value) in {int, float, str} or hasattr(value, "as_tuple"):  # an array of digits is none here
                made = kind(repr(value) if type(value) is float else value)
                if made.is_finite():
                    return made
        except (ArithmeticError, ValueError):
            pass
        raise Mismatch("number", value)

    return Decoder("number", decode)


def _from_text(expected: str, method: str = "") -> Callable[[type], Decoder]:
    """Return a string, passed to *method* of the type, or to the type itself."""

    def decoder(kind: type) -> Decoder:
        make = getattr(kind, method) if method else kind

        def decode(value: Any) -> Any:
            if type(value) is str:
                try:
                    return make(value)
                except ValueError:
                    pass
            raise Mismatch(expected, value)

        return Decoder(expected, decode)

    return decoder


class Base64Bytes(bytes):
    """`bytes` that came as base64, and leave as base64; `codec` knows them by this name."""

    __slots__ = ()


class Base64Bytearray(bytearray):
    """The same of a `bytearray`, whatever is done to it meanwhile."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return what the value is, not where it came from."""
        return repr(bytearray(self))


_REMEMBERING: dict[type, type] = {bytes: Base64Bytes, bytearray: Base64Bytearray}


def _base64(kind: type) -> Decoder:
    make = _REMEMBERING.get(kind, kind)

    def decode(value: Any) -> Any:
        if type(value) is str:
            try:
                return make(a2b_base64(value, strict_mode=True))
            except (Error, ValueError):
                pass
        raise Mismatch("base64", value)

    return Decoder("base64", decode)


_SCALARS: dict[str, Callable[[Any], Decoder]] = {
    "builtins.NoneType": _plain("null"),
    "builtins.bool": _plain("boolean"),
    "builtins.bytearray": _base64,
    "builtins.bytes": _base64,
    "builtins.float": _float,
    "builtins.int": _plain("integer"),
    "builtins.str": _plain("string"),
    "datetime.date": _from_text("date", "fromisoformat"),
    "datetime.datetime": _from_text("date and time", "fromisoformat"),
    "datetime.time": _from_text("time", "fromisoformat"),
    "decimal.Decimal": _decimal,
    "uuid.UUID": _from_text("UUID"),
}
