"""The emulator's port over real sockets: what it takes, what it answers, what it remembers."""

from __future__ import annotations

import base64
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import h11
import pytest
import urllib3
from lambda_bootstrap_dev.testing import Close, Default, Emulator, Kind, Outcome, Pause, Raw, Reply, Reset

if TYPE_CHECKING:
    from collections.abc import Iterator

NEXT = "/2018-06-01/runtime/invocation/next"
ACCEPTED = b'{"status":"OK"}\n'


@contextmanager
def a_runtime(emulator: Emulator) -> Iterator[urllib3.HTTPConnectionPool]:
    """Yield one keep-alive connection to the Runtime API."""
    host, _, port = emulator.address.removeprefix("http://").partition("/")[0].rpartition(":")
    with urllib3.HTTPConnectionPool(host, int(port), maxsize=1, block=True, retries=False, timeout=10) as pool:
        yield pool


@contextmanager
def a_socket(emulator: Emulator) -> Iterator[socket.socket]:
    """Yield a plain connection."""
    host, _, port = emulator.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        yield raw


def read_all(raw: socket.socket) -> bytes:
    """Read until the peer closes."""
    return b"".join(iter(lambda: raw.recv(65536), b""))


def drip(raw: socket.socket) -> None:
    """Send a little again and again, for four seconds at most."""
    for _ in range(200):
        raw.sendall(b"more")
        time.sleep(0.02)


def post(pool: urllib3.HTTPConnectionPool, path: str, body: bytes = b"", **headers: str) -> urllib3.BaseHTTPResponse:
    """Post below the version of the Runtime API; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return pool.request("POST", f"/2018-06-01{path}", body=body, headers=named)


@pytest.fixture(name="emulator")
def _emulator() -> Iterator[Emulator]:
    with Emulator(timeout=5.0) as emulator:
        yield emulator


@pytest.fixture(name="callers")
def _callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as callers:
        yield callers


class TestLoop:
    """An invocation from its caller to the runtime and back."""

    def test_round_trip(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """The caller's headers reach the runtime, the runtime's answer reaches the caller."""
        before = time.time()
        call = callers.submit(
            emulator.invoke,
            b"[1]",
            headers={
                "Content-Type": "text/x",
                "X-Amzn-RequestId": "id-1",
                "X-Amzn-Trace-Id": "Root=1-2-3",
                "X-Amz-Client-Context": base64.b64encode(' {"ü": 1} '.encode()).decode(),
                "X-Amz-Cognito-Identity": '{"cognitoIdentityId":"i"}',
                "X-Amz-Tenant-Id": "blue",
            },
        )
        with a_runtime(emulator) as pool:
            event = pool.request("GET", NEXT)
            accepted = post(pool, "/runtime/invocation/id-1/response", b"<1>", Content_Type="text/html")
        outcome = call.result()

        headers = dict(event.headers)
        deadline, nonce = headers.pop("Lambda-Runtime-Deadline-Ms"), headers.pop("Lambda-Runtime-Invocation-Id")
        assert (event.status, event.data) == (200, b"[1]")
        assert headers == {
            "Content-Type": "text/x",
            "Content-Length": "3",
            "Lambda-Runtime-Aws-Request-Id": "id-1",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:012345678912:function:test_function",
            "Lambda-Runtime-Trace-Id": "Root=1-2-3",
            "Lambda-Runtime-Client-Context": '{"ü": 1}'.encode().decode("latin-1"),
            "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"i"}',
            "Lambda-Runtime-Aws-Tenant-Id": "blue",
        }
        assert before + 5 <= int(deadline) / 1000 + 0.001 <= time.time() + 5.001
        assert nonce
        assert (accepted.status, accepted.data) == (202, ACCEPTED)
        assert (outcome.status, outcome.body, outcome.header("content-type")) == (200, b"<1>", "text/html")
        assert outcome.header("X-Amz-Function-Error") == ""
        assert outcome.header("X-Amzn-RequestId") == "id-1"
        assert outcome.header("X-Amz-Executed-Version") == "$LATEST"

    def test_defaults(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """A caller with nothing but curl's type gets JSON, made-up ids and a trace."""
        call = callers.submit(emulator.invoke, headers={"Content-Type": "application/x-www-form-urlencoded"})
        with a_runtime(emulator) as pool:
            event = pool.request("GET", NEXT)
            post(pool, f"/runtime/invocation/{event.headers['Lambda-Runtime-Aws-Request-Id']}/response")
        call.result()

        assert event.headers["Content-Type"] == "application/json"
        trace = event.headers["Lambda-Runtime-Trace-Id"]
        assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", trace)
        assert "Lambda-Runtime-Client-Context" not in event.headers

    def test_no_trace(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """An empty trace header leaves none for the runtime."""
        call = callers.submit(emulator.invoke, headers={"X-Amzn-Trace-Id": "", "X-Amzn-RequestId": "id-1"})
        with a_runtime(emulator) as pool:
            event = pool.request("GET", NEXT)
            post(pool, "/runtime/invocation/id-1/response")
        call.result()

        assert "Lambda-Runtime-Trace-Id" not in event.headers

    def test_error(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """A function error reaches the caller with status 200 and a header that marks it."""
        call = callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": "id-1"})
        with a_runtime(emulator) as pool:
            pool.request("GET", NEXT)
            post(pool, "/runtime/invocation/id-1/error", b'{"errorType":"E"}', Content_Type="application/json")
        outcome = call.result()

        assert (outcome.status, outcome.header("X-Amz-Function-Error")) == (200, "Unhandled")
        assert outcome.error == {"errorType": "E"}

    def test_init_error(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """A failed start answers the caller; on this connection nothing is allowed any more."""
        call = callers.submit(emulator.invoke)
        emulator.wait_for("invoke")
        with a_runtime(emulator) as pool:
            assert post(pool, "/runtime/init/error", b'{"errorType":"E"}').status == 202
            outcome = call.result()
            assert pool.request("GET", NEXT).status == 403
            assert post(pool, "/runtime/init/error").status == 403

        assert outcome.error == {"errorType": "E"}

    def test_init_error_while_another_connection_closes(self, emulator: Emulator) -> None:
        """A runtime that failed is still there as long as one of its connections is."""
        with a_runtime(emulator) as pool:
            post(pool, "/runtime/init/error")
            with a_socket(emulator) as raw:
                raw.sendall(b"GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert read_all(raw).endswith(b"pong")
            time.sleep(0.05)

            assert pool.request("GET", NEXT).status == 403

    def test_init_error_then_another_runtime(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """A runtime from elsewhere that failed and left makes room for the next."""
        with a_runtime(emulator) as pool:
            post(pool, "/runtime/init/error")
        call = callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": "id-1"})
        with a_runtime(emulator) as pool:
            emulator.wait_for("invoke")
            assert pool.request("GET", NEXT).status == 200
            post(pool, "/runtime/invocation/id-1/response", b"1")

        assert call.result().json() == 1

    def test_init_error_then_another_runtime_first(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """A runtime that takes the place of a failed one may come before the next caller does."""
        with a_socket(emulator) as raw:
            raw.sendall(
                b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                b"Content-Length: 0\r\n\r\n"
            )
            read_all(raw)
        with a_runtime(emulator) as pool:
            waiting = callers.submit(pool.request, "GET", NEXT)
            emulator.wait_for("next")
            call = callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": "id-1"})
            assert waiting.result().status == 200
            post(pool, "/runtime/invocation/id-1/response", b"1")

        assert call.result().json() == 1

    def test_queue(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """Callers at the same time get their own answers, one after the other."""
        calls = [callers.submit(emulator.invoke, str(n).encode()) for n in range(4)]
        emulator.wait_for("invoke", 4)
        with a_runtime(emulator) as pool:
            for _ in calls:
                event = pool.request("GET", NEXT)
                path = f"/runtime/invocation/{event.headers['Lambda-Runtime-Aws-Request-Id']}/response"
                post(pool, path, event.data + event.data)

        assert [call.result().body for call in calls] == [b"00", b"11", b"22", b"33"]

    def test_until_next(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """An invocation is over at the following next: only then the second one is delivered."""
        calls = [callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": f"id-{n}"}) for n in range(2)]
        with a_runtime(emulator) as pool:
            first = pool.request("GET", NEXT).headers["Lambda-Runtime-Aws-Request-Id"]
            post(pool, f"/runtime/invocation/{first}/response")
            assert emulator.reports == []
            second = pool.request("GET", NEXT).headers["Lambda-Runtime-Aws-Request-Id"]
            [report] = emulator.wait_report()
            post(pool, f"/runtime/invocation/{second}/response")
        _ = [call.result() for call in calls]

        assert {first, second} == {"id-0", "id-1"}
        assert (report.request_id, report.kind, report.init_ms, report.memory_mb) == (first, Kind.RESPONSE, None, None)

    def test_repeat(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """A second next gets the outstanding event once more, to the byte."""
        call = callers.submit(emulator.invoke, b"[1]", headers={"X-Amzn-RequestId": "id-1"})
        with a_runtime(emulator) as pool:
            one, other = pool.request("GET", NEXT), pool.request("GET", NEXT)
            post(pool, "/runtime/invocation/id-1/response")
        call.result()

        assert (one.data, dict(one.headers)) == (other.data, dict(other.headers))

    def test_lost_runtime(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """An event does not go to a runtime that hung up while it waited."""
        with a_socket(emulator) as raw:
            raw.sendall(f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            emulator.wait_for("next")
        call = callers.submit(emulator.invoke, b"[1]", headers={"X-Amzn-RequestId": "id-1"})
        with a_runtime(emulator) as pool:
            assert pool.request("GET", NEXT).data == b"[1]"
            post(pool, "/runtime/invocation/id-1/response", b"2")

        assert call.result().body == b"2"

    def test_late_post(self, callers: ThreadPoolExecutor) -> None:
        """A post after the timeout is 410 when it echoes the attempt, 400 when it does not."""
        with Emulator(timeout=0.1) as emulator:
            call = callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": "id-1"})
            with a_runtime(emulator) as pool:
                nonce = pool.request("GET", NEXT).headers["Lambda-Runtime-Invocation-Id"]
                assert call.result().error["errorType"] == "Sandbox.Timedout"
                emulator.wait_report()
                path = "/runtime/invocation/id-1/response"
                late = post(pool, path, Lambda_Runtime_Invocation_Id=nonce)
                lost = post(pool, path)

        assert (late.status, late.json()) == (410, {"errorMessage": "Invoke timeout", "errorType": "InvokeTimeout"})
        assert (lost.status, lost.json()["errorType"]) == (400, "InvalidRequestID")

    def test_nobody_there(self) -> None:
        """Without a runtime the caller is told after the time for init."""
        with Emulator(init_timeout=0.1) as emulator:
            outcome = emulator.invoke()

        assert outcome.error["errorMessage"].endswith("Task timed out after 0.10 seconds")


class TestCaller:
    """Invocations that never reach the function."""

    @pytest.mark.parametrize(
        ("payload", "headers", "status", "message"),
        [
            (bytes(6_291_557), {}, 413, "Request must be smaller than 6291556 bytes"),
            (b"", {"X-Amz-Client-Context": "{}"}, 400, "Client context is not valid base64"),
            (b"", {"X-Amz-Client-Context": "ewp9"}, 400, "Client context has control characters"),
            (b"", {"X-Amz-Client-Context": "e30"}, 400, "Client context is not valid base64"),
            (b"", {"X-Amz-Client-Context": "W10="}, 400, "Client context must be a Base64-encoded JSON object"),
            (b"", {"X-Amz-Client-Context": "null"}, 400, "Client context must be a Base64-encoded JSON object"),
            (b"", {"X-Amz-Log-Type": "tail"}, 400, "X-Amz-Log-Type has to be one of None, Tail, not 'tail'"),
            (b"", {"X-Amz-Invocation-Type": ""}, 400, "X-Amz-Invocation-Type has to be one of RequestResponse, Event"),
        ],
        ids=["too large", "no base64", "two lines", "cut", "array", "no JSON", "log type", "invocation type"],
    )
    def test_refused(
        self, emulator: Emulator, payload: bytes, headers: dict[str, str], status: int, message: str
    ) -> None:
        """What Lambda would not pass on is refused with a reason."""
        outcome = emulator.invoke(payload, headers=headers)

        assert outcome.status == status
        assert outcome.json()["message"].startswith(message)

    def test_outcome_without_error(self) -> None:
        """Only the header makes an error of a body."""
        outcome = Outcome(200, (("X-Other", "1"),), b'{"errorType":"E"}')

        assert (outcome.error, outcome.json()) == (None, {"errorType": "E"})


class TestRecord:
    """`Emulator.requests`: exactly what came in."""

    def test_bytes(self, emulator: Emulator) -> None:
        """Method, target, headers in order and case, body, trailers and connection are kept."""
        with a_socket(emulator) as raw:
            raw.sendall(
                b"POST /2018-06-01/runtime/invocation/a%20b/response?q HTTP/1.1\r\nHOST: h\r\nb-B: \xff\r\nA-a: 1\r\n"
                b"A-a: 2\r\nTransfer-Encoding: chunked\r\nTrailer: T-t, U\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
                b"T-t: \xc3\xa9\r\nU: \r\n\r\n"
            )
            [request] = emulator.wait_for("response")

        assert (request.method, request.target) == ("POST", "/2018-06-01/runtime/invocation/a%20b/response?q")
        assert request.headers == (
            ("HOST", "h"),
            ("b-B", "\xff"),
            ("A-a", "1"),
            ("A-a", "2"),
            ("Transfer-Encoding", "chunked"),
            ("Trailer", "T-t, U"),
        )
        assert (request.body, request.trailers) == (b"abcde", (("T-t", "\xc3\xa9"), ("U", "")))
        assert request.pieces == (b"abc", b"de")
        assert (request.request_id, request.is_complete, request.connection) == ("a%20b", True, 1)

    def test_connections(self, emulator: Emulator) -> None:
        """Requests over one connection have one number, another connection has another."""
        for _ in range(2):
            with a_runtime(emulator) as pool:
                post(pool, "/runtime/invocation/x/response")
                post(pool, "/runtime/invocation/x/error")

        assert [seen.connection for seen in emulator.requests] == [1, 1, 2, 2]
        times = [seen.at for seen in emulator.requests]
        assert times == sorted(times)

    def test_pipelined(self, emulator: Emulator) -> None:
        """Requests sent ahead, even of a next that waits, are answered in order."""
        ping = b"GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\n\r\n"
        with a_socket(emulator) as raw:
            raw.sendall(ping + f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n".encode() + ping)
            emulator.wait_for("next")
            raw.sendall(ping.replace(b"Host", b"Connection: close\r\nHost"))
            emulator.script("next", Raw(b"<raw>"))
            answer = read_all(raw)

        assert [part[-4:] for part in answer.split(b"pong")[:-1]] == [b"\r\n\r\n"] * 3
        assert b"<raw>" in answer

    def test_truncated(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """A body that breaks off is kept, marked, answered 400, and fails the invocation."""
        call = callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": "id-1"})
        with a_runtime(emulator) as pool:
            pool.request("GET", NEXT)
            with a_socket(emulator) as raw:
                raw.sendall(
                    b"POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: 10\r\n\r\nhalf"
                )
                raw.shutdown(socket.SHUT_WR)
                answer = read_all(raw)
        [request] = emulator.wait_for("response")

        assert (request.body, request.is_complete) == (b"half", False)
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"TruncatedHTTPRequest" in answer
        assert call.result().error["errorType"] == "Runtime.TruncatedResponse"

    @pytest.mark.parametrize(("length", "status"), [(4096, 202), (4097, 400)])
    def test_trailers(self, emulator: Emulator, callers: ThreadPoolExecutor, length: int, status: int) -> None:
        """Trailers of more than 4 KiB, with the line that ends them, are as good as none."""
        call = callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": "id-1"})
        with a_runtime(emulator) as pool:
            pool.request("GET", NEXT)
            with a_socket(emulator) as raw:
                raw.sendall(
                    b"POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: " + b"x" * (length - 7) + b"\r\n\r\n"
                )
                answer = read_all(raw)
        call.result()

        assert answer.startswith(b"HTTP/1.1 %d " % status)

    def test_large(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """An event and a response of the largest size pass."""
        payload = b"x" * 6_291_556
        call = callers.submit(emulator.invoke, payload, headers={"X-Amzn-RequestId": "id-1"})
        with a_runtime(emulator) as pool:
            event = pool.request("GET", NEXT)
            assert event.data == payload
            assert post(pool, "/runtime/invocation/id-1/response", event.data).status == 202

        assert call.result().body == payload

    def test_continue(self, emulator: Emulator) -> None:
        """A client that asks before it sends its body is told to go on."""
        with a_socket(emulator) as raw:
            raw.sendall(
                b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            )
            assert raw.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n")
            raw.sendall(b"{}")
            assert read_all(raw).startswith(b"HTTP/1.1 202 Accepted\r\n")


class TestRefusals:
    """What is not HTTP as the platform takes it."""

    @pytest.mark.parametrize(
        ("head", "status"),
        [
            (b"nonsense\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nA: \x7f\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nA: a\x01b\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 1_060_000 + b"\r\n\r\n", 431),
            (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 1_300_000, 431),
        ],
        ids=["no request", "no host", "delete", "control", "chunk", "long", "endless"],
    )
    def test_refused(self, emulator: Emulator, head: bytes, status: int) -> None:
        """The answer is plain text, the connection is closed, nothing is recorded."""
        with a_socket(emulator) as raw:
            raw.sendall(head)
            answer = read_all(raw)

        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" in answer
        assert answer.endswith(b"400 Bad Request" if status == 400 else b"\r\n\r\n")
        assert emulator.requests == []

    def test_long_headers(self, emulator: Emulator) -> None:
        """Headers just below one MiB pass."""
        with a_runtime(emulator) as pool:
            assert pool.request("GET", "/2018-06-01/ping", headers={"A": "a" * 1_040_000}).data == b"pong"

    def test_no_end(self, emulator: Emulator) -> None:
        """A client that goes on sending after its refusal is cut off soon."""
        with a_socket(emulator) as raw:
            raw.sendall(b"nonsense\r\n\r\n")
            read_all(raw)
            start = time.monotonic()
            with pytest.raises(OSError, match=r"[Rr]eset|[Bb]roken pipe"):
                drip(raw)

        assert time.monotonic() - start < 3

    def test_half_a_head(self, emulator: Emulator) -> None:
        """A client that leaves amid its headers gets no answer."""
        with a_socket(emulator) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHos")
            raw.shutdown(socket.SHUT_WR)

            assert read_all(raw) == b""


class TestScript:
    """`Emulator.script`: answers other than the rules would give."""

    def test_in_order(self, emulator: Emulator) -> None:
        """Answers are used up in order, each endpoint its own, then the rules hold again."""
        emulator.script("response", Reply(500), Reply(413, [("X-Mine", "1")], b"body"))
        emulator.script("error", Reply(299))
        with a_runtime(emulator) as pool:
            answers = [post(pool, "/runtime/invocation/id-1/response") for _ in range(3)]
            other = post(pool, "/runtime/invocation/id-1/error")

        assert [answer.status for answer in answers] == [500, 413, 400]
        assert (answers[1].headers["X-Mine"], answers[1].data) == ("1", b"body")
        assert other.status == 299
        assert {seen.connection for seen in emulator.requests} == {1}

    def test_waiting_next(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """A next that already waits takes an answer at once."""
        with a_runtime(emulator) as pool:
            waiting = callers.submit(pool.request, "GET", NEXT)
            emulator.wait_for("next")
            emulator.script("next", Reply(503, body=b"later"))

            assert waiting.result().data == b"later"

    def test_scripted_event(self, emulator: Emulator) -> None:
        """A scripted event is outstanding like a real one until it is answered."""
        headers = [("Lambda-Runtime-Aws-Request-Id", "id-1"), ("Lambda-Runtime-Invocation-Id", "n-1")]
        emulator.script("next", Reply(200, [*headers, ("Transfer-Encoding", "chunked")], b"[1]"))
        with a_runtime(emulator) as pool:
            assert [pool.request("GET", NEXT).data for _ in range(2)] == [b"[1]"] * 2
            path = "/runtime/invocation/id-1/response"
            assert post(pool, path, Lambda_Runtime_Invocation_Id="n-0").status == 410
            assert post(pool, path, Lambda_Runtime_Invocation_Id="n-1").status == 202
            assert post(pool, path).status == 403

    @pytest.mark.parametrize(
        ("status", "again"), [(202, 403), (403, 403), (410, 403), (413, 403), (400, 202), (431, 202), (500, 202)]
    )
    def test_scripted_verdict(self, emulator: Emulator, status: int, again: int) -> None:
        """A scripted verdict that ends the invocation ends it; any other leaves it open."""
        emulator.script("next", Reply(200, [("Lambda-Runtime-Aws-Request-Id", "id-1")], b"[1]"))
        emulator.script("response", Reply(status))
        with a_runtime(emulator) as pool:
            pool.request("GET", NEXT)
            answers = [post(pool, "/runtime/invocation/id-1/response").status for _ in range(2)]

        assert answers == [status, again]

    def test_scripted_event_beside_a_real_one(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """The answer to a scripted event is not taken for that of the caller who waits."""
        emulator.script("next", Reply(200, [("Lambda-Runtime-Aws-Request-Id", "id-1")], b"[1]"))
        call = callers.submit(emulator.invoke, b"[2]", headers={"X-Amzn-RequestId": "id-2"})
        emulator.wait_for("invoke")
        with a_runtime(emulator) as pool:
            events = [pool.request("GET", NEXT).data]
            post(pool, "/runtime/invocation/id-1/response", b"one")
            events.append(pool.request("GET", NEXT).data)
            post(pool, "/runtime/invocation/id-2/response", b"two")

        assert events == [b"[1]", b"[2]"]
        assert call.result().body == b"two"

    def test_pieces(self, emulator: Emulator) -> None:
        """Raw bytes go out as they are, with pauses between, and the connection lives on."""
        pieces = [b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 3\r\n\r\nab", b"c"]
        steps = [step for piece in pieces for step in (Raw(piece), Pause(0.05))]
        emulator.script("next", steps)
        with a_socket(emulator) as raw:
            start = time.monotonic()
            raw.sendall(f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert [raw.recv(65536) for _ in pieces] == pieces
            assert time.monotonic() - start > 0.09
            raw.sendall(b"GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.recv(65536).endswith(b"pong")

    def test_close(self, emulator: Emulator) -> None:
        """A close instead of an answer, and one amid it, end the connection in good order."""
        emulator.script("next", Close(), [Raw(b"HTTP/1.1 2"), Close()])
        answers = []
        for _ in range(2):
            with a_socket(emulator) as raw:
                raw.sendall(f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                answers.append(read_all(raw))

        assert answers == [b"", b"HTTP/1.1 2"]

    def test_reset(self, emulator: Emulator) -> None:
        """A reset is a reset."""
        emulator.script("next", Reset())
        with a_socket(emulator) as raw:
            raw.sendall(f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

            with pytest.raises(ConnectionResetError):
                raw.recv(1)

    def test_default_and_more(self, emulator: Emulator) -> None:
        """The rules' own answer can be a step: here late, and with the connection closed after it."""
        emulator.script("init/error", [Pause(0.05), Default(), Close()])
        with a_socket(emulator) as raw:
            start = time.monotonic()
            raw.sendall(b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            answer = read_all(raw)

        assert time.monotonic() - start > 0.04
        assert answer.endswith(ACCEPTED)

    def test_connection_close(self, emulator: Emulator) -> None:
        """A reply that says so closes the connection."""
        emulator.script("next", Reply(200, [("Connection", "close")], b"x"))
        with a_socket(emulator) as raw:
            raw.sendall(f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

            assert read_all(raw).endswith(b"x")

    def test_unknown_endpoint(self, emulator: Emulator) -> None:
        """An endpoint that does not exist cannot be scripted."""
        with pytest.raises(
            ValueError,
            match=r"no endpoint 'nxt'; there are next, response, error, init/error, restore/next, restore/error",
        ):
            emulator.script("nxt", Close())

    def test_impossible_reply(self) -> None:
        """A reply that is no HTTP comes to light at the end of the test."""
        with ExitStack() as stack:
            emulator = stack.enter_context(Emulator())
            emulator.script("next", Reply(200, [("Content-Length", "1")], b"abc"))
            with a_socket(emulator) as raw:
                raw.sendall(f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                assert read_all(raw) == b""

            with pytest.raises(h11.LocalProtocolError, match="Too much data"):
                stack.close()


class TestAddress:
    """Where the emulator listens."""

    def test_ipv6(self) -> None:
        """An IPv6 address is written in brackets."""
        with Emulator(host="::1") as emulator, a_runtime(emulator) as pool:
            assert emulator.address.startswith("[::1]:")
            assert pool.request("GET", "/2018-06-01/ping").data == b"pong"

    def test_prefix(self, callers: ThreadPoolExecutor) -> None:
        """A prefix makes the address a URL; callers go without it."""
        with Emulator(prefix="/.rt") as emulator, a_runtime(emulator) as pool:
            assert emulator.address.startswith("http://127.0.0.1:")
            assert emulator.address.endswith("/.rt")
            call = callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": "id-1"})
            assert pool.request("GET", f"/.rt{NEXT}").data == b"{}"
            pool.request("POST", "/.rt/2018-06-01/runtime/invocation/id-1/response", body=b"1")
            assert call.result().json() == 1

    def test_everywhere(self) -> None:
        """A wildcard is no address to connect to: loopback stands for it."""
        with Emulator(host="0.0.0.0") as emulator:  # noqa: S104, that is the point
            assert emulator.address.startswith("127.0.0.1:")

    def test_everywhere_ipv6(self) -> None:
        """The wildcard of IPv6 is called by its own loopback address."""
        with Emulator(host="::") as emulator:
            assert emulator.address.startswith("[::1]:")

    def test_taken(self, emulator: Emulator) -> None:
        """A port in use is an error at once, and leaves no thread behind."""
        port = int(emulator.address.rpartition(":")[2])
        before = threading.active_count()

        with pytest.raises(OSError, match="Address already in use"), Emulator(port=port):
            pass
        assert threading.active_count() == before


def test_refusals_are_json(emulator: Emulator) -> None:
    """Every refusal is JSON with a message and a type."""
    with a_runtime(emulator) as pool:
        refusal = post(pool, "/runtime/invocation/x/response")

    assert refusal.headers["Content-Type"] == "application/json"
    assert refusal.json() == {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}
