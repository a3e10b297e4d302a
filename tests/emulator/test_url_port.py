"""A Function URL on a port of its own, as `serve --url-port` opens it: events, responses, streams and CORS."""

from __future__ import annotations

import http.client
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.served import serve_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.served import Served

APP = '''
import pathlib
import time

from lambda_bootstrap import HttpResponse


def answer(event):
    """What the path asks for."""
    match event["rawPath"]:
        case "/event":
            return event
        case "/fail":
            raise ValueError("boom")
        case "/slow":
            time.sleep(30)
        case "/envelope":
            headers = {"x-own": "1", "Access-Control-Allow-Origin": "mine", "Transfer-Encoding": "x"}
            return {"statusCode": 418, "headers": headers, "cookies": ["a=1", "b=2"], "body": "tea"}
        case "/bodiless":
            return {"statusCode": 204, "body": "gone"}
        case "/wrong":
            return {"statusCode": "abc"}
        case "/stream" | "/break" | "/text":
            return pieces(event)


def pieces(event):
    if event["rawPath"] != "/text":
        yield HttpResponse(202, {"content-type": "text/event-stream", "x-own": "1"}, cookies=["a=1"])
    yield "data: one\\n\\n"
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    if event["rawPath"] == "/break":
        raise ValueError("half-way")
    yield "data: two\\n\\n"
'''
PYPROJECT = """
[tool.lambda-bootstrap.functions.plain]
handler = "app.answer"
timeout = 2

[tool.lambda-bootstrap.functions.buffered]
handler = "app.answer"

[tool.lambda-bootstrap.functions.buffered.url]
invoke-mode = "BUFFERED"

[tool.lambda-bootstrap.functions.streamed.url]
invoke-mode = "RESPONSE_STREAM"

[tool.lambda-bootstrap.functions.streamed.url.cors]
allow-origins = ["https://shop.example"]
allow-methods = ["GET", "PUT"]
allow-headers = ["x-own"]
expose-headers = ["x-seen"]
allow-credentials = true
max-age = 60

[tool.lambda-bootstrap.functions.streamed]
handler = "app.answer"

[tool.lambda-bootstrap.functions.open]
handler = "app.answer"
url = { cors = { allow-origins = ["*"] } }
"""
PLAIN, BUFFERED, STREAMED, OPEN = 1, 2, 3, 4


@pytest.fixture(name="served", scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_project(tmp_path_factory.mktemp("urls"), APP, PYPROJECT, "--url-port", "0") as served:
        yield served


@pytest.fixture(name="go")
def _go(served: Served) -> Iterator[Any]:
    """A function that lets streams go on; at the end of the test they are stopped again."""
    file = served.folder / "go"
    yield file.touch
    file.unlink(missing_ok=True)


def ask(served: Served, path: str, which: int = PLAIN, method: str = "GET", body: bytes = b"", **headers: str) -> Any:
    """Send a request to a URL; return status, headers and body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return served.request(method, path, body, named, authority=served.url(which))


class TestEvent:
    """The event of a request."""

    def test_shape(self, served: Served) -> None:
        """Method, path, query, headers, cookies and body stand where Lambda has them."""
        given: dict[str, Any] = {
            "Cookie": "a=1; b=2",
            "Content-Type": "application/json",
            "X-Own": "Zoë",
            "User-Agent": "mine",
        }
        event = json.loads(ask(served, "/event?a=1&a=2&b=%20", PLAIN, "PUT", b'{"c": 1}', **given)[2])
        context = event["requestContext"]

        assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/event", "a=1&a=2&b=%20")
        assert event["queryStringParameters"] == {"a": "1,2", "b": " "}
        assert (event["cookies"], event["headers"]["x-own"]) == (["a=1", "b=2"], "Zoë")
        assert (event["body"], event["isBase64Encoded"]) == ('{"c": 1}', False)
        assert event["headers"]["host"] == served.url(PLAIN)
        assert (context["http"]["method"], context["http"]["path"]) == ("PUT", "/event")
        assert (context["http"]["userAgent"], context["http"]["sourceIp"]) == ("mine", "127.0.0.1")
        assert ".lambda-url." in context["domainName"]

    @pytest.mark.parametrize(
        ("kind", "is_encoded"), [("text/plain", False), ("application/problem+json", False), ("image/png", True)]
    )
    def test_body(self, served: Served, kind: str, is_encoded: bool) -> None:  # noqa: FBT001 - a parameter
        """A body of text is sent as it is, any other as base64."""
        event = json.loads(ask(served, "/event", PLAIN, "POST", b"abc", Content_Type=kind)[2])

        assert (event["body"], event["isBase64Encoded"]) == (("YWJj", True) if is_encoded else ("abc", False))


class TestWhole:
    """Responses that aren't streamed."""

    def test_envelope(self, served: Served) -> None:
        """Status, headers, cookies and body are the function's; what belongs to the connection isn't."""
        connection = http.client.HTTPConnection(served.url(PLAIN))
        connection.request("GET", "/envelope")
        answer = connection.getresponse()

        assert (answer.status, answer.read()) == (418, b"tea")
        assert (answer.getheader("x-own"), answer.headers.get_all("set-cookie")) == ("1", ["a=1", "b=2"])
        assert answer.getheader("transfer-encoding") is None
        assert answer.getheader("x-amzn-RequestId")
        connection.close()

    @pytest.mark.parametrize("path", ["/fail", "/slow", "/wrong"])
    def test_failure(self, served: Served, path: str) -> None:
        """An error, a timeout and a response that is none are 502 without details."""
        status, _, body = ask(served, path)

        assert (status, json.loads(body)) == (502, {"Message": "Internal Server Error"})

    @pytest.mark.parametrize(
        ("method", "path"),
        [("HEAD", "/envelope"), ("HEAD", "/text"), ("GET", "/bodiless")],
        ids=["head", "head of a stream", "204"],
    )
    def test_without_body(self, served: Served, go: Any, method: str, path: str) -> None:
        """An answer that may have no body, by its request or its status, comes without the function's."""
        go()
        status, headers, body = ask(served, path, method=method)

        assert (status, body) == ({"/envelope": 418, "/text": 200, "/bodiless": 204}[path], b"")
        assert headers.get("content-length") == {"/envelope": "3"}.get(path)

    def test_too_large(self, served: Served) -> None:
        """A body that is too large is refused, and the function not called."""
        assert ask(served, "/event", PLAIN, "POST", bytes(6_291_557))[0] == 413

    def test_mode_stream(self, served: Served) -> None:
        """With mode RESPONSE_STREAM, a whole response is sent as it stands, envelope and all."""
        status, headers, body = ask(served, "/envelope", STREAMED)

        assert (status, headers["content-type"]) == (200, "application/json")
        assert json.loads(body)["statusCode"] == 418

    def test_mode_buffered(self, served: Served, go: Any) -> None:
        """With mode BUFFERED, a stream is sent whole."""
        go()
        status, headers, body = ask(served, "/stream", BUFFERED)

        assert (status, body) == (202, b"data: one\n\ndata: two\n\n")
        assert headers["content-length"] == str(len(body))


class TestStreams:
    """Streamed responses."""

    @pytest.mark.parametrize("which", [PLAIN, STREAMED])
    def test_pieces(self, served: Served, go: Any, which: int) -> None:
        """Head and first piece are there while the function waits to make the second."""
        connection = http.client.HTTPConnection(served.url(which), timeout=20)
        connection.request("GET", "/stream")
        answer = connection.getresponse()
        first = answer.read1()
        go()

        assert (answer.status, answer.getheader("content-type")) == (202, "text/event-stream")
        assert (answer.getheader("x-own"), answer.getheader("set-cookie")) == ("1", "a=1")
        assert (first, answer.read()) == (b"data: one\n\n", b"data: two\n\n")
        connection.close()

    def test_without_a_head(self, served: Served, go: Any) -> None:
        """A stream without a head is 200, with the stream's media type."""
        go()
        status, headers, body = ask(served, "/text")

        assert (status, body) == (200, b"data: one\n\ndata: two\n\n")
        assert headers["content-type"] == "application/octet-stream"

    def test_broken_off(self, served: Served, go: Any) -> None:
        """A stream that fails half-way is broken off: the client sees that the end is missing."""
        go()
        with pytest.raises(http.client.IncompleteRead):
            ask(served, "/break")

    def test_timeout(self, served: Served) -> None:
        """So is a stream that takes too long."""
        start = time.monotonic()
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            ask(served, "/stream")

        assert 1.5 < time.monotonic() - start < 20


class TestCors:
    """Pages of other sites."""

    def test_preflight(self, served: Served) -> None:
        """A browser's question is answered without the function, by the settings."""
        asked: dict[str, Any] = {"Origin": "https://shop.example", "Access-Control-Request-Method": "PUT"}
        status, headers, body = ask(served, "/fail", STREAMED, "OPTIONS", **asked)

        assert (status, body) == (200, b"")
        assert {name: value for name, value in headers.items() if name.startswith("access-control")} == {
            "access-control-allow-origin": "https://shop.example",
            "access-control-allow-credentials": "true",
            "access-control-allow-methods": "GET,PUT",
            "access-control-allow-headers": "x-own",
            "access-control-expose-headers": "x-seen",
            "access-control-max-age": "60",
        }

    def test_another_site(self, served: Served) -> None:
        """A site that isn't allowed gets no header that would let its page read the answer."""
        asked: dict[str, Any] = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}

        for method in ("OPTIONS", "GET"):
            headers = ask(served, "/event", STREAMED, method, **asked)[1]
            assert not [name for name in headers if name.startswith("access-control")]

    def test_settings_win(self, served: Served) -> None:
        """The settings win over the function's own headers; without settings, the function's are sent."""
        origin: dict[str, Any] = {"Origin": "https://any.example"}

        assert ask(served, "/envelope", OPEN, **origin)[1]["access-control-allow-origin"] == "*"
        assert ask(served, "/envelope", PLAIN, **origin)[1]["access-control-allow-origin"] == "mine"

    def test_own_preflight(self, served: Served) -> None:
        """Without settings, a browser's question goes to the function."""
        asked: dict[str, Any] = {"Origin": "https://any.example", "Access-Control-Request-Method": "PUT"}
        body = ask(served, "/event", PLAIN, "OPTIONS", **asked)[2]

        assert json.loads(body)["requestContext"]["http"]["method"] == "OPTIONS"
