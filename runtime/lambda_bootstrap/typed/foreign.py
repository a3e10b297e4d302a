"""
Models of pydantic and Structs of msgspec, decoded by their own libraries.

Owns: how their errors are told in our words, with a path that leads through the payload.
Refuses to know: anything of a library that the function has not imported.
"""

from __future__ import annotations

import sys

from .. import codec, json_errors
from ..errors import InitError
from .decoder import Mismatch, Plan, excerpt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def plan(annotation: Any, *, is_strict: bool) -> Plan | None:
    """How a decoded value becomes one of *annotation*'s class; None of a class that neither library made."""
    decode = whole(annotation, is_strict=is_strict)
    if decode is None:
        return None
    return Plan("object", lambda value: decode(codec.encode(value)))


def whole(annotation: Any, *, is_strict: bool) -> Callable[[bytes], Any] | None:
    """
    How JSON becomes an instance of *annotation*'s class, without being a dict before; None as above.

    What it returns raises Mismatch, or FunctionError where there is no JSON.

    Raises:
        InitError: *is_strict*, and the library cannot be.
    """
    kind = getattr(annotation, "__origin__", annotation)
    if hasattr(kind, "__pydantic_validator__"):
        return _pydantic(sys.modules["pydantic"], annotation, is_strict=is_strict)
    if hasattr(kind, "__struct_fields__") and "msgspec" in sys.modules:
        return _msgspec(sys.modules["msgspec"], annotation, is_strict=is_strict)
    return None


def _pydantic(pydantic: Any, annotation: Any, *, is_strict: bool) -> Callable[[bytes], Any]:
    validate, invalid = pydantic.TypeAdapter(annotation).validate_json, pydantic.ValidationError
    options = {"extra": "forbid"} if is_strict else {}
    if not options.keys() <= validate.__kwdefaults__.keys():
        message = f"strict needs pydantic 2.12 or newer for {annotation.__name__}, and this is {pydantic.VERSION}"
        raise InitError("Runtime.InvalidHandler", message)

    def decode(payload: bytes) -> Any:
        try:
            return validate(payload, **options)
        except invalid as error:
            first = error.errors(include_url=False, include_context=False)[0]
        value = codec.decode(payload)
        *steps, last = first["loc"] or ("",)
        if first["type"] == "missing":
            raise _at(value, steps, f'missing field "{last}"')
        if first["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
            raise _at(value, steps, f'unknown field "{last}"')
        raise _at(value, [*steps, last], first["msg"])

    return decode


def _msgspec(msgspec: Any, annotation: Any, *, is_strict: bool) -> Callable[[bytes], Any]:
    read, invalid = msgspec.json.Decoder(annotation).decode, msgspec.DecodeError
    info = __import__("msgspec.inspect").inspect.type_info(annotation) if is_strict else None

    def decode(payload: bytes) -> Any:
        try:
            made = read(payload)
        except invalid as error:
            text, _, place = str(error).partition(" - at `$")
        else:
            if info is not None:
                _refuse_unknown(info, codec.decode(payload))
            return made
        value = codec.decode(payload)
        return _raise(value, place, text)

    return decode


def _refuse_unknown(info: Any, value: Any) -> None:
    """
    See to it that of *value*, which fits the type, nothing has been passed over.

    Args:
        info: the type, as `msgspec.inspect` tells it.
        value: what came.

    Raises:
        Mismatch: the type does not have all of it.
    """
    members = [_bare(member) for member in getattr(_bare(info), "types", (info,))]
    for step, of_part, part in _parts(next((one for one in members if _takes(one, value)), None), value):
        try:
            _refuse_unknown(of_part, part)
        except Mismatch as error:
            error.steps.append(step)
            raise


def _bare(info: Any) -> Any:
    """A type without what is annotated of it."""
    while hasattr(info, "type"):
        info = info.type
    return info


def _takes(info: Any, value: Any) -> bool:
    """Whether *value* is of this member of a union, which has one array and one object at most, or tags."""
    is_array = getattr(info, "array_like", issubclass(getattr(info, "cls", object), tuple))
    tag = getattr(info, "tag", None)
    if type(value) is list:
        has_parts = is_array or hasattr(info, "item_type") or hasattr(info, "item_types")
        return has_parts and (tag is None or value[:1] == [tag])
    has_parts = not is_array and (hasattr(info, "fields") or hasattr(info, "value_type"))
    return type(value) is dict and has_parts and (tag is None or value[info.tag_field] == tag)


def _parts(info: Any, value: Any) -> list[tuple[str, Any, Any]]:
    """The steps to what *value* consists of, with their types and values."""
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


def _raise(value: Any, place: str, text: str) -> None:
    """Tell msgspec's error in our words: its path is `.records[3].price`."""
    parts = place.rstrip("`").replace("]", "").replace("[", ".#").split(".")[1:]
    steps = [int(part[1:]) if part[:1] == "#" and part[1:].isdecimal() else part for part in parts]
    before, _, name = text.partition("missing required field `")
    if name:
        text = f'missing field "{name.rstrip("`")}"'
    elif before.startswith("Object contains unknown field `"):
        text = f'unknown field "{before[31:-1]}"'
    elif before.startswith("Expected `") and "`, got `" in before:
        text = f"expected {before[10:].partition('`')[0]}"
    raise _at(value, steps, text)


def _at(value: Any, steps: list[Any], text: str) -> Mismatch:
    """The mismatch at the end of those of *steps* that are in *value*: the libraries name types of unions as well."""
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
