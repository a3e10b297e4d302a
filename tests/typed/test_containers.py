"""Typed events: arrays, objects with any keys, and unions."""

from __future__ import annotations

import weakref
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Any, Optional, Union

import pytest
from lambda_bootstrap import codec
from lambda_bootstrap.errors import FunctionError, InitError

from tests.support.typed import Counted, Left, Level, Noted, Point, Right, Timed, Tree, decoded, exact, handler, refused


class TestDecoding:
    """What a payload becomes."""

    @pytest.mark.parametrize(
        ("annotation", "text", "event"),
        [
            pytest.param(list[int], "[1,2]", [1, 2], id="list"),
            pytest.param(list, "[1,[2]]", [1, [2]], id="bare list"),
            pytest.param(set[str], '["a","a"]', {"a"}, id="set"),
            pytest.param(frozenset[str], '["a"]', frozenset("a"), id="frozenset"),
            pytest.param(tuple[int, ...], "[1,2]", (1, 2), id="tuple of any length"),
            pytest.param(tuple[int, str], '[1,"a"]', (1, "a"), id="tuple"),
            pytest.param(tuple, "[1]", (1,), id="bare tuple"),
            pytest.param(deque[int], "[1]", deque([1]), id="deque"),
            pytest.param(Sequence[int], "[1]", [1], id="Sequence"),
            pytest.param(Iterable[int], "[1]", [1], id="Iterable"),
            pytest.param(AbstractSet[int], "[1]", frozenset({1}), id="Set"),
            pytest.param(dict[str, int], '{"a":1}', {"a": 1}, id="dict"),
            pytest.param(dict[int, str], '{"1":"a"}', {1: "a"}, id="dict of integers"),
            pytest.param(dict[float, bool], '{"1.5":true}', {1.5: True}, id="dict of floats"),
            pytest.param(dict[bool, None], '{"true":null}', {True: None}, id="dict of booleans"),
            pytest.param(dict[Level, int], '{"low":1}', {Level.LOW: 1}, id="dict of an Enum"),
            pytest.param(dict[date, int], '{"2026-01-02":1}', {date(2026, 1, 2): 1}, id="dict of dates"),
            pytest.param(Mapping[str, int], '{"a":1}', {"a": 1}, id="Mapping"),
            pytest.param(MutableMapping[str, Any], '{"a":1}', {"a": 1}, id="MutableMapping"),
            pytest.param(OrderedDict[str, int], '{"a":1}', OrderedDict(a=1), id="OrderedDict"),
            pytest.param(int | None, "null", None, id="PEP 604"),
            pytest.param(Optional[int], "1", 1, id="Optional"),  # noqa: UP045 - as older code has it
            pytest.param(Union[int, str], '"a"', "a", id="Union"),  # noqa: UP007 - as older code has it
            pytest.param(float | int, "1", 1, id="an integer stays one"),
            pytest.param(datetime | str, '"2026-01-02"', datetime(2026, 1, 2), id="the first that fits"),  # noqa: DTZ001 - naive on purpose
            pytest.param(datetime | str, '"soon"', "soon", id="the second that fits"),
            pytest.param(Tree | Point, '{"x":1}', Point(1), id="union of dataclasses"),
        ],
    )
    def test_event(self, annotation: Any, text: str, event: Any) -> None:
        """A payload becomes this event, of this type."""
        assert exact(decoded(annotation, text)) == exact(event)

    def test_union_of_typed_dicts(self) -> None:
        """What one type of a union has made of a part is not seen by the next one."""
        event = {"when": "2026-01-02", "n": "x"}

        assert decoded(Timed | Noted, codec.dumps(event)) == event


class TestMismatch:
    """What is said of a payload that is no such event."""

    @pytest.mark.parametrize(
        ("annotation", "text", "message"),
        [
            pytest.param(list[int], '{"a":1}', 'expected array, got {"a":1}', id="list"),
            pytest.param(list[int], '[1,"a"]', '[1]: expected integer, got "a"', id="in a list"),
            pytest.param(tuple[int, int], "[1]", "expected array of 2, got [1]", id="tuple"),
            pytest.param(tuple[int, int], "[1,null]", "[1]: expected integer, got null", id="in a tuple"),
            pytest.param(dict[str, int], "[]", "expected object, got []", id="dict"),
            pytest.param(dict[str, int], '{"a b":"c"}', "['a b']: expected integer, got \"c\"", id="in a dict"),
            pytest.param(dict[int, int], '{"x":1}', 'x: expected integer as a key, got "x"', id="key"),
            pytest.param(dict[int, int], '{"true":1}', 'true: expected integer as a key, got "true"', id="another key"),
            pytest.param(set[Any], "[1,[2]]", "expected array of single values, got [1,[2]]", id="set of anything"),
            pytest.param(frozenset, '[{"a":1}]', 'expected array of single values, got [{"a":1}]', id="bare frozenset"),
            pytest.param(set[Any], "[1,{}]", "expected array of single values, got [1,{}]", id="set of an object"),
            pytest.param("set", "[[1]]", "expected array of single values, got [[1]]", id="bare set"),
            pytest.param(
                "set[tuple]", "[[[1]]]", "expected array of single values, got [[[1]]]", id="set of bare tuples"
            ),
            pytest.param(
                dict[str, set[Any]],
                '{"a":[],"b":[[1]]}',
                "b: expected array of single values, got [[1]]",
                id="sets in a dict",
            ),
            pytest.param(
                list[set[tuple[Any, ...]]],
                "[[[[1]]]]",
                "[0]: expected array of single values, got [[[1]]]",
                id="set of tuples",
            ),
            pytest.param(
                list[frozenset[frozenset[Any]]],
                "[[[[1]]]]",
                "[0][0]: expected array of single values, got [[1]]",
                id="set of frozensets",
            ),
            pytest.param(int | str, "null", "expected integer or string, got null", id="union"),
            pytest.param(list[int] | int, '["a"]', '[0]: expected integer, got "a"', id="in a union"),
            pytest.param(Tree | int, "{}", 'missing field "name"', id="missing in a union"),
        ],
    )
    def test_message(self, annotation: Any, text: str, message: str) -> None:
        """A payload that does not fit is refused with the path, what was expected and what came."""
        assert refused(annotation, text, strict=True) == message


class TestSets:
    """What can be in a set, and what cannot."""

    @pytest.mark.parametrize(
        "annotation",
        [set[list[int]], frozenset[dict[str, int]], AbstractSet[Timed], set[Point], set[tuple[int, list[int]]]],
    )
    @pytest.mark.parametrize("outer", [list, dict])
    def test_no_set(self, annotation: Any, outer: Any) -> None:
        """A set of what cannot be in one is a type that nothing can be decoded into."""
        whole = list[annotation] if outer is list else dict[str, annotation]

        with pytest.raises(InitError, match=r"there is no way to decode .* from JSON"):
            handler(whole, strict=True)

    def test_set(self) -> None:
        """A set takes tuples, frozensets, and one member of a union after the other."""
        assert decoded(set[tuple[int, ...]], "[[1],[1]]") == {(1,)}
        assert decoded(set[frozenset[int]], "[[1,2]]") == {frozenset({1, 2})}
        assert decoded(set[Optional[int]], "[1,null]") == {1, None}  # noqa: UP045 - as older code has it


class TestAmbiguity:
    """What an event costs that may be many things until its very end."""

    @pytest.mark.parametrize("end", ['["a"]', "[1]", "7", '["a",1]'])
    @pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
    def test_steps(self, opening: str, closing: str, end: str) -> None:
        """A part of an event is read once for each member of a union, however deep it is."""
        text = f'{{"name":"a","end":{end}}}'
        for _ in range(14):
            text = f'{{"name":"a","rest":{opening}{text}{closing},"end":["a"]}}'
        Counted.read = 0
        try:
            handler(Right).decode(text.encode())
        except FunctionError as error:
            path = ".".join(["rest[0]" if opening == "[" else "rest.a"] * 14)
            assert str(error).startswith(f"Unable to unmarshal input: {path}.end")  # noqa: PT017 - not all raise
        assert Counted.read <= 2 * 15

    def test_nothing_stays(self) -> None:
        """What has been read of one event is gone with it, and is not taken for a part of another."""
        decode = handler(list[Left | Right]).decode
        (made,) = decode(b'[{"name":"a","end":["a"]}]')
        gone = weakref.ref(made)
        del made

        assert gone() is None
        assert [[type(part) for part in decode(b'[{"name":"a","end":[%s]}]' % end)] for end in (b"1", b'"a"')] == [
            [Left],
            [Right],
        ]
