"""Typed events whose parts are all JSON's own: a note for type checkers, which `strict` alone holds an event to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Optional, TypedDict

import pytest
from lambda_bootstrap import codec
from lambda_bootstrap.errors import FunctionError
from lambda_bootstrap.events import S3BatchEvent, SqsEvent, partial_batch

from tests.support.typed import Bounded, Either, Movie, Nested, OrderId, Timed, decoded, exact, handler, refused


class Message(TypedDict):
    """A notification, as packages of models have it."""

    Subject: str
    Message: str


class Change(TypedDict):
    """A time in whole seconds, which DynamoDB's aren't."""

    time: int


class Request(TypedDict):
    """A request that always has headers, which REST APIs' tests don't."""

    headers: dict[str, str]
    multi: dict[str, list[str]]


class Envelope(TypedDict):
    """One of several."""

    records: list[Message | Change]
    next: Envelope | None


PLAIN = [
    pytest.param(Message, '{"Subject":null}', "Subject: expected string, got null", id="null"),
    pytest.param(Message, "{}", 'missing field "Subject"', id="missing"),
    pytest.param(Message, "[1]", "expected object, got [1]", id="no object"),
    pytest.param(Change, '{"time":1.5}', "time: expected integer, got 1.5", id="fraction"),
    pytest.param(Request, '{"headers":null}', "headers: expected object, got null", id="null for an object"),
    pytest.param(Envelope, '{"records":[{}]}', 'records[0]: missing field "Subject"', id="deep in a TypedDict"),
    pytest.param(Message | Change, '{"x":1}', 'missing field "Subject"', id="union of TypedDicts"),
    pytest.param(Optional[Change], "7", "expected object, got 7", id="Optional"),  # noqa: UP045 - as older code has it
    pytest.param(list[Message], '[{"Subject":1}]', "[0].Subject: expected string, got 1", id="list of TypedDicts"),
    pytest.param(SqsEvent, '{"records":[]}', 'missing field "Records"', id="a model of ours"),
    pytest.param(dict[str, str], '{"a":["b"]}', 'a: expected string, got ["b"]', id="dict"),
    pytest.param(Mapping[str, int], '{"a":"b"}', 'a: expected integer, got "b"', id="Mapping"),
    pytest.param(list[str], '["a",1]', "[1]: expected string, got 1", id="list"),
    pytest.param(Sequence[dict[str, bool]], '[{"a":1}]', "[0].a: expected boolean, got 1", id="Sequence"),
    pytest.param(dict[str, list[str] | None], '{"a":1}', "a: expected array, got 1", id="union inside"),
    pytest.param(str, '{"a":1}', 'expected string, got {"a":1}', id="str"),
    pytest.param(int, "1.5", "expected integer, got 1.5", id="int"),
    pytest.param(int | list[int], '"a"', 'expected integer or array, got "a"', id="union"),
    pytest.param(Literal["a", 1], '"b"', 'expected one of "a", 1, got "b"', id="Literal"),
    pytest.param(list[OrderId], '["a"]', '[0]: expected integer, got "a"', id="NewType"),
    pytest.param(list[Bounded], '["a"]', '[0]: expected integer, got "a"', id="TypeVar with a bound"),  # type: ignore[valid-type]
    pytest.param(list[Either], "[null]", "[0]: expected integer or string, got null", id="TypeVar"),  # type: ignore[valid-type]
    pytest.param(Nested, '{"a":"b"}', 'a: expected object or array or integer, got "b"', id="PEP 695, recursive"),
]


@pytest.mark.parametrize(("annotation", "text", "message"), PLAIN)
def test_passed_on(annotation: Any, text: str, message: str) -> None:
    """An event that doesn't fit a type of JSON's own parts is passed on as it is, and refused by `strict`."""
    assert exact(decoded(annotation, text)) == exact(codec.decode(text.encode()))
    assert refused(annotation, text, strict=True) == message


@pytest.mark.parametrize("use_decimal", [False, True])
def test_numbers(*, use_decimal: bool) -> None:
    """Numbers are those of plain JSON, whatever the annotation calls them."""
    text = '{"a":1,"b":1.5}'
    made = decoded(dict[str, float], text, use_decimal=use_decimal)

    assert exact(made) == exact(decoded(dict, text, use_decimal=use_decimal))


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("annotation", [Message, SqsEvent, dict[str, str], Message | Change])
def test_no_json(annotation: Any, *, strict: bool) -> None:
    """A payload that isn't JSON is an unmarshal error, and one of another content type is decoded, in both modes."""
    made = handler(annotation, strict=strict)

    assert made.is_typed
    with pytest.raises(FunctionError, match="Unable to unmarshal input: Expecting value"):
        made.decode(b"oops")


@pytest.mark.parametrize("strict", [False, True])
def test_unions(*, strict: bool) -> None:
    """Each member of a union of TypedDicts is taken, in both modes."""
    for event in ({"Subject": "s", "Message": "m"}, {"time": 1}):
        assert decoded(Message | Change, codec.dumps(event), strict=strict) == event
        assert decoded(list[Message | Change], codec.dumps([event]), strict=strict) == [event]


class Mixed(TypedDict):
    """Two parts of JSON's own, and one that isn't."""

    subject: str
    parts: list[Timed]


@dataclass
class Wrapped:
    """A class with a plain part."""

    names: list[str]


@pytest.mark.parametrize(
    ("annotation", "text", "message"),
    [
        pytest.param(Movie, '{"title":1}', "title: expected string, got 1", id="bytes in a TypedDict"),
        pytest.param(Mixed, '{"subject":1}', "subject: expected string, got 1", id="dates, deeper"),
        pytest.param(Message | Timed, '{"Subject":"s"}', 'missing field "Message"', id="dates in a union"),
        pytest.param(dict[str, datetime], '{"a":1}', "a: expected date and time, got 1", id="dates in a dict"),
        pytest.param(Wrapped, '{"names":[1]}', "names[0]: expected string, got 1", id="dataclass"),
        pytest.param(list[Wrapped], "[1]", "[0]: expected object, got 1", id="list of dataclasses"),
        pytest.param(set[str], "[1]", "[0]: expected string, got 1", id="set"),
        pytest.param(tuple[str, ...], "[1]", "[0]: expected string, got 1", id="tuple"),
        pytest.param(dict[int, str], '{"1":2}', "['1']: expected string, got 2", id="keys that aren't texts"),
    ],
)
def test_converted(annotation: Any, text: str, message: str) -> None:
    """An event with a part that JSON has no type for is decoded, and all of it has to fit."""
    assert refused(annotation, text) == message


def test_union_with_a_dataclass() -> None:
    """A TypedDict in a union doesn't take what is meant for the dataclass after it."""
    assert decoded(Message | Wrapped, '{"names":["a"]}') == Wrapped(["a"])
    assert decoded(SqsEvent | Wrapped, '{"names":["a"]}') == Wrapped(["a"])


def test_batch() -> None:
    """A record of a batch is passed on as it is, too."""
    seen = []

    @partial_batch
    def take(record: Message) -> None:
        seen.append(record)

    record = {"eventSource": "aws:sqs", "messageId": "m", "Subject": None}

    assert take({"Records": [record]}, None) == {"batchItemFailures": []}
    assert seen == [record]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("count", range(4))
def test_first_missing(count: int, *, strict: bool) -> None:
    """The message names the first missing field in the class's order, whatever the event's order is."""
    fields = {"invocationSchemaVersion": "1", "invocationId": "i", "job": {"id": "j"}, "tasks": []}
    event = codec.dumps(dict(list(fields.items())[:count][::-1]))

    assert refused(S3BatchEvent | Wrapped, event, strict=strict) == f'missing field "{[*fields][count]}"'
