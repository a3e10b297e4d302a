"""What is wrong with a text that isn't JSON: the place and its path, found in less time than reading it takes."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap import codec
from lambda_bootstrap.diagnostics import json_errors, json_places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

TEXTS = st.text() | st.sampled_from(["]", "[", "{", "}", ",", '"', "\\", '\\"', '"]', "]}", ',"', "é[", "\U0001f600"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=40,
)
WRONG = "\ue000"  # stands for the culprit until the text is made


def refused(text: str, scan: Any = None) -> str:
    """Return why *text* is no JSON."""
    with pytest.raises(ValueError, match="char") as error:
        codec.loads(text) if scan is None else codec.loads(text, scan)
    return str(error.value)


def lines(text: str) -> int:
    """Return how many lines of Python run while *text* is refused."""
    count = 0

    def see(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return see

    before = sys.gettrace()
    sys.settrace(see)
    try:
        refused(text)
    finally:
        sys.settrace(before)
    return count


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, str]:
    """Make a text with the value `x` in it, and the path of that."""
    value: Any = WRONG
    steps: list[str] = []
    for _ in range(draw(st.integers(0, 5))):
        if draw(st.booleans()):
            before = draw(st.lists(VALUES, max_size=12))
            value = [*before, value, *draw(st.lists(VALUES, max_size=2))]
            steps.insert(0, f"[{len(before)}]")
        else:
            key = draw(TEXTS)
            rest = draw(st.dictionaries(TEXTS, VALUES, max_size=3))
            rest.pop(key, None)
            value = {**rest, key: value, **{f"{name}{key}z": 1 for name in rest}}
            steps.insert(0, json_errors.step(key))
    text = json.dumps(value, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1, "\t "])))
    escaped = json.dumps(WRONG)
    return text.replace(escaped if escaped in text else f'"{WRONG}"', "x"), "".join(steps).removeprefix(".")


@pytest.mark.parametrize("size", [1, 3, 16, 8192])
@given(made=spoilt())
def test_path(made: tuple[str, str], size: int) -> None:
    """The path leads to the wrong value, whatever stands around it, and wherever the text is cut to be looked at."""
    text, path = made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_places, "PIECE", size)
        told = refused(text)

    assert told.startswith("Expecting value: line ")
    assert told.endswith(f") at {path}" if path else ")")


@pytest.fixture(params=["json", "no json", "another json"])
def _module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the C code find its exception in `json`, or not."""
    if request.param == "no json":
        monkeypatch.delitem(sys.modules, "json.decoder")
        monkeypatch.setitem(sys.modules, "json", codec)
    elif request.param == "another json":
        monkeypatch.setitem(sys.modules, "json.decoder", codec)
    before = sys.modules.get("json.decoder")
    yield
    after = sys.modules.get("json.decoder")
    monkeypatch.undo()

    assert after is before


OBJECT = '{"id": 12, "name": "a, [b]", "tags": ["\\"c", {}], "rows": [[1, 2.5], [null]]}'


class TestCosts:
    """What it costs to refuse a text."""

    @pytest.mark.usefixtures("_module")
    @pytest.mark.parametrize(
        ("start", "item", "end", "told", "place"),
        [
            pytest.param("[", OBJECT, ",x]", "Expecting value", "[{count}]", id="value"),
            pytest.param("[", OBJECT, "?x]", "Expecting ',' delimiter", "[{last}]", id="comma"),
            pytest.param("[", OBJECT, ',"a\n"]', "Invalid control character at", "[{count}]", id="control"),
            pytest.param("[", OBJECT, ',"a\\x"]', "Invalid \\escape", "[{count}]", id="escape"),
            pytest.param("[", OBJECT, ',"a', "Unterminated string starting at", "[{count}]", id="open"),
            pytest.param('{"a":{"b":[', OBJECT, "]x", "Expecting ',' delimiter", "a.b", id="nested"),
            pytest.param('{"a":[', OBJECT, '],"c" 1', "Expecting ':' delimiter", "c", id="colon"),
            pytest.param("[", OBJECT, "] x", "Extra data", "", id="extra data"),
            pytest.param("[", OBJECT, ",-" + "9" * 5000, "Exceeds the limit", "[{count}]", id="digits"),
            pytest.param("[", "0", ",x", "Expecting value", "[{count}]", id="numbers"),
            pytest.param('["', "\\u00e9", "\n", "Invalid control character at", "[0]", id="one string"),
            pytest.param(" ", " ", "x", "Expecting value", "", id="blanks"),
            pytest.param("1 ", " ", "x", "Extra data", "", id="blanks behind"),
            pytest.param("[ ", " ", "x", "Expecting value", "[0]", id="blanks inside"),
        ],
    )
    def test_lines(self, start: str, item: str, end: str, told: str, place: str) -> None:
        """A fault behind thousands of values is found in few steps, not in one for each value."""
        count = 2000 if item is OBJECT else 20_000
        text = start + (item if item in {" ", "\\u00e9"} else f"{item},") * (count - 1) + item + end
        fault = next(mark for mark in ("\n", "\\x", "?", "x", '"a', "1", "-") if mark in end)
        at = len(text) - len(end) + end.index(fault)
        message = refused(text)

        assert message.startswith(told)
        place = place.format(count=count, last=count - 1)
        assert message.endswith(f" (char {at}) at {place}" if place else f" (char {at})")
        assert lines(text) < 30_000

    @pytest.mark.parametrize(
        ("before", "number"),
        [
            pytest.param("9" * 5000 + ".5", "9" * 5000, id="in a float"),
            pytest.param('"' + "9" * 5000 + '"', "-" + "9" * 5000, id="in a string"),
            pytest.param('"a\\""', "1" + "0" * 4300, id="behind an escaped quote"),
            pytest.param("1" * 4300, "1" * 4301, id="behind as many as are allowed"),
        ],
    )
    def test_digits(self, before: str, number: str) -> None:
        """An integer of too many digits is told with its place, whatever has as many before it."""
        text = f"[{before},{before},{number},{before}]"

        assert refused(text).endswith(f" (char {len(before) * 2 + 3}) at [2]")

    @pytest.mark.parametrize("before", ['"1e99999999999999999999"', "1.5", "-1e5"])
    def test_decimal(self, before: str) -> None:
        """A number that `Decimal` refuses is told with its place, whatever stands before it."""
        text = f'[{before},{{"n":1e99999999999999999999}}]'

        assert refused(text, codec.scanner(Decimal)).endswith(f" (char {len(before) + 7}) at [1].n")
