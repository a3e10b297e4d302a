"""
Types made of other types: arrays, objects, unions.

Owns: how the parts are put together, and the step that each part adds to the path of an error.
Refuses to know: annotations; the decoders of the parts are arguments.
"""

from __future__ import annotations

from ..diagnostics import json_errors
from .decoder import ABSENT, Decoder, Mismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NUMBERS = (int, float)


class Field:
    """
    A field of a class.

    Args:
        name: its name in the class.
        key: its key in the JSON object.
        decoder: of its type.
        is_required: whether an object without it is refused.
    """

    __slots__ = ("decoder", "is_required", "key", "name")

    def __init__(self, name: str, key: str, decoder: Decoder, *, is_required: bool) -> None:
        self.name = name
        self.key = key
        self.decoder = decoder
        self.is_required = is_required


def array(make: Callable[[list[Any]], Any], part: Decoder) -> Decoder:
    """An array whose parts are all of one type; *make* turns the list into the collection."""
    decode_part, exact = part.decode, part.exact
    alike = {exact}

    def decode(value: Any) -> Any:
        if type(value) is not list:
            raise Mismatch("array", value)
        if {*map(type, value)} == alike:
            return value if make is list else make(value)
        parts: list[Any] = []
        try:
            for item in value:
                parts.append(item if type(item) is exact else decode_part(item))  # noqa: PERF401 - its length is the index
        except Mismatch as error:
            error.steps.append(f"[{len(parts)}]")
            raise
        if make is list:
            return parts
        try:
            return make(parts)
        except TypeError:  # of a set, one of whose parts cannot be in a set
            raise Mismatch("array of single values", value) from None

    return Decoder("array", decode)


def row(make: Callable[[list[Any]], Any], parts: list[Decoder]) -> Decoder:
    """An array of fixed length, with a decoder for each part."""
    expected = f"array of {len(parts)}"

    def decode(value: Any) -> Any:
        if type(value) is not list or len(value) != len(parts):
            raise Mismatch(expected, value)
        made: list[Any] = []
        try:
            for item, part in zip(value, parts, strict=True):
                made.append(part.decode(item))
        except Mismatch as error:
            error.steps.append(f"[{len(made)}]")
            raise
        return make(made)

    return Decoder(expected, decode)


def mapping(make: Callable[[dict[Any, Any]], Any], key: Decoder, part: Decoder) -> Decoder:
    """An object whose keys are all of one type, and whose values are too."""
    decode_key, decode_part, exact = key.decode, part.decode, part.exact
    is_text, alike = key.exact is str, {exact}

    def decode(value: Any) -> Any:
        if type(value) is not dict:
            raise Mismatch("object", value)
        if is_text and {*map(type, value.values())} == alike:
            return value if make is dict else make(value)
        made = {}
        name = ""
        try:
            for name, item in value.items():
                own = name if is_text else decode_key(name)
                made[own] = item if type(item) is exact else decode_part(item)
        except Mismatch as error:
            error.steps.append(json_errors.step(name))
            raise
        return made if make is dict else make(made)

    return Decoder("object", decode)


def object_(kind: Callable[..., Any], fields: list[Field], known: set[str] | None) -> Decoder:
    """
    An object with named fields.

    Args:
        kind: called with the fields by name; the text of its ValueError or TypeError becomes the mismatch.
        fields: the arguments that *kind* takes.
        known: all keys that the object may have, or None to ignore unknown keys.
    """
    table = [(field.name, field.key, field.decoder.exact, field.decoder.decode, field.is_required) for field in fields]

    def decode(value: Any) -> Any:
        if type(value) is not dict:
            raise Mismatch("object", value)
        made: dict[str, Any] = {}
        get, missing, key = value.get, None, ""
        try:
            for name, key, exact, decode_part, is_required in table:
                part = get(key, ABSENT)
                if type(part) is exact:
                    made[name] = part
                elif part is not ABSENT:
                    made[name] = decode_part(part)
                elif is_required:
                    missing = key
                    break
        except Mismatch as error:
            error.steps.append(json_errors.step(key))
            raise
        if missing is not None or known is not None:
            check_keys(value, missing, known)
        try:
            return kind(**made)
        except (TypeError, ValueError) as error:
            raise Mismatch(str(error)) from error

    return Decoder("object", decode)


def typed_dict(fields: list[Field], known: set[str] | None) -> Decoder:
    """A `TypedDict`: the object itself, copied only if decoding changes a part of it."""
    parts = [(field.key, field.decoder.exact, field.decoder.decode, field.is_required) for field in fields]

    def decode(value: Any) -> Any:
        if type(value) is not dict:
            raise Mismatch("object", value)
        made, missing, key = value, None, ""
        try:
            for key, exact, decode_part, is_required in parts:
                part = value.get(key, ABSENT)
                if type(part) is exact:
                    continue
                if part is not ABSENT:
                    new = decode_part(part)
                    if new is not part:
                        made = made if made is not value else value.copy()
                        made[key] = new
                elif is_required:
                    missing = key
                    break
        except Mismatch as error:
            error.steps.append(json_errors.step(key))
            raise
        if missing is not None or known is not None:
            check_keys(value, missing, known)
        return made

    return Decoder("object", decode)


def check_keys(value: dict[str, Any], missing: str | None, known: set[str] | None) -> None:
    """
    Check for missing and unknown keys.

    Raises:
        Mismatch: *missing* is a key, or *value* has a key that isn't *known*. The path ends at the object.
    """
    if missing is not None:
        raise Mismatch(f'missing field "{missing}"')
    if known is not None and not value.keys() <= known:
        raise Mismatch(f'unknown field "{next(key for key in value if key not in known)}"')


def named_tuple(by_name: Decoder, by_position: Decoder) -> Decoder:
    """A `NamedTuple`: an object with its fields, which is what it is encoded as, or an array."""

    def decode(value: Any) -> Any:
        return (by_name if type(value) is dict else by_position).decode(value)

    return Decoder(f"object or {by_position.expected}", decode)


def optional(decoder: Decoder) -> Decoder:
    """Null, or a value that *decoder* takes."""
    inner = decoder.decode
    return Decoder(f"{decoder.expected} or null", lambda value: None if value is None else inner(value))


def union(members: list[Decoder], memo: dict[Any, tuple[Any, Any]]) -> Decoder:
    """
    The first member that fits, in the order of the annotation. A number keeps its own type if that is a member.

    Args:
        members: the decoders of the members.
        memo: of results by array or object. Without it, nested unions with overlapping members take exponential time.
            Valid for one event; the caller clears it.
    """
    expected = " or ".join(dict.fromkeys(member.expected for member in members))
    exact = {member.exact for member in members} & set(NUMBERS)

    def first(value: Any) -> Any:
        found, depth = Mismatch(expected, value), -1
        for member in members:
            try:
                return member.decode(value)
            except Mismatch as error:
                if len(error.steps) > depth and (error.steps or error.value is ABSENT):
                    found, depth = error.copy(), len(error.steps)
        return found

    def decode(value: Any) -> Any:
        if type(value) in exact:
            return value
        if type(value) is dict or type(value) is list:
            key = (first, id(value))
            if key not in memo:
                memo[key] = (first(value), value)  # kept alive, so that no other object gets its id
            made = memo[key][0]
        else:
            made = first(value)
        if type(made) is Mismatch:
            raise made.copy()
        return made

    return Decoder(expected, decode)
