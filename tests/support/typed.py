"""Types that events may have, of every library, and handlers that are annotated with them."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag, StrEnum
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    Self,
    TypedDict,
    TypeVar,
)

import attrs
import msgspec
import pydantic
import pytest
from lambda_bootstrap.codec import Options
from lambda_bootstrap.errors import FunctionError
from lambda_bootstrap.signature import Handler, adapt
from typing_extensions import TypeAliasType


class Color(Enum):
    """Members of several kinds."""

    RED = "red"
    THREE = 3
    PAIR = (1, "b")
    WHEN = datetime(2026, 1, 2, tzinfo=UTC)


class Level(StrEnum):
    """A string that has another name."""

    LOW = "low"

    @classmethod
    def _missing_(cls, value: object) -> Level | None:
        return cls.LOW if value == "lowest" else None


class Size(IntEnum):
    """An integer."""

    BIG = 3


class Access(IntFlag):
    """Bits."""

    READ = 1
    WRITE = 2


class Money(Decimal):
    """A subclass of a number."""


class Name(str):
    """A subclass of a string."""

    __slots__ = ()


Item = TypeVar("Item")


Bounded = TypeVar("Bounded", bound=int)


Either = TypeVar("Either", int, str)


OrderId = NewType("OrderId", int)


Nested = TypeAliasType("Nested", "dict[str, Nested] | list[Nested] | int")


Pairs = TypeAliasType("Pairs", dict[str, Item], type_params=(Item,))


@dataclass
class Point:
    """Fields of each kind."""

    x: int
    y: float = 0.5
    kind: ClassVar[str] = "point"
    made: int = field(default=7, init=False)
    scale: InitVar[int] = 1

    def __post_init__(self, scale: int) -> None:
        """Refuse what is no point."""
        self.made = scale
        if self.x < 0:
            raise ValueError("x is negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Contains itself."""

    name: str
    left: Tree | None = None
    rest: list[Tree] = field(default_factory=list)


@dataclass
class Page(Generic[Item]):
    """Is of any type."""

    items: list[Item]
    next_: Item | None = field(default=None, metadata={"alias": "next-item"})


@dataclass
class Box(Generic[Item]):
    """Has a field of any type, and no more."""

    item: Item


@dataclass
class Blob:
    """Holds bytes in every place."""

    data: bytes
    parts: list[bytes] = field(default_factory=list)
    named: dict[str, bytes | None] = field(default_factory=dict)
    pair: tuple[bytes, int] | None = None


class Place(NamedTuple):
    """A row."""

    city: str
    zip: bytes = b""


class Movie(TypedDict):
    """An object."""

    title: str
    year: NotRequired[int]
    poster: NotRequired[bytes]


class Loose(TypedDict, total=False):
    """An object of which one part is needed."""

    id: Required[int]
    tag: str


class Timed(TypedDict):
    """An object with a time."""

    when: datetime
    n: int


class Noted(TypedDict):
    """An object with a text in its place."""

    when: str
    n: str


@attrs.define
class Car:
    """attrs' own."""

    wheels: int
    _plate: str = "none"
    photo: bytes = attrs.field(default=b"", metadata={"alias": "the photo"})
    seen: int = attrs.field(default=0, init=False)


class Model(pydantic.BaseModel):
    """pydantic's own."""

    id: int
    price: Decimal = Decimal(0)
    tags: list[str] = pydantic.Field(default_factory=list, alias="labels")


class Struct(msgspec.Struct):
    """msgspec's own."""

    id: int
    price: float = 0.0
    when: datetime | None = None
    children: list[Struct] = []


class Branch(pydantic.BaseModel):
    """Contains models, and takes whatever comes besides."""

    model_config = pydantic.ConfigDict(extra="allow")
    leaf: Model | int = 0
    leaves: dict[str, Model] = {}


@pydantic.dataclasses.dataclass
class Checked:
    """Made by pydantic as well."""

    id: int


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    """Strict in any case."""

    id: int


class Cat(msgspec.Struct, tag="cat", frozen=True):
    """One of two animals."""

    name: str


class Dog(msgspec.Struct, tag="dog", rename={"tail": "the tail"}, frozen=True):
    """Another."""

    tail: int = 0


class Row(msgspec.Struct, array_like=True, tag=True):
    """An array in JSON."""

    id: int
    pet: Cat | None = None


class Grid(msgspec.Struct, array_like=True, tag=True):
    """Another array."""

    id: int


class Zoo(msgspec.Struct):
    """Has every kind of place where a Struct may be."""

    any: Any = None
    pets: list[Cat | Dog] = []
    kinds: set[Cat] = set()
    either: Cat | Dog | list[Struct] | int | None = None
    named: dict[int, Cat] = {}
    row: Row | Grid | None = None
    pair: tuple[int, Cat] | None = None
    place: Place | None = None
    movie: Movie | list[Movie] | None = None
    point: Tree | None = None
    car: Wheel | None = None
    noted: Annotated[Cat | None, msgspec.Meta(title="a")] = None


class Counted(str):
    """A text that is counted when it is read."""

    __slots__ = ()
    read = 0

    def __new__(cls, text: str) -> Self:
        """Count it."""
        cls.read += 1
        return super().__new__(cls, text)


@dataclass
class Left:
    """Looks like the other until its very end."""

    name: Counted
    rest: list[Left | Right] | dict[str, Left | Right] | None = None
    end: list[int] = field(default_factory=list)


@dataclass
class Right:
    """The other."""

    name: Counted
    rest: list[Left | Right] | dict[str, Left | Right] | None = None
    end: list[str] = field(default_factory=list)


@attrs.define
class Wheel:
    """A part of attrs' own."""

    size: int


@attrs.define
class Cart:
    """Contains some."""

    wheels: list[Wheel]
    spare: Wheel | None = None


@dataclass
class Mixed:
    """Has fields of other libraries' classes."""

    model: Model
    structs: list[Struct] = field(default_factory=list)
    car: Car | None = None


Json = dict[str, "Json"] | list["Json"] | str | float | None


def handler(annotation: Any, result: Any = None, **options: Any) -> Handler:
    """A handler that gives back its event."""

    def function(event: Any) -> Any:
        return event

    function.__annotations__ = {"event": annotation, "return": result}
    return adapt(function, "app.handler", Options(**options))


def decoded(annotation: Any, text: str, **options: Any) -> Any:
    """The event that a handler gets."""
    return handler(annotation, **options).decode(text.encode())


def refused(annotation: Any, text: str, **options: Any) -> str:
    """Why a handler gets no event."""
    with pytest.raises(FunctionError) as mismatch:
        decoded(annotation, text, **options)
    assert mismatch.value.error_type == "Runtime.UnmarshalError"
    assert mismatch.value.__cause__ is None
    return str(mismatch.value).removeprefix("Unable to unmarshal input: ")


def exact(value: Any) -> tuple[Any, str]:
    """A value with its `repr`, which tells 1 from 1.0 and from True."""
    return value, repr(value)
