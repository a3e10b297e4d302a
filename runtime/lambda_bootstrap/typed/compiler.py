"""
From an annotation to a decoder, once per handler.

Owns: which annotations are known, and which classes have fields.
Refuses to know: handlers, payloads, and how a scalar or a container is decoded.

Annotations mean what `typing` says they mean. Values are converted only where JSON has no such type: neither "1" nor
1.0 is an integer.
"""

from __future__ import annotations

import collections
import collections.abc as abstract
import sys
import types
import typing

from .. import codec
from ..errors import InitError
from . import containers
from .containers import Field
from .decoder import Decoder, Mismatch
from .fields import attrs_fields, dataclass_fields, field_hints, is_required, resolve_hints, strip_init_var
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
# Scalars that are their own JSON values.
PLAIN = {bool, float, int, str, types.NoneType}
# Wrappers that change nothing about the values of a type.
WRAPPERS = {
    typing.Annotated,
    typing.Final,
    typing.NotRequired,
    typing.Required,
    getattr(typing, "ReadOnly", typing.Final),
}
OURS = f"{__package__.rpartition('.')[0]}.events."


class Compiler:
    """
    Makes the decoders of an annotation and of its parts.

    Args:
        is_strict: whether unknown fields are refused.
        keeps_decimals: whether untyped parts of an event keep `Decimal` values.

    Attributes:
        converts: whether any part of a compiled type is something else than the JSON value itself.
        needs_digits: whether numbers have to be read as `Decimal`, because a type asks for it.
        memo: results of unions for the event that is being decoded; see `containers.union`.
    """

    def __init__(self, *, is_strict: bool = False, keeps_decimals: bool = False) -> None:
        self.is_strict = is_strict
        self.keeps_decimals = keeps_decimals
        self.converts = False
        self.needs_digits = keeps_decimals
        self.decoders: dict[Any, Decoder] = {}
        self.memo: dict[Any, tuple[Any, Any]] = {}

    def compile(self, annotation: Any) -> Decoder:
        """
        Return the decoder of *annotation*, made on first use.

        Raises:
            InitError: a type cannot be decoded from JSON, or a name cannot be resolved.
        """
        try:
            decoder = self.decoders.get(annotation)
        except TypeError:  # it has no hash, as `Annotated[int, {"unit": "cm"}]`
            return self.required(annotation)
        if decoder is None:
            # A type that contains itself finds this, which looks the finished decoder up at each call.
            late = Decoder("value", lambda value: self.decoders[annotation].decode(value))  # noqa: PLW0108 - not made yet
            self.decoders[annotation] = late
            decoder = self.decoders[annotation] = self.required(annotation)
        return decoder

    def required(self, annotation: Any) -> Decoder:
        """
        Make the decoder of *annotation*.

        Raises:
            InitError: the type cannot be decoded from JSON, or a name cannot be resolved.
        """
        decoder = self.make(annotation)
        if decoder is not None:
            return decoder
        message = f"there is no way to decode {_name(annotation)} from JSON"
        if isinstance(annotation, typing.ForwardRef):
            name = annotation.__forward_arg__
            message = f"{name} contains itself, which only a `type` statement can: `type {name} = ...`"
        raise InitError("Runtime.InvalidHandler", message)

    def make(self, annotation: Any) -> Decoder | None:
        """Make the decoder of *annotation*; None if the type cannot be decoded from JSON."""
        if annotation is typing.Any or annotation is object or isinstance(annotation, typing.TypeVar):
            return self.anything(annotation)
        if hasattr(annotation, "__supertype__"):
            return self.compile(annotation.__supertype__)
        if hasattr(annotation, "__value__"):
            return self.alias(annotation)
        origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in WRAPPERS:
            return self.compile(parts[0])
        if origin is typing.Literal:
            self.converts = self.converts or not PLAIN.issuperset(map(type, parts))
            return choices(parts)
        if origin is typing.Union or origin is types.UnionType:
            return self.union(parts)
        kind = types.NoneType if annotation is None else origin or annotation
        if not isinstance(kind, type):
            return None
        if kind in ARRAYS:
            return self.array(kind, parts)
        if kind in MAPPINGS:
            key, part = parts or (typing.Any, typing.Any)
            self.converts = self.converts or MAPPINGS[kind] is not dict
            return containers.mapping(MAPPINGS[kind], self.key(key), self.compile(part))
        return self.class_(kind, annotation)

    def alias(self, annotation: Any) -> Decoder:
        """The type behind a `type` statement."""
        alias = typing.get_origin(annotation) or annotation
        names = vars(sys.modules[alias.__module__])
        holder = types.SimpleNamespace(__annotations__={"it": alias.__value__})
        hint = resolve_hints(holder, names, f"{alias.__name__}: ")["it"]
        return self.compile(hint[typing.get_args(annotation)] if alias is not annotation else hint)

    def anything(self, annotation: Any) -> Decoder:
        """Any value; for a type variable, any value that its bound or constraints allow."""
        if getattr(annotation, "__bound__", None) is not None:
            return self.compile(annotation.__bound__)
        if getattr(annotation, "__constraints__", ()):
            return self.union(annotation.__constraints__)
        return Decoder("value", self.untyped)

    def untyped(self, value: Any) -> Any:
        """Turn `Decimal` values back into the floats of plain JSON, unless they are kept."""
        if self.keeps_decimals or not self.needs_digits:
            return value
        if type(value) is dict:
            return {key: self.untyped(part) for key, part in value.items()}
        if type(value) is list:
            return [self.untyped(part) for part in value]
        return float(value) if hasattr(value, "as_tuple") else value

    def union(self, members: tuple[Any, ...]) -> Decoder:
        """A value of one of several types."""
        decoders = [self.compile(member) for member in members if member not in (None, types.NoneType)]
        decoder = decoders[0] if len(decoders) == 1 else containers.union(decoders, self.memo)
        return decoder if len(decoders) == len(members) else containers.optional(decoder)

    def array(self, kind: Any, parts: tuple[Any, ...]) -> Decoder | None:
        """An array, decoded into the collection *kind*; None if that is a set, which the parts cannot be in."""
        if ARRAYS[kind] in {set, frozenset} and not _is_hashable(*parts):
            return None
        self.converts = self.converts or ARRAYS[kind] is not list
        if kind is not tuple or parts[1:] == (...,) or not parts:
            return containers.array(ARRAYS[kind], self.compile(parts[0] if parts else typing.Any))
        return containers.row(tuple, [self.compile(part) for part in parts])

    def key(self, annotation: Any) -> Decoder:
        """The key of an object. A number or literal is expected as its JSON text."""
        decoder = self.compile(annotation)
        if decoder.exact not in PLAIN - {str}:
            return decoder
        self.converts = True

        def decode(text: Any) -> Any:
            try:
                return decoder.decode(codec.loads(text))
            except (Mismatch, ValueError):
                raise Mismatch(f"{decoder.expected} as a key", text) from None

        return Decoder(decoder.expected, decode)

    def class_(self, kind: Any, annotation: Any) -> Decoder | None:
        """An instance of a class that isn't a container; None if the class is unknown."""
        decoder = scalar(kind)
        if decoder is not None:
            self.converts = self.converts or kind not in PLAIN
            self.needs_digits = self.needs_digits or any(base.__name__ == "Decimal" for base in kind.__mro__)
            return decoder
        if typing.is_typeddict(kind):
            return self.typed_dict(kind, annotation)
        self.converts = True
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            return self.named_tuple(kind, annotation)
        if hasattr(kind, "__dataclass_fields__") and not hasattr(kind, "__pydantic_validator__"):
            return self.object_(kind, annotation, dataclass_fields(kind))
        if hasattr(kind, "__attrs_attrs__"):
            return self.object_(kind, annotation, attrs_fields(kind))
        decode = payload_decoder(annotation, is_strict=self.is_strict)
        return None if decode is None else Decoder("object", lambda value: decode(codec.encode(value)))

    def typed_dict(self, kind: Any, annotation: Any) -> Decoder:
        """An object as a `TypedDict`; of our event models, only the required keys are checked, in their order."""
        hints = field_hints(kind, annotation)
        required = [key for key, hint in hints.items() if is_required(hint, default=key in kind.__required_keys__)]
        if kind.__module__.startswith(OURS) and not self.is_strict:
            hints = dict.fromkeys(required, typing.Any)
        fields = [Field(key, key, self.compile(hint), is_required=key in required) for key, hint in hints.items()]
        return containers.typed_dict(fields, set(hints) if self.is_strict else None)

    def named_tuple(self, kind: Any, annotation: Any) -> Decoder:
        """An object or an array as a `NamedTuple`."""
        hints = field_hints(kind, annotation)
        decoders = [self.compile(hints.get(name, typing.Any)) for name in kind._fields]
        fields = [
            Field(name, name, decoder, is_required=name not in kind._field_defaults)
            for name, decoder in zip(kind._fields, decoders, strict=True)
        ]
        known = set(kind._fields) if self.is_strict else None
        by_name = containers.object_(kind, fields, known)
        return containers.named_tuple(by_name, containers.row(lambda parts: kind(*parts), decoders))

    def object_(self, kind: Any, annotation: Any, parts: list[tuple[str, str, str, bool]]) -> Decoder:
        """An object as an instance of a class with fields."""
        hints = field_hints(kind, annotation)
        fields = [
            Field(argument, key, self.compile(strip_init_var(hints[name])), is_required=needed)
            for name, argument, key, needed in parts
            if argument
        ]
        known = {key for _, _, key, _ in parts} if self.is_strict else None
        return containers.object_(kind, fields, known)


def payload_decoder(annotation: Any, *, is_strict: bool) -> Callable[[bytes], Any] | None:
    """
    Return what decodes JSON into a pydantic model or a msgspec Struct at once; None if *annotation* is neither.

    Raises:
        InitError: *is_strict*, and the library cannot refuse unknown fields.
    """
    kind = getattr(annotation, "__origin__", annotation)
    if hasattr(kind, "__pydantic_validator__"):
        from . import pydantic

        return pydantic.payload_decoder(annotation, is_strict=is_strict)
    if hasattr(kind, "__struct_fields__") and "msgspec" in sys.modules:
        from . import msgspec

        return msgspec.payload_decoder(annotation, is_strict=is_strict)
    return None


def _is_hashable(*annotations: Any) -> bool:
    """Return whether a value of one of these types can be in a set, as far as the types tell."""
    for annotation in annotations:
        origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in {typing.Union, types.UnionType, tuple, *WRAPPERS}:
            if not _is_hashable(*(part for part in parts if part is not ...)):
                return False
        elif isinstance(origin or annotation, type) and (origin or annotation).__hash__ is None:
            return False
    return True


def _name(annotation: Any) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
