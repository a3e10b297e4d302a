"""Typed events: what an annotation is, however it is written, and what is said of one that is none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

import pytest
from lambda_bootstrap import codec
from lambda_bootstrap.codec import Options
from lambda_bootstrap.errors import InitError

from tests.support.typed import (
    Car,
    Mixed,
    Model,
    Nested,
    OrderId,
    Pairs,
    Point,
    Struct,
    Tree,
    decoded,
    exact,
    handler,
    refused,
)


class TestDecoding:
    """What a payload becomes."""

    @pytest.mark.parametrize(
        ("annotation", "text", "event"),
        [
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
        assert exact(decoded(annotation, text)) == exact(event)

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
        """B2.7: an annotation of this kind asks for plain JSON, and nothing is checked."""
        made = handler(annotation)

        assert made.decode is codec.decode
        assert not made.is_typed

    def test_unknown_class(self) -> None:
        """An event of a class that nobody can decode stays plain JSON: a tool may have put it there for itself."""
        assert handler(Options).decode is codec.decode

    def test_use_decimal(self) -> None:
        """B3.4: numbers of which a type says nothing keep their digits, where a float is declared it is one."""
        made = decoded(tuple[Any, float, dict[str, Any]], '[19.99,1.5,{"a":[1.10,2]}]', use_decimal=True)

        assert made == (Decimal("19.99"), 1.5, {"a": [Decimal("1.10"), 2]})
        assert type(made[1]) is float


class TestMismatch:
    """What is said of a payload that is no such event."""

    @pytest.mark.parametrize(
        ("annotation", "text", "message"),
        [
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
        """A payload that does not fit is refused with the path, what was expected and what came."""
        assert refused(annotation, text) == message

    def test_deep(self) -> None:
        """An event that is nested too deeply is an unmarshal error."""
        assert "recursion" in refused(Nested, "[" * 900 + "]" * 900)


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
        """The init error says which name or type nobody can decode."""
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
