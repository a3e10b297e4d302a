"""
Classes with fields as JSON objects, and `bytes` as base64 where a type declares them.

Owns: how named tuples, and instances of dataclasses, attrs classes, pydantic models and msgspec Structs, turn into
JSON's types.
Refuses to know: how JSON is written.

In aws-lambda-go, `[]byte` is base64 in both directions. Here only declared `bytes` are, and those that came as base64;
others keep the form that `codec.encode` gives them, the text that they hold.
"""

from __future__ import annotations

import sys
from binascii import b2a_base64
from gc import get_referents, is_tracked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# An annotation made of these words cannot contain `bytes`, so that it need not be resolved.
HARMLESS = {
    *("Any", "Decimal", "Dict", "List", "Literal", "Mapping", "None", "NoneType", "Optional", "Sequence", "Tuple"),
    *("UUID", "Union", "bool", "class", "date", "datetime", "decimal", "dict", "float", "frozenset", "int", "list"),
    *("object", "set", "str", "time", "tuple", "typing", "uuid"),
}

_HINTS: dict[Any, dict[str, Any]] = {}


def converter(kind: Any) -> Callable[[Any], Any] | None:
    """Return a function that turns an instance of *kind* into JSON types, or None if *kind* has no fields."""
    if hasattr(kind, "_asdict"):
        return as_dict
    if hasattr(kind, "__pydantic_serializer__"):
        return lambda value: kind.__pydantic_serializer__.to_python(value, mode="json", by_alias=True)
    if hasattr(kind, "__struct_fields__") and "msgspec" in sys.modules:
        return _struct_converter(sys.modules["msgspec"].to_builtins)
    if hasattr(kind, "__dataclass_fields__"):
        from dataclasses import fields

        return _field_converter(kind, fields(kind))
    if hasattr(kind, "__attrs_attrs__"):
        return _field_converter(kind, kind.__attrs_attrs__)
    return None


def is_library_made(kind: Any) -> bool:
    """Return whether a library turns an instance of *kind* into JSON types, with all that it holds."""
    return hasattr(kind, "__pydantic_serializer__") or hasattr(kind, "__struct_fields__")


def as_dict(value: Any) -> dict[Any, Any]:
    """
    Return what `_asdict()` of *value* does.

    Raises:
        TypeError: it takes arguments, or makes no dict.
    """
    fields = value._asdict()
    if not isinstance(fields, dict):
        raise TypeError(f"_asdict() must return a dict, not {type(fields).__name__}")
    return fields


def _struct_converter(to_builtins: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what turns a Struct into JSON types; msgspec itself would follow one that holds itself for long."""

    def convert(value: Any) -> Any:
        if is_tracked(value) and _holds_itself(value):
            raise ValueError("Circular reference detected")
        return to_builtins(value)

    return convert


def _holds_itself(value: Any) -> bool:
    """Return whether *value*, or a part of it, is a part of itself; only what the garbage collector tracks can be."""
    within, done = {id(value)}, set()
    open_ = [(value, filter(is_tracked, get_referents(value)))]
    while open_:
        outer, parts = open_[-1]
        for part in parts:
            if id(part) in within:
                return True
            if not isinstance(part, type) and _is_made_of_parts(type(part)) and id(part) not in done:
                within.add(id(part))
                open_.append((part, filter(is_tracked, get_referents(part))))
                break
        else:
            open_.pop()
            within.discard(id(outer))
            done.add(id(outer))
    return False


def _is_made_of_parts(kind: Any) -> bool:
    """Return whether msgspec takes an instance of *kind* apart."""
    marks = ("__struct_fields__", "__dataclass_fields__", "__attrs_attrs__")
    return kind in {dict, frozenset, list, set, tuple} or any(hasattr(kind, mark) for mark in marks)


def _fields_of(value: Any) -> dict[Any, Any] | None:
    """Return the members of an array or object, or None if it is an array; a method that takes arguments is no sign."""
    if hasattr(type(value), "_asdict"):
        try:
            return as_dict(value)
        except TypeError:
            if not isinstance(value, (dict, list, tuple)):
                raise
    return value if isinstance(value, dict) else None


def whole(value: Any, convert: Callable[[Any], Any]) -> Any:
    """
    Return *value* in dicts and lists, as simplejson writes it: named tuples as objects, keys that are `bytes` as text.

    Args:
        value: a result.
        convert: turns a value into JSON's own types, one step.

    Raises:
        TypeError: part of it has no JSON form.
        ValueError: it holds itself.
    """
    made: dict[int, tuple[Any, Any]] = {}  # by id of a container, itself and its form; None while that is being made

    def part(value: Any) -> Any:
        if value is None or isinstance(value, (str, int, float)):
            return value
        if id(value) in made:
            if made[id(value)][1] is None:
                raise ValueError("Circular reference detected")
            return made[id(value)][1]
        made[id(value)] = value, None
        fields = _fields_of(value)
        if fields is not None:
            form: Any = {_key(key): part(each) for key, each in fields.items()}
        elif isinstance(value, (list, tuple)):
            form = [part(each) for each in value]
        else:
            form = part(_converted(value, convert))
        made[id(value)] = value, form
        return form

    return part(value)


def _key(key: Any) -> Any:
    """Return what stands for *key* in JSON: text for `bytes`."""
    return str(key, "utf-8") if issubclass(type(key), bytes) else key


def _converted(value: Any, convert: Callable[[Any], Any]) -> Any:
    """Return *value* one step on; that may be an object which has its `_asdict` from elsewhere than its class."""
    try:
        return convert(value)
    except TypeError as error:
        try:
            return as_dict(value)
        except Exception:
            raise error from None


def _field_converter(kind: Any, fields: Any) -> Callable[[Any], Any]:
    names = [field.name for field in fields]
    keys = [field.metadata.get("alias", field.name) for field in fields]
    declared = _fields_with_bytes(kind, {field.name: field.type for field in fields})
    if declared:
        return lambda value: {
            key: encode_declared_bytes(getattr(value, name), declared.get(name))
            for key, name in zip(keys, names, strict=True)
        }
    if keys != names or kind.__getattribute__ is not object.__getattribute__ or not kind.__dictoffset__:
        return lambda value: {key: getattr(value, name) for key, name in zip(keys, names, strict=True)}

    def convert(value: Any) -> Any:
        own = value.__dict__
        return own if [*own] == names else {name: getattr(value, name) for name in names}

    return convert


def _fields_with_bytes(kind: Any, types: dict[str, Any]) -> dict[str, Any]:
    """Return the types that contain `bytes`, by field."""
    if all(map(is_harmless, types.values())):
        return {}
    try:
        types = hints(kind)
    except Exception:
        return {}  # a name that only a type checker can resolve, or not a type
    return {name: hint for name, hint in types.items() if has_bytes(hint)}


def hints(kind: Any) -> dict[str, Any]:
    """Return the types of a class's fields."""
    import typing

    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind, localns={kind.__name__: kind})
    return _HINTS[kind]


def is_harmless(annotation: Any) -> bool:
    """Return whether an annotation cannot contain `bytes`, judged without resolving it."""
    if isinstance(annotation, type):
        return annotation not in {bytes, bytearray} and not _is_open(annotation)
    text = annotation if isinstance(annotation, str) else repr(annotation)
    words = "".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split()
    return all(word in HARMLESS for word in words)


def _is_open(kind: Any) -> bool:
    """Return whether JSON takes a class's values for plain ones, as a `TypedDict` for a dict."""
    return hasattr(kind, "__total__") or hasattr(kind, "_fields")


def _unalias(hint: Any) -> Any:
    """Return the type behind an alias or a `NewType`."""
    for name in ("__value__", "__supertype__"):
        if hasattr(hint, name):
            return _unalias(getattr(hint, name))
    return hint


def has_bytes(hint: Any, seen: tuple[Any, ...] = ()) -> bool:
    """Return whether a type contains `bytes` that its values alone don't reveal to be declared."""
    hint = _unalias(hint)
    if hint in (bytes, bytearray):
        return True
    if hint in seen:
        return False
    parts = hints(hint).values() if _is_open(hint) else getattr(hint, "__args__", ())
    return any(has_bytes(part, (*seen, hint)) for part in parts)


def encode_declared_bytes(value: Any, hint: Any) -> Any:
    """Return *value* with `bytes` as base64 wherever *hint* declares `bytes`."""
    hint = _unalias(hint)
    if isinstance(value, (bytes, bytearray)) and hint in (bytes, bytearray):
        return b2a_base64(value, newline=False).decode()
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = as_dict(value)
    parts = getattr(hint, "__args__", ())
    if type(hint).__name__ in {"UnionType", "_UnionGenericAlias", "Union"}:
        for part in parts:
            value = encode_declared_bytes(value, part)
        return value
    if isinstance(value, dict):
        own = hints(hint) if _is_open(hint) else {}
        return {
            key: encode_declared_bytes(part, own.get(key, parts[-1] if parts else None)) for key, part in value.items()
        }
    if isinstance(value, tuple) and parts[1:] not in {(), (...,)}:
        return [encode_declared_bytes(part, one) for part, one in zip(value, parts, strict=False)]
    if parts and isinstance(value, (list, tuple, set, frozenset)):
        return [encode_declared_bytes(part, parts[0]) for part in value]
    return value
