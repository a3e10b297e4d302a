"""Typed events: what holds for every type and every value."""

from __future__ import annotations

import json
from dataclasses import field, make_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lambda_bootstrap.codec import DEFAULTS, encode
from lambda_bootstrap.errors import FunctionError
from lambda_bootstrap.typed.annotations import event_decoder, result_encoder

if TYPE_CHECKING:
    from collections.abc import Callable

# A union's strategy is filtered, so hypothesis writes it out, which it warns about itself when it is deep.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning")


class Color(Enum):
    """Members of two kinds."""

    RED = "red"
    TWO = 2


class Kind(NamedTuple):
    """A type, its values, and the kind of JSON that those are, by which a union can tell them apart."""

    type: Any
    values: st.SearchStrategy[Any]
    json: str


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = [
    Kind(str, TEXTS, "string"),
    Kind(int, st.integers(), "number"),
    Kind(float, st.floats(allow_nan=False, allow_infinity=False), "number"),
    Kind(bool, st.booleans(), "boolean"),
    Kind(bytes, st.binary(max_size=8), "string"),
    Kind(bytearray, st.binary(max_size=8).map(bytearray), "string"),
    Kind(Decimal, st.decimals(allow_nan=False, allow_infinity=False), "number"),
    Kind(datetime, st.datetimes() | st.datetimes(timezones=st.just(UTC)), "string"),
    Kind(date, st.dates(), "string"),
    Kind(time, st.times(), "string"),
    Kind(UUID, st.uuids(), "string"),
    Kind(Color, st.sampled_from(Color), "any"),
    Kind(Literal["a", 2], st.sampled_from(["a", 2]), "any"),
]


def record(kinds: list[Kind], defaults: set[int]) -> Kind:
    """A dataclass with such fields."""
    fields: list[Any] = [
        (f"f{index}", kind.type | None, field(default=None, kw_only=True))
        if index in defaults
        else (f"f{index}", kind.type, field(kw_only=True))
        for index, kind in enumerate(kinds)
    ]
    made = make_dataclass("Made", fields)
    arguments = {f"f{index}": kind.values for index, kind in enumerate(kinds) if index not in defaults}
    optional = {f"f{index}": kind.values for index, kind in enumerate(kinds) if index in defaults}
    return Kind(
        made, st.fixed_dictionaries(arguments, optional=optional).map(lambda made_of: made(**made_of)), "object"
    )


def composed(parts: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    """Types that consist of other types."""
    return st.one_of(
        parts.map(lambda part: Kind(list[part.type], st.lists(part.values, max_size=3), "array")),  # type: ignore[name-defined]
        parts.map(lambda part: Kind(tuple[part.type, ...], st.lists(part.values, max_size=3).map(tuple), "array")),  # type: ignore[name-defined]
        st.lists(parts, min_size=1, max_size=3).map(
            lambda them: Kind(
                tuple[tuple(part.type for part in them)],  # type: ignore[misc]
                st.tuples(*(part.values for part in them)),
                "array",
            )
        ),
        parts.map(lambda part: Kind(dict[str, part.type], st.dictionaries(TEXTS, part.values, max_size=3), "object")),  # type: ignore[name-defined]
        parts.map(lambda part: Kind(dict[int, part.type], st.dictionaries(st.integers(), part.values), "object")),  # type: ignore[name-defined]
        parts.map(lambda part: Kind(part.type | None, part.values | st.none(), "any")),
        st.tuples(parts, parts)
        .filter(lambda two: two[0].json != two[1].json and "any" not in {two[0].json, two[1].json})
        .map(lambda two: Kind(two[0].type | two[1].type, two[0].values | two[1].values, "any")),
        st.builds(record, st.lists(parts, max_size=4), st.sets(st.integers(0, 3))),
    )


KINDS = st.recursive(st.sampled_from(SCALARS), composed, max_leaves=8)
# At the top, `bytes` mean a payload or body that is no JSON.
TOPS = KINDS.map(lambda kind: Kind(list[kind.type], st.lists(kind.values, max_size=2), "array"))  # type: ignore[name-defined]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.sampled_from(["f0", "f1"]), inner, max_size=3)
    ),
    max_leaves=10,
)


def pair(annotation: Any) -> tuple[Callable[[bytes], Any], Callable[[Any], bytes]]:
    """Decoder and encoder of a type."""
    decode = event_decoder(annotation, {}, "app.handler", DEFAULTS)
    assert decode is not None
    return decode, result_encoder(annotation, {}, encode) or encode


@given(TOPS, st.data())
def test_round_trip(kind: Kind, data: st.DataObject) -> None:
    """What a typed result encodes to decodes to what it was, with the same types."""
    decode, encode_ = pair(kind.type)
    value = data.draw(kind.values)
    again = decode(encode_(value))

    assert again == value
    assert repr(again) == repr(value).replace(", fold=1", "")  # of which ISO 8601 knows nothing


def exists(value: Any, path: str) -> bool:
    """Whether a path leads somewhere."""
    if not path:
        return True
    steps = {f".{key}": part for key, part in value.items()} if isinstance(value, dict) else {}
    if isinstance(value, dict):
        steps |= {f"[{key!r}]": part for key, part in value.items()}
    if isinstance(value, list):
        steps = {f"[{index}]": part for index, part in enumerate(value)}
    return any(path.startswith(step) and exists(part, path[len(step) :]) for step, part in steps.items())


@settings(max_examples=200)
@given(TOPS, JSON, st.data())
def test_any_json(kind: Kind, value: Any, data: st.DataObject) -> None:
    """Any JSON becomes a value that encodes again, or an error with a path that exists."""
    decode, encode_ = pair(kind.type)
    if data.draw(st.booleans()):  # near to a value of the type
        value = [json.loads(encode_([part]))[0] for part in data.draw(kind.values)] + [value]
    payload = json.dumps(value).encode()
    try:
        told, made = "", decode(payload)
    except FunctionError as error:
        told = f"{error.error_type} {error}".removeprefix("Runtime.UnmarshalError Unable to unmarshal input: ")
    places = [told[:at] for at in range(len(told)) if told.startswith((": expected ", ": missing field "), at)]

    if not told:
        assert decode(encode_(made)) == made
    elif not told.startswith(("expected ", "missing field ")):
        assert any(exists(value, path if path[0] == "[" else f".{path}") for path in places)
