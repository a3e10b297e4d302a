"""`bytes` that came out of a base64 field, and what they are in a result."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

import attrs
import pytest
from lambda_bootstrap import codec
from lambda_bootstrap.integrations import fast_json

from tests.support.loop import OverError, Script, a_loop, an_invocation
from tests.support.typed import decoded, handler

RAW = b"\xff\x00Hello"
TEXT = "/wBIZWxsbw=="


class FirehoseRecord(TypedDict):
    """A record, as a function declares it that wants the data itself."""

    recordId: str
    data: bytes


class Firehose(TypedDict):
    """A batch of records."""

    records: list[FirehoseRecord]


@dataclass
class AsDataclass:
    """A field of a dataclass."""

    data: bytes


@attrs.define
class AsAttrs:
    """A field of a class of attrs."""

    data: bytes


class AsTuple(NamedTuple):
    """A field of a NamedTuple."""

    data: bytes


@dataclass
class Mutable:
    """Bytes that can be changed."""

    data: bytearray


def test_firehose() -> None:
    """Data that a Firehose transformation passes on is base64 again, byte for byte, in a plain dict."""
    event = {"records": [{"recordId": "1", "data": TEXT}, {"recordId": "2", "data": "SGVsbG8="}]}
    made = decoded(Firehose, codec.dumps(event))
    result = {"records": [{"recordId": r["recordId"], "result": "Ok", "data": r["data"]} for r in made["records"]]}

    assert [r["data"] for r in made["records"]] == [RAW, b"Hello"]
    assert codec.decode(codec.encode(result)) == {
        "records": [
            {"recordId": "1", "result": "Ok", "data": TEXT},
            {"recordId": "2", "result": "Ok", "data": "SGVsbG8="},
        ]
    }


@pytest.mark.parametrize("annotation", [AsDataclass, AsAttrs, AsTuple, Mutable])
def test_everywhere(annotation: Any) -> None:
    """Whatever class declares them, `bytes` and a `bytearray` of an event are base64 in a plain result."""
    data = decoded(annotation, codec.dumps({"data": TEXT})).data

    assert data == RAW
    for result in (data, [data], {"data": data}, ({"data": (data,)},)):
        assert TEXT.encode() in codec.encode(result)


@pytest.mark.parametrize("annotation", [list[bytes], dict[str, bytes], tuple[bytes, ...], list[bytes | None]])
def test_containers(annotation: Any) -> None:
    """A container of `bytes` goes back as it came."""
    text = codec.dumps({"a": TEXT} if "dict" in str(annotation) else [TEXT])

    assert codec.encode(decoded(annotation, text)).decode() == text


@pytest.mark.parametrize("encode", [fast_json._orjson, fast_json._msgspec])
def test_libraries(encode: Any) -> None:
    """The libraries that write JSON write the same."""
    (data,) = decoded(list[bytes], codec.dumps([TEXT]))

    assert encode().encode({"data": [data]}) == b'{"data":["/wBIZWxsbw=="]}'


def test_changed() -> None:
    """A `bytearray` that the function has changed is base64 still; new `bytes` are the text that they hold."""
    event = decoded(Mutable, codec.dumps({"data": "SGVsbG8="}))
    event.data += b"!"

    assert codec.encode({"data": event.data}) == b'{"data":"SGVsbG8h"}'
    assert codec.encode({"data": bytes(event.data)}) == b'{"data":"Hello!"}'


def test_raw_result() -> None:
    """A handler that returns `bytes` of its event as its whole result answers with those bytes."""

    def function(event: AsDataclass) -> Any:
        return event.data

    script = Script(an_invocation("id", codec.encode({"data": TEXT})))
    with pytest.raises(OverError):
        a_loop(script, function).run()

    assert script.answers == [("id", RAW, "application/unknown")]


@pytest.mark.parametrize("annotation", [AsDataclass, Mutable])
def test_like_any_other(annotation: Any) -> None:
    """Such `bytes` look, compare, hash, copy and pickle like any others."""
    data = decoded(annotation, codec.dumps({"data": TEXT})).data
    plain = bytes(data) if annotation is AsDataclass else bytearray(data)

    assert data == plain
    assert repr(data) == repr(plain)
    assert isinstance(data, type(plain))
    assert annotation is Mutable or hash(data) == hash(plain)
    for other in (copy.copy(data), copy.deepcopy(data), pickle.loads(pickle.dumps(data))):  # noqa: S301 - its own
        assert other == plain
        assert TEXT.encode() in codec.encode([other])


def test_declared_result() -> None:
    """Where the type of a result declares `bytes`, those of an event are base64 once, not twice."""
    made = handler(Firehose, dict[str, bytes])
    (record,) = made.decode(codec.encode({"records": [{"recordId": "1", "data": TEXT}]}))["records"]

    assert made.encode({"data": record["data"]}) == b'{"data":"/wBIZWxsbw=="}'
