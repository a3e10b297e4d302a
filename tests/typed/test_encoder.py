"""Typed results."""

from __future__ import annotations

from typing import Any

import pytest
from lambda_bootstrap import codec

from tests.support.typed import Blob, Car, Model, Movie, Page, Place, Point, Struct, Tree, handler


class TestResults:
    """Typed results."""

    @pytest.mark.parametrize(
        ("result", "annotation", "body"),
        [
            pytest.param(
                Blob(b"\xff", [b"a"], {"k": b"b", "n": None}, (b"c", 1)),
                None,
                '{"data":"/w==","parts":["YQ=="],"named":{"k":"Yg==","n":null},"pair":["Yw==",1]}',
                id="B3.13 dataclass",
            ),
            pytest.param({"data": b"a"}, dict[str, bytes], '{"data":"YQ=="}', id="B3.13 dict"),
            pytest.param({"data": b"a"}, "dict[str, bytes]", '{"data":"YQ=="}', id="B3.13 as text"),
            pytest.param([b"a", {"b"}], list[bytes | set[str]], '["YQ==",["b"]]', id="B3.13 union"),
            pytest.param({"title": "M", "poster": b"a"}, Movie, '{"title":"M","poster":"YQ=="}', id="B3.13 TypedDict"),
            pytest.param([Place("Rome", b"a")], list[Place], '[{"city":"Rome","zip":"YQ=="}]', id="B3.13 NamedTuple"),
            pytest.param({"data": b"a"}, None, '{"data":"a"}', id="undeclared bytes are text"),
            pytest.param({"data": b"a"}, "Nobody", '{"data":"a"}', id="a name that is not there"),
            pytest.param({"data": b"a"}, dict[str, Any], '{"data":"a"}', id="Any"),
            pytest.param(Page([1], 2), Page[int], '{"items":[1],"next-item":2}', id="alias"),
            pytest.param(Car(4, "X", b"\0"), None, '{"wheels":4,"_plate":"X","the photo":"AA==","seen":0}', id="attrs"),
            pytest.param([Model(id=1, labels=["a"])], None, '[{"id":1,"price":"0","labels":["a"]}]', id="pydantic"),
            pytest.param(Struct(1), None, '{"id":1,"price":0.0,"when":null,"children":[]}', id="msgspec"),
            pytest.param(Tree(name="a"), "Tree", '{"name":"a","left":null,"rest":[]}', id="recursive"),
        ],
    )
    def test_body(self, result: Any, annotation: Any, body: str) -> None:
        """A result of a typed handler has this body."""
        assert handler(None, annotation).encode(result).decode() == body

    def test_fields_only(self) -> None:
        """What is no field of a dataclass does not leave, wherever it has been put."""
        point = Point(1)
        vars(point)["secret"] = 1
        tree = Page([1])
        vars(tree)["secret"] = 1

        assert codec.encode(point) == b'{"x":1,"y":0.5,"made":1}'
        assert codec.encode([tree]) == b'[{"items":[1],"next-item":null}]'
