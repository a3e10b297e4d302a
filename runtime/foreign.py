"""
Models of pydantic and Structs of msgspec, decoded by their own libraries.

Owns: how their errors are told in our words, with a path that leads through the payload.
Refuses to know: anything of a library that the function has not imported.
"""

from __future__ import annotations

import sys

from . import codec, fault
from .plan import Mismatch, Plan, excerpt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def plan(annotation: Any) -> Plan | None:
    """How a decoded value becomes one of *annotation*'s class; None of a class that neither library made."""
    decode = whole(annotation)
    if decode is None:
        return None
    return Plan("object", lambda value: decode(codec.encode(value)))


def whole(annotation: Any) -> Callable[[bytes], Any] | None:
    """
    How JSON becomes an instance of *annotation*'s class, without being a dict before; None as above.

    What it returns raises Mismatch, or FunctionError where there is no JSON.
    """
    kind = getattr(annotation, "__origin__", annotation)
    if hasattr(kind, "__pydantic_validator__"):
        return _pydantic(sys.modules["pydantic"], annotation)
    if hasattr(kind, "__struct_fields__") and "msgspec" in sys.modules:
        return _msgspec(sys.modules["msgspec"], annotation)
    return None


def _pydantic(pydantic: Any, annotation: Any) -> Callable[[bytes], Any]:
    validate, invalid = pydantic.TypeAdapter(annotation).validate_json, pydantic.ValidationError

    def decode(payload: bytes) -> Any:
        try:
            return validate(payload)
        except invalid as error:
            first = error.errors(include_url=False, include_context=False)[0]
        value = codec.decode(payload)
        text = first["msg"]
        if first["type"] == "missing":
            text = f'missing field "{first["loc"][-1]}"'
        raise _at(value, list(first["loc"]), text)

    return decode


def _msgspec(msgspec: Any, annotation: Any) -> Callable[[bytes], Any]:
    read, invalid = msgspec.json.Decoder(annotation).decode, msgspec.DecodeError

    def decode(payload: bytes) -> Any:
        try:
            return read(payload)
        except invalid as error:
            text, _, place = str(error).partition(" - at `$")
        value = codec.decode(payload)
        return _raise(value, place, text)

    return decode


def _raise(value: Any, place: str, text: str) -> None:
    """Tell msgspec's error in our words: its path is `.records[3].price`."""
    parts = place.rstrip("`").replace("]", "").replace("[", ".#").split(".")[1:]
    steps = [int(part[1:]) if part[:1] == "#" and part[1:].isdecimal() else part for part in parts]
    before, _, name = text.partition("missing required field `")
    if name:
        text = f'missing field "{name.rstrip("`")}"'
    elif before.startswith("Expected `") and "`, got `" in before:
        text = f"expected {before[10:].partition('`')[0]}"
    raise _at(value, steps, text)


def _at(value: Any, steps: list[Any], text: str) -> Mismatch:
    """The mismatch at the end of those of *steps* that are in *value*: the libraries name types of unions as well."""
    path: list[str] = []
    for step in steps:
        if isinstance(value, dict) and step in value:
            path.append(fault.step(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            path.append(f"[{step}]")
        else:
            continue
        value = value[step]
    found = Mismatch(text if text.startswith("missing field") else f"{text}, got {excerpt(value)}")
    found.steps = path[::-1]
    return found
