"""Payload to event, result to body."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections import OrderedDict, namedtuple
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lambda_bootstrap import codec
from lambda_bootstrap.errors import FunctionError

from tests.support import TOO_DEEP
from tests.support.edits import edited
from tests.support.models import Color, Level, Silent

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "k"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def marshal_error(result: Any) -> str:
    """Why *result* has no body."""
    with pytest.raises(FunctionError) as refused:
        codec.encode(result)
    assert refused.value.error_type == "Runtime.MarshalError"
    return str(refused.value)


def unmarshal_error(payload: bytes) -> str:
    """Why *payload* is no event."""
    with pytest.raises(FunctionError) as refused:
        codec.decode(payload)
    assert refused.value.error_type == "Runtime.UnmarshalError"
    return str(refused.value)


class TestRoundTrip:
    """JSON's own values, as the standard library has them."""

    @given(JSON_VALUES)
    def test_both_ways(self, value: Any) -> None:
        """A JSON value leaves and comes back as it was, and as `json` writes and reads it."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))

        assert codec.dumps(value) == text
        assert codec.encode(value) == text.encode()
        assert codec.loads(text) == value
        assert codec.decode(text.encode()) == value

    @given(JSON_VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
    def test_any_form(self, value: Any, indent: int | str | None, ensure_ascii: bool) -> None:  # noqa: FBT001 - drawn
        """Whatever form a text has, it is the same value."""
        text = json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)

        assert codec.loads(f" \r\n\t{text}\n ") == value

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            pytest.param("1", 1, id="int"),
            pytest.param("-0", 0, id="minus zero"),
            pytest.param("1.0", 1.0, id="float"),
            pytest.param("1E5", 100000.0, id="exponent"),
            pytest.param("123456789012345678901234567890", 123456789012345678901234567890, id="long int"),
            pytest.param('{"a":1,"a":2}', {"a": 2}, id="the last of two keys"),
            pytest.param('"\\ud83d\\ude00"', "\U0001f600", id="surrogate pair"),
            pytest.param('"\\ud800"', "\ud800", id="lone surrogate"),
            pytest.param("Infinity", float("inf"), id="Infinity"),
            pytest.param("-Infinity", float("-inf"), id="-Infinity"),
            pytest.param('"<&>\u2028"', "<&>\u2028", id="no HTML"),
        ],
    )
    def test_loads(self, text: str, value: Any) -> None:
        """A text stands for this value, of this type, in the standard library and here."""
        assert codec.loads(text) == value == json.loads(text)
        assert type(codec.loads(text)) is type(value)

    def test_nan(self) -> None:
        """A payload may hold NaN, as for `json`."""
        assert str(codec.loads("[NaN]")) == "[nan]"

    def test_each_call_is_its_own(self) -> None:
        """No state is kept from one text to the next."""
        assert codec.loads('{"a":[]}')["a"] is not codec.loads('{"a":[]}')["a"]


# Everything that a mutation starts from: each kind of token, in each place.
TEXTS = [
    '{"a": [1, 2.5e3, -0, "x\\u00e9\\n", {"b": null, "c-d": true}], "k": {}, "l": [], "m": [[], {}]}',
    '[NaN, Infinity, -Infinity, "\\ud800", 1E5, false]',
    ' {"a" :\n {"b":[ {"c":1 } ] } } ',
    '"text"',
    "12",
]
BITS = st.sampled_from([*'{}[],:"\\ \n\t01-+.eEntfNIu\x01\xe9/', "\\u12", '""', "//", "null", "\ud800", "\ufeff"])
EDITS = st.lists(st.tuples(st.integers(0, 1 << 10), st.integers(0, 3), BITS), min_size=1, max_size=4)


def differential(text: str) -> None:
    """
    Compare with `json`: the same value, or an error with the same words in the same place.

    Three differences are allowed. A byte order mark is no value here and has words of its own there. From 3.13 on
    `json` has words for a comma too many, and points at that; here what is missing after it is told, as in 3.11. Where
    a text ends right behind a whole escape of four digits, the C half of `json` blames that; here, as in its Python
    half, the string is what has no end.
    """
    try:
        expected = json.loads(text)
    except json.JSONDecodeError as error:
        with pytest.raises(ValueError, match="line") as refused:
            codec.loads(text)
        told = str(refused.value)
        allowed = text.startswith("\ufeff") or "trailing comma" in error.msg
        allowed = allowed or (error.msg == "Invalid \\uXXXX escape" and error.pos + 5 == len(text))
        same = told.startswith(str(error)) or allowed
    else:
        same = repr(codec.loads(text)) == repr(expected)
    assert same


class TestDifferential:
    """What `json` refuses is refused here, in the same words and place; what it takes is taken."""

    @given(st.sampled_from(TEXTS), EDITS)
    @example("[1,]", [])
    @example('{"a":1,}', [])
    @example("", [(0, 0, "\ufeff")])
    def test_mutations(self, text: str, edits: list[tuple[int, int, str]]) -> None:
        """A damaged text is refused where and as `json` refuses it."""
        differential(edited(text, edits))

    @given(st.lists(BITS, max_size=12).map("".join))
    def test_garbage(self, text: str) -> None:
        """Garbage is refused where and as `json` refuses it."""
        differential(text)

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param('["ab\n"]', id="control character"),
            pytest.param('["ab\\x"]', id="escape"),
            pytest.param('["ab\\u12"]', id="short escape"),
            pytest.param('["ab\\u12', id="escape cut short"),
            pytest.param('["ab\\u00e9', id="nothing behind an escape"),
            pytest.param('["\\ud83d\\u12"]', id="half a character"),
        ],
    )
    def test_within_strings(self, text: str) -> None:
        """What is wrong inside a string is told with its own place."""
        differential(text)

    @given(st.binary(max_size=30))
    def test_bytes(self, payload: bytes) -> None:
        """Any payload is an event or an unmarshal error."""
        try:
            codec.decode(payload)
        except FunctionError as error:
            told = str(error)
        else:
            told = "Unable to unmarshal input: nothing is wrong"

        assert told.startswith("Unable to unmarshal input: ")


class TestUnmarshalErrors:
    """What is wrong with a payload, where, and on which path."""

    @pytest.mark.parametrize(
        ("payload", "message"),
        [
            pytest.param(b"", "Expecting value: line 1 column 1 (char 0)", id="empty"),
            pytest.param(b" \n ", "Expecting value: line 2 column 2 (char 3)", id="blank"),
            pytest.param(b"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)", id="{"),
            pytest.param(b"[", "Expecting value: line 1 column 2 (char 1) at [0]", id="["),
            pytest.param(
                b"{'a': 1}",
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                id="single quotes",
            ),
            pytest.param(
                b"{1: 2}",
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                id="number as a key",
            ),
            pytest.param(b'{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5) at a", id="no colon"),
            pytest.param(b'{"a"', "Expecting ':' delimiter: line 1 column 5 (char 4) at a", id="cut before the colon"),
            pytest.param(b'{"a":', "Expecting value: line 1 column 6 (char 5) at a", id="cut after the colon"),
            pytest.param(b'{"a":1', "Expecting ',' delimiter: line 1 column 7 (char 6) at a", id="cut after a value"),
            pytest.param(b"[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3) at [0]", id="no comma"),
            pytest.param(b"[1}", "Expecting ',' delimiter: line 1 column 3 (char 2) at [0]", id="the wrong bracket"),
            pytest.param(b"[1,]", "Expecting value: line 1 column 4 (char 3) at [1]", id="comma before ]"),
            pytest.param(
                b'{"a":1,}',
                "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)",
                id="comma before }",
            ),
            pytest.param(b"{} {}", "Extra data: line 1 column 4 (char 3)", id="two values"),
            pytest.param(b"1 2", "Extra data: line 1 column 3 (char 2)", id="two numbers"),
            pytest.param(b"01", "Extra data: line 1 column 2 (char 1)", id="leading zero"),
            pytest.param(b"1\xc2\xa0", "Extra data: line 1 column 2 (char 1)", id="a no-break space after it"),
            pytest.param(b"1\x0b\n", "Extra data: line 1 column 2 (char 1)", id="a vertical tab after it"),
            pytest.param(b" \xc2\xa01", "Expecting value: line 1 column 2 (char 1)", id="a no-break space before it"),
            pytest.param(b"\n\x0c1", "Expecting value: line 2 column 1 (char 1)", id="a form feed before it"),
            pytest.param(b"nul", "Expecting value: line 1 column 1 (char 0)", id="half a literal"),
            pytest.param(b"+1", "Expecting value: line 1 column 1 (char 0)", id="plus"),
            pytest.param(b"-", "Expecting value: line 1 column 1 (char 0)", id="minus"),
            pytest.param(b'"ab', "Unterminated string starting at: line 1 column 1 (char 0)", id="open string"),
            pytest.param(
                b'{"records": [{"price": 1},\n {"price": x}]}',
                "Expecting value: line 2 column 12 (char 38) at records[1].price",
                id="path",
            ),
            pytest.param(
                b'{"a-b": {"": {"c": [[], [tru]]}}}',
                "Expecting value: line 1 column 26 (char 25) at ['a-b'][''].c[1][0]",
                id="path with quotes",
            ),
            pytest.param(
                b'{"a": {"b": 1}, "c": }', "Expecting value: line 1 column 22 (char 21) at c", id="a way back"
            ),
            pytest.param(
                b'{"a": 1, "b": [1, 2], c}',
                "Expecting property name enclosed in double quotes: line 1 column 23 (char 22)",
                id="key",
            ),
            pytest.param(
                b"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte", id="not UTF-8"
            ),
            pytest.param(b"\xef\xbb\xbf{}", "Expecting value: line 1 column 1 (char 0)", id="byte order mark"),
            pytest.param(
                "é{".encode("utf-16"),
                "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
                id="UTF-16",
            ),
            pytest.param(
                b'{"n": ' + b"9" * 5000 + b"}",
                "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; "
                "use sys.set_int_max_str_digits() to increase the limit: line 1 column 7 (char 6) at n",
                id="number of many digits",
            ),
        ],
    )
    def test_message(self, payload: bytes, message: str) -> None:
        """The message starts with AWS's words and goes on with these."""
        assert unmarshal_error(payload) == f"Unable to unmarshal input: {message}"

    @pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000], ids=["arrays", "objects"])
    def test_deep(self, text: str) -> None:
        """A text that is nested too deeply is an unmarshal error."""
        assert unmarshal_error(text.encode()).startswith(f"Unable to unmarshal input: {TOO_DEEP}")

    def test_deep_path(self) -> None:
        """A path is told however long it is."""
        assert unmarshal_error(b"[" * 500).endswith("at " + "[0]" * 500)

    @pytest.mark.parametrize("module", [None, ModuleType("json.decoder")], ids=["missing", "the function's own"])
    @pytest.mark.parametrize(
        ("payload", "message"),
        [
            pytest.param(b'{"a": "b\n"}', "Invalid control character at: line 1 column 9 (char 8) at a", id="control"),
            pytest.param(b'{"a": "b', "Unterminated string starting at: line 1 column 7 (char 6) at a", id="open"),
            pytest.param(b'{"a": "\\x"}', "Invalid \\escape: line 1 column 8 (char 7) at a", id="escape"),
            pytest.param(b'{"a": "\\', "Unterminated string starting at: line 1 column 7 (char 6) at a", id="half"),
            pytest.param(b'{"a": "\\u12"}', "Invalid \\uXXXX escape: line 1 column 9 (char 8) at a", id="short escape"),
        ],
    )
    def test_without_json(
        self, monkeypatch: pytest.MonkeyPatch, payload: bytes, message: str, module: ModuleType | None
    ) -> None:
        """What is wrong with a string is told without the help of the standard library's `json`."""
        if module is None:
            monkeypatch.delitem(sys.modules, "json.decoder")
            monkeypatch.setitem(sys.modules, "json", ModuleType("json"))
        else:
            monkeypatch.setitem(sys.modules, "json.decoder", module)
        told = unmarshal_error(payload)
        monkeypatch.undo()

        assert told == f"Unable to unmarshal input: {message}"

    def test_extra_data_without_json(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Errors outside of strings are the same without the standard library's `json`."""
        monkeypatch.delitem(sys.modules, "json.decoder")
        monkeypatch.setitem(sys.modules, "json", ModuleType("json"))
        told = [unmarshal_error(payload) for payload in (b"[1 2]", b"{,}", b"{} 1")]
        monkeypatch.undo()

        assert told == [
            "Unable to unmarshal input: Expecting ',' delimiter: line 1 column 4 (char 3) at [0]",
            "Unable to unmarshal input: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            "Unable to unmarshal input: Extra data: line 1 column 4 (char 3)",
        ]

    def test_no_cause(self) -> None:
        """An unmarshal error has no cause: how it was found is nobody's business."""
        with pytest.raises(FunctionError) as refused:
            codec.decode(b"{")

        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__


class Size(IntEnum):
    """An integer."""

    BIG = 3


class Old(str, Enum):  # noqa: UP042 - as code older than StrEnum has it
    """A string as it was before StrEnum."""

    A = "a"


class Weight(float, Enum):
    """A float."""

    HALF = 0.5


class Tariff(Decimal, Enum):
    """A number of exact digits."""

    BASE = Decimal("1.50")


class Day(date, Enum):
    """A date."""

    ONE = (2026, 1, 1)


class Money(Decimal):
    """A number that prints itself for people."""

    def __str__(self) -> str:
        """Show a currency."""
        return f"${super().__str__()}"


class Epoch(datetime):
    """A subclass, as pandas has one."""


Point = namedtuple("Point", "x y")  # noqa: PYI024 - untyped on purpose


@dataclass
class Item:
    """A part."""

    sku: str
    price: Decimal
    made: date


@dataclass(frozen=True, slots=True)
class Order:
    """A whole, with everything that a dataclass can have."""

    kind: ClassVar[str] = "order"
    scale: InitVar[int]
    items: list[Item]
    tags: frozenset[str] = frozenset()
    total: int = field(default=0, repr=False)

    def __post_init__(self, scale: int) -> None:
        """Use what is no field."""
        object.__setattr__(self, "total", scale * len(self.items))


class TestConversions:
    """What has a JSON form beyond JSON's own types."""

    @pytest.mark.parametrize(
        ("result", "body"),
        [
            pytest.param(None, "null", id="None"),
            pytest.param("é€\U0001f600", '"é€\U0001f600"', id="text is UTF-8"),
            pytest.param("</script>\u2028", '"</script>\u2028"', id="no HTML escapes"),
            pytest.param('\x00\x1f\x7f"\\', '"\\u0000\\u001f\x7f\\"\\\\"', id="escapes"),
            pytest.param((1, (2,)), "[1,[2]]", id="tuple"),
            pytest.param(Point(1, [2]), '{"x":1,"y":[2]}', id="namedtuple"),
            pytest.param(OrderedDict(b=1, a=2), '{"b":1,"a":2}', id="OrderedDict keeps its order"),
            pytest.param(
                {1: 1, 2.5: 2, False: 3, None: 4}, '{"1":1,"2.5":2,"false":3,"null":4}', id="keys as json has them"
            ),
            pytest.param({Old.A: 1, Size.BIG: 2}, '{"a":1,"3":2}', id="enums of str and int as keys"),
            pytest.param(10**300, str(10**300), id="long int"),
            pytest.param(0.1, "0.1", id="float"),
            pytest.param(1e300, "1e+300", id="large float"),
            pytest.param(b"caf\xc3\xa9", '"café"', id="bytes"),
            pytest.param([bytearray(b"a")], '["a"]', id="bytearray"),
            pytest.param({1}, "[1]", id="set"),
            pytest.param(frozenset(["a"]), '["a"]', id="frozenset"),
            pytest.param(set(), "[]", id="empty set"),
            pytest.param(date(2026, 1, 2), '"2026-01-02"', id="date"),
            pytest.param(datetime(2026, 1, 2, 3, 4, 5, 6), '"2026-01-02T03:04:05.000006"', id="naive datetime"),  # noqa: DTZ001 - as users do
            pytest.param(datetime(2026, 1, 2, tzinfo=UTC), '"2026-01-02T00:00:00+00:00"', id="datetime"),
            pytest.param(Epoch(2026, 1, 2, tzinfo=UTC), '"2026-01-02T00:00:00+00:00"', id="subclass of datetime"),
            pytest.param(time(1, 2, 3), '"01:02:03"', id="time"),
            pytest.param(UUID(int=1), '"00000000-0000-0000-0000-000000000001"', id="UUID"),
            pytest.param(Color.RED, '"red"', id="Enum"),
            pytest.param(Color.WHEN, '"2026-01-02T03:04:05+00:00"', id="Enum of a datetime"),
            pytest.param(Color.PRICE, "1.50", id="Enum of a Decimal"),
            pytest.param(Color.PAIR, '[1,"b"]', id="Enum of a tuple"),
            pytest.param(Size.BIG, "3", id="IntEnum"),
            pytest.param(Level.LOW, '"low"', id="StrEnum"),
            pytest.param(Old.A, '"a"', id="str and Enum"),
            pytest.param(Weight.HALF, "0.5", id="float and Enum"),
            pytest.param(Day.ONE, '"2026-01-01"', id="date and Enum"),
            pytest.param(
                Order(2, [Item("a", Decimal("1.10"), date(2026, 1, 2))], frozenset(["t"])),
                '{"items":[{"sku":"a","price":1.10,"made":"2026-01-02"}],"tags":["t"],"total":2}',
                id="dataclasses",
            ),
            pytest.param("\ud800", '"\\ud800"', id="lone surrogate"),
            pytest.param({"\udfff\\\ud800": 1}, '{"\\udfff\\\\\\ud800":1}', id="lone surrogates in a key"),
        ],
    )
    def test_body(self, result: Any, body: str) -> None:
        """A result has this body."""
        assert codec.encode(result) == body.encode()

    @given(st.text(st.characters(categories=["Cs", "Ll", "Po"])))
    def test_surrogates(self, text: str) -> None:
        """A body is UTF-8 and means what the result was, but that halves of one character join."""
        body = codec.encode(text).decode()

        assert codec.loads(body) == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


class TestDecimal:
    """Numbers leave with their digits."""

    @pytest.mark.parametrize(
        ("result", "body"),
        [
            pytest.param(Decimal("19.99"), "19.99", id="price"),
            pytest.param(Decimal("1.10"), "1.10", id="trailing zero"),
            pytest.param(Decimal("-0"), "-0", id="minus zero"),
            pytest.param(
                Decimal("0.1000000000000000055511151231257827"), "0.1000000000000000055511151231257827", id="long"
            ),
            pytest.param(Decimal("1E+30"), "1E+30", id="exponent"),
            pytest.param(Decimal("1E-10"), "1E-10", id="negative exponent"),
            pytest.param({"a": [Decimal("1.0"), "1.0", 1.0]}, '{"a":[1.0,"1.0",1.0]}', id="beside others"),
            pytest.param({"1.5": Decimal("1.5")}, '{"1.5":1.5}', id="keys keep their quotes"),
            pytest.param({Decimal("2.50")}, "[2.50]", id="in a set"),
            pytest.param(
                Item("s", Decimal("2.50"), date(2026, 1, 2)),
                '{"sku":"s","price":2.50,"made":"2026-01-02"}',
                id="in a dataclass",
            ),
            pytest.param([{Color.PRICE}, b"x", Level.LOW, "é\n"], '[[1.50],"x","low","é\\n"]', id="among everything"),
            pytest.param(
                {"a": Money("1.50")},
                '{"a":1.50}',
                id="with a str of its own",
            ),
            pytest.param(
                {"a": Tariff.BASE},
                '{"a":1.50}',
                id="Decimal and Enum",
            ),
        ],
    )
    def test_body(self, result: Any, body: str) -> None:
        """A number has these digits."""
        assert codec.encode(result) == body.encode()

    @given(st.decimals(allow_nan=False, allow_infinity=False))
    def test_any(self, number: Decimal) -> None:
        """Any finite number leaves as JSON that reads back as the same number."""
        assert json.loads(codec.encode([{"n": number}]), parse_float=Decimal, parse_int=Decimal) == [{"n": number}]

    def test_interrupted(self) -> None:
        """An exception from elsewhere, such as a signal handler's, is not taken for a fault of the text."""

        def interrupted(digits: str) -> float:
            if not calls:
                calls.append(digits)
                raise LookupError("ring")
            return float(digits)

        calls: list[str] = []
        with pytest.raises(LookupError, match="ring"):
            codec.loads(' {"a": [1.5]} ', codec.scanner(interrupted))

    def test_twice(self) -> None:
        """Having written exact digits once changes nothing for later results."""
        codec.encode(Decimal("1.50"))

        assert codec.encode(["1.50", 1.5]) == b'["1.50",1.5]'


class Loud(dict[str, Any]):
    """A dict that cannot be gone through."""

    def items(self) -> Any:
        """Refuse."""
        raise LookupError("no items today")


class Endless(list[Any]):
    """A list that cannot be gone through."""

    def __iter__(self) -> Any:
        """Refuse."""
        raise LookupError("no iteration today")


class Fresh(list[Any]):
    """A list whose parts are new ones each time: nothing in it is circular."""

    def __init__(self, depth: int) -> None:
        """Be not empty, as an empty one is never gone through."""
        super().__init__([None])
        self.depth = depth

    def __iter__(self) -> Any:
        """Make the part."""
        return iter([Fresh(self.depth - 1) if self.depth else Silent()])


@dataclass
class Lazy:
    """A dataclass with a field that cannot be read."""

    value: int = 0

    def __getattribute__(self, name: str) -> Any:
        """Refuse the field."""
        if name == "value":
            raise LookupError("no value today")
        return super().__getattribute__(name)


class Mute(Exception):  # noqa: N818 - a name for a test
    """An exception without words."""

    def __str__(self) -> str:
        """Refuse."""
        raise ValueError("no words")


@dataclass
class Wordless:
    """A dataclass with a field that fails without words."""

    value: int = 0

    def __getattribute__(self, name: str) -> Any:
        """Refuse the field."""
        if name == "value":
            raise Mute
        return super().__getattribute__(name)


class Nameless:
    """A key without a repr."""

    def __repr__(self) -> str:
        """Refuse."""
        raise ValueError("no repr")


def ring() -> dict[str, Any]:
    """Build an object that contains itself, two steps down."""
    top: dict[str, Any] = {"a": [0]}
    top["a"].append({"back": top})
    return top


def itself() -> list[Any]:
    """Build a list that contains itself."""
    top: list[Any] = []
    top.append(top)
    return top


@dataclass
class Node:
    """A part of a structure, with room for more."""

    name: str
    more: Any = None


@attrs.define
class Knot:
    """The same of attrs."""

    name: str
    more: Any = None


class Model(pydantic.BaseModel):
    """The same of pydantic."""

    name: str
    more: Any = None


class Struct(msgspec.Struct):
    """The same of msgspec."""

    name: str
    more: Any = None


Pair = namedtuple("Pair", "name more")  # noqa: PYI024 - as functions have it


def around(kind: Any, text: str) -> Any:
    """Build what holds itself, three steps down, with a *text* in it."""
    end: list[Any] = []
    top = {"name": text, "more": end} if kind is dict else kind(name=text, more=end)
    end.append({"of": top})
    return top


def parents() -> dict[str, Any]:
    """Build an order of 5000 items, each of which knows its order."""
    order: dict[str, Any] = {}
    order["items"] = [{"number": number, "order": order} for number in range(5000)]
    return order


def long_ring() -> dict[str, Any]:
    """Build a ring of 20,000 links."""
    first: dict[str, Any] = {}
    last = first
    for number in range(20_000):
        last["next"] = last = {"number": number}
    last["next"] = first
    return first


class TestCircles:
    """What holds itself."""

    @pytest.mark.parametrize("kind", [dict, Node, Knot, Model, Struct, Pair], ids=lambda kind: kind.__name__)
    def test_at_once(self, kind: Any) -> None:
        """A structure that holds itself is refused with its path, before more than a few copies of it are made."""
        result = {"result": around(kind, "x" * 100_000)}
        marshal_error(result)  # and whatever is imported for it
        tracemalloc.start()
        message = marshal_error(result)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert message == "Unable to marshal response: Circular reference detected (at result.more[0].of)"
        assert most < 2_000_000

    @pytest.mark.parametrize("top", [parents, long_ring])
    def test_broad_and_long(self, top: Callable[[], Any]) -> None:
        """However broad or long a circle is, it is found in one walk, and a long path to it is cut."""
        message = marshal_error(top())
        start = "items[0].order)" if top is parents else "next.next.next."

        assert message.startswith(f"Unable to marshal response: Circular reference detected (at {start}")
        assert len(message) < 600

    @pytest.mark.parametrize("size", [1, 100, 10_000])
    def test_shared(self, size: int) -> None:
        """A part that comes again, beside itself or at another depth, is no circle."""
        shared = {"x": list(range(100))}
        result = {"a": [shared] * size, "b": {"c": {"d": shared}}, "e": Node("n", Knot("k", [shared, shared]))}
        plain = {**result, "e": [shared]}

        assert json.loads(codec.encode(plain)) == plain
        assert json.loads(codec.encode(result))["e"]["more"]["more"] == [shared, shared]
        assert json.loads(codec.encode(Struct("s", [Struct("t", shared), shared])))["more"][1] == shared

    @pytest.mark.parametrize("depth", [60, 70, 300])
    def test_deep(self, depth: int) -> None:
        """Depth alone is no circle."""
        value: Any = "x" * 2000
        for _ in range(depth):
            value = {"in": value}

        assert codec.encode(value) == b'{"in":' * depth + b'"' + b"x" * 2000 + b'"' + b"}" * depth

    def test_many(self) -> None:
        """A list with more parts than are looked at is written all the same."""
        assert codec.encode([[0]] * 600_000) == b"[" + b",".join([b"[0]"] * 600_000) + b"]"

    @pytest.mark.parametrize("at", [0, 70, 2500, 4999])
    @pytest.mark.parametrize("deep", [False, True])
    def test_one_of_many(self, at: int, deep: bool) -> None:  # noqa: FBT001 - drawn
        """One named tuple among thousands of parts is an object, wherever it lies, and a circle there is found."""
        result: list[Any] = [{"number": number, "more": [[number, "x"], None]} for number in range(5000)]
        expected = json.loads(codec.encode(result))
        place = result[at]["more"] if deep else result
        last = expected[at]["more"] if deep else expected
        place.append(Pair("a", 1.5))
        last.append({"name": "a", "more": 1.5})

        assert json.loads(codec.encode(result)) == expected
        place[-1] = {"of": place}
        path = f"[{at}].more[2].of" if deep else "[5000].of"
        assert marshal_error(result).endswith(f"Circular reference detected (at {path})")

    def test_lenient(self) -> None:
        """What holds itself is described where it only has to be told, as in a log, and no copies of it are made."""
        result = around(dict, "x" * 100_000)
        tracemalloc.start()
        text = codec.leniently(result)
        with pytest.raises(ValueError, match="Circular"):
            codec.dumps(result)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert text.endswith("{'of': {...}}]}\"")
        assert most < 2_000_000


NO_FORM = "Object of type {} is not JSON serializable"
NO_NAN = "Out of range float values are not JSON compliant"
NO_DECIMAL = "Out of range decimal values are not JSON compliant"
NO_TEXT = "bytes that are not UTF-8 text have no JSON form; send base64.b64encode(...).decode()"
NO_KEY = "keys must be str, int, float, bool or None, not {}"


class TestMarshalErrors:
    """What has no JSON form, and on which path it lies."""

    @pytest.mark.parametrize(
        ("result", "message"),
        [
            pytest.param(Silent(), f"{NO_FORM.format('Silent')} (at the top level)", id="top level"),
            pytest.param({"a": Silent()}, f"{NO_FORM.format('Silent')} (at a)", id="in an object"),
            pytest.param([1, Silent()], f"{NO_FORM.format('Silent')} (at [1])", id="in an array"),
            pytest.param((1, Silent()), f"{NO_FORM.format('Silent')} (at [1])", id="in a tuple"),
            pytest.param(
                {"body": {"items": [1, 2, {"when": timedelta(1)}]}},
                f"{NO_FORM.format('timedelta')} (at body.items[2].when)",
                id="deep",
            ),
            pytest.param(
                {"a-b": {"": {3: Silent()}}}, f"{NO_FORM.format('Silent')} (at ['a-b'][''][3])", id="odd keys"
            ),
            pytest.param({"a": [0, Silent()], "b": Silent()}, f"{NO_FORM.format('Silent')} (at a[1])", id="the first"),
            pytest.param({"a": {Silent}}, f"{NO_FORM.format('type')} (at a[0])", id="in a set"),
            pytest.param([Silent, len], f"{NO_FORM.format('type')} (at [0])", id="class"),
            pytest.param(range(3), f"{NO_FORM.format('range')} (at the top level)", id="range"),
            pytest.param((n for n in "a"), f"{NO_FORM.format('generator')} (at the top level)", id="generator"),
            pytest.param(memoryview(b""), f"{NO_FORM.format('memoryview')} (at the top level)", id="memoryview"),
            pytest.param(1j, f"{NO_FORM.format('complex')} (at the top level)", id="complex"),
            pytest.param(Item("a", Decimal(1), 5j), f"{NO_FORM.format('complex')} (at made)", id="in a dataclass"),  # type: ignore[arg-type]
            pytest.param(Item, f"{NO_FORM.format('type')} (at the top level)", id="a dataclass itself"),
            pytest.param({"data": b"\xff"}, f"{NO_TEXT} (at data)", id="bytes"),
            pytest.param({"data": bytearray(b"\xff")}, f"{NO_TEXT} (at data)", id="bytearray"),
            pytest.param({"a": {(1, 2): 3}}, f"{NO_KEY.format('tuple')} (at a)", id="tuple as a key"),
            pytest.param({Decimal(1): 3}, f"{NO_KEY.format('Decimal')} (at the top level)", id="Decimal as a key"),
            pytest.param({"a": {date(2026, 1, 31): 3}}, f"{NO_KEY.format('date')} (at a)", id="date as a key"),
            pytest.param({"a": {b"\xff": 3}}, f"{NO_TEXT} (at a)", id="bytes as a key"),
            pytest.param(ring(), "Circular reference detected (at a[1].back)", id="ring"),
            pytest.param(itself(), "Circular reference detected (at [0])", id="itself"),
            pytest.param({"a": Lazy()}, "no value today (at a)", id="a field that raises"),
            pytest.param([Decimal("1.5"), Silent()], f"{NO_FORM.format('Silent')} (at [1])", id="after a Decimal"),
            pytest.param([Decimal("1.5"), b"\xff"], f"{NO_TEXT} (at [1])", id="bytes after a Decimal"),
            pytest.param(
                {"a": Loud(b=1)},
                "no items today (at a)",
                id="items that raise",
            ),
            pytest.param(
                {"a": Endless([1])},
                "no iteration today (at a)",
                id="iteration that raises",
            ),
            pytest.param(
                {"a": Wordless()},
                "<unprintable Mute object> (at a)",
                id="an error without words",
            ),
            pytest.param(
                {"a": {Nameless(): 1}},
                f"{NO_KEY.format('Nameless')} (at a)",
                id="a key without a repr",
            ),
            pytest.param(
                Fresh(5),
                f"{NO_FORM.format('Silent')} (at [0][0][0][0][0][0])",
                id="new parts each time",
            ),
        ],
    )
    def test_message(self, result: Any, message: str) -> None:
        """The message starts with AWS's words, then tells what and where."""
        try:
            told = marshal_error(result)
        except (LookupError, ValueError) as error:
            told = repr(error)

        assert told == f"Unable to marshal response: {message}"

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")], ids=str)
    @pytest.mark.parametrize(
        ("path", "wrap"),
        [
            pytest.param("at the top level", lambda number: number, id="top level"),
            pytest.param("at [0]", lambda number: [number], id="array"),
            pytest.param("at a.b[1]", lambda number: {"a": {"b": [1, number]}}, id="deep"),
            pytest.param("at [0]", lambda number: {number}, id="set"),
            pytest.param("at [1]", lambda number: [Decimal("1.5"), number], id="after a Decimal"),
            pytest.param("at sku", lambda number: Item(number, Decimal(1), date.min), id="dataclass"),
        ],
    )
    def test_not_finite(self, number: float, path: str, wrap: Any) -> None:
        """NaN and Infinity never leave as invalid JSON."""
        message = marshal_error(wrap(number))

        assert message.startswith(f"Unable to marshal response: {NO_NAN}")
        assert message.endswith(f" ({path})")

    @pytest.mark.parametrize("digits", ["NaN", "sNaN", "Infinity", "-Infinity"])
    def test_not_finite_decimal(self, digits: str) -> None:
        """A Decimal that is NaN or Infinity is refused with its place."""
        assert marshal_error({"a": [Decimal(digits)]}) == f"Unable to marshal response: {NO_DECIMAL} (at a[0])"

    def test_nan_as_a_key(self) -> None:
        """NaN as a key is refused at the object that has it."""
        assert marshal_error({"a": {float("nan"): 1}}).endswith(" (at a)")

    @given(JSON_VALUES, st.sampled_from([float("nan"), Silent(), b"\xff", Decimal("Infinity")]), st.data())
    def test_path(self, value: Any, culprit: Any, data: st.DataObject) -> None:
        """Wherever something without a form is put, its path is told."""
        steps, node = "", {KEY: [value, culprit]}
        for _ in range(data.draw(st.integers(0, 3))):
            node, steps = data.draw(
                st.sampled_from([({KEY: node}, f".{KEY}{steps}"), ({KEY: [0, node]}, f".{KEY}[1]{steps}")])
            )

        assert marshal_error(node).endswith(f" (at {steps.removeprefix('.')}.{KEY}[1])".replace(" (at .", " (at "))

    def test_deep(self) -> None:
        """A structure that is nested too deeply is a marshal error with the start of its path."""
        result: list[Any] = []
        for _ in range(100_000):
            result = [result]
        message = marshal_error(result)
        while result:
            result = result[0]  # its own end would be too deep for some interpreters

        assert message.startswith(f"Unable to marshal response: {TOO_DEEP}")
        assert message.endswith(f" (at {'[0]' * 99})")

    def test_long_int(self) -> None:
        """An integer of more digits than Python writes is a marshal error."""
        assert marshal_error([10**5000]).startswith("Unable to marshal response: Exceeds the limit (4300 digits)")

    def test_interrupt(self) -> None:
        """What ends a process is not taken for a missing form."""

        class Leaving(dict[str, Any]):
            def items(self) -> Any:
                raise SystemExit(3)

        with pytest.raises(SystemExit):
            codec.encode(Leaving(a=1))

    def test_without_words(self) -> None:
        """An error without a text is told by its name."""

        @dataclass
        class Bare:
            value: int = 0

            def __getattribute__(self, name: str) -> Any:
                if name == "value":
                    raise KeyError
                return super().__getattribute__(name)

        assert marshal_error(Bare()) == "Unable to marshal response: KeyError (at the top level)"


class TestLeniently:
    """JSON of whatever there is, for the log."""

    @given(JSON_VALUES)
    def test_exact(self, value: Any) -> None:
        """What has a JSON form gets that."""
        assert codec.leniently(value) == codec.dumps(value)

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param([object, 1], "[\"<class 'object'>\",1]", id="a part without a form"),
            pytest.param({"a": {"b": {1, 2}}}, '{"a":{"b":[1,2]}}', id="a set"),
            pytest.param([Decimal("1.10"), b"\xff"], "[1.10,\"b'\\\\xff'\"]", id="a number and bytes"),
            pytest.param([float("nan"), object], "\"[nan, <class 'object'>]\"", id="what no part helps with"),
        ],
    )
    def test_text(self, value: object, text: str) -> None:
        """A part without a form is its text, or all of it is."""
        assert codec.leniently(value) == text


class TestQuotedAscii:
    """A text as JSON for a header."""

    @given(st.text(st.characters()))
    def test_printable(self, value: str) -> None:
        """Any text is printable ASCII that `json` reads back."""
        text = codec.quoted_ascii(value)

        assert text.isascii()
        assert text.isprintable()
        assert json.loads(text) == value

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param("\x7f", '"\\u007f"', id="DEL"),
            pytest.param("\x00\r\n", '"\\u0000\\r\\n"', id="control characters"),
            pytest.param("é\U0001f600", '"\\u00e9\\ud83d\\ude00"', id="beyond ASCII"),
            pytest.param("\ud800", '"\\ud800"', id="lone surrogate"),
        ],
    )
    def test_escapes(self, value: str, text: str) -> None:
        """Characters beyond ASCII and control characters are escaped."""
        assert codec.quoted_ascii(value) == text
