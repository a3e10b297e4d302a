"""What web applications have in common: other events, statuses that fail, and where they stand in the loop."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from lambda_bootstrap import HttpResponse
from lambda_bootstrap.errors import FunctionError, RuntimeApiError
from lambda_bootstrap.log import Log
from lambda_bootstrap.loop import InvokeLoop
from lambda_bootstrap.settings import Settings

from tests.support.applications import Echo, Served, WsgiEcho
from tests.support.front_ends import ALL, URL, FrontEnd, Sent
from tests.support.loop import FUNCTION, OverError, Script, an_invocation

every = pytest.mark.parametrize("front_end", ALL, ids=str)
QUEUE = {"Records": [{"eventSource": "aws:sqs", "body": "é"}]}


def answering(kind: Any, status: int, body: bytes) -> Any:
    """An application that answers so."""
    echo = kind()
    echo.status, echo.answer = (status if kind is Echo else f"{status} It"), body
    return echo


kinds = pytest.mark.parametrize("kind", [Echo, WsgiEcho])


class TestOtherEvents:
    """Decision 4: events that are no HTTP requests."""

    @kinds
    def test_posted(self, kind: Any) -> None:
        """Another event is posted to /events as JSON, and the answer's JSON is the result."""
        echo = answering(kind, 200, b'{"batchItemFailures": []}')
        result = Served(echo).call(QUEUE)
        told = echo.scope if kind is Echo else echo.environ

        assert result == {"batchItemFailures": []}
        assert json.loads(echo.body) == QUEUE
        if kind is Echo:
            assert (told["method"], told["path"], told["root_path"]) == ("POST", "/events", "")
            assert dict(told["headers"])[b"content-type"] == b"application/json"
        else:
            assert (told["REQUEST_METHOD"], told["PATH_INFO"]) == ("POST", "/events")
            assert told["CONTENT_TYPE"] == "application/json"
        assert told["aws.event"] is QUEUE

    @pytest.mark.parametrize(("body", "result"), [(b"", None), (b"ok", "ok"), (b"1", 1), (b"\xff", "\ufffd")])
    def test_results(self, body: bytes, result: object) -> None:
        """An empty answer is null, and one that is no JSON is text."""
        assert Served(answering(Echo, 200, body)).call(QUEUE) == result

    def test_path(self) -> None:
        """BOOTSTRAP_HTTP_EVENTS names another path."""
        echo = Echo()
        Served(echo, {"BOOTSTRAP_HTTP_EVENTS": "/jobs"}).call(QUEUE)

        assert echo.scope["path"] == "/jobs"

    @pytest.mark.parametrize("event", [QUEUE, None, "text", {"requestContext": {"connectionId": "c"}}])
    def test_off(self, event: object) -> None:
        """An empty BOOTSTRAP_HTTP_EVENTS makes other events fail, with the front ends in the message."""
        with pytest.raises(FunctionError, match=r"API Gateway \(REST and HTTP APIs\), Function URLs, Appl") as failed:
            Served(Echo(), {"BOOTSTRAP_HTTP_EVENTS": ""}).call(event)
        assert failed.value.error_type == "Function.UnknownEvent"

    def test_bytes(self) -> None:
        """A payload that is no JSON is the body as it came."""
        echo = Echo()
        Served(echo).call(b"\x00\xff")

        assert echo.body == b"\x00\xff"
        assert dict(echo.scope["headers"])[b"content-type"] == b"application/octet-stream"

    @kinds
    @pytest.mark.parametrize("status", [400, 404, 500, 503])
    def test_errors(self, kind: Any, status: int) -> None:
        """An answer that is an error fails the invocation, so that a queue delivers the event again."""
        with pytest.raises(FunctionError, match=f"^POST /events was answered {status}: no such path$") as failed:
            Served(answering(kind, status, b"no such path")).call(QUEUE)
        assert failed.value.error_type == "Function.HttpError"

    def test_exception(self) -> None:
        """An exception of the application is the invocation's."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            raise LookupError("lost")

        def old(environ: Any, start_response: Any) -> None:  # noqa: ARG001 - the interface's
            raise LookupError("lost")

        for each in (app, old):
            with pytest.raises(LookupError, match="lost"):
                Served(each).call(QUEUE)

    def test_never_streamed(self) -> None:
        """The answer to another event is whole, where those to requests are streamed."""
        served = Served(answering(Echo, 200, b"1"), {"BOOTSTRAP_HTTP": "stream"})

        assert served.call(QUEUE) == 1
        assert served.call(URL.event(Sent())) != 1


class TestErrorStatuses:
    """Decision 1: BOOTSTRAP_HTTP_ERROR_STATUS."""

    @every
    @kinds
    def test_listed(self, kind: Any, front_end: FrontEnd) -> None:
        """An answer with a status that is listed fails the invocation; its beginning is in the message."""
        served = Served(answering(kind, 503, b"x" * 999), {"BOOTSTRAP_HTTP_ERROR_STATUS": "500,502-504"})

        with pytest.raises(FunctionError) as failed:
            served.ask(front_end, Sent("PUT", "/a"))
        assert str(failed.value) == f"PUT {front_end.stage}/a was answered 503: {'x' * 200}…"

    @every
    @kinds
    def test_unlisted(self, kind: Any, front_end: FrontEnd) -> None:
        """An answer with any other status is an answer."""
        served = Served(answering(kind, 501, b""), {"BOOTSTRAP_HTTP_ERROR_STATUS": "500,502-504"})

        assert served.ask(front_end, Sent()).status == 501

    def test_exception(self) -> None:
        """Where 500 is listed, an exception of the application is the invocation's, with its own trace."""

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
            raise LookupError("lost")

        with pytest.raises(LookupError, match="lost"):
            Served(app, {"BOOTSTRAP_HTTP_ERROR_STATUS": "500"}).ask(URL, Sent())


def test_heads_are_public() -> None:
    """The head of a streamed answer is what a handler's own `HttpResponse` would send."""
    head = Served(Echo()).handler.application.head(201, [("A", "1"), ("a", "2"), ("Set-Cookie", "c=1")])

    assert isinstance(head, HttpResponse)
    assert head.prelude() == b'{"statusCode":201,"headers":{"a":"1, 2"},"cookies":["c=1"]}' + bytes(8)


def test_in_the_loop() -> None:
    """The loop posts the front end's result as JSON; what the application does after it runs before the next poll."""
    story: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body", "body": b"hi"})
            await asyncio.sleep(0)
            story.append(f"{len(script.answers)} of {len(script.story)}")

    served = Served(app)
    script = Script(an_invocation("one", json.dumps(URL.event(Sent())).encode()))
    with pytest.raises(OverError):
        InvokeLoop(script, served.handler, Log(Settings({})), FUNCTION).run()

    ((request_id, body, content_type),) = script.answers
    assert (request_id, content_type) == ("one", "application/json")
    assert json.loads(body) == {"statusCode": 200, "headers": {}, "body": "hi", "isBase64Encoded": False}
    assert (story, script.story[-1]) == (["1 of 2"], "next")


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
@pytest.mark.parametrize("piece", [5, [1, 2], "text", "", 0, None])
def test_no_bytes(kind: str, piece: object) -> None:
    """What has no bytes is an error in a stream too, and never so many NULs, or what else `bytes` would make of it."""

    async def asgi(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body", "body": piece})

    def wsgi(environ: Any, start_response: Any) -> list[Any]:  # noqa: ARG001 - the interface's
        start_response("200 OK", [])
        return [piece]

    served = Served(asgi if kind == "asgi" else wsgi, {"BOOTSTRAP_HTTP": "stream"})
    script = Script(an_invocation("one", json.dumps(URL.event(Sent())).encode()))
    with pytest.raises(OverError):
        InvokeLoop(script, served.handler, Log(Settings({})), FUNCTION).run()
    body = b"".join(data for _, data in script.answers)

    assert b'{"statusCode":500' in body
    assert b"Internal Server Error" in body
    assert "expected a bytes-like object" in served.log.errors[0].message


def test_lost_stream() -> None:
    """A stream that was lost gets nothing more, however often the application tries: each time is an OSError."""
    tried: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200})
        for _ in range(3):
            try:
                await send({"type": "http.response.body", "body": b"piece", "more_body": True})
            except OSError as error:
                tried.append(str(error))

    served = Served(app, {"BOOTSTRAP_HTTP": "stream"})
    script = Script(an_invocation("one", json.dumps(URL.event(Sent())).encode()), gone=True)
    with pytest.raises(RuntimeApiError, match="gone"):
        InvokeLoop(script, served.handler, Log(Settings({})), FUNCTION).run()

    assert tried == ["the response stream was lost"] * 3
    assert [name for name, *_ in script.answers].count("response") == 1
