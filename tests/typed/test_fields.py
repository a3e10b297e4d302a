"""Typed events: dataclasses, NamedTuples, TypedDicts and classes of attrs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.typed import Box, Car, Cart, Loose, Movie, Page, Place, Point, Tree, decoded, exact, handler, refused


class TestDecoding:
    """What a payload becomes."""

    @pytest.mark.parametrize(
        ("annotation", "text", "event"),
        [
            pytest.param(Point, '{"x":1,"y":2,"scale":3,"other":4}', Point(1, 2.0, 3), id="dataclass"),
            pytest.param(Tree, '{"name":"a","left":{"name":"b"}}', Tree(name="a", left=Tree(name="b")), id="recursive"),
            pytest.param(Page[int], '{"items":[1],"next-item":2}', Page([1], 2), id="generic dataclass, alias"),
            pytest.param(Page, '{"items":[1,"a"]}', Page([1, "a"]), id="generic dataclass without its parameter"),
            pytest.param(Page[list[Point]], '{"items":[[{"x":1}]]}', Page([[Point(1)]]), id="generic of generic"),
            pytest.param(Box[int], '{"item":1}', Box(1), id="generic field"),
            pytest.param(Box[Point], '{"item":{"x":1}}', Box(Point(1)), id="generic field of a dataclass"),
            pytest.param(Box[Box[bytes]], '{"item":{"item":"AA=="}}', Box(Box(b"\0")), id="generic field of a generic"),
            pytest.param(Box, '{"item":[1]}', Box([1]), id="generic field without its parameter"),
            pytest.param(Place, '["Rome","AAA="]', Place("Rome", b"\0\0"), id="NamedTuple of an array"),
            pytest.param(Place, '{"city":"Rome"}', Place("Rome"), id="NamedTuple of an object"),
            pytest.param(Movie, '{"title":"M","more":[1]}', {"title": "M", "more": [1]}, id="TypedDict"),
            pytest.param(
                Movie, '{"title":"M","poster":"AA=="}', {"title": "M", "poster": b"\0"}, id="TypedDict, bytes"
            ),
            pytest.param(Loose, '{"id":1}', {"id": 1}, id="TypedDict, Required"),
            pytest.param(Car, '{"wheels":4,"_plate":"X","the photo":"AA=="}', Car(4, "X", b"\0"), id="attrs"),
        ],
    )
    def test_event(self, annotation: Any, text: str, event: Any) -> None:
        """A payload becomes this event, of this type."""
        assert exact(decoded(annotation, text)) == exact(event)

    def test_reuse(self) -> None:
        """What one event holds is not shared with the next."""
        decode = handler(Tree).decode

        assert decode(b'{"name":"a"}').rest is not decode(b'{"name":"a"}').rest


class TestMismatch:
    """What is said of a payload that is no such event."""

    @pytest.mark.parametrize(
        ("annotation", "text", "message"),
        [
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
            pytest.param(Box[int], '{"item":"a"}', 'item: expected integer, got "a"', id="generic field"),
            pytest.param(
                Box[list[Point]], '{"item":[{"x":"a"}]}', 'item[0].x: expected integer, got "a"', id="path in one"
            ),
            pytest.param(Movie, "1", "expected object, got 1", id="TypedDict"),
            pytest.param(Movie, "{}", 'missing field "title"', id="missing in a TypedDict"),
            pytest.param(Movie, '{"title":1}', "title: expected string, got 1", id="in a TypedDict"),
            pytest.param(Place, '"a"', 'expected array of 2, got "a"', id="NamedTuple"),
            pytest.param(Place, '{"city":1}', "city: expected string, got 1", id="in a NamedTuple"),
            pytest.param(Car, '{"wheels":"4"}', 'wheels: expected integer, got "4"', id="attrs"),
        ],
    )
    def test_message(self, annotation: Any, text: str, message: str) -> None:
        """A payload that does not fit is refused with the path, what was expected and what came."""
        assert refused(annotation, text) == message

    def test_case(self) -> None:
        """B3.6: another case is another field."""
        assert refused(Point, '{"X":1}') == 'missing field "x"'


class TestStrict:
    """What `start(strict=True)` refuses, and what it takes."""

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
        ],
    )
    def test_strict(self, annotation: Any, text: str, message: str) -> None:
        """B3.5: a field that the type does not have is refused, by its name; else it is passed over."""
        assert refused(annotation, text, strict=True) == message
        assert decoded(annotation, text)

    def test_strict_takes_its_own(self) -> None:
        """What a strict type encodes to, it takes back, fields that no constructor takes included."""
        assert decoded(Point, '{"x":1,"y":0.5,"made":7}', strict=True) == Point(1)
