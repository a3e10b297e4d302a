"""Web applications under the emulator: whole and streamed answers on the wire, lifespan and background work."""

from __future__ import annotations

import base64
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import FUNCTIONS, PYTHON, ROOT
from tests.support.front_ends import REST, URL, Sent

if TYPE_CHECKING:
    from lambda_bootstrap_dev.testing import Request

    from tests.support import Start

STREAM = {"BOOTSTRAP_HTTP": "stream"}
HTTP = "application/vnd.awslambda.http-integration-response"


def ask(emulator: Emulator, path: str, method: str = "GET") -> Any:
    """The outcome of a request through a Function URL."""
    return emulator.invoke(json.dumps(URL.event(Sent(method, path))).encode())


def posted(start: Start, handler: str, path: str, method: str = "GET", **environ: str) -> Request:
    """What is posted for one request, and that it is posted once."""
    emulator = start(f"webapps.{handler}", environ={**STREAM, **environ})
    ask(emulator, path, method)
    [post] = [request for request in emulator.requests if request.endpoint in {"response", "error"}]
    return post


def parts(post: Request) -> tuple[Any, list[bytes]]:
    """The prelude, and the pieces of the body, that of the prelude's chunk first."""
    first, *others = post.pieces
    head, _, body = first.partition(bytes(8))
    return json.loads(head), [body, *others]


def told(post: Request) -> Any:
    """The error body in the trailers of a post."""
    return json.loads(base64.b64decode(post.trailer("Lambda-Runtime-Function-Error-Body"), validate=True))


both = pytest.mark.parametrize("handler", ["app", "wsgi"])


class TestWhole:
    """Answers that are sent whole, which is the default."""

    @both
    def test_answer(self, start: Start, handler: str) -> None:
        """An application named as the handler answers with the front end's result."""
        emulator = start(f"webapps.{handler}")
        outcome = ask(emulator, "/hello")

        assert outcome.json() == {
            "statusCode": 201,
            "headers": {"content-type": "text/plain"},
            "cookies": ["a=1", "b=2"],
            "body": "hello",
            "isBase64Encoded": False,
        }

    def test_life(self, start: Start) -> None:
        """The lifespan starts before the first request; background work is done before the next is asked for."""
        emulator = start("webapps.app")

        assert json.loads(ask(emulator, "/tell").json()["body"]) == ["startup"]
        assert json.loads(ask(emulator, "/tell").json()["body"]) == ["startup", "answered", "background"]

    @both
    def test_error(self, start: Start, handler: str) -> None:
        """An error of the application is a record with its trace and the request id, and an answer with status 500."""
        emulator = start(f"webapps.{handler}")
        outcome = ask(emulator, "/early")
        (post,) = emulator.wait_for("response")

        assert (outcome.error, outcome.json()["statusCode"], outcome.json()["body"]) == (
            *(None, 500, "Internal Server Error"),
        )
        text = emulator.stdout.decode()
        assert "[ERROR] LookupError: early" in text.replace("\r", "\n")
        assert "early" in text
        assert "raise LookupError" in text
        assert "lambda_bootstrap" not in text
        assert post.request_id != ""

    def test_shutdown(self, start: Start) -> None:
        """The lifespan ends at SIGTERM, which Lambda is asked for."""
        emulator = start("webapps.app")
        ask(emulator, "/hello")
        emulator.wait_for("next", 2)
        os.kill(emulator.pid, signal.SIGTERM)

        assert emulator.wait_exit() == 0
        assert emulator.stdout.decode() == "shutdown\n"
        assert len(emulator.wait_for("extension/register")) == 1

    def test_no_lifespan(self, start: Start) -> None:
        """A WSGI application has no lifespan, so that nothing is registered, and asyncio isn't imported."""
        emulator = start("webapps.wsgi")
        ask(emulator, "/hello")

        assert "extension/register" not in {request.endpoint for request in emulator.requests}

    @both
    def test_many_at_once(self, start: Start, handler: str) -> None:
        """With AWS_LAMBDA_MAX_CONCURRENCY, worker processes serve; each has a lifespan and an event loop of its own."""
        emulator = start(f"webapps.{handler}", concurrency=2)
        with ThreadPoolExecutor(2) as pool:
            answers = [answer.json()["body"] for answer in pool.map(lambda _: ask(emulator, "/hello"), range(6))]

        assert answers == ["hello"] * 6
        if handler == "app":
            assert json.loads(ask(emulator, "/tell").json()["body"])[:1] == ["startup"]

    def test_program(self) -> None:
        """`start` serves an application, too."""
        command, environ = [*PYTHON, str(FUNCTIONS / "webapps_program.py")], {"PYTHONPATH": str(ROOT / "runtime")}
        with Emulator(command, cwd=FUNCTIONS, environ=environ) as emulator:
            assert ask(emulator, "/hello").json()["body"] == "hello"

    def test_failed_start(self, start: Start) -> None:
        """A start that fails is an init error with the application's message."""
        emulator = start("webapps.fails_to_start")
        emulator.start()
        (post,) = emulator.wait_for("init/error")
        body = json.loads(post.body)

        assert body["errorType"] == "Runtime.LifespanFailed"
        assert body["errorMessage"].startswith("the application could not start: no database")

    def test_factory(self, start: Start) -> None:
        """A factory is an error that says what to do."""
        outcome = ask(start("webapps.create_app"), "/hello")

        assert outcome.error["errorType"] == "Runtime.InvalidHandler"
        assert "app = create_app()" in outcome.error["errorMessage"]


class TestStreamed:
    """`BOOTSTRAP_HTTP=stream`."""

    @both
    def test_pieces(self, start: Start, handler: str) -> None:
        """The head goes with the first piece, cookies apart; each piece is a chunk, and none is base64."""
        post = posted(start, handler, "/hello")

        assert (post.header("Content-Type"), post.header("Lambda-Runtime-Function-Response-Mode")) == (
            *(HTTP, "streaming"),
        )
        assert parts(post) == (
            {"statusCode": 201, "headers": {"content-type": "text/plain"}, "cookies": ["a=1", "b=2"]},
            [b"hel", b"lo"],
        )
        assert post.trailers == ()

    def test_lambda_web_adapter(self, start: Start) -> None:
        """A function that comes from Lambda Web Adapter streams by its variable."""
        emulator = start("webapps.app", environ={"AWS_LWA_INVOKE_MODE": "response_stream"})
        ask(emulator, "/hello")

        assert emulator.wait_for("response")[0].header("Content-Type") == HTTP

    def test_events(self, start: Start) -> None:
        """The head of an event stream leaves at once: its client waits for it."""
        assert parts(posted(start, "app", "/events"))[1] == [b"", b"data: 1\n\n"]

    def test_write(self, start: Start) -> None:
        """What a WSGI application writes leaves at once."""
        assert parts(posted(start, "wsgi", "/write"))[1] == [b"a", b"b", b"c"]

    @both
    @pytest.mark.parametrize(
        ("path", "method", "status"), [("/empty", "GET", 204), ("/bare", "GET", 200), ("/hello", "HEAD", 201)]
    )
    def test_head(self, start: Start, handler: str, path: str, method: str, status: int) -> None:
        """Without a body there is the head alone: status 204, HEAD, or nothing to send."""
        prelude, pieces = parts(posted(start, handler, path, method))

        assert (prelude["statusCode"], pieces) == (status, [b""])

    @both
    def test_early(self, start: Start, handler: str) -> None:
        """An error before anything was sent is a record, and an answer with status 500."""
        prelude, pieces = parts(posted(start, handler, "/early"))

        assert prelude == {"statusCode": 500, "headers": {"content-type": "text/plain; charset=utf-8"}}
        assert pieces == [b"Internal Server Error"]

    def test_unsent(self, start: Start) -> None:
        """An error between the head and the first piece is a 500 too, as the head has not left yet."""
        assert parts(posted(start, "app", "/unsent"))[0]["statusCode"] == 500

    @both
    def test_late(self, start: Start, handler: str) -> None:
        """An error half-way is reported by the trailers."""
        post = posted(start, handler, "/late")

        assert parts(post)[1] == [b"half"]
        assert post.trailer("Lambda-Runtime-Function-Error-Type") == "Function.LookupError"
        assert told(post)["errorMessage"] == "late"

    def test_short(self, start: Start) -> None:
        """A response that doesn't come to its end is reported by the trailers."""
        assert "ended before its response did" in told(posted(start, "app", "/short"))["errorMessage"]

    def test_exc_info(self, start: Start) -> None:
        """exc_info that comes too late raises its error, which the trailers report."""
        post = posted(start, "wsgi", "/exc_info")

        assert (parts(post)[1], told(post)["errorMessage"]) == ([b"half"], "late")

    @both
    def test_error_status(self, start: Start, handler: str) -> None:
        """A status that BOOTSTRAP_HTTP_ERROR_STATUS lists fails the invocation, and nothing has been sent before."""
        post = posted(start, handler, "/sorry", BOOTSTRAP_HTTP_ERROR_STATUS="503")

        assert post.endpoint == "error"
        assert json.loads(post.body)["errorMessage"].startswith("GET /sorry was answered 503: sorry")

    @both
    def test_file(self, start: Start, handler: str) -> None:
        """A file is read and sent in pieces."""
        pieces = parts(posted(start, handler, "/file"))[1]

        assert b"".join(pieces) == (FUNCTIONS / "webapps.py").read_bytes()

    def test_empty_file(self, start: Start) -> None:
        """A file with nothing in it has its head all the same."""
        post = posted(start, "app", "/no_content")

        assert parts(post) == ({"statusCode": 201, "headers": {"x-file": "empty"}}, [b""])

    def test_background(self, start: Start) -> None:
        """The client has the end of a stream while the application goes on."""
        emulator = start("webapps.app", environ=STREAM)
        ask(emulator, "/tell")
        ask(emulator, "/tell")
        first, second = emulator.wait_for("response", 2)

        assert json.loads(parts(first)[1][0]) == ["startup"]
        assert json.loads(parts(second)[1][0]) == ["startup", "answered", "background"]

    def test_disconnect(self, start: Start) -> None:
        """An application that waits for the client to go learns it once the stream is complete."""
        emulator = start("webapps.app", environ=STREAM)
        ask(emulator, "/gone")
        ask(emulator, "/tell")

        assert json.loads(parts(emulator.wait_for("response", 2)[1])[1][0]) == ["startup", [False, "http.disconnect"]]

    def test_any_front_end(self, start: Start) -> None:
        """A REST API's request is streamed in the same way: the event doesn't say whether it can be."""
        emulator = start("webapps.app", environ=STREAM)
        emulator.invoke(json.dumps(REST.event(Sent(path="/hello"))).encode())

        assert parts(emulator.wait_for("response")[0])[1] == [b"hel", b"lo"]


class TestStream:
    """`Stream`: a raw stream with a content type."""

    @pytest.mark.parametrize(
        ("handler", "content_type", "pieces"),
        [
            ("rows", "text/csv", (b"a,b\n", b"1,2\n")),
            ("rows_async", "text/csv; charset=utf-8", (b"a",)),
            ("whole", "application/octet-stream", (b"all at once",)),
        ],
    )
    def test_content_type(self, start: Start, handler: str, content_type: str, pieces: tuple[bytes, ...]) -> None:
        """A stream without an HTTP head has the content type that the function gives it."""
        emulator = start(f"webapps.{handler}")
        emulator.invoke()
        (post,) = emulator.wait_for("response")

        assert (post.header("Content-Type"), post.pieces) == (content_type, pieces)

    def test_wrong(self, start: Start) -> None:
        """A content type that would end the header is the function's error."""
        outcome = start("webapps.wrong_type").invoke()

        assert outcome.error["errorMessage"] == "a content type is printable ASCII, not 'text/csv\\r\\nX: y'"
