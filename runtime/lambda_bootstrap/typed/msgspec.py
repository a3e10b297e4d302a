"""
Structs of msgspec, decoded by msgspec.

Owns: how msgspec's errors read in our words, with a path through the payload; refusing unknown fields.
Refuses to know: msgspec, unless the function has imported it.
"""

from __future__ import annotations

import sys

from .. import codec
from ..diagnostics import json_errors
from .decoder import Mismatch, mismatch_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def payload_decoder(annotation: Any, *, is_strict: bool) -> Callable[[bytes], Any]:
    """
    Return a function that decodes JSON into an instance of the Struct *annotation*.

    It raises Mismatch, or FunctionError if the payload isn't JSON.
    """
    msgspec = sys.modules["msgspec"]
    read, invalid = msgspec.json.Decoder(annotation).decode, msgspec.DecodeError
    info = __import__("msgspec.inspect").inspect.type_info(annotation) if is_strict else None

    def decode(payload: bytes) -> Any:
        try:
            instance = read(payload)
        except invalid as error:
            text, _, path = str(error).partition(" - at `$")
        except TypeError as error:  # a part of a set that cannot be in one, which msgspec has no words for
            _refuse_unhashable(__import__("msgspec.inspect").inspect.type_info(annotation), codec.decode(payload))
            raise Mismatch(str(error)) from None
        else:
            if info is not None:
                _refuse_unknown_fields(info, codec.decode(payload))
            return instance
        raise _mismatch(codec.decode(payload), path, text)

    return decode


def _mismatch(value: Any, path: str, text: str) -> Mismatch:
    """Put msgspec's error into our words; its path looks like `.records[3].price`."""
    parts = path.rstrip("`").replace("]", "").replace("[", ".#").split(".")[1:]
    steps = [int(part[1:]) if part[:1] == "#" and part[1:].isdecimal() else part for part in parts]
    before, _, name = text.partition("missing required field `")
    if name:
        text = f'missing field "{name.rstrip("`")}"'
    elif before.startswith("Object contains unknown field `"):
        text = f'unknown field "{before[31:-1]}"'
    elif before.startswith("Expected `") and "`, got `" in before:
        text = f"expected {before[10:].partition('`')[0]}"
    return mismatch_at(value, steps, text)


def _refuse_unknown_fields(info: Any, value: Any) -> None:
    """
    Check that msgspec has skipped nothing of *value*, which fits the type.

    Args:
        info: the type, as `msgspec.inspect` describes it.
        value: the JSON value.

    Raises:
        Mismatch: the type lacks a field or an element of *value*.
    """
    members = [_bare(member) for member in getattr(_bare(info), "types", (info,))]
    member = next((member for member in members if _takes(member, value)), None)
    for step, part_info, part in _parts(member, value):
        try:
            _refuse_unknown_fields(part_info, part)
        except Mismatch as error:
            error.steps.append(step)
            raise


def _refuse_unhashable(info: Any, value: Any) -> None:
    """
    Look for the set that *value* has no parts for.

    Args:
        info: the type, as `msgspec.inspect` describes it.
        value: the JSON value.

    Raises:
        Mismatch: an array or object stands where a set has a part.
    """
    members = [_bare(member) for member in getattr(_bare(info), "types", (info,))]
    member = next((member for member in members if _takes(member, value)), None)
    if type(member).__name__ in {"SetType", "FrozenSetType"} and {list, dict} & {*map(type, value)}:
        raise Mismatch("array of single values", value)
    for step, part_info, part in _parts(member, value):
        try:
            _refuse_unhashable(part_info, part)
        except Mismatch as error:
            error.steps.append(step)
            raise


def _bare(info: Any) -> Any:
    """Strip msgspec's `Annotated`-style wrappers from a type."""
    while hasattr(info, "type"):
        info = info.type
    return info


def _takes(info: Any, value: Any) -> bool:
    """Return whether *value* fits this member of a union. Without tags, it has at most one array and one object."""
    is_array = getattr(info, "array_like", issubclass(getattr(info, "cls", object), tuple))
    tag = getattr(info, "tag", None)
    if type(value) is list:
        has_parts = is_array or hasattr(info, "item_type") or hasattr(info, "item_types")
        return has_parts and (tag is None or value[:1] == [tag])
    has_parts = not is_array and (hasattr(info, "fields") or hasattr(info, "value_type"))
    return type(value) is dict and has_parts and (tag is None or value[info.tag_field] == tag)


def _parts(info: Any, value: Any) -> list[tuple[str, Any, Any]]:
    """Return the parts of *value*: of each the step of the path, the type and the value."""
    if info is None:
        return []
    tag = getattr(info, "tag_field", None)
    if type(value) is dict:
        every = getattr(info, "value_type", None)
        types = dict.fromkeys(value, every) if every else {field.encode_name: field.type for field in info.fields}
        for key in value:
            if key not in types and key != tag:
                raise Mismatch(f'unknown field "{key}"')
        return [(json_errors.step(key), types[key], part) for key, part in value.items() if key in types]
    if hasattr(info, "item_type"):
        return [(f"[{index}]", info.item_type, part) for index, part in enumerate(value)]
    row = [field.type for field in info.fields] if hasattr(info, "fields") else info.item_types
    row = [None, *row] if tag else row
    if len(value) > len(row):
        raise Mismatch(f"array of {len(row)}", value)
    return [(f"[{index}]", *pair) for index, pair in enumerate(zip(row, value, strict=False))]
