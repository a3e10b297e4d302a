"""The Runtime API as data: names, requests, verdicts."""

from __future__ import annotations

import json
import platform

import lambda_bootstrap
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap import http1, protocol
from lambda_bootstrap.errors import RuntimeApiError
from lambda_bootstrap.http1 import Response
from lambda_bootstrap.protocol import Invocation, Request
from lambda_bootstrap.report import ErrorReport
from lambda_bootstrap.traces import Frame

from tests.support.emulated import REQUEST_ID
from tests.support.loop import a_report, an_invocation

CAUSE = "Lambda-Runtime-Function-XRay-Error-Cause"


def an_error(invocation: Invocation, failure: ErrorReport, folder: str = "/") -> Request:
    """Make the post of a failure as the client does."""
    body = failure.body(invocation.request_id)
    return protocol.error(invocation, body, failure.category, failure.cause(folder))


def a_plain_error(invocation: Invocation, failure: ErrorReport) -> Request:
    """Make the post of a failure that has been refused once."""
    return protocol.error(invocation, failure.plain_body(), failure.category)


def an_init_error(failure: ErrorReport) -> Request:
    """Make the post of a failure before the first invocation."""
    return protocol.init_error(failure.body(""), failure.category)


def seen(request: Request) -> tuple[str, str, str, tuple[tuple[str, str], ...], bytes | None]:
    """Everything that a transport gets to see."""
    return request.endpoint, request.method, request.path, tuple(request.headers), request.body


class TestNext:
    """The poll for an invocation."""

    def test_request(self) -> None:
        """The poll has no body and no headers of its own."""
        assert seen(protocol.NEXT) == ("next", "GET", "/2018-06-01/runtime/invocation/next", (), None)

    def test_user_agent(self) -> None:
        """B4.3: the runtime names itself, the interpreter and its version."""
        assert (
            f"lambda-bootstrap-python/{platform.python_version()}-{lambda_bootstrap.__version__}" == protocol.USER_AGENT
        )


class TestResponse:
    """The post of a result."""

    def test_request(self) -> None:
        """A result goes to its invocation's path with its content type."""
        assert seen(protocol.response(an_invocation(REQUEST_ID), b'"x"', "application/json")) == (
            "response",
            "POST",
            f"/2018-06-01/runtime/invocation/{REQUEST_ID}/response",
            (("Content-Type", "application/json"),),
            b'"x"',
        )

    def test_echo(self) -> None:
        """The nonce of the attempt is sent back with a result, as it came."""
        request = protocol.response(
            an_invocation(REQUEST_ID, lambda_runtime_invocation_id="n0nce=="), b"", "text/plain"
        )

        assert request.headers == (("Content-Type", "text/plain"), ("Lambda-Runtime-Invocation-Id", "n0nce=="))

    def test_empty_body(self) -> None:
        """An empty result is posted too."""
        assert protocol.response(an_invocation(REQUEST_ID), b"", "application/unknown").method == "POST"


class TestError:
    """The post of an error."""

    def test_request(self) -> None:
        """An error goes with its type for the platform, its cause for X-Ray and its body for the caller."""
        cause = (
            '{"working_directory":"/var/task","exceptions":[{"message":"boom","type":"ValueError",'
            '"stack":[{"label":"handler","path":"/var/task/app.py","line":3}]}],"paths":["/var/task/app.py"]}'
        )
        body = (
            f'{{"errorMessage":"boom","errorType":"ValueError","requestId":"{REQUEST_ID}","stackTrace":'
            '["  File \\"/var/task/app.py\\", line 3, in handler\\n    raise ValueError\\n"]}'
        )

        assert seen(an_error(an_invocation(REQUEST_ID), a_report(), "/var/task")) == (
            "error",
            "POST",
            f"/2018-06-01/runtime/invocation/{REQUEST_ID}/error",
            (
                ("Content-Type", "application/json"),
                ("Lambda-Runtime-Function-Error-Type", "Function.ValueError"),
                ("Lambda-Runtime-Function-XRay-Error-Cause", cause),
            ),
            body.encode(),
        )

    def test_echo(self) -> None:
        """The nonce of the attempt is sent back with an error, too."""
        request = an_error(an_invocation(lambda_runtime_invocation_id="n"), a_report(), "/")

        assert ("Lambda-Runtime-Invocation-Id", "n") in request.headers

    @pytest.mark.parametrize(
        ("frames", "path", "kept"),
        [(55, 100, 55), (55, 1500, 20), (55, 6000, 5), (3, 30_000, 1)],
        ids=["all", "twenty", "five", "one"],
    )
    def test_cause_limit(self, frames: int, path: int, kept: int) -> None:
        """Of a cause of more than 64 KiB the innermost frames are kept: the platform would drop the whole."""
        found = [Frame(f"{number:{path}}", number, "f", "") for number in range(frames)]
        cause = dict(an_error(an_invocation(REQUEST_ID), ErrorReport("E", "m", found), "/").headers)[CAUSE]
        stack = json.loads(cause)["exceptions"][0]["stack"]

        assert len(cause) <= 65_536
        assert [frame["line"] for frame in stack] == list(range(frames))[-kept:]

    def test_no_cause(self) -> None:
        """A cause that does not fit by any means is left out."""
        failure = ErrorReport("E", "m", [Frame("x" * 65_536, 1, "f", "")])

        assert CAUSE not in dict(an_error(an_invocation(REQUEST_ID), failure, "/").headers)

    @given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
    def test_headers(self, message: str, error_type: str, path: str) -> None:
        """Whatever an error says, its headers are printable ASCII, its body JSON, and the cause reads back."""
        failure = ErrorReport(error_type, message, [Frame(path, 1, "f", "")])
        request = an_error(an_invocation(REQUEST_ID), failure, path)
        cause = json.loads(dict(request.headers)[CAUSE])

        assert all((name + value).isascii() and (name + value).isprintable() for name, value in request.headers)
        assert cause["exceptions"][0]["message"] == message
        assert cause["paths"] == [path]
        assert request.body is not None
        assert json.loads(request.body).keys() == {"errorMessage", "errorType", "requestId", "stackTrace"}
        assert http1.encode(request.method, request.path, request.headers, request.body)


class TestPlainError:
    """The post of an error that has been refused once."""

    def test_request(self) -> None:
        """A plain error has neither cause nor trace nor anything long."""
        request = a_plain_error(an_invocation(REQUEST_ID, lambda_runtime_invocation_id="n"), a_report("x" * 2000))

        assert seen(request) == (
            "error",
            "POST",
            f"/2018-06-01/runtime/invocation/{REQUEST_ID}/error",
            (
                ("Content-Type", "application/json"),
                ("Lambda-Runtime-Invocation-Id", "n"),
                ("Lambda-Runtime-Function-Error-Type", "Function.ValueError"),
            ),
            f'{{"errorMessage":"{"x" * 1024}","errorType":"ValueError"}}'.encode(),
        )


class TestInitError:
    """The post that ends an environment."""

    def test_request(self) -> None:
        """An init error goes to no invocation, so it has no request id and no nonce."""
        assert seen(an_init_error(a_report("m", "Runtime.ImportModuleError", []))) == (
            "init/error",
            "POST",
            "/2018-06-01/runtime/init/error",
            (
                ("Content-Type", "application/json"),
                ("Lambda-Runtime-Function-Error-Type", "Runtime.ImportModuleError"),
            ),
            b'{"errorMessage":"m","errorType":"Runtime.ImportModuleError","requestId":"","stackTrace":[]}',
        )


class TestInvocation:
    """What `next` delivers."""

    def test_everything(self) -> None:
        """Each header of an event has its attribute of the invocation."""
        invocation = Invocation(
            {
                "lambda-runtime-aws-request-id": "id",
                "lambda-runtime-deadline-ms": "1795420800000",
                "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-west-1:111122223333:function:demo:live",
                "lambda-runtime-trace-id": "Root=1-6b038200-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1",
                "lambda-runtime-client-context": '{"custom":{}}',
                "lambda-runtime-cognito-identity": '{"cognitoIdentityId":"a"}',
                "lambda-runtime-aws-tenant-id": "blue",
                "lambda-runtime-invocation-id": "nonce",
                "content-type": "application/json",
                "something-else": "ignored",
            },
            b'{"a":1}',
        )

        assert {name: getattr(invocation, name) for name in Invocation.__slots__} == {
            "request_id": "id",
            "deadline_ms": 1_795_420_800_000,
            "function_arn": "arn:aws:lambda:eu-west-1:111122223333:function:demo:live",
            "trace_id": "Root=1-6b038200-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1",
            "client_context": '{"custom":{}}',
            "cognito_identity": '{"cognitoIdentityId":"a"}',
            "tenant_id": "blue",
            "invocation_id": "nonce",
            "content_type": "application/json",
            "payload": b'{"a":1}',
        }

    @pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
    def test_nothing(self, value: str | None) -> None:
        """A header that is empty is one that is missing, and none but the request id is needed."""
        names = [
            "lambda-runtime-deadline-ms",
            "lambda-runtime-invoked-function-arn",
            "lambda-runtime-trace-id",
            "lambda-runtime-client-context",
            "lambda-runtime-cognito-identity",
            "lambda-runtime-aws-tenant-id",
            "lambda-runtime-invocation-id",
            "content-type",
        ]
        headers = {} if value is None else dict.fromkeys(names, value)
        invocation = Invocation({"lambda-runtime-aws-request-id": "id", **headers}, b"")

        assert {name: getattr(invocation, name) for name in Invocation.__slots__} == {
            "request_id": "id",
            "deadline_ms": None,
            "function_arn": "",
            "trace_id": "",
            "client_context": "",
            "cognito_identity": "",
            "tenant_id": "",
            "invocation_id": "",
            "content_type": "",
            "payload": b"",
        }

    @pytest.mark.parametrize("headers", [{}, {"lambda-runtime-aws-request-id": ""}], ids=["missing", "empty"])
    def test_no_request_id(self, headers: dict[str, str]) -> None:
        """An event without a request id is refused, as there is no way to answer it."""
        with pytest.raises(RuntimeApiError) as refused:
            Invocation(headers, b"")

        assert str(refused.value) == "the Runtime API sent an invocation without Lambda-Runtime-Aws-Request-Id"

    @pytest.mark.parametrize(
        ("sent", "deadline"),
        [
            pytest.param("0", 0, id="epoch"),
            pytest.param("1795420800000", 1_795_420_800_000, id="milliseconds"),
            pytest.param("9" * 19, 9_999_999_999_999_999_999, id="64 bits"),
            pytest.param("9" * 20, None, id="more"),
            pytest.param("9" * 5000, None, id="far more"),
            pytest.param("-1", None, id="negative"),
            pytest.param("yolo", None, id="text"),
            pytest.param("1.5", None, id="fraction"),
            pytest.param("1e3", None, id="exponent"),
            pytest.param("\xb2", None, id="a digit that is none"),
            pytest.param("1_000", None, id="underscore"),
        ],
    )
    def test_deadline(self, sent: str, deadline: int | None) -> None:
        """A deadline that is no number is none: no reason to refuse the event."""
        assert an_invocation(lambda_runtime_deadline_ms=sent).deadline_ms == deadline

    @pytest.mark.parametrize("header", ["client_context", "cognito_identity", "tenant_id"])
    @pytest.mark.parametrize(
        ("sent", "meant"),
        [
            pytest.param("plain", "plain", id="ASCII"),
            pytest.param("\xc3\xa9\xe2\x82\xac", "é€", id="UTF-8"),
            pytest.param("\xe9", "\xe9", id="latin-1"),
            pytest.param("\xc3\xa9\xff", "\xc3\xa9\xff", id="half UTF-8"),
        ],
    )
    def test_utf_8(self, header: str, sent: str, meant: str) -> None:
        """Bytes that are UTF-8 are read as that, others as latin-1."""
        name = "lambda-runtime-aws-tenant-id" if header == "tenant_id" else f"lambda-runtime-{header.replace('_', '-')}"

        assert getattr(Invocation({"lambda-runtime-aws-request-id": "id", name: sent}, b""), header) == meant

    @pytest.mark.parametrize(
        ("content_type", "is_json"),
        [
            pytest.param("", True, id="absent"),
            pytest.param("application/json", True, id="JSON"),
            pytest.param("application/json; charset=utf-8", True, id="parameter"),
            pytest.param("application/json;charset=utf-8", True, id="parameter without a space"),
            pytest.param("Application/JSON ; x", True, id="case and space"),
            pytest.param(" application/json", True, id="space before"),
            pytest.param("application/x-www-form-urlencoded", False, id="form"),
            pytest.param("application/json-patch+json", False, id="patch"),
            pytest.param("application/cloudevents+json", False, id="another kind of JSON"),
            pytest.param("text/plain", False, id="text"),
            pytest.param(";application/json", False, id="parameter only"),
        ],
    )
    def test_is_json(self, content_type: str, is_json: bool) -> None:  # noqa: FBT001 - a column of the table
        """A payload is JSON by its base content type, and for want of one."""
        assert an_invocation(content_type=content_type).is_json is is_json


class TestPath:
    """Request ids in a path."""

    @pytest.mark.parametrize(
        ("request_id", "segment"),
        [
            pytest.param(REQUEST_ID, REQUEST_ID, id="UUID"),
            pytest.param("abc", "abc", id="word"),
            pytest.param("a_b.c~d!e:f@g", "a_b.c~d!e:f@g", id="visible characters stay"),
            pytest.param("a/b?c#d%e", "a%2Fb%3Fc%23d%25e", id="what would break the path"),
            pytest.param("a<b>c", "a%3Cb%3Ec", id="angle brackets"),
            pytest.param('{"[a]"}', "%7B%22%5Ba%5D%22%7D", id="braces, brackets and quotes"),
            pytest.param("a\\b^c`d|e", "a%5Cb%5Ec%60d%7Ce", id="what no URI contains"),
            pytest.param("$&'()*+,;=:@", "$&'()*+,;=:@", id="what a path may contain"),
            pytest.param("a b\x00\x7f\r\n", "a%20b%00%7F%0D%0A", id="what would break the line"),
            pytest.param("\xe9", "%E9", id="latin-1 goes back byte for byte"),
            pytest.param("-", "-", id="dash"),
        ],
    )
    def test_segment(self, request_id: str, segment: str) -> None:
        """An id is unchanged, as the platform compares it raw, but for what would break the request line."""
        invocation = an_invocation(request_id)
        paths = [
            protocol.response(invocation, b"", "a/b").path,
            an_error(invocation, a_report(), "/").path,
            a_plain_error(invocation, a_report()).path,
        ]

        assert paths == [f"/2018-06-01/runtime/invocation/{segment}/{verb}" for verb in ("response", "error", "error")]

    @given(st.text(st.characters(max_codepoint=255), min_size=1))
    def test_any(self, request_id: str) -> None:
        """Any id is one segment of visible ASCII."""
        path = protocol.response(an_invocation(request_id), b"", "a/b").path

        assert path.isascii()
        assert path.isprintable()
        assert not set(path) & set(" ?#")
        assert path.count("/") == 5


def an_answer(status: int, body: bytes = b"") -> Response:
    """Make a response of the Runtime API."""
    return Response(status, {}, body, closes=False)


POSTS: dict[str, Request] = {
    "response": protocol.response(an_invocation(REQUEST_ID), b"", "application/json"),
    "error": an_error(an_invocation(REQUEST_ID), a_report(), "/"),
    "plain error": a_plain_error(an_invocation(REQUEST_ID), a_report()),
    "init/error": an_init_error(a_report()),
}


class TestVerdict:
    """What a status means."""

    @pytest.mark.parametrize(
        ("status", "next_", "response", "error", "init_error"),
        [
            (101, "again", "dropped", "dropped", "dropped"),
            (200, "done", "done", "done", "done"),
            (202, "again", "done", "done", "done"),
            (301, "again", "dropped", "dropped", "dropped"),
            (400, "again", "dropped", "dropped", "dropped"),
            (401, "again", "dropped", "dropped", "dropped"),
            (403, "gone", "dropped", "dropped", "dropped"),
            (404, "again", "dropped", "dropped", "dropped"),
            (410, "again", "dropped", "dropped", "dropped"),
            (413, "again", "dropped", "plainer", "dropped"),
            (429, "again", "again", "again", "dropped"),
            (431, "again", "plainer", "plainer", "dropped"),
            (500, "gone", "gone", "gone", "dropped"),
            (503, "again", "again", "again", "dropped"),
            (999, "again", "again", "again", "dropped"),
        ],
    )
    def test_table(self, status: int, next_: str, response: str, error: str, init_error: str) -> None:
        """B4.17: every status means one thing to each endpoint."""
        posts = (protocol.NEXT, POSTS["response"], POSTS["error"], POSTS["init/error"])
        verdicts = [protocol.verdict(post, an_answer(status, b'{"errorType":"x"}')) for post in posts]

        assert verdicts == [next_, response, error, init_error]

    @pytest.mark.parametrize("status", [101, 200, 202, 301, 400, 403, 404, 429, 500, 503, 999])
    def test_restore(self, status: int) -> None:
        """To the two endpoints of a snapshot, a status means what it means to a poll and to an init error."""
        answer = an_answer(status, b'{"errorType":"x"}')
        error = protocol.restore_error(b"{}", "Function.A")

        assert protocol.verdict(protocol.RESTORE, answer) == protocol.verdict(protocol.NEXT, answer)
        assert protocol.verdict(error, answer) == protocol.verdict(POSTS["init/error"], answer)

    @pytest.mark.parametrize(
        ("post", "body", "verdict"),
        [
            pytest.param("error", b"400 Bad Request", "plainer", id="text about an error"),
            pytest.param("error", b"", "plainer", id="nothing about an error"),
            pytest.param("error", b'{"errorType":"InvalidRequestID"}', "dropped", id="JSON about an error"),
            pytest.param("response", b"400 Bad Request", "plainer", id="text about a response"),
            pytest.param("init/error", b"400 Bad Request", "dropped", id="text about an init error"),
        ],
    )
    def test_400(self, post: str, body: bytes, verdict: str) -> None:
        """A bare text 400 is the HTTP server's own: the invocation is still open."""
        assert protocol.verdict(POSTS[post], an_answer(400, body)) == verdict


class TestExplain:
    """An answer in one line."""

    @pytest.mark.parametrize(
        ("answer", "text"),
        [
            pytest.param(an_answer(500), "500", id="no body"),
            pytest.param(an_answer(403, b'{"errorType":"x"}\n'), '403 {"errorType":"x"}', id="body"),
            pytest.param(an_answer(400, b"\xff"), "400 \ufffd", id="no text"),
            pytest.param(an_answer(400, b"x" * 600), f"400 {'x' * 512}", id="long"),
            pytest.param(
                an_answer(502, b"<html>\n<body>"),
                "502 <html> <body>",
                id="several lines",
            ),
        ],
    )
    def test_text(self, answer: Response, text: str) -> None:
        """An answer is explained by its status and the start of its body, on one line."""
        assert protocol.explain(answer) == text


def test_limit() -> None:
    """The limit of a buffered response is the platform's, to the byte."""
    assert protocol.MAX_RESPONSE == 6_291_556
