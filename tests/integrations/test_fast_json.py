"""JSON by other libraries: the same events, results and errors."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lambda_bootstrap import codec
from lambda_bootstrap.errors import ConfigError, FunctionError
from lambda_bootstrap.integrations.fast_json import options
from lambda_bootstrap.typed.annotations import event_decoder
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, FUNCTIONS, ROOT
from tests.support.models import Color, Level

CODECS = {name: options(name, []) for name in ("json", "orjson", "msgspec")}


class Pair(NamedTuple):
    """A row."""

    a: Any
    b: Any


@dataclass
class Item:
    """A part, with a field that orjson would leave out."""

    sku: Any
    _price: Any = None


class Word(str):
    """A subclass of a string."""

    __slots__ = ()


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, 2**64, 2**64 - 1, -(2**63) - 1, 10**30])
    | st.floats()
    | st.text(st.characters())
    | st.text(st.characters(categories=["Cs"]), max_size=1)
)
OTHERS = (
    st.sampled_from([*Color, *Level, Word("w"), b"text", b"\xff", bytearray(b"a"), object(), 1j])
    | st.decimals()
    | st.uuids()
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.times()
)
KEYS = st.text(max_size=3) | st.integers() | st.booleans() | st.none() | st.floats() | st.sampled_from(
    [*Level, Word("w"), Color.RED, date.min, (1, 2)]
)  # fmt: skip
RESULTS = st.recursive(
    SCALARS | OTHERS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.builds(Pair, inner, inner)
        | st.builds(Item, inner, inner)
        | st.sets(st.text(max_size=2), max_size=1)
    ),
    max_leaves=8,
)


def outcome(call: Any, argument: Any) -> tuple[str, Any]:
    """What *call* makes of *argument*: a value, or an error's type and message."""
    try:
        return "value", call(argument)
    except FunctionError as error:
        return error.error_type, str(error)


def without_numbers(body: bytes) -> bytes:
    """A body without the spelling of its numbers, which may differ: 1e-05 is 0.00001."""
    return re.sub(rb'("(?:[^"\\]|\\.)*")|-?[0-9][-+.0-9eE]*', rb"\1#", body)


@pytest.mark.parametrize("name", ["orjson", "msgspec"])
@given(RESULTS)
@example([1e-5, 5e-5, 9.9999e-5, 1e-7, 1e16])
@example([time.min, {"a": float("nan")}])
@example([None, {"a": (1.5, -float("inf"))}])
@example([2**64])
@example({"a": None, "b": "null"})
@example({date.min: 1})
@example({1e16: None})
@example([1.5, "text", {"a": 1, 1e16: None}])
@example([{"a": 1}, {"a": 1, 1e16: None}])
def test_results(name: str, result: Any) -> None:
    """A result has the body, or the error, that it has without the library."""
    expected, found = outcome(codec.encode, result), outcome(CODECS[name].encode, result)
    if expected[0] == "value":
        assert without_numbers(found[1]) == without_numbers(expected[1])
        expected, found = ("value", json.loads(expected[1])), ("value", json.loads(found[1]))

    assert repr(found) == repr(expected)


@pytest.mark.parametrize("name", ["orjson", "msgspec"])
@pytest.mark.parametrize("bits", ["7ff0000000000000", "fff0000000000000", "7ff8000000000000", "ffffffffffffffff"])
def test_no_number(name: str, bits: str) -> None:
    """NaN and the infinities are errors, whatever their bits, beside a null and numbers that look like them."""
    [value] = struct.unpack(">d", bytes.fromhex(bits))

    with pytest.raises(FunctionError, match="JSON compliant"):
        options(name, []).encode([None, -1, 127, {"a": [1.5, value]}])


@pytest.mark.parametrize("name", ["orjson", "msgspec"])
@pytest.mark.parametrize("at", [0, 70, 1500, 2999])
def test_no_number_of_many(name: str, at: int) -> None:
    """Among thousands of parts NaN is an error with its path; a null, and a text that looks like one, are right."""
    result: list[Any] = [{"number": 0.5, "none": None, "text": ["null"]} for _ in range(3000)]
    encode = CODECS[name].encode

    assert json.loads(encode(result)) == result
    for text in ("null", "nul"):
        result[at] = {"number": float("nan"), "none": [], "text": text}
        with pytest.raises(FunctionError, match=rf"JSON compliant.* \(at \[{at}\].number\)"):
            encode(result)
    result[at] = {"number": 1e16, "none": None, "text": b"null"}
    assert json.loads(encode(result))[at] == {"number": 1e16, "none": None, "text": "null"}
    result[at] = {1e16: None}
    assert json.loads(encode(result))[at] == {"1e+16": None}


class Struct(msgspec.Struct, rename="camel", omit_defaults=True):
    """A class of msgspec's own."""

    any_thing: Any
    also: Any = None


@pytest.mark.parametrize("name", ["orjson", "msgspec"])
@given(st.builds(Struct, RESULTS, RESULTS))
@example(Struct(float("nan")))
@example(Struct([None, float("nan")], b"null"))
@example(Struct(None, {1: (b"a", datetime(1, 1, 1, tzinfo=UTC), Decimal("1.50"))}))
@example(Struct(Color.WHEN, {1e16: 1}))
def test_structs(name: str, result: Struct) -> None:
    """A Struct has the body, or the error, that it has without the library: msgspec takes it apart for every codec."""
    expected, found = outcome(codec.encode, result), outcome(CODECS[name].encode, result)
    if expected[0] == "value":
        expected, found = ("value", json.loads(expected[1])), ("value", json.loads(found[1]))

    assert repr(found) == repr(expected)


def test_who_writes() -> None:
    """A float in the form of msgspec shows that it has written what it is fit to write, a Struct included."""
    encode = CODECS["msgspec"].encode

    assert [encode([1e16, None]), encode(Struct(1e16))] == [b"[1e16,null]", b'{"anyThing":1e16}']
    assert encode([1e16, b"a"]) == b'[1e+16,"a"]'


JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)


@pytest.mark.parametrize("name", ["orjson", "msgspec"])
@given(JSON.map(json.dumps).map(str.encode) | st.binary(max_size=20))
@example(b"18446744073709551616")
@example(b"-9223372036854775809")
@example(b"1e400")
@example(b'"\\ud800"')
@example(b"[1,]")
@example(b"")
@example(b"[" * 2000)
def test_events(name: str, payload: bytes) -> None:
    """A payload is the event, or the error, that it is without the library."""
    assert repr(outcome(CODECS[name].decode, payload)) == repr(outcome(codec.decode, payload))


@dataclass
class Typed:
    """Of every kind of number one."""

    exact: Decimal
    near: float
    any: Any


TYPED = [
    [event_decoder(Typed, {}, "app.handler", options(name, list(words))) for name in CODECS]
    for words in ((), ("strict",), ("use_decimal",), ("strict", "use_decimal"))
]
NUMBERS = st.integers() | st.floats() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(max_size=2)


@given(st.dictionaries(st.sampled_from(["exact", "near", "any", "Hello"]), NUMBERS | st.lists(NUMBERS, max_size=2)))
@example({"exact": Decimal("1.10"), "near": 1, "any": [Decimal("1.10"), 2**70]})
@example({"exact": 1, "near": 1, "any": 1, "Hello": 1})
def test_options(event: dict[str, Any]) -> None:
    """B3.4, B3.5: `strict` and `use_decimal` do the same to an event, whichever codec has read it."""
    payload = codec.leniently(event).encode()
    for decoders in TYPED:
        found = [repr(outcome(decode, payload)) for decode in decoders]

        assert found == found[:1] * len(CODECS)


@pytest.mark.parametrize("name", ["json", "orjson", "msgspec"])
def test_use_decimal(name: str) -> None:
    """B3.4: with `use_decimal` a number keeps its digits, whichever codec is chosen."""
    made = options(name, ["use_decimal"])

    assert made.decode(b"[19.99,1]") == [Decimal("19.99"), 1]
    assert (made.use_decimal, made.strict) == (True, False)


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("yaml", [], "BOOTSTRAP_CODEC is 'yaml': it has to be json, orjson or msgspec"),
        ("json", ["lax"], "BOOTSTRAP_EVENTS is 'lax': it has to be strict, use_decimal or both"),
    ],
)
def test_wrong(name: str, words: list[str], message: str) -> None:
    """What there is not to choose is told with what there is."""
    with pytest.raises(ConfigError) as refused:
        options(name, words)

    assert str(refused.value) == message


@pytest.mark.parametrize("name", ["orjson", "msgspec"])
def test_missing(name: str) -> None:
    """A library that the function has not brought is told in one line, and nothing else happens."""
    result = subprocess.run(
        [sys.executable, "-I", "-S", str(BOOTSTRAP), "echo.handler"],
        cwd=FUNCTIONS,
        env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", "BOOTSTRAP_CODEC": name},
        capture_output=True,
        text=True,
        check=False,
    )

    message = f"bootstrap: BOOTSTRAP_CODEC is {name}, which cannot be imported: No module named '{name}'\n"
    assert (result.returncode, result.stderr) == (1, message)


@pytest.mark.parametrize("name", ["orjson", "msgspec"])
def test_chosen(name: str) -> None:
    """`BOOTSTRAP_CODEC` chooses for a function that knows nothing of it."""
    with Emulator([sys.executable, str(BOOTSTRAP)], cwd=FUNCTIONS, handler="results.imported") as emulator:
        assert emulator.invoke(f'"{name}"'.encode()).json() is False
    environ = {"BOOTSTRAP_CODEC": name}
    with Emulator(
        [sys.executable, str(BOOTSTRAP)], cwd=FUNCTIONS, handler="results.imported", environ=environ
    ) as emulator:
        assert emulator.invoke(f'"{name}"'.encode()).json() is True


@pytest.mark.parametrize("name", ["", "orjson"])
def test_start(name: str) -> None:
    """B3.4, B3.5, B7.4: `start` takes options, and what its program has bound before is bound in the handler."""
    program = [sys.executable, str(FUNCTIONS / "typed_program.py")]
    environ = {"PYTHONPATH": str(ROOT / "runtime"), "BOOTSTRAP_CODEC": name}
    with Emulator(program, cwd=FUNCTIONS, environ=environ) as emulator:
        assert emulator.invoke(b'{"price":1.10}').json() == ["Decimal('1.10')", "bound"]
        refused = emulator.invoke(b'{"price":1.10,"Hello":1}').error

    assert refused is not None
    assert refused["errorMessage"].startswith('Unable to unmarshal input: unknown field "Hello"')


def test_events_variable() -> None:
    """`BOOTSTRAP_EVENTS` gives the options for events to a function that `bootstrap` starts."""
    with Emulator(
        [sys.executable, str(BOOTSTRAP)],
        cwd=FUNCTIONS,
        handler="typed_orders.waits",
        environ={"BOOTSTRAP_EVENTS": "strict,use_decimal"},
    ) as emulator:
        refused = emulator.invoke(b'{"id":1,"placed":"2026-01-02T03:04:05","Hello":1}').error

    assert refused is not None
    assert refused["errorMessage"].startswith('Unable to unmarshal input: unknown field "Hello"')
