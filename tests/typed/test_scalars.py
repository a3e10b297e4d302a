"""Typed events: numbers, texts, times, bytes and enumerations."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest

from tests.support.typed import Access, Color, Level, Money, Name, Size, decoded, exact, refused


class TestDecoding:
    """What a payload becomes."""

    @pytest.mark.parametrize(
        ("annotation", "text", "event"),
        [
            pytest.param(str, '"é"', "é", id="str"),
            pytest.param(int, "10", 10, id="int"),
            pytest.param(float, "1.5", 1.5, id="float"),
            pytest.param(tuple[float], "[2]", (2.0,), id="float of an integer"),
            pytest.param(bool, "true", True, id="bool"),
            pytest.param(list[None], "[null]", [None], id="None"),
            pytest.param(Name, '"n"', Name("n"), id="subclass of str"),
            pytest.param(datetime, '"2026-01-02T03:04:05Z"', datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), id="datetime"),
            pytest.param(date, '"2026-01-02"', date(2026, 1, 2), id="date"),
            pytest.param(time, '"03:04:05"', time(3, 4, 5), id="time"),
            pytest.param(UUID, '"00000000-0000-0000-0000-000000000001"', UUID(int=1), id="UUID"),
            pytest.param(Decimal, "0.10000000000000000555", Decimal("0.10000000000000000555"), id="Decimal"),
            pytest.param(Decimal, '"1.50"', Decimal("1.50"), id="Decimal of a text"),
            pytest.param(Decimal, "3", Decimal(3), id="Decimal of an integer"),
            pytest.param(Money, "1.5", Money("1.5"), id="subclass of Decimal"),
            pytest.param(list[bytes], '["aGVsbG8="]', [b"hello"], id="B3.13 bytes"),
            pytest.param(list[bytearray], '["aGVsbG8="]', [bytearray(b"hello")], id="B3.13 bytearray"),
            pytest.param(Color, '"red"', Color.RED, id="Enum of a text"),
            pytest.param(Color, "3", Color.THREE, id="Enum of a number"),
            pytest.param(Color, '[1,"b"]', Color.PAIR, id="Enum of a tuple"),
            pytest.param(Color, '"2026-01-02T00:00:00+00:00"', Color.WHEN, id="Enum of a datetime"),
            pytest.param(Level, '"low"', Level.LOW, id="StrEnum"),
            pytest.param(Level, '"lowest"', Level.LOW, id="Enum with _missing_"),
            pytest.param(Size, "3", Size.BIG, id="IntEnum"),
            pytest.param(Access, "3", Access.READ | Access.WRITE, id="IntFlag"),
            pytest.param(Literal["a", 1, Color.RED], '"red"', Color.RED, id="Literal"),
            pytest.param(Literal["a", 1], "1", 1, id="Literal of a number"),
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
            pytest.param(str, "1", "expected string, got 1", id="str"),
            pytest.param(int, "1.0", "expected integer, got 1.0", id="int"),
            pytest.param(int, "true", "expected integer, got true", id="int of a boolean"),
            pytest.param(float, '"1"', 'expected number, got "1"', id="float"),
            pytest.param(float, "true", "expected number, got true", id="float of a boolean"),
            pytest.param(bool, "1", "expected boolean, got 1", id="bool"),
            pytest.param(list[None], "[0]", "[0]: expected null, got 0", id="None"),
            pytest.param(datetime, '"soon"', 'expected date and time, got "soon"', id="datetime"),
            pytest.param(date, "1", "expected date, got 1", id="date"),
            pytest.param(UUID, '"1"', 'expected UUID, got "1"', id="UUID"),
            pytest.param(Decimal, '"x"', 'expected number, got "x"', id="Decimal"),
            pytest.param(Decimal, "NaN", 'expected number, got "nan"', id="Decimal of NaN"),
            pytest.param(Decimal, '"Infinity"', 'expected number, got "Infinity"', id="Decimal of Infinity"),
            pytest.param(Decimal, "true", "expected number, got true", id="Decimal of a boolean"),
            pytest.param(Decimal, "[1]", "expected number, got [1]", id="Decimal of an array"),
            pytest.param(Decimal, "null", "expected number, got null", id="Decimal of null"),
            pytest.param(Decimal, "{}", "expected number, got {}", id="Decimal of an object"),
            pytest.param(Decimal, "[0,[1,5],-1]", "expected number, got [0,[1,5],-1]", id="Decimal of its own parts"),
            pytest.param(Money, "null", "expected number, got null", id="subclass of Decimal of null"),
            pytest.param(list[bytes], '["a"]', '[0]: expected base64, got "a"', id="B3.13 bytes"),
            pytest.param(list[bytes], "[1]", "[0]: expected base64, got 1", id="B3.13 bytes of a number"),
            pytest.param(
                list[bytes], '["aGVs\\nbG8="]', '[0]: expected base64, got "aGVs\\nbG8="', id="B3.13 bytes with a break"
            ),
            pytest.param(Level, '"high"', 'expected "low", got "high"', id="Enum"),
            pytest.param(Literal["a", 1], "true", 'expected one of "a", 1, got true', id="Literal"),
            pytest.param(Literal["a", "b"], '"c"', 'expected one of "a", "b", got "c"', id="Literal of another text"),
            pytest.param(Literal["a", "b"], "null", 'expected one of "a", "b", got null', id="Literal of null"),
            pytest.param(Literal[1, 2], "3", "expected one of 1, 2, got 3", id="Literal of another number"),
            pytest.param(Literal["a"], '{"a":1}', 'expected "a", got {"a":1}', id="Literal of an object"),
        ],
    )
    def test_message(self, annotation: Any, text: str, message: str) -> None:
        """A payload that does not fit is refused with the path, what was expected and what came."""
        assert refused(annotation, text, strict=True) == message
