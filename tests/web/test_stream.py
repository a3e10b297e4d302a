"""Response streams: what they become on the wire, over both transports, and what ends them."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap import HttpResponse, Stream, http1
from lambda_bootstrap.errors import FunctionError
from lambda_bootstrap.protocol import Invocation
from lambda_bootstrap.report import ErrorReport
from lambda_bootstrap.web.stream import ResponseStream, is_stream
from lambda_bootstrap_dev.testing import Reply

from tests.support import BOOTSTRAP, FUNCTIONS
from tests.support.emulated import see
from tests.support.loop import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambda_bootstrap import protocol
    from lambda_bootstrap_dev.testing import Request

    from tests.support import Start

INVOCATION = Invocation({"lambda-runtime-aws-request-id": "one", "lambda-runtime-invocation-id": "n"}, b"")


def posted(start: Start, handler: str, event: object = None) -> Request:
    """What is posted for one event, and that it is posted once."""
    emulator = start(f"streams.{handler}")
    emulator.invoke(json.dumps(event).encode())
    [post] = [request for request in emulator.requests if request.endpoint in {"response", "error"}]
    return post


def told(post: Request) -> Any:
    """The error body in the trailers of a post."""
    return json.loads(base64.b64decode(post.trailer("Lambda-Runtime-Function-Error-Body"), validate=True))


class TestWire:
    """What the platform sees."""

    def test_request(self, start: Start) -> None:
        """A stream is posted in chunks, says that it is one, and announces its trailers."""
        emulator = start("streams.pieces")
        outcome = emulator.invoke(b'["a", "bc"]')
        (post,) = emulator.wait_for("response")

        assert (outcome.body, outcome.error) == (b"abc", None)
        assert post.target == f"/2018-06-01/runtime/invocation/{post.request_id}/response"
        assert post.header("Content-Type") == "application/octet-stream"
        assert post.header("Lambda-Runtime-Function-Response-Mode") == "streaming"
        assert post.header("Transfer-Encoding") == "chunked"
        assert post.header("Content-Length") == ""
        assert post.header("Trailer") == "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"
        assert post.header("Lambda-Runtime-Invocation-Id") != ""
        assert post.trailers == ()

    def test_no_trailer_elsewhere(self, start: Start) -> None:
        """B6.9: Trailers are announced where there can be some: on streams."""
        post = posted(start, "tell")

        assert (post.header("Trailer"), post.header("Transfer-Encoding")) == ("", "")

    @pytest.mark.parametrize(
        ("handler", "event", "pieces"),
        [
            pytest.param("pieces", ["a", "bc"], [b"a", b"bc"], id="generator"),
            pytest.param("pieces_async", ["a", "bc"], [b"a", b"bc"], id="async generator"),
            pytest.param("returns_async", ["a"], [b"a"], id="returned async generator"),
            pytest.param("returns_iterator", [1, 23], [b"1", b"23"], id="iterator"),
            pytest.param("returns_text", 2, ["dédé".encode()], id="text file"),
            pytest.param("pieces", [], [], id="nothing"),
            pytest.param("yields_kinds", None, [b"a", b"b", b"c", b"\\ud800"], id="kinds of pieces"),
        ],
    )
    def test_pieces(self, start: Start, handler: str, event: object, pieces: list[bytes]) -> None:
        """B2.1, B3.14: Generators, async too, iterators and files are streams; each piece is one chunk."""
        assert list(posted(start, handler, event).pieces) == pieces

    def test_file(self, start: Start) -> None:
        """B3.14: A file is read to its end."""
        assert posted(start, "returns_file").body == (FUNCTIONS / "streams.py").read_bytes()

    @pytest.mark.parametrize(
        ("handler", "event", "prelude", "rest"),
        [
            (
                "returns_http",
                ["a", "b"],
                {"statusCode": 404, "headers": {"Content-Type": "text/plain"}, "cookies": ["a=1", "b=2"]},
                [b"a", b"b"],
            ),
            ("returns_head", 204, {"statusCode": 204}, [b""]),
            ("returns_body", None, {"statusCode": 200, "headers": {"Content-Type": "text/plain"}}, [b"whole"]),
            ("yields_http", None, {"statusCode": 201}, [b"", b"first"]),
        ],
    )
    def test_prelude(self, start: Start, handler: str, event: object, prelude: object, rest: list[bytes]) -> None:
        """An `HttpResponse` goes in front: JSON and eight NUL, with the first piece if it was returned with it."""
        post = posted(start, handler, event)
        first, *others = post.pieces
        head, _, body = first.partition(bytes(8))

        assert post.header("Content-Type") == "application/vnd.awslambda.http-integration-response"
        assert json.loads(head) == prelude
        assert [body, *others] == rest

    def test_one_connection(self, start: Start, transport: str) -> None:
        """A stream's connection is good for the next poll; the reference transport opens one for each stream."""
        emulator = start("streams.pieces")
        for _ in range(3):
            assert emulator.invoke(b'["a"]').body == b"a"

        requests = [request for request in emulator.requests if request.endpoint in {"next", "response"}]
        assert len({request.connection for request in requests}) == (1 if transport == "socket" else 4)

    def test_long(self, start: Start) -> None:
        """A stream may be longer than a buffered response."""
        assert posted(start, "returns_text", 3_000_000).body == "dé".encode() * 3_000_000


class TestErrors:
    """What goes wrong, and when."""

    @pytest.mark.parametrize("handler", ["pieces", "pieces_async", "returns_http"])
    def test_before_the_first_piece(self, start: Start, handler: str) -> None:
        """A stream that fails before its first piece is an ordinary error."""
        emulator = start(f"streams.{handler}")
        outcome = emulator.invoke(b'["", "boom"]')
        (post,) = emulator.wait_for("error")

        assert outcome.error["errorType"] == "ValueError"
        assert post.header("Lambda-Runtime-Function-Error-Type") == "Function.ValueError"
        assert [request for request in emulator.requests if request.endpoint == "response"] == []

    @pytest.mark.parametrize("handler", ["pieces", "pieces_async", "returns_http"])
    def test_in_the_middle(self, start: Start, handler: str) -> None:
        """B6.9: An error after the first piece is two trailers: its type, and the error body in base64."""
        emulator = start(f"streams.{handler}")
        outcome = emulator.invoke(b'["a", "boom"]')
        (post,) = emulator.wait_for("response")
        body = told(post)

        assert post.body.endswith(b"a")
        assert post.trailer("Lambda-Runtime-Function-Error-Type") == "Function.ValueError"
        assert (body["errorType"], body["errorMessage"], body["requestId"]) == ("ValueError", "boom", post.request_id)
        assert 'raise ValueError("boom")' in body["stackTrace"][-1]
        assert outcome.error == body
        assert emulator.output.count(b"[ERROR] ValueError: boom") == 1
        assert emulator.invoke(b'["b"]').body.endswith(b"b")

    def test_in_words_of_its_own(self, start: Start) -> None:
        """A `LambdaError` in the middle of a stream is told as it is."""
        post = posted(start, "fails_in_words")

        assert post.trailer("Lambda-Runtime-Function-Error-Type") == "Function.Order.SoldOut"
        assert told(post)["errorData"] == {"id": 7}

    def test_at_length(self, start: Start) -> None:
        """A long error in a stream is shortened to what the platform takes in trailers; the log has all of it."""
        emulator = start("streams.fails_at_length")
        emulator.invoke()
        (post,) = emulator.wait_for("response")

        assert post.is_complete
        assert told(post)["errorMessage"] == "é" * 250
        assert "raise ValueError" in told(post)["stackTrace"][-1]
        assert ("é" * 10_000).encode() in emulator.output

    def test_exit(self, start: Start) -> None:
        """A stream that exits is ended with the error, and then the process with its status."""
        emulator = start("streams.exits")
        emulator.invoke()
        (post,) = emulator.wait_for("response")

        assert post.trailer("Lambda-Runtime-Function-Error-Type") == "Function.SystemExit"
        assert emulator.wait_exit() == 3

    @pytest.mark.parametrize(
        ("handler", "event", "message"),
        [
            ("yields_number", 0, "a response stream is made of bytes and str, not of int"),
            ("yields_body", None, "an HttpResponse that is yielded has no body: that is what is yielded after it"),
            ("returns_dict_body", None, "the body of an HttpResponse is bytes, str or a stream, not dict"),
        ],
    )
    def test_no_piece(self, start: Start, handler: str, event: object, message: str) -> None:
        """What is no piece is told by name."""
        body = json.loads(posted(start, handler, event).body)

        assert body["errorType"] == "Runtime.MarshalError"
        assert body["errorMessage"] == f"Unable to marshal response: {message}{see('Runtime.MarshalError')}"

    @pytest.mark.parametrize(
        ("handler", "event", "message"),
        [
            ("yields_number", 1, "a response stream is made of bytes and str, not of int"),
            ("yields_http", "again", "an HttpResponse has to be the first that is yielded"),
        ],
    )
    def test_no_piece_in_the_middle(self, start: Start, handler: str, event: object, message: str) -> None:
        """A wrong piece after the first is told by name in the trailers."""
        post = posted(start, handler, event)

        assert post.trailer("Lambda-Runtime-Function-Error-Type") == "Runtime.MarshalError"
        assert told(post)["errorMessage"] == f"Unable to marshal response: {message}{see('Runtime.MarshalError')}"

    def test_close_fails(self, start: Start) -> None:
        """A stream that cannot be closed has failed."""
        assert told(posted(start, "returns_stubborn"))["errorMessage"] == "does not close"

    @pytest.mark.parametrize("bad", ["text/plain\r\nA: b", "text/pl\u00e4in", "text/plain\0", "\n"], ids=repr)
    def test_no_content_type(self, bad: str) -> None:
        """The content type of a `Stream` is one line of ASCII, and any other is refused with its text."""
        assert Stream(b"", content_type="text/plain; charset=utf-8").content_type == "text/plain; charset=utf-8"
        assert Stream(b"").content_type == "application/octet-stream"
        with pytest.raises(ValueError, match=re.escape(f"a content type is printable ASCII, not {bad!r}")):
            Stream(b"", content_type=bad)

    @pytest.mark.parametrize("status", [0, 99, 1000, -200, "200", None, 200.0, 200.5, True, [200]])
    def test_no_status(self, status: Any) -> None:
        """The status of an `HttpResponse` has to be an integer that may be an HTTP status."""
        with pytest.raises(ValueError, match="an integer from 100 to 999, not "):
            HttpResponse(status)

    @pytest.mark.parametrize("status", [100, 200, 599, 600, 999, HTTPStatus.NOT_FOUND])
    def test_status(self, status: int) -> None:
        """Every integer from 100 to 999 is a status, one of an enumeration too."""
        assert HttpResponse(status).prelude() == b'{"statusCode":%d}' % status + bytes(8)

    @pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\r\n"], ids=repr)
    @pytest.mark.parametrize(
        ("headers", "cookies", "name"),
        [
            ({"X-A": "a", "X-B": "b{}Set-Cookie: c=d"}, [], "header 'X-B'"),
            ({"X-B{}X-C": "b"}, [], "header 'X-B.*X-C'"),
            ({"X-B": "b{}"}, [], "header 'X-B'"),
            ({}, ["a=b", "c=d{}"], "cookie 'c'"),
        ],
        ids=["value", "name", "end", "cookie"],
    )
    def test_split(self, headers: dict[str, str], cookies: list[str], name: str, bad: str) -> None:
        """A header or cookie that would end its line is refused with its name, also if it was put in afterwards."""
        headers = {key.format(bad): value.format(bad) for key, value in headers.items()}
        cookies = [cookie.format(bad) for cookie in cookies]
        with pytest.raises(ValueError, match=f"the {name} has a line break or NUL"):
            HttpResponse(headers=headers, cookies=cookies)
        response = HttpResponse()
        response.headers.update(headers)
        response.cookies += cookies
        with pytest.raises(ValueError, match=f"the {name} has a line break or NUL"):
            response.prelude()

    def test_split_in_disguise(self) -> None:
        """A header's line break is found in what is sent, whatever a subclass of str says that it has."""

        class Sly(str):
            __slots__ = ()

            def __iter__(self) -> Iterator[str]:
                return iter("one line")

        with pytest.raises(ValueError, match="the header 'X-A' has a line break or NUL"):
            HttpResponse(headers={"X-A": Sly("a\r\nSet-Cookie: c=d")})

    def test_no_header(self) -> None:
        """The headers of an `HttpResponse` have to be strings."""
        with pytest.raises(TypeError, match="and 5 is none"):
            HttpResponse(headers={"Content-Length": 5})  # type: ignore[dict-item]

    def test_refused(self, start: Start) -> None:
        """A stream that the platform refuses at its end is lost, which is logged, and the next one is served."""
        emulator = start("streams.pieces")
        emulator.script("response", Reply(413, [], b'{"errorType":"ResponseSizeTooLarge"}'))
        emulator.invoke(b'["a"]')

        assert emulator.invoke(b'["b"]').body == b"b"
        assert b"the Runtime API refused the response: 413" in emulator.output


class TestHostile:
    """Streams that are no use to anybody."""

    @pytest.mark.parametrize("pieces", [[], ["a"]], ids=["at once", "in the middle"])
    @pytest.mark.parametrize("handler", ["raises", "raises_async"])
    @pytest.mark.parametrize("how", ["odd", "interrupt", "generator exit", "stop", "stop async", "recursion"])
    def test_raises(self, start: Start, handler: str, how: str, pieces: list[str]) -> None:
        """Whatever a stream raises is its error, once, and the next invocation is answered."""
        emulator = start(f"streams.{handler}")
        event = json.dumps([*pieces, how]).encode()

        assert [emulator.invoke(event).error is not None for _ in range(2)] == [True, True]
        posts = [request for request in emulator.requests if request.endpoint in {"response", "error"}]
        assert [post.endpoint for post in posts] == ["response" if pieces else "error"] * 2

    @pytest.mark.parametrize("handler", ["clings", "clings_async"])
    def test_clings(self, start: Start, handler: str) -> None:
        """A stream that does not let itself be closed is told so."""
        post = posted(start, handler)

        assert (post.body, told(post)["errorType"]) == (b"a", "RuntimeError")

    def test_lies(self, start: Start) -> None:
        """A result that fails when it is looked at is the function's error."""
        assert json.loads(posted(start, "lies").body)["errorType"] == "ValueError"

    def test_closes_everything(self, start: Start) -> None:
        """A stream that closes the connection is lost; an error follows over another one, and the next poll."""
        emulator = start("streams.closes_everything")
        emulator.invoke()
        (error,) = emulator.wait_for("error")

        assert error.header("Lambda-Runtime-Function-Error-Type") == "Runtime.ResponseLost"
        assert emulator.wait_for("next", count=2)
        assert b"the response stream was lost" in emulator.output


class TestAround:
    """What belongs to a stream besides its pieces."""

    @pytest.mark.parametrize(
        ("event", "story"),
        [
            (["a"], ["closed", "response", "before next"]),
            (["a", "boom"], ["closed", "error boom", "before next"]),
            (["boom"], ["closed", "error boom", "before next"]),
            (["a", 1, "b"], None),
        ],
    )
    def test_hooks(self, start: Start, event: object, story: list[str] | None) -> None:
        """B3.16: A stream is closed before the next invocation, also on error; the hooks run when it has ended."""
        emulator = start("streams.both")
        emulator.invoke(json.dumps(event).encode())
        found = emulator.invoke(b'"told"').json()

        expected = story or ["closed", "before next"]
        assert [line for line in found if not line.startswith("error Unable")] == expected

    def test_log(self, start: Start) -> None:
        """What is logged between two pieces belongs to the invocation."""
        emulator = start("streams.logs", environ={"AWS_LAMBDA_LOG_FORMAT": "JSON"})
        emulator.invoke()
        (post,) = emulator.wait_for("response")

        [record] = [json.loads(line) for line in emulator.output.splitlines() if b"in the middle" in line]
        assert record["requestId"] == post.request_id

    def test_event_loop(self, start: Start) -> None:
        """All async streams of an environment share one event loop."""
        emulator = start("streams.loops")

        assert len({emulator.invoke().body for _ in range(3)}) == 1

    def test_fork(self, start: Start) -> None:
        """Of a stream that forks, the parent is the one that goes on."""
        emulator = start("streams.forks")

        assert emulator.invoke().body == b"ab"
        assert emulator.output.count(b"child") == 1
        assert emulator.invoke().body == b"ab"

    def test_failing_fork(self, start: Start) -> None:
        """A child that raises in a stream ends with 1, its error is logged, and the parent's stream goes on."""
        emulator = start("streams.forks_and_raises")

        assert emulator.invoke().body == b"a1"
        assert emulator.output.count(b"[ERROR] LookupError: in the child\r") == 1


class Platform:
    """A Runtime API of which one sees each byte when it comes: one event, and what is posted for it."""

    def __init__(self, handler: str, event: object, transport: str) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        port = self.listener.getsockname()[1]
        environ = {**os.environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}", "BOOTSTRAP_TRANSPORT": transport}
        self.process = subprocess.Popen(
            [sys.executable, str(BOOTSTRAP), f"streams.{handler}"], cwd=FUNCTIONS, env=environ, stdout=subprocess.PIPE
        )
        self.polls = self.connection = self.accept()
        self.read_to(b"\r\n\r\n")
        body = json.dumps(event).encode()
        head = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: one\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.connection.sendall(head + body)
        if transport == "urllib3":
            self.connection = self.accept()

    def accept(self) -> socket.socket:
        """Take a connection."""
        connection, _ = self.listener.accept()
        connection.settimeout(10)
        return connection

    def read_to(self, end: bytes) -> bytes:
        """What comes, up to *end*."""
        data = b""
        while not data.endswith(end):
            data += self.connection.recv(1)
        return data

    def follow(self) -> None:
        """Go on with the connection that comes after a stream's: a new one."""
        self.connection.close()
        self.connection = self.accept()

    def read_error(self, status: bytes = b"202 Accepted") -> Any:
        """Take the error that follows a stream."""
        self.follow()
        head = self.read_to(b"\r\n\r\n")
        assert head.startswith(b"POST /2018-06-01/runtime/invocation/one/error ")
        (size,) = re.findall(rb"Content-Length: (\d+)", head)
        body = b""
        while len(body) < int(size):
            body += self.connection.recv(1 << 16)
        self.connection.sendall(b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % status)
        return json.loads(body)

    def read_next_poll(self) -> None:
        """Take the poll that follows on the same connection."""
        assert self.read_to(b"\r\n\r\n").startswith(b"GET /2018-06-01/runtime/invocation/next ")

    def close(self) -> None:
        """End all of it."""
        self.process.kill()
        self.process.communicate()
        for each in (self.listener, self.polls, self.connection):
            each.close()


@pytest.fixture(name="platform")
def _platform(transport: str) -> Iterator[Any]:
    """Starts a function of streams.py under a `Platform`."""
    with ExitStack() as stack:

        def begin(handler: str, event: object) -> Platform:
            platform = Platform(handler, event, transport)
            stack.callback(platform.close)
            return platform

        yield begin


class TestTime:
    """When a piece leaves."""

    @pytest.mark.parametrize("handler", ["waits", "waits_async", "reads_pipe"])
    def test_at_once(self, platform: Any, tmp_path: Path, handler: str) -> None:
        """A piece is on its way before the next one exists."""
        seen = tmp_path / "seen"
        api = platform(handler, str(seen))
        api.read_to(b"\r\n\r\n5\r\nfirst\r\n")
        seen.touch()

        assert api.read_to(b"0\r\n\r\n") == b"6\r\nsecond\r\n0\r\n\r\n"

    def test_lost(self, platform: Any) -> None:
        """A stream that nobody takes any more is closed, logged and an error, and the next invocation is polled for."""
        api = platform("endless", None)
        api.read_to(b"\r\n\r\n")
        api.connection.close()
        error = api.read_error()
        assert (error["errorType"], error["stackTrace"]) == ("Runtime.ResponseLost", [])
        assert error["errorMessage"].startswith("the response stream was lost: failed to POST http://127.0.0.1:")
        assert error["errorMessage"].endswith("(docs/errors.md#runtimeresponselost)")
        api.read_next_poll()
        api.process.kill()
        output = api.process.stdout.read()
        assert b"closed\n" in output
        assert b"[ERROR]" not in output
        assert re.search(rb"the response stream was lost: failed to POST http://\S+/invocation/one/response: ", output)

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 202 Acc"], ids=["no answer", "half an answer"])
    @pytest.mark.parametrize("status", [b"202 Accepted", b"403 Forbidden", b"503 Service Unavailable"])
    def test_unheard(self, platform: Any, answer: bytes, status: bytes) -> None:
        """A stream whose end gets no answer is followed by an error, once, whatever comes of that."""
        api = platform("pieces", ["a"])
        assert api.read_to(b"0\r\n\r\n").endswith(b"1\r\na\r\n0\r\n\r\n")
        api.connection.sendall(answer)
        api.connection.close()

        assert api.read_error(status)["errorType"] == "Runtime.ResponseLost"
        api.read_next_poll()
        api.process.kill()
        assert api.process.stdout.read().count(b"[WARN]") == 1

    def test_error_unheard(self, platform: Any) -> None:
        """The error that follows a stream is sent once, even if it gets no answer either."""
        api = platform("pieces", ["a"])
        api.read_to(b"0\r\n\r\n")
        api.follow()
        assert b"/one/error " in api.read_to(b"\r\n\r\n")
        api.follow()
        api.read_next_poll()

    def test_closed_meanwhile(self, tmp_path: Path) -> None:
        """A connection that the platform has closed while the function was busy is replaced before a stream begins."""
        seen = tmp_path / "seen"
        with closing(Platform("late", str(seen), "socket")) as api:
            api.connection.close()
            seen.touch()
            api.connection = api.accept()

            assert api.read_to(b"0\r\n\r\n").endswith(b"\r\n\r\n6\r\nsecond\r\n0\r\n\r\n")

    def test_interrupted(self, platform: Any) -> None:
        """An exception of a signal handler, while the platform does not read, is the stream's; half a chunk ends it."""
        api = platform("alarms", None)
        api.read_to(b"\r\n\r\n")
        time.sleep(0.5)
        while api.connection.recv(1 << 20):
            pass
        assert (error := api.read_error())["errorType"] == "LookupError", error
        api.read_next_poll()
        api.process.kill()
        assert b"[ERROR] LookupError: too slow" in api.process.stdout.read()

    def test_back_pressure(self, platform: Any) -> None:
        """A platform that does not read has the function wait."""
        api = platform("endless", None)
        api.read_to(b"\r\n\r\n")
        time.sleep(0.2)
        seconds = cpu_seconds(api.process.pid)
        time.sleep(0.3)

        assert cpu_seconds(api.process.pid) - seconds < 0.1


def cpu_seconds(pid: int) -> float:
    """What a process has used of a processor."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Api(Script):
    """A client in memory that keeps the bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""

    def open(self, request: protocol.Request, data: bytes) -> None:
        """Take the first piece, after the head."""
        self.data = http1.encode(request.method, "/", request.headers, request.body) + data

    def push(self, request: protocol.Request, data: bytes) -> None:
        """Take more."""
        del request
        self.data += data

    finish = push


class TestPure:
    """Streams without a socket."""

    @given(st.lists(st.binary() | st.text(st.characters(codec="utf-8"))))
    def test_any_pieces(self, pieces: list[bytes | str]) -> None:
        """Whatever the pieces are, an HTTP server reads the same bytes."""
        api = Api()
        stream = ResponseStream(api, INVOCATION, lambda: None)
        stream.pour(iter(pieces))
        stream.finish()
        server = h11.Connection(h11.SERVER)
        server.receive_data(api.data.replace(b"\r\n\r\n", b"\r\nHost: h\r\n\r\n", 1))

        assert isinstance(server.next_event(), h11.Request)
        body = b""
        while isinstance(event := server.next_event(), h11.Data):
            body += event.data
        assert isinstance(event, h11.EndOfMessage)
        assert body == b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)

    @given(st.text(max_size=200_000), st.text(max_size=2000), st.lists(st.text(max_size=3000), max_size=300))
    def test_any_error(self, message: str, kind: str, stack: list[str]) -> None:
        """Whatever the error is, its trailers fit into the 4 KiB that the platform reads, and hold JSON."""
        found = dict(ErrorReport(kind, message, [], stack).trailers("8476a536-e9f4-11e8-9739-2dfe598c3fcd"))
        wire = http1.last_chunk(found.items()).removeprefix(b"0\r\n")
        body = json.loads(base64.b64decode(found["Lambda-Runtime-Function-Error-Body"], validate=True))

        assert len(wire) <= 4096
        assert message.encode("utf-8", "backslashreplace").decode().startswith(body["errorMessage"][:50])
        assert body["stackTrace"] == stack[len(stack) - len(body["stackTrace"]) :]

    @pytest.mark.parametrize(
        "result", [io.BytesIO(b"a"), io.StringIO("a"), iter("a"), (x for x in "a"), map(str, "a"), HttpResponse()]
    )
    def test_streams(self, result: object) -> None:
        """B3.14: A file or an iterator is a stream."""
        assert is_stream(result)

    def test_json_wins(self) -> None:
        """B3.14: What has a JSON form is sent in it, whatever else it can do."""

        @dataclass
        class Book:
            read: bool = True

        class Rows(list[int]):
            def read(self) -> None: ...

        class Rights(Enum):
            read = 1

        class Money(Decimal):
            def __next__(self) -> None: ...

        for result in (Book(), Rows(), Rights.read, Money(1)):
            assert not is_stream(result)

    def test_sent_once(self) -> None:
        """What the client does not take stops the stream, and is kept."""

        class Gone(Api):
            def push(self, _request: protocol.Request, _data: bytes) -> None:
                raise ConnectionResetError

        stream = ResponseStream(Gone(), INVOCATION, lambda: None)
        with pytest.raises(ConnectionResetError):
            stream.pour(iter("abc"))
        assert isinstance(stream.loss, ConnectionResetError)

    def test_two_heads(self) -> None:
        """A stream has one `HttpResponse` at most, also before anything else."""
        stream = ResponseStream(Api(), INVOCATION, lambda: None)
        with pytest.raises(FunctionError, match="has to be the first that is yielded"):
            stream.pour(HttpResponse(body=iter([HttpResponse()])))  # type: ignore[arg-type]
