"""The Runtime API's verdicts, without a socket."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest
from lambda_bootstrap_dev.emulator.routes import Route, route
from lambda_bootstrap_dev.emulator.rules import Situation, Verdict, judge
from lambda_bootstrap_dev.emulator.states import State
from lambda_bootstrap_dev.emulator.values import Delivery, Kind, Reply, Request

EVENT = Reply(200, [("Lambda-Runtime-Aws-Request-Id", "id-1")], b"{}")
RUNNING = Situation(State.RUNNING, Delivery("id-1", "nonce-1", EVENT))


def a_request(endpoint: str, body: bytes = b"", **given: Any) -> Request:
    """Return a call as the wire would hand it on."""
    headers = tuple(given.pop("headers", {}).items())
    trailers = tuple(given.pop("trailers", {}).items())
    return Request(endpoint, "POST", "/", headers, body, trailers, 1, 0.0, **given)


def a_post(endpoint: str, body: bytes = b"", **given: Any) -> Request:
    """Return a post for the invocation id-1."""
    return a_request(endpoint, body, **({"request_id": "id-1"} | given))


def status(verdict: Verdict) -> int:
    """Return the status of a verdict's reply."""
    assert verdict.reply is not None
    return int(verdict.reply.status)


def error_type(verdict: Verdict) -> Any:
    """Return what a refusal calls itself."""
    assert verdict.reply is not None
    return json.loads(verdict.reply.body)["errorType"]


class TestNext:
    """`GET /runtime/invocation/next`."""

    @pytest.mark.parametrize("state", [State.STARTED, State.READY, State.SENT])
    def test_holds(self, state: State) -> None:
        """Without an outstanding event the call waits."""
        assert judge(Situation(state), a_request("next")) == Verdict(State.READY, None)

    def test_repeats(self) -> None:
        """An outstanding event is served again."""
        assert judge(RUNNING, a_request("next")) == Verdict(State.RUNNING, EVENT)

    def test_lost(self) -> None:
        """An event that was served to a connection that died isn't served again: the call waits."""
        assert judge(replace(RUNNING, is_lost=True), a_request("next")) == Verdict(State.RUNNING, None)

    def test_after_init_error(self) -> None:
        """After an init error there is no next."""
        verdict = judge(Situation(State.INIT_ERROR), a_request("next"))

        assert verdict.reply == Reply(
            403,
            [("Content-Type", "application/json")],
            b'{"errorMessage":"State transition from InitError to Ready failed for runtime.'
            b' Error: State transition is not allowed","errorType":"InvalidStateTransition"}\n',
        )


class TestResponse:
    """`POST /runtime/invocation/{id}/response`."""

    def test_accepted(self) -> None:
        """A result is accepted and ends the invocation with its bytes and its type."""
        verdict = judge(RUNNING, a_post("response", b"42", headers={"content-type": "text/x"}))

        assert verdict.reply == Reply(202, [("Content-Type", "application/json")], b'{"status":"OK"}\n')
        assert verdict.ending is not None
        assert (verdict.ending.kind, verdict.ending.body, verdict.ending.content_type) == (
            Kind.RESPONSE,
            b"42",
            "text/x",
        )
        assert verdict.state is State.SENT

    @pytest.mark.parametrize("endpoint", ["response", "error"])
    def test_no_type(self, endpoint: str) -> None:
        """A body without a media type is bytes."""
        verdict = judge(RUNNING, a_post(endpoint, b"42"))

        assert verdict.ending is not None
        assert verdict.ending.content_type == "application/octet-stream"

    @pytest.mark.parametrize(
        ("situation", "given", "expected"),
        [
            (RUNNING, {"request_id": "id-2"}, (400, "InvalidRequestID")),
            (Situation(), {}, (400, "InvalidRequestID")),
            (RUNNING, {"headers": {"Lambda-Runtime-Invocation-Id": "nonce-0"}}, (410, "InvokeTimeout")),
            (
                Situation(expired=frozenset({"old"})),
                {"headers": {"Lambda-Runtime-Invocation-Id": "old"}},
                (410, "InvokeTimeout"),
            ),
            (Situation(State.SENT, RUNNING.delivery), {}, (403, "InvalidStateTransition")),
            (Situation(State.READY, RUNNING.delivery), {}, (403, "InvalidStateTransition")),
        ],
        ids=["other id", "no invocation", "other attempt", "timed out", "second answer", "after next"],
    )
    @pytest.mark.parametrize("endpoint", ["response", "error"])
    def test_refused(
        self, endpoint: str, situation: Situation, given: dict[str, Any], expected: tuple[int, str]
    ) -> None:
        """A post that answers nothing outstanding is refused and changes nothing."""
        verdict = judge(situation, a_post(endpoint, **given))

        assert (status(verdict), error_type(verdict)) == expected
        assert (verdict.state, verdict.ending) == (situation.state, None)

    def test_right_attempt(self) -> None:
        """The nonce of the event passes."""
        request = a_post("response", headers={"Lambda-Runtime-Invocation-Id": "nonce-1"})

        assert status(judge(RUNNING, request)) == 202

    @pytest.mark.parametrize("mode", ["buffered", "Streaming"])
    def test_mode(self, mode: str) -> None:
        """Any mode but `streaming` fails the invocation and leaves the runtime stuck."""
        verdict = judge(RUNNING, a_post("response", headers={"Lambda-Runtime-Function-Response-Mode": mode}))

        assert (status(verdict), error_type(verdict)) == (400, "InvalidFunctionResponseMode")
        assert verdict.state is State.RESPONDING
        assert verdict.ending is not None
        assert json.loads(verdict.ending.body)["errorType"] == "Runtime.InvalidResponseModeHeader"

    def test_size(self) -> None:
        """The limit itself passes, one byte more is too large and the caller is told so."""
        assert status(judge(RUNNING, a_post("response", bytes(6_291_556)))) == 202

        verdict = judge(RUNNING, a_post("response", bytes(6_291_557)))
        assert verdict.reply is not None
        assert (status(verdict), json.loads(verdict.reply.body)) == (
            413,
            {
                "errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).",
                "errorType": "RequestEntityTooLarge",
            },
        )
        assert verdict.ending is not None
        assert json.loads(verdict.ending.body) == {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        }
        assert verdict.state is State.SENT

    def test_stream_size(self) -> None:
        """A stream may be longer than a buffered response."""
        headers = {"Lambda-Runtime-Function-Response-Mode": "streaming"}

        assert status(judge(RUNNING, a_post("response", bytes(6_291_557), headers=headers))) == 202

    @pytest.mark.parametrize(("mode", "limit"), [("", 6_291_556), ("streaming", 209_715_200)])
    def test_unread(self, mode: str, limit: int) -> None:
        """A body that wasn't read as it is over the limit is too large, and the limit is that of its mode."""
        headers = {"Lambda-Runtime-Function-Response-Mode": mode}
        verdict = judge(RUNNING, a_post("response", headers=headers, is_oversized=True))

        assert (status(verdict), error_type(verdict)) == (413, "RequestEntityTooLarge")
        assert verdict.ending is not None
        assert f"({limit} bytes)" in json.loads(verdict.ending.body)["errorMessage"]
        assert verdict.ending.kind is Kind.ERROR

    @pytest.mark.parametrize("endpoint", ["response", "error"])
    def test_unread_of_another(self, endpoint: str) -> None:
        """The ids of a post are checked before its size."""
        verdict = judge(RUNNING, a_post(endpoint, request_id="id-2", is_oversized=True))

        assert (status(verdict), error_type(verdict)) == (400, "InvalidRequestID")

    def test_stream_error(self) -> None:
        """Error trailers turn what was streamed into the error they carry."""
        trailers = {
            "lambda-runtime-function-error-type": "Function.Boom",
            "lambda-runtime-function-error-body": base64.b64encode(b'{"errorType":"Boom"}').decode(),
        }
        verdict = judge(RUNNING, a_post("response", b"half", trailers=trailers))

        assert verdict.ending is not None
        assert (verdict.ending.kind, verdict.ending.body) == (Kind.ERROR, b'{"errorType":"Boom"}')

    def test_stream_error_without_details(self) -> None:
        """An error body that is no base64 is an error without details."""
        trailers = {"Lambda-Runtime-Function-Error-Type": "X", "Lambda-Runtime-Function-Error-Body": "{}"}
        verdict = judge(RUNNING, a_post("response", b"half", trailers=trailers))

        assert verdict.ending is not None
        assert (verdict.ending.kind, verdict.ending.body) == (Kind.ERROR, b"")

    @pytest.mark.parametrize("endpoint", ["response", "error"])
    def test_truncated(self, endpoint: str) -> None:
        """A body that breaks off fails the invocation; the runtime may go on."""
        verdict = judge(RUNNING, a_post(endpoint, b"ha", is_complete=False))

        assert (status(verdict), error_type(verdict)) == (400, "TruncatedHTTPRequest")
        assert verdict.state is State.SENT
        assert verdict.ending is not None
        assert json.loads(verdict.ending.body)["errorType"] == "Runtime.TruncatedResponse"


class TestError:
    """`POST /runtime/invocation/{id}/error`."""

    def test_accepted(self) -> None:
        """An error is accepted and reaches the caller as it is."""
        verdict = judge(RUNNING, a_post("error", b"{}", headers={"Content-Type": "application/json"}))

        assert (status(verdict), verdict.state) == (202, State.SENT)
        assert verdict.ending is not None
        assert (verdict.ending.kind, verdict.ending.body) == (Kind.ERROR, b"{}")

    def test_size(self) -> None:
        """An error body may have one MiB."""
        assert status(judge(RUNNING, a_post("error", bytes(1_048_576)))) == 202
        verdict = judge(RUNNING, a_post("error", bytes(1_048_577)))

        assert (status(verdict), verdict.state) == (413, State.SENT)
        assert status(judge(RUNNING, a_post("error", is_oversized=True))) == 413


class TestInitError:
    """`POST /runtime/init/error`."""

    @pytest.mark.parametrize(
        ("body", "content_type"), [(b"{}", "application/json"), (b"{", "application/octet-stream")]
    )
    def test_accepted(self, body: bytes, content_type: str) -> None:
        """A failed start is accepted; the media type is what the body proves to be."""
        verdict = judge(Situation(), a_request("init/error", body, headers={"Content-Type": "text/plain"}))

        assert (status(verdict), verdict.state) == (202, State.INIT_ERROR)
        assert verdict.ending is not None
        assert (verdict.ending.kind, verdict.ending.body, verdict.ending.content_type) == (
            Kind.INIT_ERROR,
            body,
            content_type,
        )

    def test_size(self) -> None:
        """An init error may have one MiB; a longer one is refused, and the start has failed all the same."""
        assert status(judge(Situation(), a_request("init/error", bytes(1_048_576)))) == 202

        verdict = judge(Situation(), a_request("init/error", bytes(1_048_577)))
        assert (status(verdict), error_type(verdict)) == (413, "RequestEntityTooLarge")
        assert verdict.state is State.INIT_ERROR
        assert verdict.ending is not None
        assert verdict.ending.kind is Kind.INIT_ERROR

    @pytest.mark.parametrize("state", [State.INIT_ERROR, State.READY, State.RUNNING, State.SENT])
    def test_too_late(self, state: State) -> None:
        """An init error is refused once the runtime has asked for an event or has failed."""
        verdict = judge(Situation(state, RUNNING.delivery), a_request("init/error"))

        assert (status(verdict), error_type(verdict), verdict.state) == (403, "InvalidStateTransition", state)


class TestElsewhere:
    """What is no call of the invoke loop."""

    def test_ping(self) -> None:
        """Ping answers pong in any state."""
        verdict = judge(Situation(State.INIT_ERROR), a_request("ping"))

        assert verdict.reply is not None
        assert verdict.reply.body == b"pong"

    @pytest.mark.parametrize("endpoint", ["next", "ping"])
    def test_size(self, endpoint: str) -> None:
        """A call without need of a body is refused if it has a large one, and changes nothing."""
        verdict = judge(Situation(), a_request(endpoint, is_oversized=True))

        assert (status(verdict), error_type(verdict)) == (413, "RequestEntityTooLarge")
        assert verdict.state is State.STARTED

    @pytest.mark.parametrize("refusal", [404, 405])
    def test_stray(self, refusal: int) -> None:
        """What has no route gets the status that says why."""
        assert status(judge(Situation(), a_request("", refusal=HTTPStatus(refusal)))) == refusal

    def test_allowed(self) -> None:
        """A refusal of a method names the one that the path takes."""
        verdict = judge(Situation(), a_request("", refusal=HTTPStatus.METHOD_NOT_ALLOWED, allowed="PUT"))

        assert verdict.reply == Reply(405, [("Allow", "PUT")])


class TestRoute:
    """`route`: method and target to endpoint."""

    @pytest.mark.parametrize(
        ("method", "target", "endpoint", "request_id"),
        [
            ("GET", "/2018-06-01/runtime/invocation/next", "next", ""),
            ("POST", "/2018-06-01/runtime/invocation/a%2Fb/response", "response", "a%2Fb"),
            ("POST", "/2018-06-01/runtime/invocation/a/error?x=1", "error", "a"),
            ("POST", "/2018-06-01/runtime/init/error", "init/error", ""),
            ("GET", "/2018-06-01/ping", "ping", ""),
            ("POST", "/2015-03-31/functions/any:live/invocations", "invoke", "any:live"),
            ("POST", "/2021-11-15/functions/any/response-streaming-invocations?x", "invoke/stream", "any"),
        ],
    )
    def test_known(self, method: str, target: str, endpoint: str, request_id: str) -> None:
        """Every endpoint has one method and one path; the id stays as it was written."""
        assert route(method, target) == Route(endpoint, request_id)

    @pytest.mark.parametrize(
        ("method", "target", "refusal", "allowed"),
        [
            ("POST", "/2018-06-01/runtime/invocation/next", 405, "GET"),
            ("GET", "/2018-06-01/runtime/init/error", 405, "POST"),
            ("POST", "/2018-06-01/runtime/restore/next", 405, "GET"),
            ("GET", "/2018-06-01/runtime/restore/error", 405, "POST"),
            ("GET", "/2020-01-01/extension/register", 405, "POST"),
            ("POST", "/2022-07-01/telemetry", 405, "PUT"),
            ("GET", "/2018-06-01/runtime/snapshot", 404, ""),
            ("GET", "/2020-01-01/extension/next", 404, ""),
            ("GET", "/2018-06-01", 404, ""),
            ("GET", "/runtime/invocation/next", 404, ""),
            ("POST", "/2018-06-01/runtime/invocation//response", 404, ""),
            ("GET", "/2015-03-31/functions/f/invocations", 405, "POST"),
            ("GET", "/", 404, ""),
        ],
    )
    def test_unknown(self, method: str, target: str, refusal: int, allowed: str) -> None:
        """A wrong method is 405, with the right one, anything else 404."""
        assert route(method, target) == Route(refusal=HTTPStatus(refusal), allowed=allowed)

    def test_prefix(self) -> None:
        """A prefix goes before the version of the Runtime API, and only there."""
        assert route("GET", "/.rt/2018-06-01/runtime/invocation/next", "/.rt").endpoint == "next"
        assert route("GET", "/2018-06-01/runtime/invocation/next", "/.rt").refusal == 404
        assert route("POST", "/2015-03-31/functions/f/invocations", "/.rt").endpoint == "invoke"
