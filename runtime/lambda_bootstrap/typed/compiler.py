"""
Typed events: from an annotation to a decoder, once.

Owns: which annotations there are, and what a class with fields is.
Refuses to know: handlers, payloads, and how a scalar or a shape is decoded.

Annotations mean what `typing` says they mean; a value is never converted beyond what JSON makes necessary: "1" is no
integer, 1.0 neither.
"""

from __future__ import annotations

import collections
import collections.abc as abstract
import sys
import types
import typing

from .. import codec
from ..errors import InitError
from . import containers, foreign
from .containers import Field
from .decoder import Mismatch, Plan
from .fields import attrs_fields, dataclass_fields, hints_of, is_required, resolved, stripped
from .scalars import choices, scalar

if typing.TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ARRAYS: dict[Any, Callable[[list[Any]], Any]] = {
    list: list,
    set: set,
    frozenset: frozenset,
    tuple: tuple,
    collections.deque: collections.deque,
    abstract.Sequence: list,
    abstract.MutableSequence: list,
    abstract.Collection: list,
    abstract.Iterable: list,
    abstract.Set: frozenset,
    abstract.MutableSet: set,
}
MAPPINGS: dict[Any, Callable[[dict[Any, Any]], Any]] = {
    dict: dict,
    collections.OrderedDict: collections.OrderedDict,
    abstract.Mapping: dict,
    abstract.MutableMapping: dict,
}
# What stands around a type and says nothing of its values.
WRAPPERS = {
    typing.Annotated,
    typing.Final,
    typing.NotRequired,
    typing.Required,
    getattr(typing, "ReadOnly", typing.Final),
}
OURS = f"{__package__.rpartition('.')[0]}.events."


class Types:
    """
    The plans of an annotation and of all that it consists of.

    Args:
        is_strict: whether fields that a record does not have are refused.
        keeps_decimals: whether what has no type may hold a Decimal.

    Attributes:
        needs_digits: whether a number has to be read digit by digit, as a Decimal is among the types.
        tried: what has become of the parts of the event that is being decoded; see `containers.union`.
    """

    def __init__(self, *, is_strict: bool = False, keeps_decimals: bool = False) -> None:
        self.is_strict = is_strict
        self.keeps_decimals = keeps_decimals
        self.needs_digits = keeps_decimals
        self.plans: dict[Any, Plan] = {}
        self.tried: dict[Any, tuple[Any, Any]] = {}

    def plan(self, annotation: Any) -> Plan:
        """
        How a value of *annotation*'s type is made; a type that contains itself finds its plan here.

        Raises:
            InitError: there is no way, or a name in it cannot be resolved.
        """
        plan = self.plans.get(annotation)
        if plan is None:
            # Until it is made, what contains itself is told to come back.
            self.plans[annotation] = Plan("value", lambda value: self.plans[annotation].decode(value))  # noqa: PLW0108
            plan = self.make(annotation)
            if plan is None:
                raise InitError("Runtime.InvalidHandler", f"there is no way to decode {_name(annotation)} from JSON")
            self.plans[annotation] = plan
        return plan

    def make(self, annotation: Any) -> Plan | None:
        """As `plan`, without looking whether it is there already; None if there is no way."""
        if annotation is typing.Any or annotation is object or isinstance(annotation, typing.TypeVar):
            return self.anything(annotation)
        if hasattr(annotation, "__supertype__"):
            return self.plan(annotation.__supertype__)
        if hasattr(annotation, "__value__"):
            return self.alias(annotation)
        origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in WRAPPERS:
            return self.plan(parts[0])
        if origin is typing.Literal:
            return choices(parts)
        if origin is typing.Union or origin is types.UnionType:
            return self.union(parts)
        kind = types.NoneType if annotation is None else origin or annotation
        if kind in ARRAYS:
            return self.array(kind, parts)
        if kind in MAPPINGS:
            key, part = parts or (typing.Any, typing.Any)
            return containers.mapping(MAPPINGS[kind], self.key(key), self.plan(part))
        return self.class_(kind, annotation) if isinstance(kind, type) else None

    def alias(self, annotation: Any) -> Plan:
        """What a `type` statement stands for."""
        alias = typing.get_origin(annotation) or annotation
        names = vars(sys.modules[alias.__module__])
        holder = types.SimpleNamespace(__annotations__={"it": alias.__value__})
        hint = resolved(holder, names, f"{alias.__name__}: ")["it"]
        return self.plan(hint[typing.get_args(annotation)] if alias is not annotation else hint)

    def anything(self, annotation: Any) -> Plan:
        """Whatever comes; of a type variable, whatever its bound allows."""
        if getattr(annotation, "__bound__", None) is not None:
            return self.plan(annotation.__bound__)
        if getattr(annotation, "__constraints__", ()):
            return self.union(annotation.__constraints__)
        return Plan("value", self.untyped)

    def untyped(self, value: Any) -> Any:
        """*value* as plain JSON has it, though its numbers may have been read digit by digit."""
        if self.keeps_decimals or not self.needs_digits:
            return value
        if type(value) is dict:
            return {key: self.untyped(part) for key, part in value.items()}
        if type(value) is list:
            return [self.untyped(part) for part in value]
        return float(value) if hasattr(value, "as_tuple") else value

    def union(self, members: tuple[Any, ...]) -> Plan:
        """One of several types."""
        plans = [self.plan(member) for member in members if member not in {None, types.NoneType}]
        plan = plans[0] if len(plans) == 1 else containers.union(plans, self.tried)
        return plan if len(plans) == len(members) else containers.optional(plan)

    def array(self, kind: Any, parts: tuple[Any, ...]) -> Plan:
        """What an array becomes."""
        if kind is not tuple or parts[1:] == (...,) or not parts:
            return containers.array(ARRAYS[kind], self.plan(parts[0] if parts else typing.Any))
        return containers.row(tuple, [self.plan(part) for part in parts])

    def key(self, annotation: Any) -> Plan:
        """What the text of a key becomes: of a number or literal its own text is expected."""
        plan = self.plan(annotation)
        if plan.exact not in {int, float, bool, types.NoneType}:
            return plan

        def decode(text: Any) -> Any:
            try:
                return plan.decode(codec.loads(text))
            except (Mismatch, ValueError):
                raise Mismatch(f"{plan.expected} as a key", text) from None

        return Plan(plan.expected, decode)

    def class_(self, kind: Any, annotation: Any) -> Plan | None:
        """What a class that is no container becomes; None of one that nobody knows."""
        plan = scalar(kind)
        if plan is not None:
            self.needs_digits = self.needs_digits or any(base.__name__ == "Decimal" for base in kind.__mro__)
            return plan
        if typing.is_typeddict(kind):
            return self.typed_dict(kind, annotation)
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            return self.named_tuple(kind, annotation)
        if hasattr(kind, "__dataclass_fields__") and not hasattr(kind, "__pydantic_validator__"):
            return self.record(kind, annotation, dataclass_fields(kind))
        if hasattr(kind, "__attrs_attrs__"):
            return self.record(kind, annotation, attrs_fields(kind))
        return foreign.plan(annotation, is_strict=self.is_strict)

    def typed_dict(self, kind: Any, annotation: Any) -> Plan:
        """An event model of ours is AWS's word, of which no more is checked than that it is this kind of event."""
        hints = hints_of(kind, annotation)
        required = {key for key, hint in hints.items() if is_required(hint, default=key in kind.__required_keys__)}
        if kind.__module__.startswith(OURS) and not self.is_strict:
            hints = dict.fromkeys(required, typing.Any)
        fields = [Field(key, key, self.plan(hint), is_required=key in required) for key, hint in hints.items()]
        return containers.table(fields, set(hints) if self.is_strict else None)

    def named_tuple(self, kind: Any, annotation: Any) -> Plan:
        """As an object or as an array: JSON has no other form for it."""
        hints = hints_of(kind, annotation)
        plans = [self.plan(hints.get(name, typing.Any)) for name in kind._fields]
        fields = [
            Field(name, name, plan, is_required=name not in kind._field_defaults)
            for name, plan in zip(kind._fields, plans, strict=True)
        ]
        known = set(kind._fields) if self.is_strict else None
        return containers.either(
            containers.record(kind, fields, known), containers.row(lambda parts: kind(*parts), plans)
        )

    def record(self, kind: Any, annotation: Any, parts: list[tuple[str, str, str, bool]]) -> Plan:
        """A class whose instances are made of named fields."""
        hints = hints_of(kind, annotation)
        fields = [
            Field(argument, key, self.plan(stripped(hints[name])), is_required=needed)
            for name, argument, key, needed in parts
            if argument
        ]
        known = {key for _, _, key, _ in parts} if self.is_strict else None
        return containers.record(kind, fields, known)


def _name(annotation: Any) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
