"""Typed events: what an annotation is, however it is written, and what is said of one that is none."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path  # noqa: TC003 - resolved at run time
from typing import Annotated, Any, Final, NamedTuple, Optional

import attrs
import msgspec
import pydantic
import pytest
from lambda_bootstrap import codec
from lambda_bootstrap.codec import Options
from lambda_bootstrap.errors import InitError
from lambda_bootstrap.signature import adapt
from lambda_bootstrap.typed.compiler import Compiler

from tests.support.typed import (
    Car,
    Json,
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
        assert refused(annotation, text, strict=True) == message

    def test_deep(self) -> None:
        """An event that is nested too deeply is an unmarshal error."""
        assert "recursion" in refused(Nested, "[" * 900 + "]" * 900, strict=True)


@dataclass
class Upload:
    """Has a field that JSON knows nothing of."""

    name: str
    place: Path


class Row(NamedTuple):
    """Has one too."""

    place: Path


@attrs.define
class Crate:
    """Names a class that is never imported."""

    owner: Nobody  # type: ignore[name-defined] # noqa: F821 - that is the test


class Parcel(pydantic.BaseModel):
    """Names one too, which pydantic finds out at the first event."""

    owner: Nobody  # type: ignore[name-defined] # noqa: F821 - that is the test


class Late(pydantic.BaseModel):
    """Names a class that is defined below."""

    inner: Inner


class Inner(pydantic.BaseModel):
    """Is defined below."""

    id: int


@dataclass
class Shelf:
    """Has a field of such a class."""

    parcel: Parcel


class Letter(msgspec.Struct):
    """Names one too, which msgspec cannot see."""

    owner: Nobody  # type: ignore[name-defined] # noqa: F821 - that is the test


@dataclass
class Measured:
    """Has fields that are annotated with what has no hash."""

    length: Annotated[int, {"unit": "cm"}]
    names: list[Annotated[str, ["any"]]] = dataclasses.field(default_factory=list)


class DataClass(dict[str, Any]):
    """Wraps an event, as the data classes of Powertools do."""


class Unprintable:
    """Cannot be written down, compared, or found in a table."""

    __hash__ = None  # type: ignore[assignment] # that is the test

    def __repr__(self) -> str:
        raise OSError("no words")

    def __eq__(self, other: object) -> bool:
        raise OSError("no equal")


NOBODY = "the annotation names Nobody, which is not there at run time: import it outside of `if TYPE_CHECKING`"


def no_way(name: str) -> str:
    """What is said of a class that nobody can decode."""
    return f"there is no way to decode {name} from JSON"


CASES = [
    pytest.param("Nobody", NOBODY, "Nobody", id="name"),
    pytest.param("list[Nobody]", NOBODY, "list[Nobody]", id="name inside"),
    pytest.param("Nobody | None", NOBODY, "Nobody | None", id="name or None"),
    pytest.param("Nobody.Inner", NOBODY, "Nobody.Inner", id="name in a module"),
    pytest.param("'Nobody'", NOBODY, "'Nobody'", id="text within text"),
    pytest.param(Crate, f"Crate: {NOBODY}", "Crate", id="name in a class of attrs"),
    pytest.param(Parcel, NOBODY, "Parcel", id="name in a pydantic model"),
    pytest.param(Shelf, NOBODY, "Shelf", id="name in a field's pydantic model"),
    pytest.param(Letter, NOBODY, "Letter", id="name in a msgspec Struct"),
    pytest.param(
        "Decimal.missing",
        "the annotation Decimal.missing cannot be resolved: type object 'decimal.Decimal' has no attribute 'missing'",
        "Decimal.missing",
        id="attribute",
    ),
    pytest.param("1 / 0", "the annotation 1 / 0 cannot be resolved: division by zero", "1 / 0", id="that fails"),
    pytest.param("list[", "the annotation isn't a type: ", "list[", id="syntax"),
    pytest.param("the order, as it came", "the annotation isn't a type: ", "the order, as it came", id="free text"),
    pytest.param(Options, no_way("Options"), "Options", id="class"),
    pytest.param(Options | None, no_way("Options"), f"{Options.__module__}.Options | None", id="X | None"),
    pytest.param(Optional[Options], no_way("Options"), "Options", id="Optional[X]"),  # noqa: UP045 - that is the test
    pytest.param(Options | Compiler, no_way("Options"), "Options | ", id="X | Y"),
    pytest.param(list[Options], no_way("Options"), f"list[{Options.__module__}.Options]", id="list[X]"),
    pytest.param(dict[str, Options], no_way("Options"), f"dict[str, {Options.__module__}.Options]", id="dict[str, X]"),
    pytest.param(tuple[int, Options], no_way("Options"), "tuple[int, ", id="tuple[int, X]"),
    pytest.param(dict[str, complex], no_way("complex"), "dict[str, complex]", id="scalar"),
    pytest.param(Upload, no_way("Path"), "Upload", id="dataclass with a Path"),
    pytest.param(list[Upload], no_way("Path"), "Upload]", id="list of such dataclasses"),
    pytest.param(Row, no_way("Path"), "Row", id="NamedTuple with a Path"),
    pytest.param(
        Json, "Json contains itself, which only a `type` statement can: `type Json = ...`", "Json", id="alias"
    ),
    pytest.param("Json", "Json contains itself, which", "Json", id="alias as text"),
    pytest.param(DataClass, no_way("DataClass"), "DataClass", id="class that wraps a dict"),
    pytest.param({"sku": str}, no_way("{'sku': <class 'str'>}"), "{'sku': <class 'str'>}", id="unhashable"),
    pytest.param([int], no_way("[<class 'int'>]"), "[<class 'int'>]", id="list in place of a type"),
    pytest.param(Annotated[Options, []], no_way("Options"), "Annotated[", id="unhashable Annotated"),
    pytest.param(Unprintable(), "the annotation a Unprintable cannot be resolved: no", "a Unprintable", id="hostile"),
    pytest.param(5, no_way("5"), "5", id="number"),
    pytest.param(len, no_way("<built-in function len>"), "len", id="function"),
]


class TestPlainInstead:
    """Annotations that nobody can make an event of."""

    @pytest.mark.parametrize(("annotation", "reason", "written"), CASES)
    def test_plain(self, annotation: Any, reason: str, written: str) -> None:
        """What cannot be decoded is plain JSON, with one warning: the annotation, what is wrong, and what to do."""
        made = handler(annotation)
        (warning,) = made.warnings

        assert warning.startswith(f"handler 'app.handler': {reason}")
        assert written in warning.rpartition("; the event, annotated `")[2]
        assert warning.endswith("`, is plain JSON: annotate it `dict` if the handler wants that")
        assert made.decode is codec.decode
        assert not made.is_typed

    @pytest.mark.parametrize(("annotation", "reason", "written"), CASES)
    def test_strict(self, annotation: Any, reason: str, written: str) -> None:
        """What cannot be decoded is an init error in strict mode, which says which name or type it is."""
        with pytest.raises(InitError) as refusal:
            handler(annotation, strict=True)

        assert refusal.value.error_type == "Runtime.InvalidHandler"
        assert str(refusal.value).startswith(f"handler 'app.handler': {reason}")
        assert written

    def test_field(self) -> None:
        """A name in a class is told with the class."""

        @dataclass
        class Local:
            part: Nobody  # type: ignore[name-defined] # noqa: F821 - that is the test

        (warning,) = handler(Local).warnings

        assert warning.startswith(f"handler 'app.handler': Local: {NOBODY}")

    def test_long(self) -> None:
        """Of a long annotation a warning has the beginning."""
        (warning,) = handler(f"Nobody[{'int, ' * 100}]").warnings

        assert f"annotated `Nobody[{'int, ' * 38}int…`" in warning

    @pytest.mark.parametrize(
        ("annotation", "text", "event"),
        [
            pytest.param(Late, '{"inner":{"id":1}}', Late(inner=Inner(id=1)), id="pydantic, defined below"),
            pytest.param(Measured, '{"length":1,"names":["a"]}', Measured(1, ["a"]), id="unhashable metadata"),
            pytest.param(list[Annotated[int, []]], "[1]", [1], id="unhashable metadata inside"),
            pytest.param(Annotated[Point, []], '{"x":1}', Point(1), id="unhashable metadata outside"),
        ],
    )
    def test_not_without_need(self, annotation: Any, text: str, event: Any) -> None:
        """What can be decoded after all is decoded, without a warning."""
        made = handler(annotation)

        assert made.warnings == []
        assert exact(made.decode(text.encode())) == exact(event)

    @pytest.mark.parametrize("annotation", [None, "None", Any, "dict", "dict[str, Any]", "list[int]", bytes])
    def test_no_warning(self, annotation: Any) -> None:
        """What asks for plain JSON, for the payload, or for what JSON has, is no reason for a warning."""
        assert handler(annotation).warnings == []

    @pytest.mark.parametrize("annotation", ["Nobody", "free text", "Decimal.missing", "1 / 0", Unprintable(), [int], 5])
    def test_result(self, annotation: Any) -> None:
        """A result's annotation that cannot be resolved changes nothing, and is no reason for a warning."""
        made = handler(None, annotation)

        assert made.warnings == []
        assert made.encode({"a": b"text"}) == b'{"a":"text"}'

    @pytest.mark.parametrize("annotation", ["Logger", "nowhere.Logger", "logging.missing.Logger"])
    def test_logger(self, annotation: Any) -> None:
        """A logger's annotation that cannot be resolved is a warning, and the parameter keeps its default."""

        def function(event: Any, context: Any, log: Any = "default") -> Any:
            return event, context, log

        function.__annotations__ = {"log": annotation}
        made = adapt(function, "app.handler")
        (warning,) = made.warnings

        assert warning.endswith("; the parameter log gets no logger")
        assert made.call("E", "C") == ("E", "C", "default")

    def test_context_unresolved(self) -> None:
        """The context's annotation is nobody's business, and no reason for a warning."""

        def function(event: Any, context: Any) -> Any:
            return event, context

        function.__annotations__ = {"context": "Nobody"}

        assert adapt(function, "app.handler").warnings == []
