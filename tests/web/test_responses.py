"""Responses of applications as every front end's clients get them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import front_ends as fe
from tests.support.applications import Echo, Served, WsgiEcho
from tests.support.front_ends import ALL, FrontEnd, Got, Pairs, Sent

every = pytest.mark.parametrize("front_end", ALL, ids=str)


def results(
    front_end: FrontEnd, status: str = "200 OK", headers: Pairs | None = None, body: bytes = b"", method: str = "GET"
) -> list[dict[str, Any]]:
    """What the front end is sent for a response, by an ASGI application and by a WSGI application."""
    echo, told = Echo(), WsgiEcho()
    echo.status, echo.answer = int(status[:3]), body
    echo.headers = [(name.encode(), value.encode("latin-1")) for name, value in headers or []]
    told.status, told.headers, told.answer = status, headers or [], body
    event = front_end.event(Sent(method))
    return [Served(echo).call(event), Served(told).call(event)]


def answered(
    front_end: FrontEnd, status: str = "200 OK", headers: Pairs | None = None, body: bytes = b"", method: str = "GET"
) -> Got:
    """What the client gets of a response, whichever kind of application sends it."""
    first, second = map(front_end.receive, results(front_end, status, headers, body, method))
    assert first == second
    return first


class TestBody:
    """Row "base64"."""

    @every
    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("text/html; charset=iso-8859-1", "é".encode("latin-1")),
            ("application/octet-stream", bytes(range(256))),
            ("image/png", b"\x89PNG\r\n\x1a\n"),
            ("application/json", b'{"a": "\xff"}'),
        ],
    )
    def test_binary(self, front_end: FrontEnd, kind: str, body: bytes) -> None:
        """A body that is no UTF-8 is base64, whatever its type, and arrives byte by byte."""
        for result in results(front_end, headers=[("content-type", kind)], body=body):
            assert (result["isBase64Encoded"], base64.b64decode(result["body"])) == (True, body)
        assert answered(front_end, body=body).body == body

    @every
    @pytest.mark.parametrize(
        "kind",
        [
            *("application/problem+json", "image/svg+xml", "application/x-www-form-urlencoded"),
            *("application/octet-stream", "font/woff2", "text/plain; charset=utf-8", ""),
        ],
    )
    def test_text(self, front_end: FrontEnd, kind: str) -> None:
        """A body that is UTF-8 is sent as it is, whatever its type."""
        for result in results(front_end, headers=[("content-type", kind)] if kind else [], body="é\0".encode()):
            assert (result["isBase64Encoded"], result["body"]) == (False, "é\0")

    @every
    @pytest.mark.parametrize(
        ("method", "status"), [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 Not Modified")]
    )
    def test_none(self, front_end: FrontEnd, method: str, status: str) -> None:
        """Answers to HEAD, and those with status 204 or 304, have no body, and no content type is made up for them."""
        got = answered(front_end, status, [("etag", '"1"')], b"ignored", method)

        assert (got.body, got.headers) == (b"", {"etag": ['"1"']})


class TestHeaders:
    """Rows of the headers' forms."""

    @pytest.mark.parametrize("front_end", [fe.REST, fe.REST_STAGE, fe.HTTP_1, fe.HTTP_1_STAGE, fe.ALB_MULTI], ids=str)
    def test_lists(self, front_end: FrontEnd) -> None:
        """REST APIs, format 1.0 and multi-value load balancers get multiValueHeaders only, and no `cookies`."""
        for result in results(front_end, headers=[("X-A", "1"), ("Set-Cookie", "a=1"), ("x-a", "2")]):
            assert result["multiValueHeaders"] == {"x-a": ["1", "2"], "set-cookie": ["a=1"]}
            assert not {"headers", "cookies"} & result.keys()

    @pytest.mark.parametrize("front_end", [fe.HTTP_2, fe.HTTP_2_STAGE, fe.URL], ids=str)
    def test_cookies(self, front_end: FrontEnd) -> None:
        """Format 2.0 and Function URLs get headers joined, and cookies apart."""
        pairs = [("X-A", "1"), ("Set-Cookie", "a=1, 2"), ("x-a", "2"), ("set-cookie", "b=2")]
        for result in results(front_end, headers=pairs):
            assert (result["headers"], result["cookies"]) == ({"x-a": "1, 2"}, ["a=1, 2", "b=2"])

    @pytest.mark.parametrize("front_end", [fe.ALB, fe.LATTICE_1, fe.LATTICE_2], ids=str)
    def test_letters(self, front_end: FrontEnd) -> None:
        """Where a header has one value, each further cookie has its name in other letters."""
        cookies = [f"c{n}={n}" for n in range(40)]
        (result, _) = results(front_end, headers=[("set-cookie", cookie) for cookie in cookies])

        assert list(result["headers"].values()) == cookies
        assert {name.lower() for name in result["headers"]} == {"set-cookie"}

    @every
    def test_repeated(self, front_end: FrontEnd) -> None:
        """Cookies arrive one by one, and other headers that came several times with all of their values."""
        got = answered(
            front_end, headers=[("set-cookie", "a=1"), ("vary", "accept"), ("set-cookie", "b=2"), ("vary", "origin")]
        )

        assert (got.cookies, got.header("vary")) == (["a=1", "b=2"], "accept, origin")

    @every
    def test_hop_by_hop(self, front_end: FrontEnd) -> None:
        """Headers for one connection alone are removed."""
        got = answered(
            front_end,
            headers=[("Connection", "close"), ("Transfer-Encoding", "chunked"), ("Keep-Alive", "1"), ("x", "y")],
        )

        assert got.headers == {"x": ["y"]}

    @every
    def test_latin_1(self, front_end: FrontEnd) -> None:
        """Values are latin-1, and never taken for UTF-8."""
        assert answered(front_end, headers=[("x-name", "é")]).header("x-name") == "é"

    @every
    def test_space(self, front_end: FrontEnd) -> None:
        """Space around a value, such as Django's before cookies, is no part of it, and is not sent."""
        got = answered(front_end, headers=[("set-cookie", " a=1"), ("x", "\t1 "), ("x", " 2")])

        assert (got.cookies, got.header("x")) == (["a=1"], "1, 2")

    @every
    @pytest.mark.parametrize("name", ["", "x y", "x:", "x\r\ny", "(x)"])
    def test_name(self, front_end: FrontEnd, name: str) -> None:
        """A name that no header has is the application's error, and isn't handed to the front end."""
        assert answered(front_end, headers=[("x-one", "1"), (name, "1")]).status == 500
        assert answered(front_end, headers=[("x-one", "1"), ("!#$%&'*+-.^_`|~09AZ", "1")]).status == 200

    @every
    @pytest.mark.parametrize("value", ["a\r\nset-cookie: b=1", "a\nb", "a\0"])
    def test_break(self, front_end: FrontEnd, value: str) -> None:
        """A value with a line break or NUL, which would end the header before its end, is the application's error."""
        assert answered(front_end, headers=[("x", value)]).status == 500

    @every
    def test_pairs(self, front_end: FrontEnd) -> None:
        """An ASGI application's headers may be missing, or be any iterable of pairs; its body may be missing."""
        several: list[dict[str, Any]] = [
            *({}, {"headers": []}, {"headers": [[b"a", b"b"]]}),
            {"headers": (pair for pair in ((b"a", b"b"),))},
        ]
        for headers in several:

            async def app(scope: Any, receive: Any, send: Any, headers: dict[str, Any] = headers) -> None:  # noqa: ARG001
                await send({"type": "http.response.start", "status": 201, **headers})
                await send({"type": "http.response.body"})

            got = Served(app_of(app)).ask(front_end, Sent())
            assert (got.status, got.body) == (201, b"")


def app_of(call: Any) -> Any:
    """An application without optional parameters."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await call(scope, receive, send)

    return app


class TestStatus:
    """Row "status phrase"."""

    @every
    @pytest.mark.parametrize("status", ["299 Odd", "599 ", "200 OK", "418 I'm a teapot", "201"])
    def test_any(self, front_end: FrontEnd, status: str) -> None:
        """A status that nobody knows is a status."""
        assert answered(front_end, status).status == int(status[:3])

    @pytest.mark.parametrize("front_end", [fe.ALB, fe.ALB_MULTI, fe.LATTICE_1], ids=str)
    def test_phrase(self, front_end: FrontEnd) -> None:
        """A load balancer is told the phrase of a WSGI application, and none where there is none."""
        asgi, wsgi = results(front_end, "299 Odd One")

        assert (asgi.get("statusDescription"), wsgi["statusDescription"]) == (None, "299 Odd One")


TOKEN = st.from_regex(r"[a-z][a-z-]{0,7}", fullmatch=True).filter(
    lambda name: name not in {"set-cookie", "connection", "te", "trailer", "upgrade", "keep-alive"}
)
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=9)


@given(
    st.integers(200, 599),
    st.lists(st.tuples(TOKEN, TEXT), max_size=5),
    st.lists(TEXT, max_size=3),
    st.binary(max_size=30) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(str.encode),
    st.sampled_from(["GET", "HEAD", "POST"]),
)
def test_every_response(status: int, headers: Pairs, cookies: list[str], body: bytes, method: str) -> None:
    """Through every front end, clients get the same status, headers, cookies and body."""
    pairs = [*headers, *(("set-cookie", cookie) for cookie in cookies)]
    seen = []
    for front_end in ALL:
        got = answered(front_end, f"{status} It", pairs, body, method)
        joined = {name: got.header(name) for name in got.headers if name != "set-cookie"}
        seen.append((got.status, joined, got.cookies, got.body))

    assert [each for each in seen if each != seen[0]] == []
    assert seen[0][0] == status
    assert seen[0][2] == sorted(cookie.strip(" ") for cookie in cookies)
    assert seen[0][3] == (b"" if method == "HEAD" or status in {204, 304} else body)
