"""What the emulator's port bears: large bodies, slow clients, many clients, runtimes that go away."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.emulator import callers as invoking
from lambda_bootstrap_dev.emulator import port, server, wire
from lambda_bootstrap_dev.testing import Emulator, Kind, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b"Host: localhost\r\n"
INVOKE = b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\n" + HEAD
NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n" + HEAD + b"\r\n"
POST = b"POST /2018-06-01/runtime/invocation/id-1/%s HTTP/1.1\r\n" + HEAD
PING = b"GET /2018-06-01/ping HTTP/1.1\r\n" + HEAD + b"\r\n"
STREAM = b"Lambda-Runtime-Function-Response-Mode: streaming\r\n"


@contextmanager
def connect(emulator: Emulator) -> Iterator[socket.socket]:
    """Yield a plain connection."""
    host, _, port = emulator.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        yield raw


def read_all(raw: socket.socket) -> bytes:
    """Read until the peer closes."""
    return b"".join(iter(lambda: raw.recv(65536), b""))


@pytest.fixture(name="emulator")
def _emulator() -> Iterator[Emulator]:
    with Emulator(timeout=0.4) as emulator:
        yield emulator


@pytest.fixture(name="callers")
def _callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as callers:
        yield callers


class TestBodies:
    """A body over the limit is refused after its head, and isn't kept."""

    @pytest.mark.parametrize(
        ("request_line", "headers", "length"),
        [
            (INVOKE, b"", 6_291_557),
            (POST % b"response", b"", 6_291_557),
            (POST % b"response", STREAM, 209_715_201),
            (POST % b"error", b"", 1_048_577),
            (b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\n" + HEAD, b"", 1_048_577),
            (b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n" + HEAD, b"", 1_048_577),
            (b"GET /2018-06-01/ping HTTP/1.1\r\n" + HEAD, b"", 1_048_577),
            (b"POST /elsewhere HTTP/1.1\r\n" + HEAD, b"", 1_048_577),
        ],
        ids=["invoke", "response", "stream", "error", "init error", "next", "ping", "elsewhere"],
    )
    @pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"], ids=["at once", "asks"])
    def test_announced(
        self, emulator: Emulator, request_line: bytes, headers: bytes, length: int, expect: bytes
    ) -> None:
        """A body that is announced as too long is refused before a byte of it is sent, and the connection closes."""
        with connect(emulator) as raw:
            raw.sendall(request_line + headers + expect + b"Content-Length: %d\r\n\r\n" % length)
            answer = read_all(raw)
        [request] = emulator.requests

        # A post for nothing outstanding is refused for that; what matters is that nobody waits for the body.
        status = {"response": 400, "error": 400, "": 404}.get(request.endpoint, 413)
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert b"\r\nConnection: close\r\n" in answer
        assert (request.body, request.is_oversized) == (b"", True)

    @pytest.mark.parametrize("length", [6_291_556, 6_291_557])
    def test_chunked(self, emulator: Emulator, length: int) -> None:
        """A chunked body is refused at the byte that is too many; one that is just short enough is read."""
        with connect(emulator) as raw:
            raw.sendall(POST % b"response" + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % length)
            raw.sendall(bytes(length))
            raw.sendall(b"\r\n1\r\n" if length > 6_291_556 else b"\r\n0\r\n\r\n")
            raw.shutdown(socket.SHUT_WR)
            read_all(raw)
        [request] = emulator.requests

        assert (len(request.body), request.is_oversized) == ((0, True) if length > 6_291_556 else (length, False))

    def test_caller_is_told(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """The caller of a response that is too long is told so, and the runtime may go on over another connection."""
        call = callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": "id-1"})
        with connect(emulator) as raw:
            raw.sendall(NEXT)
            raw.recv(65536)
            raw.sendall(POST % b"response" + b"Content-Length: 7000000\r\n\r\n" + bytes(7_000_000))
            answer = read_all(raw)
        with connect(emulator) as raw:
            raw.sendall(NEXT)
            [report] = emulator.wait_report()

        assert answer.startswith(b"HTTP/1.1 413 ")
        assert call.result().error["errorType"] == "Function.ResponseSizeTooLarge"
        assert report.kind is Kind.ERROR

    def test_chunks_of_one_byte(self, emulator: Emulator) -> None:
        """The chunks of a body are told apart, however small they are."""
        with connect(emulator) as raw:
            raw.sendall(POST % b"response" + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 500 + b"0\r\n\r\n")
            [request] = emulator.wait_for("response")

        assert request.pieces == (b"x",) * 500

    def test_while_held(self, emulator: Emulator) -> None:
        """A connection that sends megabytes while its call is held is closed."""
        with connect(emulator) as raw:
            raw.sendall(NEXT)
            emulator.wait_for("next")
            with pytest.raises(OSError, match=r"[Rr]eset|[Bb]roken pipe"):
                raw.sendall(bytes(50_000_000))


class TestSlow:
    """A client that takes its time."""

    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
        monkeypatch.setattr(server, "IDLE_SECONDS", 0.3)

    def test_head(self, emulator: Emulator) -> None:
        """A head that drips is cut off with 408, however lively it drips."""
        start = time.monotonic()
        with connect(emulator) as raw:
            raw.settimeout(0.05)
            answer = b""
            raw.sendall(b"GET /2018-06-01/ping HTTP/1.1\r\n")
            while not answer and time.monotonic() < start + 5:
                raw.sendall(b"A: b\r\n")
                try:
                    answer = raw.recv(65536)
                except TimeoutError:
                    continue

        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert 0.15 < time.monotonic() - start < 2
        assert emulator.requests == []

    def test_silence(self, emulator: Emulator) -> None:
        """A connection without a request is closed without a word."""
        with connect(emulator) as raw:
            start = time.monotonic()

            assert read_all(raw) == b""
        assert 0.25 < time.monotonic() - start < 2

    def test_silence_after_a_request(self, emulator: Emulator) -> None:
        """A caller's connection that stays silent after its answer is closed too."""
        with connect(emulator) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")

            assert read_all(raw).endswith(b"404 page not found\n")

    def test_silence_after_an_invocation(self, emulator: Emulator) -> None:
        """A caller isn't a runtime: its silence ends too."""
        with connect(emulator) as raw:
            raw.sendall(INVOKE + b"X-Amz-Client-Context: {}\r\nContent-Length: 0\r\n\r\n")

            assert read_all(raw).startswith(b"HTTP/1.1 400 ")

    def test_runtime(self, emulator: Emulator) -> None:
        """A runtime may be silent as long as it likes: its function runs, or it is frozen."""
        with connect(emulator) as raw:
            raw.sendall(PING)
            first = raw.recv(65536)
            time.sleep(0.6)
            raw.sendall(PING)

            assert [first[-4:], raw.recv(65536)[-4:]] == [b"pong"] * 2

    def test_body(self, emulator: Emulator) -> None:
        """A runtime's body may take longer than a head: it may be a stream."""
        with connect(emulator) as raw:
            raw.sendall(POST % b"response" + b"Content-Length: 2\r\n\r\n")
            for _ in range(2):
                time.sleep(0.25)
                raw.sendall(b"x")
            [request] = emulator.wait_for("response")

        assert request.body == b"xx"


class TestMany:
    """More clients than there is room for."""

    def test_connections(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        """A connection too many is refused with 503; there is room again when another one goes."""
        monkeypatch.setattr(port, "MAX_CONNECTIONS", 2)
        with connect(emulator) as one:
            with connect(emulator) as two:
                for raw in (one, two):
                    raw.sendall(PING)
                    assert raw.recv(65536).endswith(b"pong")
                with connect(emulator) as raw:
                    assert read_all(raw).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            emulator.wait_for("ping", 2)
            for _ in range(100):
                with connect(emulator) as raw:
                    raw.sendall(PING.replace(b"Host", b"Connection: close\r\nHost"))
                    if (answer := read_all(raw)).endswith(b"pong"):
                        break
                time.sleep(0.02)

        assert answer.endswith(b"pong")

    def test_callers(self, emulator: Emulator, callers: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
        """A caller too many is answered 429; the runtime finds room, and answered callers make room."""
        monkeypatch.setattr(invoking, "MAX_CALLS", 1)
        call = callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": "id-1"})
        emulator.wait_for("invoke")
        refused = emulator.invoke()
        with connect(emulator) as raw:
            raw.sendall(NEXT)
            raw.recv(65536)
            raw.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n1")
            answers = [call.result().json()]
            again = callers.submit(emulator.invoke, headers={"X-Amzn-RequestId": "id-1"})
            raw.recv(65536)
            raw.sendall(NEXT)
            raw.recv(65536)
            raw.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n2")
            answers.append(again.result().json())

        assert (refused.status, refused.json()) == (
            429,
            {"Type": "User", "message": "Rate exceeded: 1 callers are waiting already"},
        )
        assert answers == [1, 2]


class TestLost:
    """What was served to a connection that died is not served again, as on the platform."""

    def test_after_it_was_served(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """An event whose connection died waits for its timeout; the runtime that asks again gets the next event."""
        calls = [callers.submit(emulator.invoke, b"1", headers={"X-Amzn-RequestId": "id-1"})]
        with connect(emulator) as raw:
            raw.sendall(NEXT)
            assert raw.recv(65536).endswith(b"\r\n\r\n1")
        with connect(emulator) as raw:
            raw.sendall(NEXT)
            emulator.wait_for("next", 2)
            calls.append(callers.submit(emulator.invoke, b"2", headers={"X-Amzn-RequestId": "id-1"}))
            assert raw.recv(65536).endswith(b"\r\n\r\n2")
            raw.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n3")
            answers = [call.result().json() for call in calls]

        assert answers[0]["errorType"] == "Sandbox.Timedout"
        assert answers[1] == 3

    def test_post_over_another_connection(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """A runtime that has its event may post over another connection."""
        call = callers.submit(emulator.invoke, b"1", headers={"X-Amzn-RequestId": "id-1"})
        with connect(emulator) as raw:
            raw.sendall(NEXT)
            raw.recv(65536)
        with connect(emulator) as raw:
            raw.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n2")
            assert raw.recv(65536).startswith(b"HTTP/1.1 202 ")

        assert call.result().json() == 2

    def test_answered_and_refused(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """An event whose post was refused has arrived: it is served again though its connection dies."""
        emulator.script("response", Reply(503))
        call = callers.submit(emulator.invoke, b"1", headers={"X-Amzn-RequestId": "id-1"})
        with connect(emulator) as raw:
            raw.sendall(NEXT)
            raw.recv(65536)
            raw.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n2")
            assert raw.recv(65536).startswith(b"HTTP/1.1 503 ")
        with connect(emulator) as raw:
            raw.sendall(NEXT)
            assert raw.recv(65536).endswith(b"\r\n\r\n1")
            raw.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n3")

            assert call.result().json() == 3

    def test_found_again(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """A lost event that is answered all the same leaves nothing behind: the next event is repeated as usual."""
        callers.submit(emulator.invoke, b"1", headers={"X-Amzn-RequestId": "id-1"})
        with connect(emulator) as raw:
            raw.sendall(NEXT)
            raw.recv(65536)
        with connect(emulator) as raw:
            raw.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n2")
            raw.recv(65536)
            call = callers.submit(emulator.invoke, b"3", headers={"X-Amzn-RequestId": "id-1"})
            for _ in range(2):
                raw.sendall(NEXT)
                assert raw.recv(65536).endswith(b"\r\n\r\n3")
            raw.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n4")

            assert call.result().json() == 4

    def test_repeated(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """An event that was served again to a connection that lives is not lost with the first one."""
        call = callers.submit(emulator.invoke, b"1", headers={"X-Amzn-RequestId": "id-1"})
        with connect(emulator) as second:
            with connect(emulator) as first:
                for raw in (first, second):
                    raw.sendall(NEXT)
                    raw.recv(65536)
            time.sleep(0.05)
            second.sendall(NEXT)
            assert second.recv(65536).endswith(b"\r\n\r\n1")
            second.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n2")

            assert call.result().json() == 2

    def test_two_that_wait(self, emulator: Emulator, callers: ThreadPoolExecutor) -> None:
        """Of two runtimes that wait, the one that came first gets the event; when it goes, the other does."""
        with connect(emulator) as second:
            with connect(emulator) as first:
                for count, raw in enumerate((first, second), 1):
                    raw.sendall(NEXT)
                    emulator.wait_for("next", count)
                call = callers.submit(emulator.invoke, b"1", headers={"X-Amzn-RequestId": "id-1"})
                assert first.recv(65536).endswith(b"\r\n\r\n1")
                first.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n2")
                first.recv(65536)
                assert call.result().json() == 2
                first.sendall(NEXT)
                emulator.wait_for("next", 3)
            call = callers.submit(emulator.invoke, b"3", headers={"X-Amzn-RequestId": "id-1"})
            assert second.recv(65536).endswith(b"\r\n\r\n3")
            second.sendall(POST % b"response" + b"Content-Length: 1\r\n\r\n4")

            assert call.result().json() == 4


def test_numbers() -> None:
    """Without a test's own, the limits leave the runtime half of the connections, and a silent caller a minute."""
    assert (port.MAX_CONNECTIONS, invoking.MAX_CALLS, server.IDLE_SECONDS) == (512, 256, 60.0)
