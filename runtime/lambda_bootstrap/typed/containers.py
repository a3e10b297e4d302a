"""
Types that consist of others: arrays, objects, records, unions.

Owns: how their parts are put together, and the step that each part adds to the path of an error.
Refuses to know: annotations; the plans of the parts come along.
"""

from __future__ import annotations

from .. import json_errors
from .decoder import ABSENT, Mismatch, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NUMBERS = (int, float)


class Field:
    """
    A part of a record.

    Args:
        name: what the record calls it.
        key: what the JSON object calls it.
        plan: of its type.
        is_required: whether an object without it is none of the record.
    """

    __slots__ = ("is_required", "key", "name", "plan")

    def __init__(self, name: str, key: str, plan: Plan, *, is_required: bool) -> None:
        self.name = name
        self.key = key
        self.plan = plan
        self.is_required = is_required


def array(make: Callable[[list[Any]], Any], part: Plan) -> Plan:
    """An array of parts that are all alike; *make* is given the list of them."""
    decode_part, exact = part.decode, part.exact
    alike = {exact}

    def decode(value: Any) -> Any:
        if type(value) is not list:
            raise Mismatch("array", value)
        if {*map(type, value)} == alike:
            return value if make is list else make(value)
        parts: list[Any] = []
        try:
            for one in value:
                parts.append(one if type(one) is exact else decode_part(one))  # noqa: PERF401 - its length is the index
        except Mismatch as error:
            error.steps.append(f"[{len(parts)}]")
            raise
        return parts if make is list else make(parts)

    return Plan("array", decode)


def row(make: Callable[[list[Any]], Any], parts: list[Plan]) -> Plan:
    """An array with a plan for each part."""
    expected = f"array of {len(parts)}"

    def decode(value: Any) -> Any:
        if type(value) is not list or len(value) != len(parts):
            raise Mismatch(expected, value)
        made: list[Any] = []
        try:
            for one, part in zip(value, parts, strict=True):
                made.append(part.decode(one))
        except Mismatch as error:
            error.steps.append(f"[{len(made)}]")
            raise
        return make(made)

    return Plan(expected, decode)


def mapping(make: Callable[[dict[Any, Any]], Any], key: Plan, part: Plan) -> Plan:
    """An object whose keys are all alike, and its values."""
    decode_key, decode_part, exact = key.decode, part.decode, part.exact
    all_keys, alike = key.exact is str, {exact}

    def decode(value: Any) -> Any:
        if type(value) is not dict:
            raise Mismatch("object", value)
        if all_keys and {*map(type, value.values())} == alike:
            return value if make is dict else make(value)
        made = {}
        name = ""
        try:
            for name, one in value.items():
                own = name if all_keys else decode_key(name)
                made[own] = one if type(one) is exact else decode_part(one)
        except Mismatch as error:
            error.steps.append(json_errors.step(name))
            raise
        return made if make is dict else make(made)

    return Plan("object", decode)


def record(kind: Callable[..., Any], fields: list[Field], known: set[str] | None) -> Plan:
    """
    An object with named fields.

    Args:
        kind: makes the record of its fields by name; its ValueError or TypeError tells what is wrong with them.
        fields: what it is built from.
        known: all keys that the object may have, or None if others are passed over.
    """
    table = [(field.name, field.key, field.plan.exact, field.plan.decode, field.is_required) for field in fields]

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
            check(value, missing, known)
        try:
            return kind(**made)
        except (TypeError, ValueError) as error:
            raise Mismatch(str(error)) from error

    return Plan("object", decode)


def table(fields: list[Field], known: set[str] | None) -> Plan:
    """A `TypedDict`: the object itself, copied only if a part of it becomes another value."""
    parts = [(field.key, field.plan.exact, field.plan.decode, field.is_required) for field in fields]

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
            check(value, missing, known)
        return made

    return Plan("object", decode)


def check(value: dict[str, Any], missing: str | None, known: set[str] | None) -> None:
    """
    See to it that an object has what it must, and not what it must not.

    Raises:
        Mismatch: it tells the name, which is no part of the path.
    """
    if missing is not None:
        raise Mismatch(f'missing field "{missing}"')
    if known is not None and not value.keys() <= known:
        raise Mismatch(f'unknown field "{next(key for key in value if key not in known)}"')


def either(record_plan: Plan, row_plan: Plan) -> Plan:
    """A `NamedTuple`: the array that JSON has for it, or an object with its fields."""

    def decode(value: Any) -> Any:
        return (record_plan if type(value) is dict else row_plan).decode(value)

    return Plan(f"object or {row_plan.expected}", decode)


def optional(plan: Plan) -> Plan:
    """Null, or what *plan* makes."""
    inner = plan.decode
    return Plan(f"{plan.expected} or null", lambda value: None if value is None else inner(value))


def union(plans: list[Plan], tried: dict[Any, tuple[Any, Any]]) -> Plan:
    """
    The first that fits, in the order of the annotation; a number stays of its own type where that is one of them.

    Args:
        plans: of the members.
        tried: what has become of each array and object, for members that have parts in common: one that is tried anew
            by each of several members, in each of many levels, is tried more often than anybody can wait for. It
            counts for one event; whoever decodes that forgets it afterwards.
    """
    expected = " or ".join(dict.fromkeys(plan.expected for plan in plans))
    exact = {plan.exact for plan in plans} & set(NUMBERS)

    def first(value: Any) -> Any:
        found, depth = Mismatch(expected, value), -1
        for plan in plans:
            try:
                return plan.decode(value)
            except Mismatch as error:
                if len(error.steps) > depth and (error.steps or error.value is ABSENT):
                    found, depth = error.again(), len(error.steps)
        return found

    def decode(value: Any) -> Any:
        if type(value) in exact:
            return value
        if type(value) is dict or type(value) is list:
            key = (first, id(value))
            if key not in tried:
                tried[key] = (first(value), value)  # which lives on, so that its id is its own
            made = tried[key][0]
        else:
            made = first(value)
        if type(made) is Mismatch:
            raise made.again()
        return made

    return Plan(expected, decode)
