"""Typed events: pydantic's models."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pydantic
import pytest
from lambda_bootstrap.errors import InitError

from tests.support.typed import Branch, Checked, Model, decoded, exact, handler, refused


class TestDecoding:
    """What a payload becomes."""

    @pytest.mark.parametrize(
        ("annotation", "text", "event"),
        [
            pytest.param(
                Model,
                '{"id":"1","price":1.5,"labels":["a"]}',
                Model(id=1, price=Decimal("1.5"), labels=["a"]),
                id="pydantic",
            ),
            pytest.param(list[Model], '[{"id":1}]', [Model(id=1)], id="pydantic inside"),
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
            pytest.param(Model, '{"id":1,"labels":[],"tags":[]}', 'unknown field "tags"', id="B3.5 pydantic"),
            pytest.param(Branch, '{"x":1}', 'unknown field "x"', id="pydantic that allows it"),
            pytest.param(Branch, '{"leaf":{"id":1,"x":2}}', 'leaf: unknown field "x"', id="in a union of pydantic's"),
            pytest.param(
                Branch, '{"leaves":{"a b":{"id":1,"x":2}}}', "leaves['a b']: unknown field \"x\"", id="in pydantic"
            ),
            pytest.param(list[Model], '[{"id":1,"x":2}]', '[0]: unknown field "x"', id="pydantic in a list"),
            pytest.param(Checked, '{"id":1,"x":2}', 'unknown field "x"', id="a dataclass of pydantic's"),
        ],
    )
    def test_strict(self, annotation: Any, text: str, message: str) -> None:
        """B3.5: a field that the type does not have is refused, by its name; else it is passed over."""
        assert refused(annotation, text, strict=True) == message
        assert decoded(annotation, text)

    def test_strict_takes_what_it_knows(self) -> None:
        """B3.5: a model that has all fields of an event is what it is without `strict`."""
        text = '{"leaf":7,"leaves":{"x":{"id":1,"labels":["a"]}}}'

        assert decoded(Branch, text, strict=True) == decoded(Branch, text)

    def test_strict_needs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A pydantic that cannot be told to be strict is told at init."""
        monkeypatch.setattr(pydantic.TypeAdapter, "validate_json", lambda _, /, *, strict=None: strict)

        with pytest.raises(InitError) as missing:
            handler(Model, strict=True)
        assert str(missing.value) == (
            f"handler 'app.handler': strict needs pydantic 2.12 or newer for Model, and this is {pydantic.VERSION}"
        )
        assert handler(Model)
