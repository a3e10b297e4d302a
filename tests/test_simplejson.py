"""Results: whatever simplejson 3 encodes, as awslambdaric has it configured, has the same JSON here."""

from __future__ import annotations

import decimal
import json
import math
from collections import OrderedDict, UserDict, defaultdict, namedtuple
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, IntEnum
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import simplejson  # type: ignore[import-untyped] # its stubs are a package of their own
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap import codec
from lambda_bootstrap.errors import FunctionError
from lambda_bootstrap.integrations import fast_json
from simplejson.raw_json import RawJSON  # type: ignore[import-untyped] # as above

# Without it, as where simplejson has no wheel, its Python code writes a list with `_asdict()` as an array.
pytestmark = pytest.mark.skipif(
    simplejson.encoder.c_make_encoder is None, reason="simplejson has no C code for this Python"
)


class Encoder(simplejson.JSONEncoder):  # type: ignore[misc] # as above
    """As `Encoder` in awslambdaric 4.2.2's lambda_runtime_marshaller.py."""

    def __init__(self) -> None:
        super().__init__(use_decimal=False, ensure_ascii=False, allow_nan=True)

    def default(self, o: Any) -> Any:
        """Write a Decimal with its digits."""
        if isinstance(o, decimal.Decimal):
            return math.nan if o.is_nan() else RawJSON(str(o))
        return super().default(o)


Point = namedtuple("Point", "x y")  # noqa: PYI024 - untyped on purpose


class Place(NamedTuple):
    """A tuple with names and a default."""

    city: str
    zip: object = None


class Row:
    """An object that is no tuple, as SQLAlchemy's rows are."""

    def __init__(self, value: object) -> None:
        self.value = value

    def _asdict(self) -> dict[str, object]:
        return {"value": self.value}


class Rows(list[Any]):
    """A list that says that it is an object."""

    def _asdict(self) -> dict[str, object]:
        return {"rows": [*self]}


class Bag(dict[str, Any]):
    """A dict that says that it is another one."""

    def _asdict(self) -> dict[str, object]:
        return {"bag": len(self)}


class Needy(tuple[Any, ...]):
    """A tuple whose `_asdict` is a method of something else: it takes an argument."""

    __slots__ = ()

    def _asdict(self, _how: str) -> dict[str, object]:
        raise AssertionError


class Text(str):
    """Text that has an `_asdict`, which makes it no object."""

    __slots__ = ()

    def _asdict(self) -> dict[str, object]:
        raise AssertionError


class Size(IntEnum):
    """Numbers with names."""

    S = 1


class Grade(float):
    """A number that shows itself in another way."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Be a word."""
        return "grade"


class Octets(bytes):
    """Bytes of a class."""


ROW = {"x": 1, "y": ["x", 2.5, None, True]}


def theirs(value: Any) -> Any:
    """The value of what awslambdaric posts, with every digit."""
    return json.loads(Encoder().encode(value), parse_float=Decimal)


def ours(value: Any, codec_name: str = "json") -> Any:
    """The value of what is posted here, with every digit."""
    body = codec.encode(value) if codec_name == "json" else fast_json.options(codec_name, []).encode(value)
    return json.loads(body, parse_float=Decimal)


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    FLOATS,
    FLOATS.map(Grade),
    st.text(),
    st.text().map(Text),
    st.text().map(str.encode),
    st.text().map(lambda text: Octets(text.encode())),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.just(Size.S),
    st.just(RawJSON('{"raw": [1.50]}')),
)
KEYS = st.one_of(
    *(st.text(), st.text().map(str.encode), st.text().map(lambda text: Octets(text.encode())), st.integers(), FLOATS),
    *(st.booleans(), st.none(), st.just(Size.S), st.text().map(Text)),
)


def containers(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """All that holds other values."""
    several = st.lists(parts, max_size=3)
    members = st.dictionaries(KEYS, parts, max_size=3)
    return st.one_of(
        *(several, several.map(tuple), several.map(Rows), several.map(Needy), members, members.map(OrderedDict)),
        *(st.builds(Point, parts, parts), st.builds(Place, st.text(), parts), st.builds(Row, parts)),
        *(members.map(Bag), members.map(lambda found: defaultdict(int, found))),
    )


class TestSame:
    """What simplejson encodes."""

    @pytest.mark.parametrize("before", [[], [ROW] * 100], ids=["alone", "many"])
    @given(value=st.recursive(SCALARS, containers, max_leaves=12))
    def test_any(self, value: Any, before: list[Any]) -> None:
        """Any value that simplejson encodes as awslambdaric configures it has the same JSON value here."""
        try:
            expected = theirs(value)
        except TypeError:  # an `_asdict` that cannot be called, in some versions
            return

        assert ours([*before, value]) == [*before, expected]

    @pytest.mark.parametrize("before", [["x"], ["x" * codec.SHORT], [ROW] * 100], ids=["short", "long", "many"])
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param(Point(1, [Point(2, 3)]), {"x": 1, "y": [{"x": 2, "y": 3}]}, id="namedtuple"),
            pytest.param([Place("Rome")], [{"city": "Rome", "zip": None}], id="NamedTuple"),
            pytest.param({"u": urlsplit("//h")}, {"u": {**urlsplit("//h")._asdict()}}, id="of the standard library"),
            pytest.param(Row(Row(1)), {"value": {"value": 1}}, id="object"),
            pytest.param((Rows([1]),), [{"rows": [1]}], id="list"),
            pytest.param([Bag(a=1)], [{"bag": 1}], id="dict"),
            pytest.param({b"a": {Octets("é".encode()): 1}}, {"a": {"é": 1}}, id="bytes as keys"),
            pytest.param(
                [{b"a": Point(1, Decimal("1.50"))}], [{"a": {"x": 1, "y": Decimal("1.50")}}], id="all at once"
            ),
            pytest.param(
                SimpleNamespace(_asdict=lambda: {"a": Point(1, 2)}), {"a": {"x": 1, "y": 2}}, id="of the instance"
            ),
            pytest.param(Point, None, id="the class itself"),
            pytest.param([RawJSON("[1.50]")], [[Decimal("1.50")]], id="raw JSON"),
        ],
    )
    def test_value(self, value: Any, expected: Any, before: list[Any]) -> None:
        """A result of this kind has this value on both, and so it has beside a long text, and behind many rows."""
        if expected is None:
            with pytest.raises(TypeError):
                theirs(value)
            with pytest.raises(FunctionError, match="Object of type type is not JSON serializable"):
                codec.encode(value)
            return
        value, expected = [*before, value], [*before, expected]

        assert ours(value) == theirs(value) == expected

    @pytest.mark.parametrize("name", ["orjson", "msgspec"])
    @pytest.mark.parametrize(
        "value", [Point(1, 2), [Point(1, 2)], {b"a": 1}, [Row(1)], (Rows([1]),)], ids=lambda value: type(value).__name__
    )
    def test_codecs(self, name: str, value: Any) -> None:
        """A faster codec makes the same objects of named tuples, and the same text of keys that are bytes."""
        assert ours(value, name) == theirs(value)

    def test_shared(self) -> None:
        """A named tuple that stands in many places is gone through once, and written in all of them."""
        value: Any = Point(1, 2)
        for _ in range(12):
            value = [value, value]

        assert ours(value) == theirs(value)


@dataclass
class Order:
    """Holds what simplejson doesn't encode, and named tuples in it."""

    at: Any
    seen: dict[Any, Any] = field(default_factory=dict)


class Shop(Enum):
    """An enumeration of named tuples."""

    MAIN = Place("Rome")


class TestMore:
    """Named tuples in what only this runtime encodes."""

    @pytest.mark.parametrize(
        ("value", "body"),
        [
            pytest.param(Order(Point(1, 2)), '{"at":{"x":1,"y":2},"seen":{}}', id="dataclass"),
            pytest.param(Order(1, {b"k": 2}), '{"at":1,"seen":{"k":2}}', id="keys in a dataclass"),
            pytest.param({Point(1, Decimal("2.0"))}, '[{"x":1,"y":2.0}]', id="set"),
            pytest.param([Shop.MAIN], '[{"city":"Rome","zip":null}]', id="enumeration"),
            pytest.param(Row(Order(Point(1, 2))), '{"value":{"at":{"x":1,"y":2},"seen":{}}}', id="object"),
        ],
    )
    def test_body(self, value: Any, body: str) -> None:
        """A named tuple is an object wherever it stands."""
        assert codec.encode(value).decode() == body


class TestRefused:
    """What neither encodes, and what is said of it."""

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            pytest.param(
                {"a": SimpleNamespace(_asdict=lambda: [1])},
                "Object of type SimpleNamespace is not JSON serializable (at a)",
                id="no dict",
            ),
            pytest.param([UserDict(a=1)], "Object of type UserDict is not JSON serializable (at [0])", id="UserDict"),
            pytest.param(
                {"a": Point(1, 1j)}, "Object of type complex is not JSON serializable (at a.y)", id="in a tuple"
            ),
            pytest.param(
                Point([{(): 1}], 2), "keys must be str, int, float, bool or None, not tuple (at x[0])", id="key"
            ),
        ],
    )
    def test_message(self, value: Any, message: str) -> None:
        """What neither runtime encodes is an error with its place."""
        with pytest.raises(TypeError):
            theirs(value)
        with pytest.raises(FunctionError) as refused:
            codec.encode(value)

        assert str(refused.value) == f"Unable to marshal response: {message}"

    def test_circle(self) -> None:
        """A named tuple that holds itself is an error, and nobody waits for it."""
        inner: list[Any] = []
        inner.append(Point(inner, inner))

        with pytest.raises(FunctionError, match="Circular reference detected"):
            codec.encode(inner)

    def test_not_utf8(self) -> None:
        """Keys that are bytes but no text are an error on both."""
        with pytest.raises(UnicodeDecodeError):
            theirs({b"\xff": 1})
        with pytest.raises(FunctionError, match="bytes that are not UTF-8 text"):
            codec.encode({b"\xff": 1})
