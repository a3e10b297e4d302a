"""Typed events: msgspec's Structs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.support.typed import Closed, Struct, Zoo, decoded, exact, refused


class Sets(msgspec.Struct):
    """Sets of anything."""

    any: set[Any] = msgspec.field(default_factory=set)
    inner: dict[str, list[frozenset[Any] | None]] = msgspec.field(default_factory=dict)


class TestDecoding:
    """What a payload becomes."""

    @pytest.mark.parametrize(
        ("annotation", "text", "event"),
        [
            pytest.param(Struct, '{"id":1,"children":[{"id":2}]}', Struct(1, children=[Struct(2)]), id="msgspec"),
            pytest.param(dict[str, Struct], '{"a":{"id":1}}', {"a": Struct(1)}, id="msgspec inside"),
        ],
    )
    def test_event(self, annotation: Any, text: str, event: Any) -> None:
        """A payload becomes this event, of this type."""
        assert exact(decoded(annotation, text)) == exact(event)


class TestMismatch:
    """What is said of a payload that is no such event."""

    @pytest.mark.parametrize(
        ("annotation", "text", "message"),
        [
            pytest.param(
                Struct, '{"id":1,"children":[{"id":"a"}]}', 'children[0].id: expected int, got "a"', id="msgspec"
            ),
            pytest.param(
                Struct, '{"id":1,"when":"x"}', 'when: Invalid RFC3339 encoded datetime, got "x"', id="msgspec, datetime"
            ),
            pytest.param(Struct, '{"id":1,"children":[{}]}', 'children[0]: missing field "id"', id="msgspec, missing"),
            pytest.param(
                Sets, '{"any":[1,[2]]}', "any: expected array of single values, got [1,[2]]", id="msgspec, set"
            ),
            pytest.param(
                Sets,
                '{"any":[1],"inner":{"a":[null],"b c":[null,[{}]]}}',
                "inner['b c'][1]: expected array of single values, got [{}]",
                id="msgspec, set in a dict",
            ),
            pytest.param(
                Struct,
                "{",
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                id="msgspec, no JSON",
            ),
        ],
    )
    def test_message(self, annotation: Any, text: str, message: str) -> None:
        """A payload that does not fit is refused with the path, what was expected and what came."""
        assert refused(annotation, text) == message


class TestStrict:
    """What `start(strict=True)` refuses, and what it takes."""

    @pytest.mark.parametrize(
        ("annotation", "text", "message"),
        [
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

    @pytest.mark.parametrize(
        ("annotation", "text"),
        [
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
        """A class that forbids unknown fields itself refuses one in the same words."""
        assert refused(list[Closed], '[{"id":1,"x":2}]') == '[0]: unknown field "x"'
