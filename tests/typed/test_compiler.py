"""Typed events: what an annotation makes of a payload, and what is said when it cannot."""

from __future__ import annotations

import json
import weakref
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag, StrEnum
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    Self,
    TypedDict,
    TypeVar,
    Union,
)
from uuid import UUID

import attrs
import msgspec
import pydantic
import pytest
from lambda_bootstrap import codec
from lambda_bootstrap.codec import Options
from lambda_bootstrap.errors import FunctionError, InitError
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


class TestDecoding:
    """What a payload becomes."""

    @pytest.mark.parametrize(
        ("annotation", "text", "event"),
        [
            pytest.param(str, '"é"', "é", id="str"),
            pytest.param(int, "10", 10, id="int"),
            pytest.param(float, "1.5", 1.5, id="float"),
            pytest.param(float, "2", 2.0, id="float of an integer"),
            pytest.param(bool, "true", True, id="bool"),
            pytest.param(list[None], "[null]", [None], id="None"),
            pytest.param(Name, '"n"', Name("n"), id="subclass of str"),
            pytest.param(datetime, '"2026-01-02T03:04:05Z"', datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), id="datetime"),
            pytest.param(date, '"2026-01-02"', date(2026, 1, 2), id="date"),
            pytest.param(time, '"03:04:05"', time(3, 4, 5), id="time"),
            pytest.param(UUID, '"00000000-0000-0000-0000-000000000001"', UUID(int=1), id="UUID"),
            pytest.param(Decimal, "0.10000000000000000555", Decimal("0.10000000000000000555"), id="Decimal"),
            pytest.param(Decimal, '"1.50"', Decimal("1.50"), id="Decimal of a text"),
            pytest.param(Decimal, "3", Decimal(3), id="Decimal of an integer"),
            pytest.param(Money, "1.5", Money("1.5"), id="subclass of Decimal"),
            pytest.param(list[bytes], '["aGVsbG8="]', [b"hello"], id="B3.13 bytes"),
            pytest.param(list[bytearray], '["aGVsbG8="]', [bytearray(b"hello")], id="B3.13 bytearray"),
            pytest.param(Color, '"red"', Color.RED, id="Enum of a text"),
            pytest.param(Color, "3", Color.THREE, id="Enum of a number"),
            pytest.param(Color, '[1,"b"]', Color.PAIR, id="Enum of a tuple"),
            pytest.param(Color, '"2026-01-02T00:00:00+00:00"', Color.WHEN, id="Enum of a datetime"),
            pytest.param(Level, '"low"', Level.LOW, id="StrEnum"),
            pytest.param(Level, '"lowest"', Level.LOW, id="Enum with _missing_"),
            pytest.param(Size, "3", Size.BIG, id="IntEnum"),
            pytest.param(Access, "3", Access.READ | Access.WRITE, id="IntFlag"),
            pytest.param(Literal["a", 1, Color.RED], '"red"', Color.RED, id="Literal"),
            pytest.param(Literal["a", 1], "1", 1, id="Literal of a number"),
            pytest.param(list[int], "[1,2]", [1, 2], id="list"),
            pytest.param(list, "[1,[2]]", [1, [2]], id="bare list"),
            pytest.param(set[str], '["a","a"]', {"a"}, id="set"),
            pytest.param(frozenset[str], '["a"]', frozenset("a"), id="frozenset"),
            pytest.param(tuple[int, ...], "[1,2]", (1, 2), id="tuple of any length"),
            pytest.param(tuple[int, str], '[1,"a"]', (1, "a"), id="tuple"),
            pytest.param(tuple, "[1]", (1,), id="bare tuple"),
            pytest.param(deque[int], "[1]", deque([1]), id="deque"),
            pytest.param(Sequence[int], "[1]", [1], id="Sequence"),
            pytest.param(Iterable[int], "[1]", [1], id="Iterable"),
            pytest.param(AbstractSet[int], "[1]", frozenset({1}), id="Set"),
            pytest.param(dict[str, int], '{"a":1}', {"a": 1}, id="dict"),
            pytest.param(dict[int, str], '{"1":"a"}', {1: "a"}, id="dict of integers"),
            pytest.param(dict[float, bool], '{"1.5":true}', {1.5: True}, id="dict of floats"),
            pytest.param(dict[bool, None], '{"true":null}', {True: None}, id="dict of booleans"),
            pytest.param(dict[Level, int], '{"low":1}', {Level.LOW: 1}, id="dict of an Enum"),
            pytest.param(dict[date, int], '{"2026-01-02":1}', {date(2026, 1, 2): 1}, id="dict of dates"),
            pytest.param(Mapping[str, int], '{"a":1}', {"a": 1}, id="Mapping"),
            pytest.param(MutableMapping[str, Any], '{"a":1}', {"a": 1}, id="MutableMapping"),
            pytest.param(OrderedDict[str, int], '{"a":1}', OrderedDict(a=1), id="OrderedDict"),
            pytest.param(int | None, "null", None, id="PEP 604"),
            pytest.param(Optional[int], "1", 1, id="Optional"),  # noqa: UP045 - as older code has it
            pytest.param(Union[int, str], '"a"', "a", id="Union"),  # noqa: UP007 - as older code has it
            pytest.param(float | int, "1", 1, id="an integer stays one"),
            pytest.param(datetime | str, '"2026-01-02"', datetime(2026, 1, 2), id="the first that fits"),  # noqa: DTZ001 - naive on purpose
            pytest.param(datetime | str, '"soon"', "soon", id="the second that fits"),
            pytest.param(Tree | Point, '{"x":1}', Point(1), id="union of dataclasses"),
            pytest.param(list[Any], '[1,{"a":1.5}]', [1, {"a": 1.5}], id="B2.7 Any inside"),
            pytest.param(dict[str, object], '{"a":1.5}', {"a": 1.5}, id="object inside"),
            pytest.param(
                tuple[Decimal, Any], '[1.10,{"a":[1.5,1]}]', (Decimal("1.10"), {"a": [1.5, 1]}), id="Any near"
            ),
            pytest.param(tuple[Decimal, float], "[1.10,1.5]", (Decimal("1.10"), 1.5), id="a float near a Decimal"),
            pytest.param(Annotated[int, "id"], "1", 1, id="Annotated"),
            pytest.param(list[Annotated[int, "id"]], "[1]", [1], id="Annotated inside"),
            pytest.param(Final[int], "1", 1, id="Final"),
            pytest.param(OrderId, "1", 1, id="NewType"),
            pytest.param(Nested, '{"a":[1,{"b":2}]}', {"a": [1, {"b": 2}]}, id="PEP 695"),
            pytest.param(Pairs[int], '{"a":1}', {"a": 1}, id="PEP 695 with a parameter"),
            pytest.param("list[Bounded]", "[1]", [1], id="TypeVar with a bound"),
            pytest.param("list[Either]", '[1,"a"]', [1, "a"], id="TypeVar with constraints"),
            pytest.param("list[Item]", "[1]", [1], id="TypeVar"),
            pytest.param("list[int]", "[1]", [1], id="as text"),
            pytest.param("Point", '{"x":1}', Point(1), id="name as text"),
            pytest.param(Point, '{"x":1,"y":2,"scale":3,"other":4}', Point(1, 2.0, 3), id="dataclass"),
            pytest.param(Tree, '{"name":"a","left":{"name":"b"}}', Tree(name="a", left=Tree(name="b")), id="recursive"),
            pytest.param(Page[int], '{"items":[1],"next-item":2}', Page([1], 2), id="generic dataclass, alias"),
            pytest.param(Page, '{"items":[1,"a"]}', Page([1, "a"]), id="generic dataclass without its parameter"),
            pytest.param(Page[list[Point]], '{"items":[[{"x":1}]]}', Page([[Point(1)]]), id="generic of generic"),
            pytest.param(Place, '["Rome","AAA="]', Place("Rome", b"\0\0"), id="NamedTuple of an array"),
            pytest.param(Place, '{"city":"Rome"}', Place("Rome"), id="NamedTuple of an object"),
            pytest.param(Movie, '{"title":"M","more":[1]}', {"title": "M", "more": [1]}, id="TypedDict"),
            pytest.param(
                Movie, '{"title":"M","poster":"AA=="}', {"title": "M", "poster": b"\0"}, id="TypedDict, bytes"
            ),
            pytest.param(Loose, '{"id":1}', {"id": 1}, id="TypedDict, Required"),
            pytest.param(Car, '{"wheels":4,"_plate":"X","the photo":"AA=="}', Car(4, "X", b"\0"), id="attrs"),
            pytest.param(
                Model,
                '{"id":"1","price":1.5,"labels":["a"]}',
                Model(id=1, price=Decimal("1.5"), labels=["a"]),
                id="pydantic",
            ),
            pytest.param(list[Model], '[{"id":1}]', [Model(id=1)], id="pydantic inside"),
            pytest.param(Struct, '{"id":1,"children":[{"id":2}]}', Struct(1, children=[Struct(2)]), id="msgspec"),
            pytest.param(dict[str, Struct], '{"a":{"id":1}}', {"a": Struct(1)}, id="msgspec inside"),
            pytest.param(
                Mixed,
                '{"model":{"id":1},"structs":[{"id":2}],"car":{"wheels":3}}',
                Mixed(Model(id=1), [Struct(2)], Car(3)),
                id="all libraries at once",
            ),
        ],
    )
    def test_event(self, annotation: Any, text: str, event: Any) -> None:
        """A payload becomes this event, of this type."""
        made = decoded(annotation, text)

        assert made == event
        assert repr(made) == repr(event)

    @pytest.mark.parametrize("annotation", [bytes, "bytes"])
    def test_raw(self, annotation: Any) -> None:
        """B2.13: `bytes` is the payload as it came, whatever it is."""
        assert decoded(annotation, "{oops") == b"{oops"

    @pytest.mark.parametrize(
        "annotation",
        [Any, "Any", dict, "dict", dict[str, Any], "dict[str, Any]", "typing.Dict[str, typing.Any]", object, 5],
        ids=str,
    )
    def test_plain(self, annotation: Any) -> None:
        """B2.7: these annotations ask for plain JSON, and nothing is checked."""
        made = handler(annotation)

        assert made.decode is codec.decode
        assert not made.is_typed

    def test_unknown_class(self) -> None:
        """An event of a class that nobody can decode stays plain JSON: a tool may have put it there for itself."""
        assert handler(Options).decode is codec.decode

    def test_union_of_typed_dicts(self) -> None:
        """What one type of a union has made of a part is not seen by the next one."""
        event = {"when": "2026-01-02", "n": "x"}

        assert decoded(Timed | Noted, codec.dumps(event)) == event

    def test_reuse(self) -> None:
        """What one event holds is not shared with the next."""
        decode = handler(Tree).decode

        assert decode(b'{"name":"a"}').rest is not decode(b'{"name":"a"}').rest


class TestMismatch:
    """What is said of a payload that is no such event."""

    @pytest.mark.parametrize(
        ("annotation", "text", "message"),
        [
            pytest.param(str, "1", "expected string, got 1", id="str"),
            pytest.param(int, "1.0", "expected integer, got 1.0", id="int"),
            pytest.param(int, "true", "expected integer, got true", id="int of a boolean"),
            pytest.param(float, '"1"', 'expected number, got "1"', id="float"),
            pytest.param(float, "true", "expected number, got true", id="float of a boolean"),
            pytest.param(bool, "1", "expected boolean, got 1", id="bool"),
            pytest.param(list[None], "[0]", "[0]: expected null, got 0", id="None"),
            pytest.param(datetime, '"soon"', 'expected date and time, got "soon"', id="datetime"),
            pytest.param(date, "1", "expected date, got 1", id="date"),
            pytest.param(UUID, '"1"', 'expected UUID, got "1"', id="UUID"),
            pytest.param(Decimal, '"x"', 'expected number, got "x"', id="Decimal"),
            pytest.param(Decimal, "NaN", 'expected number, got "nan"', id="Decimal of NaN"),
            pytest.param(Decimal, '"Infinity"', 'expected number, got "Infinity"', id="Decimal of Infinity"),
            pytest.param(Decimal, "true", "expected number, got true", id="Decimal of a boolean"),
            pytest.param(Decimal, "[1]", "expected number, got [1]", id="Decimal of an array"),
            pytest.param(list[bytes], '["a"]', '[0]: expected base64, got "a"', id="B3.13 bytes"),
            pytest.param(list[bytes], "[1]", "[0]: expected base64, got 1", id="B3.13 bytes of a number"),
            pytest.param(
                list[bytes], '["aGVs\\nbG8="]', '[0]: expected base64, got "aGVs\\nbG8="', id="B3.13 bytes with a break"
            ),
            pytest.param(Level, '"high"', 'expected "low", got "high"', id="Enum"),
            pytest.param(Literal["a", 1], "true", 'expected one of "a", 1, got true', id="Literal"),
            pytest.param(Literal["a"], '{"a":1}', 'expected "a", got {"a":1}', id="Literal of an object"),
            pytest.param(list[int], '{"a":1}', 'expected array, got {"a":1}', id="list"),
            pytest.param(list[int], '[1,"a"]', '[1]: expected integer, got "a"', id="in a list"),
            pytest.param(tuple[int, int], "[1]", "expected array of 2, got [1]", id="tuple"),
            pytest.param(tuple[int, int], "[1,null]", "[1]: expected integer, got null", id="in a tuple"),
            pytest.param(dict[str, int], "[]", "expected object, got []", id="dict"),
            pytest.param(dict[str, int], '{"a b":"c"}', "['a b']: expected integer, got \"c\"", id="in a dict"),
            pytest.param(dict[int, int], '{"x":1}', 'x: expected integer as a key, got "x"', id="key"),
            pytest.param(dict[int, int], '{"true":1}', 'true: expected integer as a key, got "true"', id="another key"),
            pytest.param(int | str, "null", "expected integer or string, got null", id="union"),
            pytest.param(list[int] | int, '["a"]', '[0]: expected integer, got "a"', id="in a union"),
            pytest.param(Tree | int, "{}", 'missing field "name"', id="missing in a union"),
            pytest.param(Point, "[]", "expected object, got []", id="dataclass"),
            pytest.param(Point, "{}", 'missing field "x"', id="missing"),
            pytest.param(Point, '{"x":-1}', "x is negative", id="__post_init__"),
            pytest.param(list[Point], '[{"x":1},{"x":1,"y":"abc"}]', '[1].y: expected number, got "abc"', id="path"),
            pytest.param(
                Tree,
                '{"name":"a","rest":[{"name":"b"},{"name":"c","left":1}]}',
                "rest[1].left: expected object, got 1",
                id="recursive path",
            ),
            pytest.param(
                Page[int],
                '{"items":[],"next-item":"a"}',
                "['next-item']: expected integer, got \"a\"",
                id="path of an alias",
            ),
            pytest.param(Movie, "1", "expected object, got 1", id="TypedDict"),
            pytest.param(Movie, "{}", 'missing field "title"', id="missing in a TypedDict"),
            pytest.param(Movie, '{"title":1}', "title: expected string, got 1", id="in a TypedDict"),
            pytest.param(Place, '"a"', 'expected array of 2, got "a"', id="NamedTuple"),
            pytest.param(Place, '{"city":1}', "city: expected string, got 1", id="in a NamedTuple"),
            pytest.param(
                Model, '{"id":1,"labels":["a",2]}', "labels[1]: Input should be a valid string, got 2", id="pydantic"
            ),
            pytest.param(Model, "{}", 'missing field "id"', id="pydantic, missing"),
            pytest.param(
                Model,
                "{",
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                id="pydantic, no JSON",
            ),
            pytest.param(
                list[Model],
                '[{"id":"x"}]',
                '[0].id: Input should be a valid integer, unable to parse string as an integer, got "x"',
                id="in pydantic inside",
            ),
            pytest.param(
                Struct, '{"id":1,"children":[{"id":"a"}]}', 'children[0].id: expected int, got "a"', id="msgspec"
            ),
            pytest.param(
                Struct, '{"id":1,"when":"x"}', 'when: Invalid RFC3339 encoded datetime, got "x"', id="msgspec, datetime"
            ),
            pytest.param(Struct, '{"id":1,"children":[{}]}', 'children[0]: missing field "id"', id="msgspec, missing"),
            pytest.param(
                Struct,
                "{",
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                id="msgspec, no JSON",
            ),
            pytest.param(Car, '{"wheels":"4"}', 'wheels: expected integer, got "4"', id="attrs"),
            pytest.param(
                Tree,
                "{",
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                id="B3.2 no JSON",
            ),
            pytest.param(str, json.dumps(["x" * 100]), f'expected string, got ["{"x" * 58}…', id="long"),
        ],
    )
    def test_message(self, annotation: Any, text: str, message: str) -> None:
        """The error tells the path, what was expected and what came."""
        assert refused(annotation, text) == message

    def test_deep(self) -> None:
        """An event that is nested too deeply is an unmarshal error."""
        assert "recursion" in refused(Nested, "[" * 900 + "]" * 900)


class TestAmbiguity:
    """What an event costs that may be many things until its very end."""

    @pytest.mark.parametrize("end", ['["a"]', "[1]", "7", '["a",1]'])
    @pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
    def test_steps(self, opening: str, closing: str, end: str) -> None:
        """Each part is read once for each member of the union, however deep it is; all of it would be twice a level."""
        text = f'{{"name":"a","end":{end}}}'
        for _ in range(14):
            text = f'{{"name":"a","rest":{opening}{text}{closing},"end":["a"]}}'
        Counted.read = 0
        try:
            handler(Right).decode(text.encode())
        except FunctionError as error:
            path = ".".join(["rest[0]" if opening == "[" else "rest.a"] * 14)
            assert str(error).startswith(f"Unable to unmarshal input: {path}.end")  # noqa: PT017 - not all raise
        assert Counted.read <= 2 * 15

    def test_nothing_stays(self) -> None:
        """What has been read of one event is gone with it, and is not taken for a part of another."""
        decode = handler(list[Left | Right]).decode
        (made,) = decode(b'[{"name":"a","end":["a"]}]')
        gone = weakref.ref(made)
        del made

        assert gone() is None
        assert [[type(part) for part in decode(b'[{"name":"a","end":[%s]}]' % end)] for end in (b"1", b'"a"')] == [
            [Left],
            [Right],
        ]


class TestOptions:
    """What `start` may be told about events."""

    @pytest.mark.parametrize(
        ("annotation", "text", "message"),
        [
            pytest.param(Point, '{"x":1,"Hello":2}', 'unknown field "Hello"', id="B3.5 dataclass"),
            pytest.param(list[Tree], '[{"name":"a","x":2}]', '[0]: unknown field "x"', id="B3.5 with a path"),
            pytest.param(Movie, '{"title":"M","x":2}', 'unknown field "x"', id="B3.5 TypedDict"),
            pytest.param(Place, '{"city":"R","x":2}', 'unknown field "x"', id="B3.5 NamedTuple"),
            pytest.param(Car, '{"wheels":4,"Wheels":2}', 'unknown field "Wheels"', id="B3.5 attrs"),
            pytest.param(
                Cart, '{"wheels":[{"size":1},{"size":1,"x":1}]}', 'wheels[1]: unknown field "x"', id="B3.5 in attrs"
            ),
            pytest.param(Cart, '{"wheels":[],"spare":{"size":1,"x":1}}', 'spare: unknown field "x"', id="and in attrs"),
            pytest.param(Model, '{"id":1,"labels":[],"tags":[]}', 'unknown field "tags"', id="B3.5 pydantic"),
            pytest.param(Branch, '{"x":1}', 'unknown field "x"', id="pydantic that allows it"),
            pytest.param(Branch, '{"leaf":{"id":1,"x":2}}', 'leaf: unknown field "x"', id="in a union of pydantic's"),
            pytest.param(
                Branch, '{"leaves":{"a b":{"id":1,"x":2}}}', "leaves['a b']: unknown field \"x\"", id="in pydantic"
            ),
            pytest.param(list[Model], '[{"id":1,"x":2}]', '[0]: unknown field "x"', id="pydantic in a list"),
            pytest.param(Checked, '{"id":1,"x":2}', 'unknown field "x"', id="a dataclass of pydantic's"),
            pytest.param(Struct, '{"id":1,"x":2}', 'unknown field "x"', id="B3.5 msgspec"),
            pytest.param(
                list[Struct], '[{"id":1,"children":[{"id":2,"x":2}]}]', '[0].children[0]: unknown field "x"', id="deep"
            ),
            *(
                pytest.param(Zoo, text, message, id=f"Zoo, {text}")
                for text, message in [
                    ('{"pets":[{"type":"dog","the tail":1},{"type":"dog","tail":1}]}', 'pets[1]: unknown field "tail"'),
                    ('{"kinds":[{"type":"cat","name":"a","x":1}]}', 'kinds[0]: unknown field "x"'),
                    ('{"either":{"type":"cat","name":"a","x":1}}', 'either: unknown field "x"'),
                    ('{"either":[{"id":1,"x":1}]}', 'either[0]: unknown field "x"'),
                    ('{"named":{"7":{"type":"cat","name":"a","x":1}}}', "named['7']: unknown field \"x\""),
                    ('{"row":["Row",1,{"type":"cat","name":"a","x":1}]}', 'row[2]: unknown field "x"'),
                    ('{"row":["Grid",1,2]}', 'row: expected array of 2, got ["Grid",1,2]'),
                    ('{"pair":[1,{"type":"cat","name":"a","x":1}]}', 'pair[1]: unknown field "x"'),
                    ('{"movie":{"title":"M","x":1}}', 'movie: unknown field "x"'),
                    ('{"movie":[{"title":"M","x":1}]}', 'movie[0]: unknown field "x"'),
                    ('{"point":{"name":"a","rest":[{"name":"a","x":1}]}}', 'point.rest[0]: unknown field "x"'),
                    ('{"car":{"size":4,"x":1}}', 'car: unknown field "x"'),
                    ('{"noted":{"type":"cat","name":"a","x":1}}', 'noted: unknown field "x"'),
                ]
            ),
        ],
    )
    def test_strict(self, annotation: Any, text: str, message: str) -> None:
        """B3.5: a field that the type does not have is refused, by its name; else it is passed over."""
        assert refused(annotation, text, strict=True) == message
        assert decoded(annotation, text)

    def test_strict_takes_its_own(self) -> None:
        """What a strict type encodes to, it takes back, fields that no constructor takes included."""
        assert decoded(Point, '{"x":1,"y":0.5,"made":7}', strict=True) == Point(1)

    @pytest.mark.parametrize(
        ("annotation", "text"),
        [
            (Branch, '{"leaf":7,"leaves":{"x":{"id":1,"labels":["a"]}}}'),
            (Struct, '{"id":1,"price":1,"when":null,"children":[{"id":2}]}'),
            (
                Zoo,
                """{"any":{"x":[{"y":1}]},"pets":[{"type":"cat","name":"a"},{"the tail":1,"type":"dog"}],"kinds":[],
                "either":7,"named":{"1":{"type":"cat","name":"a"}},"row":["Row",1],"pair":[1,{"type":"cat","name":""}],
                "place":["R","YQ=="],"movie":{"title":"M"},"car":{"size":4},"noted":null}""",
            ),
            (Zoo, '{"either":[{"id":1}],"row":["Grid",1],"movie":[{"title":"M"}],"noted":{"type":"cat","name":""}}'),
            (Zoo, '{"either":{"type":"dog"},"kinds":[{"type":"cat","name":"a"},{"type":"cat","name":"b"}]}'),
        ],
    )
    def test_strict_takes_what_it_knows(self, annotation: Any, text: str) -> None:
        """B3.5: a model that has all fields of an event is what it is without `strict`."""
        assert decoded(annotation, text, strict=True) == decoded(annotation, text)

    def test_strict_of_its_own(self) -> None:
        """A class that is strict itself tells it in the same words."""
        assert refused(list[Closed], '[{"id":1,"x":2}]') == '[0]: unknown field "x"'

    def test_strict_needs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A pydantic that cannot be told to be strict is told at init."""
        monkeypatch.setattr(pydantic.TypeAdapter, "validate_json", lambda _, /, *, strict=None: strict)

        with pytest.raises(InitError) as missing:
            handler(Model, strict=True)
        assert str(missing.value) == (
            f"handler 'app.handler': strict needs pydantic 2.12 or newer for Model, and this is {pydantic.VERSION}"
        )
        assert handler(Model)

    def test_case(self) -> None:
        """B3.6: another case is another field."""
        assert refused(Point, '{"X":1}') == 'missing field "x"'

    def test_use_decimal(self) -> None:
        """B3.4: numbers of which a type says nothing keep their digits, where a float is declared it is one."""
        made = decoded(tuple[Any, float, dict[str, Any]], '[19.99,1.5,{"a":[1.10,2]}]', use_decimal=True)

        assert made == (Decimal("19.99"), 1.5, {"a": [Decimal("1.10"), 2]})
        assert type(made[1]) is float


class TestResults:
    """Typed results."""

    @pytest.mark.parametrize(
        ("result", "annotation", "body"),
        [
            pytest.param(
                Blob(b"\xff", [b"a"], {"k": b"b", "n": None}, (b"c", 1)),
                None,
                '{"data":"/w==","parts":["YQ=="],"named":{"k":"Yg==","n":null},"pair":["Yw==",1]}',
                id="B3.13 dataclass",
            ),
            pytest.param({"data": b"a"}, dict[str, bytes], '{"data":"YQ=="}', id="B3.13 dict"),
            pytest.param({"data": b"a"}, "dict[str, bytes]", '{"data":"YQ=="}', id="B3.13 as text"),
            pytest.param([b"a", {"b"}], list[bytes | set[str]], '["YQ==",["b"]]', id="B3.13 union"),
            pytest.param({"title": "M", "poster": b"a"}, Movie, '{"title":"M","poster":"YQ=="}', id="B3.13 TypedDict"),
            pytest.param([Place("Rome", b"a")], list[Place], '[["Rome","YQ=="]]', id="B3.13 NamedTuple"),
            pytest.param({"data": b"a"}, None, '{"data":"a"}', id="undeclared bytes are text"),
            pytest.param({"data": b"a"}, "Nobody", '{"data":"a"}', id="a name that is not there"),
            pytest.param({"data": b"a"}, dict[str, Any], '{"data":"a"}', id="Any"),
            pytest.param(Page([1], 2), Page[int], '{"items":[1],"next-item":2}', id="alias"),
            pytest.param(Car(4, "X", b"\0"), None, '{"wheels":4,"_plate":"X","the photo":"AA==","seen":0}', id="attrs"),
            pytest.param([Model(id=1, labels=["a"])], None, '[{"id":1,"price":"0","labels":["a"]}]', id="pydantic"),
            pytest.param(Struct(1), None, '{"id":1,"price":0.0,"when":null,"children":[]}', id="msgspec"),
            pytest.param(Tree(name="a"), "Tree", '{"name":"a","left":null,"rest":[]}', id="recursive"),
        ],
    )
    def test_body(self, result: Any, annotation: Any, body: str) -> None:
        """A result of a typed handler has this body."""
        assert handler(None, annotation).encode(result).decode() == body

    def test_fields_only(self) -> None:
        """What is no field of a dataclass does not leave, wherever it has been put."""
        point = Point(1)
        vars(point)["secret"] = 1
        tree = Page([1])
        vars(tree)["secret"] = 1

        assert codec.encode(point) == b'{"x":1,"y":0.5,"made":1}'
        assert codec.encode([tree]) == b'[{"items":[1],"next-item":null}]'


class TestInitErrors:
    """Annotations that nobody can make an event of are found at init."""

    @pytest.mark.parametrize(
        ("annotation", "message"),
        [
            pytest.param(
                "Nobody",
                "handler 'app.handler': the annotation names Nobody, which is not there at run time: "
                "import it outside of `if TYPE_CHECKING`",
                id="name",
            ),
            pytest.param("list[", "handler 'app.handler': the annotation isn't a type: ", id="syntax"),
            pytest.param(
                list[Options], "handler 'app.handler': there is no way to decode Options from JSON", id="class"
            ),
            pytest.param(
                dict[str, complex], "handler 'app.handler': there is no way to decode complex from JSON", id="scalar"
            ),
        ],
    )
    def test_message(self, annotation: Any, message: str) -> None:
        """The init error says which name or type it is."""
        with pytest.raises(InitError) as refusal:
            handler(annotation)

        assert refusal.value.error_type == "Runtime.InvalidHandler"
        assert str(refusal.value).startswith(message)

    def test_field(self) -> None:
        """A name in a class is told with the class."""

        @dataclass
        class Local:
            part: Nobody  # type: ignore[name-defined] # noqa: F821 - that is the test

        with pytest.raises(InitError, match=r"'app.handler': Local: the annotation names Nobody, which"):
            handler(Local)
