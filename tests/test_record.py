"""What a log record looks like."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from enum import Enum, IntEnum
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap import record as record_module
from lambda_bootstrap.record import (
    error_fields,
    is_json_object,
    json_line,
    json_message,
    level_name,
    one_line,
    text_error,
    text_line,
    timestamp,
)

from tests.support.models import Mute, Silent
from tests.support.records import NEW_YEAR, strict


class TestTimestamp:
    """Times as the platform reads them."""

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            pytest.param(0, "1970-01-01T00:00:00.000Z", id="epoch"),
            pytest.param(1_767_225_600.25, "2026-01-01T00:00:00.250Z", id="milliseconds"),
            pytest.param(1_767_225_600.9999, "2026-01-01T00:00:00.999Z", id="never rounded up"),
        ],
    )
    def test_text(self, seconds: float, text: str) -> None:
        """A time is UTC with milliseconds, wherever the function runs."""
        assert timestamp(seconds) == text

    def test_one_time_is_kept(self) -> None:
        """Of the times that were written, only the last is remembered."""
        for second in range(1000):
            timestamp(second + 0.5)

        assert record_module._latest == (999_500, "1970-01-01T00:16:39.500Z")

    def test_seconds(self) -> None:
        """Times of one second share its text, in whatever order they are asked for, and those of another do not."""
        assert [timestamp(1.999), timestamp(2.0), timestamp(1.0), timestamp(-0.5), timestamp(0.25)] == [
            "1970-01-01T00:00:01.999Z",
            "1970-01-01T00:00:02.000Z",
            "1970-01-01T00:00:01.000Z",
            "1969-12-31T23:59:59.500Z",
            "1970-01-01T00:00:00.250Z",
        ]

    def test_one_millisecond_is_kept(self) -> None:
        """Times of one millisecond are the same text, and those of others are not."""
        assert [timestamp(0.0015), timestamp(0.0019), timestamp(0.002), timestamp(0.0011)] == [
            "1970-01-01T00:00:00.001Z",
            "1970-01-01T00:00:00.001Z",
            "1970-01-01T00:00:00.002Z",
            "1970-01-01T00:00:00.001Z",
        ]

    @pytest.mark.parametrize("seconds", [-0.001, 0])
    def test_first(self, seconds: float) -> None:
        """The first time of a process is written as any other is."""
        spec = spec_from_file_location("lambda_bootstrap.anew", record_module.__file__)
        assert spec is not None
        assert spec.loader is not None
        anew = module_from_spec(spec)
        spec.loader.exec_module(anew)

        assert anew.timestamp(seconds) == timestamp(seconds)

    def test_zone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The zone of the process plays no part."""
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        text = timestamp(NEW_YEAR)
        monkeypatch.undo()
        time.tzset()

        assert text == "2026-01-01T00:00:00.250Z"


class TestOneLine:
    """Text without newlines."""

    @pytest.mark.parametrize(
        ("text", "line"),
        [("a", "a"), ("a\nb\n", "a\rb\r"), ("a\r\nb", "a\rb"), ("a\rb", "a\rb"), ("\n\r\n", "\r\r"), ("", "")],
        ids=repr,
    )
    def test_line(self, text: str, line: str) -> None:
        """Every line break becomes one carriage return."""
        assert one_line(text) == line


class TestTextLine:
    """A record in text."""

    @pytest.mark.parametrize(
        ("request_id", "message", "line"),
        [
            pytest.param("id", "m", "[INFO]\t2026-01-01T00:00:00.250Z\tid\tm\n", id="plain"),
            pytest.param("", "m", "[INFO]\t2026-01-01T00:00:00.250Z\t\tm\n", id="before the first invocation"),
            pytest.param("id", "a\nb\r\nc", "[INFO]\t2026-01-01T00:00:00.250Z\tid\ta\rb\rc\n", id="several lines"),
        ],
    )
    def test_line(self, request_id: str, message: str, line: str) -> None:
        """A record is exactly this line."""
        assert text_line("INFO", NEW_YEAR, request_id, message) == line


class TestTextError:
    """An unhandled error in text."""

    @pytest.mark.parametrize(
        ("message", "stack", "line"),
        [
            pytest.param("boom", [], "[ERROR] T: boom\rTraceback (most recent call last):\n", id="no trace"),
            pytest.param("", [], "[ERROR] T\rTraceback (most recent call last):\n", id="no message"),
            pytest.param("a\nb", [], "[ERROR] T: a\rb\rTraceback (most recent call last):\n", id="several lines"),
            pytest.param(
                "boom",
                ['  File "/a.py", line 3, in f\n    x = 1  # y\n', '  File "/b.py", line 4, in g\n'],
                '[ERROR] T: boom\rTraceback (most recent call last):\r\xa0\xa0File "/a.py", line 3, in f\r'
                '\xa0\xa0\xa0\xa0x = 1  # y\r\xa0\xa0File "/b.py", line 4, in g\n',
                id="indents",
            ),
            pytest.param(
                "boom",
                ["  a", "b", "\tc"],
                "[ERROR] T: boom\rTraceback (most recent call last):\r\xa0\xa0a\rb\r\tc\n",
                id="entries without an end",
            ),
            pytest.param(
                "boom", ["\n"], "[ERROR] T: boom\rTraceback (most recent call last):\r\n", id="an empty entry"
            ),
        ],
    )
    def test_line(self, message: str, stack: list[str], line: str) -> None:
        """An error is exactly this line: leading spaces survive as non-breaking ones."""
        assert text_error("T", message, stack) == line

    @given(st.lists(st.text(st.characters())))
    def test_again(self, stack: list[str]) -> None:
        """An error that comes again is the same line: lines of its trace end where Python says, spaces do not break."""
        text = "".join(entry if entry.endswith("\n") else f"{entry}\n" for entry in stack)
        lines = [line.replace(" ", "\xa0", len(line) - len(line.lstrip(" "))) for line in text.splitlines()]
        line = "\r".join(["[ERROR] T: m", "Traceback (most recent call last):", *lines]) + "\n"

        assert [text_error("T", "m", stack) for _ in range(2)] == [line, line]

    def test_in_turn(self) -> None:
        """Errors that come in turn have a trace each, and so has a trace that has grown."""
        stack = ["a\n"]
        head = "[ERROR] T: m\rTraceback (most recent call last):"

        assert text_error("T", "m", stack) == f"{head}\ra\n"
        assert text_error("T", "m", ["b\n", "c\n"]) == f"{head}\rb\rc\n"
        assert record_module.array_of(stack) == r'["a\n"]'
        stack.append("d\n")
        assert record_module.array_of(stack) == r'["a\n","d\n"]'
        assert text_error("T", "m", stack) == f"{head}\ra\rd\n"

    def test_what_is_kept(self) -> None:
        """What is kept of the traces of errors has bounds."""
        for number in range(3000):
            text_error("T", "m", [f"{number}\n", "x" * 1000 + f"{number}\n"])

        assert len(record_module._forms) <= 1000
        assert max(map(len, record_module._forms)) <= 500


RING: list[Any] = []
RING.append(RING)
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


class Stubborn(dict[str, Any]):
    """A dict that does not give its items."""

    def items(self) -> Any:
        """Refuse."""
        raise ValueError("no items")


class Colour(Enum):
    """A value of another type."""

    RED = "red"


class Number(IntEnum):
    """A number with a name."""

    ONE = 1


class Leaving:
    """Something that ends the process when it is looked at."""

    def __str__(self) -> str:
        """Leave."""
        raise SystemExit(3)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=[])),
    st.binary(),
    st.decimals(),
    st.datetimes(),
    st.complex_numbers(),
    st.sampled_from(
        [Silent(), Mute(), Leaving(), RING, Stubborn(a=1), Colour.RED, Number.ONE, ValueError("e"), object]
    ),
)
KEYS = st.one_of(
    st.text(st.characters(exclude_categories=[])),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.tuples(st.integers()),
    *map(st.builds, (Silent, Mute, Leaving)),
    st.just(Colour.RED),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner),
        st.dictionaries(KEYS, inner, max_size=4),
        st.sets(KEYS, max_size=3),
    ),
    max_leaves=12,
)


class TestJsonLine:
    """A record as JSON."""

    @pytest.mark.parametrize(
        ("level", "name"),
        [
            ("DEBUG", "DEBUG"),
            ("INFO", "INFO"),
            ("WARNING", "WARN"),
            ("ERROR", "ERROR"),
            ("CRITICAL", "FATAL"),
            ("NOTSET", "TRACE"),
            ("NOTICE", "NOTICE"),
        ],
    )
    def test_level(self, level: str, name: str) -> None:
        """Levels have the names that the platform filters by."""
        assert json_line(level, NEW_YEAR, {}) == f'{{"timestamp":"2026-01-01T00:00:00.250Z","level":"{name}"}}\n'

    def test_line(self) -> None:
        """A record is one line of compact JSON."""
        line = json_line("INFO", NEW_YEAR, {"message": "é\n", "n": 1, "o": {"a": [None]}})

        assert line == (
            '{"timestamp":"2026-01-01T00:00:00.250Z","level":"INFO","message":"é\\n","n":1,"o":{"a":[null]}}\n'
        )

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param(Silent(), "silent", id="object"),
            pytest.param(float("nan"), "nan", id="NaN"),
            pytest.param(Mute(), "<unprintable Mute object>", id="without a text"),
            pytest.param({(1,): 2}, "{(1,): 2}", id="keys"),
            pytest.param([float("inf")], "[inf]", id="Infinity within"),
            pytest.param(10**5000, "<unprintable int object>", id="too many digits"),
            pytest.param(Decimal("NaN"), "NaN", id="Decimal NaN"),
            pytest.param(b"\xff", "b'\\xff'", id="bytes"),
            pytest.param(RING, "[[...]]", id="circle"),
            pytest.param({"in": RING}, "{'in': [[...]]}", id="circle within"),
            pytest.param(DEEP, "<unprintable list object>", id="too deep"),
            pytest.param(Stubborn({"a": 1}), "{'a': 1}", id="a dict that refuses"),
            pytest.param(
                {"o": Silent(), "m": Mute(), "n": 1},
                {"o": "silent", "m": "<unprintable Mute object>", "n": 1},
                id="parts",
            ),
            pytest.param([Decimal("1.10"), Silent()], [1.1, "silent"], id="digits beside"),
            pytest.param(Exception("e"), "e", id="exception"),
        ],
    )
    def test_no_form(self, value: object, text: object) -> None:
        """What has no JSON form becomes its text."""
        assert strict(json_line("INFO", NEW_YEAR, {"v": value}))["v"] == text

    def test_others_keep_their_form(self) -> None:
        """What has a JSON form keeps it, whatever stands beside it."""
        record = json.loads(json_line("INFO", NEW_YEAR, {"v": Silent(), "n": 1, "stackTrace": ["a"]}))

        assert (record["v"], record["n"], record["stackTrace"]) == ("silent", 1, ["a"])

    @given(st.dictionaries(KEYS, VALUES, max_size=5), st.text(st.characters(exclude_categories=[])))
    def test_anything(self, fields: dict[Any, Any], message: str) -> None:
        """Whatever a record holds, it is one line of strict JSON."""
        line = json_line("INFO", NEW_YEAR, {"message": message, **fields})
        data = line.encode("utf-8", "backslashreplace")  # as the log writes it
        json_loads = json.loads(data, parse_constant=pytest.fail)

        assert data.count(b"\n") == 1
        assert data.endswith(b"}\n")
        assert list(json_loads)[:2] == ["timestamp", "level"]

    @given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.booleans()) | st.just(Silent())))
    def test_order(self, fields: dict[str, Any]) -> None:
        """Members stand in the order in which they were given, after time and level, which nothing replaces."""
        record = json.loads(json_line("INFO", NEW_YEAR, fields))
        own = [name for name in fields if name not in {"timestamp", "level"}]

        assert list(record) == ["timestamp", "level", *own]
        assert (record["timestamp"], record["level"]) == ("2026-01-01T00:00:00.250Z", "INFO")

    @pytest.mark.parametrize("value", [Silent(), 1], ids=["lenient", "exact"])
    def test_time_and_level(self, value: object) -> None:
        """A field does not take the place of the time or the level, by which the platform filters."""
        record = strict(json_line("INFO", NEW_YEAR, {"level": "mine", "timestamp": 0, "v": value}))

        assert (record["timestamp"], record["level"]) == ("2026-01-01T00:00:00.250Z", "INFO")

    @pytest.mark.parametrize("value", [Silent(), 1], ids=["lenient", "exact"])
    def test_none(self, value: object) -> None:
        """A field that is None is left out; one that is merely false is not."""
        fields = {"v": value, "none": None, "zero": 0, "empty": "", "list": [None]}

        assert list(json.loads(json_line("INFO", NEW_YEAR, fields))) == [
            *("timestamp", "level", "v"),
            *("zero", "empty", "list"),
        ]

    @pytest.mark.parametrize(
        ("text", "form"),
        [
            pytest.param("\ud800", b'"\\ud800"', id="lone"),
            pytest.param("\\\ud800", b'"\\\\\\ud800"', id="after a backslash"),
            pytest.param("a\nb\r\x00\x7f", b'"a\\nb\\r\\u0000\x7f"', id="controls"),
            pytest.param("\u2028\x85", '"\u2028\x85"'.encode(), id="other line ends"),
        ],
    )
    def test_text(self, text: str, form: bytes) -> None:
        """Odd text has this form, and means the same."""
        data = json_line("INFO", NEW_YEAR, {"v": text}).encode("utf-8", "backslashreplace")

        assert data.endswith(b',"v":' + form + b"}\n")
        assert json.loads(data)["v"] == text

    def test_no_member_twice(self) -> None:
        """No member stands in a record twice."""
        strict(json_line("INFO", NEW_YEAR, {1: "a", "1": "b"}))  # type: ignore[dict-item] # as extra= may have it


class TestErrorFields:
    """What a JSON record has of an exception."""

    def test_fields(self) -> None:
        """An exception has trace, type, message and the place where it was logged."""
        fields = error_fields(KeyError("lost"), "app.py:handler:3")

        assert fields.pop("stackTrace") == []
        assert fields == {"errorType": "KeyError", "errorMessage": "'lost'", "location": "app.py:handler:3"}

    def test_none(self) -> None:
        """Without an exception, a record has nothing of one, its place neither."""
        assert error_fields(None, "app.py:handler:3") == {}


class TestLevelName:
    """Numbers of `logging` in the platform's words."""

    @pytest.mark.parametrize(
        ("number", "name"),
        [
            *((-1, "TRACE"), (0, "TRACE"), (1, "TRACE"), (9, "TRACE"), (10, "DEBUG"), (19, "DEBUG"), (20, "INFO")),
            *((25, "INFO"), (30, "WARN"), (35, "WARN"), (40, "ERROR"), (49, "ERROR"), (50, "FATAL"), (51, "FATAL")),
            *((60, "FATAL"), (10**9, "FATAL")),
        ],
    )
    def test_name(self, number: int, name: str) -> None:
        """A level is rounded down to one that the platform knows."""
        assert level_name(number) == name


class TestIsJsonObject:
    """Lines that are records already."""

    @pytest.mark.parametrize(
        "line",
        ["{}", '{"a": 1}', '  {"a": {"b": [null]}}\t', '{"a":"}"}\r', '{"a": "\ud800"}', '{"a":1,"a":2}', "{\r}"],
    )
    def test_is(self, line: str) -> None:
        """A JSON object is a record, whatever space is around it."""
        assert is_json_object(line)

    @pytest.mark.parametrize(
        "line",
        [
            *(
                "",
                " ",
                "{",
                "}",
                "{}{}",
                "{} x",
                "x {}",
                "[]",
                "[{}]",
                '"{}"',
                "1",
                "null",
                "{a: 1}",
                "{'a': 1}",
                "{1: 2}",
            ),
            pytest.param('{"a": %s}' % ("1" * 5000), id="too many digits"),
            pytest.param('{"a":' * 100_000 + "1" + "}" * 100_000, id="too deep"),
        ],
    )
    def test_is_not(self, line: str) -> None:
        """A line that is not one whole JSON object is text."""
        assert not is_json_object(line)

    @given(st.text(st.sampled_from('{}[]":, 1a\\\n\ud800')))
    def test_never_raises(self, line: str) -> None:
        """Any text is a record or not, without an exception, and as `json` has it."""
        try:
            expected = isinstance(json.loads(line), dict)
        except ValueError:
            expected = False

        assert is_json_object(line) is expected


@given(st.text(st.characters()), st.text(st.characters()))
def test_json_message(message: str, logger: str) -> None:
    """A record of no more than a message and a logger is as any other with these fields, in a frame too."""
    fields, ids = {"message": message, "logger": logger}, ',"requestId":"id"'

    assert json_message("WARN", NEW_YEAR, message, logger, ids) == json_line("WARN", NEW_YEAR, fields, ids)
    assert json_message("WARNING", NEW_YEAR, message, logger, ids) == json_line(
        "WARNING", NEW_YEAR, fields, ids, is_framed=True
    )


class TestTextIsOneLine:
    """The platform cuts at newlines."""

    @given(st.text(), st.text(), st.lists(st.text()))
    def test_one_line(self, error_type: str, message: str, stack: list[str]) -> None:
        """Whatever it holds, a record of text has one newline: its end."""
        for line in (text_line("INFO", NEW_YEAR, "id", message), text_error(error_type, message, stack)):
            assert line.index("\n") == len(line) - 1
