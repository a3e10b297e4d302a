"""What a log record looks like."""

from __future__ import annotations

import json
import time

import pytest

from runtime.record import json_line, one_line, text_error, text_line, timestamp
from tests.records import NEW_YEAR, Mute, Silent


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
        ],
    )
    def test_no_form(self, value: object, text: str) -> None:
        """What has no JSON form becomes its text."""
        assert json.loads(json_line("INFO", NEW_YEAR, {"v": value}))["v"] == text

    def test_others_keep_their_form(self) -> None:
        """What has a JSON form keeps it, whatever stands beside it."""
        record = json.loads(json_line("INFO", NEW_YEAR, {"v": Silent(), "n": 1, "stackTrace": ["a"]}))

        assert (record["v"], record["n"], record["stackTrace"]) == ("silent", 1, ["a"])
