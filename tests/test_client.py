"""The client: addresses, and both transports against the emulator, which have to agree."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from typing import TYPE_CHECKING, Self

import pytest
from lambda_bootstrap import client
from lambda_bootstrap.client import RuntimeClient
from lambda_bootstrap.errors import ConfigError, RuntimeApiError, TransportError
from lambda_bootstrap.integrations.urllib3 import Urllib3Transport
from lambda_bootstrap.protocol import NEXT, Address, Invocation, Request, stream
from lambda_bootstrap.report import ErrorReport
from lambda_bootstrap.transport import SocketTransport, above_stdio
from lambda_bootstrap_dev.testing import Close, Emulator, Pause, Raw, Reply, Reset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lambda_bootstrap.contracts import Transport

TRANSPORTS: list[type[SocketTransport | Urllib3Transport]] = [SocketTransport, Urllib3Transport]
EVENT = Reply(200, [("Lambda-Runtime-Aws-Request-Id", "one"), ("Odd", "caf\u00e9")], b"{}")


FIELDS = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: one\r\n"
ANSWERS = {
    "length": FIELDS + b"Content-Length: 6\r\n\r\n[1, 2]",
    "length first": b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n" + FIELDS.partition(b"\r\n")[2] + b"\r\n[1, 2]",
    "chunks": FIELDS + b"Transfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n3\r\n 2]\r\n0\r\n\r\n",
    "chunks and trailers": FIELDS + b"Transfer-Encoding: chunked\r\n\r\n6;a=b\r\n[1, 2]\r\n0\r\nA: b\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" + FIELDS + b"Content-Length: 6\r\n\r\n[1, 2]",
}


class Cuts:
    """A server that sends nothing of an answer to its first client, one byte of it to its second, and so on."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.sent = -1
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self) -> None:
        """Serve one client after another."""
        for end in range(len(self.answer) + 1):
            with self.listener.accept()[0] as connection:
                while not connection.recv(1 << 16).endswith(b"\r\n\r\n"):
                    pass
                self.sent = end
                connection.sendall(self.answer[:end])

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()


@pytest.fixture(name="emulator")
def _emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(params=TRANSPORTS, name="connect")
def _connect(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Transport]]:
    made: list[SocketTransport | Urllib3Transport] = []

    def connect(address: str) -> Transport:
        made.append(request.param(Address(address)))
        return made[-1]

    yield connect
    for transport in made:
        transport.close()


class TestAddress:
    """`AWS_LAMBDA_RUNTIME_API`."""

    @pytest.mark.parametrize(
        ("text", "host", "port", "authority", "prefix"),
        [
            ("127.0.0.1:9001", "127.0.0.1", 9001, "127.0.0.1:9001", ""),
            ("169.254.100.1:9001/", "169.254.100.1", 9001, "169.254.100.1:9001", ""),
            ("emulator:8080", "emulator", 8080, "emulator:8080", ""),
            ("[::1]:9001", "::1", 9001, "[::1]:9001", ""),
            ("http://[::]:9000/.rt", "::", 9000, "[::]:9000", "/.rt"),
            ("http://localhost:9000/a/b/", "localhost", 9000, "localhost:9000", "/a/b"),
        ],
    )
    def test_forms(self, text: str, host: str, port: int, authority: str, prefix: str) -> None:
        """Host, port and prefix are read off every legal form."""
        address = Address(text)

        assert (address.host, address.port, address.authority, address.prefix) == (host, port, authority, prefix)

    @pytest.mark.parametrize(
        "text",
        [
            "9001",
            "",
            "host",
            "host:",
            ":9001",
            "host:0",
            "host:65536",
            "host:-1",
            "host:1.5",
            "host:\u0661",
            "host:\u00b2",
            "h\u00f6st:9001",
            "host:9001/a b",
            "host:9001/\n",
            "::1:9001",
            "[host]:9001",
            "[]:9001",
            "https://host:9001",
        ],
    )
    def test_malformed(self, text: str) -> None:
        """B4.4: an address in any other form is a ConfigError, for the operator to mend."""
        said = f"AWS_LAMBDA_RUNTIME_API is {text!r}: it has to be host:port"
        with pytest.raises(ConfigError, match=re.escape(said)):
            Address(text)

    @pytest.mark.parametrize("port", [1, 65_535])
    def test_last_ports(self, port: int) -> None:
        """The first and the last port are ports."""
        assert Address(f"host:{port}").port == port


class TestTransports:
    """One request, one answer, over either transport."""

    def test_answer(self, emulator: Emulator, connect: Callable[[str], Transport]) -> None:
        """Status, headers by lower-case name and body come back, values as latin-1."""
        emulator.script("next", EVENT)
        answer = connect(emulator.address).exchange(NEXT)

        assert (answer.status, answer.body) == (200, b"{}")
        assert answer.headers["lambda-runtime-aws-request-id"] == "one"
        assert answer.headers["odd"] == "caf\u00e9"

    def test_idle_connection_lost(self, emulator: Emulator, connect: Callable[[str], Transport]) -> None:
        """A request on a connection that was closed while idle is made again, on a new one."""
        emulator.script("next", [EVENT, Close()], EVENT)
        transport = connect(emulator.address)
        transport.exchange(NEXT)

        assert transport.exchange(NEXT).status == 200
        assert [request.connection for request in emulator.requests] == [1, 2]

    @pytest.mark.parametrize("end", [Close(), Reset()], ids=["FIN", "RST"])
    def test_closed_instead_of_an_answer(
        self, emulator: Emulator, connect: Callable[[str], Transport], end: Close | Reset
    ) -> None:
        """A reused connection that ends without a byte of an answer is replaced, once."""
        emulator.script("next", EVENT, end, EVENT)
        transport = connect(emulator.address)
        transport.exchange(NEXT)

        assert transport.exchange(NEXT).status == 200
        assert [request.connection for request in emulator.requests] == [1, 1, 2]

    @pytest.mark.parametrize("ends", [1, 2])
    def test_gives_up(self, emulator: Emulator, connect: Callable[[str], Transport], ends: int) -> None:
        """A new connection that ends without an answer is the platform's failure."""
        first = [EVENT] if ends == 2 else []
        emulator.script("next", *first, *[Reset()] * ends)
        transport = connect(emulator.address)
        if first:
            transport.exchange(NEXT)

        with pytest.raises(RuntimeApiError, match=r"failed to GET http://.*/invocation/next: "):
            transport.exchange(NEXT)

    @pytest.mark.parametrize(
        "pieces",
        [
            pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"], id="body"),
            pytest.param([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"], id="chunk"),
            pytest.param([b"SSH-2.0-OpenSSH\r\n\r\n"], id="not HTTP"),
        ],
    )
    def test_cut_short(self, emulator: Emulator, connect: Callable[[str], Transport], pieces: list[bytes]) -> None:
        """B4.7: an answer that is not whole is the platform's failure, and the next request uses a new connection."""
        emulator.script("next", [*map(Raw, pieces), Pause(0.05), Close()], EVENT)
        transport = connect(emulator.address)

        with pytest.raises(RuntimeApiError):
            transport.exchange(NEXT)
        assert transport.exchange(NEXT).status == 200

    def test_head_cut_short(self, emulator: Emulator) -> None:
        """The failure of a head that is not whole says how much of it came."""
        emulator.script("next", [Raw(b"HTTP/1.1 200 OK\r\nContent-Le"), Pause(0.05), Close()])

        with pytest.raises(RuntimeApiError, match="closed the connection after 27 bytes of a response"):
            SocketTransport(Address(emulator.address)).exchange(NEXT)

    @pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
    def test_every_cut(self, connect: Callable[[str], Transport], answer: bytes) -> None:
        """An answer that is cut after any of its bytes is the platform's failure, and whole with the last of them."""
        with Cuts(answer) as cuts:
            for end in range(len(answer)):
                with pytest.raises(TransportError):
                    connect(cuts.address).exchange(NEXT)
                assert cuts.sent == end
            response = connect(cuts.address).exchange(NEXT)

        assert (response.status, response.body) == (200, b"[1, 2]")
        assert response.headers["lambda-runtime-aws-request-id"] == "one"

    @pytest.mark.parametrize("first", [0, 1, 100_000])
    def test_large(self, emulator: Emulator, connect: Callable[[str], Transport], first: int) -> None:
        """A large body is whole, however it is cut, and so is the next answer on the same connection."""
        body = bytes(range(250)) * 8_680
        parts: list[Raw | Pause] = [Raw(FIELDS + b"Content-Length: 2170000\r\n\r\n" + body[:first])]
        for start in range(first, 2_170_000, 700_001):
            parts += [Pause(0.01), Raw(body[start : start + 700_001])]
        emulator.script("next", parts, EVENT)
        transport = connect(emulator.address)

        assert transport.exchange(NEXT).body == body
        assert transport.exchange(NEXT).body == b"{}"
        assert [request.connection for request in emulator.requests] == [1, 1]

    @pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n"])
    def test_every_cut_until_close(self, connect: Callable[[str], Transport], head: bytes) -> None:
        """Of an answer without a length, a cut in the head is a failure, and what comes behind it is the body."""
        with Cuts(head + b"[1]") as cuts:
            for _ in head:
                with pytest.raises(TransportError):
                    connect(cuts.address).exchange(NEXT)
            assert [connect(cuts.address).exchange(NEXT).body for _ in range(4)] == [b"", b"[", b"[1", b"[1]"]

    def test_until_close(self, emulator: Emulator, connect: Callable[[str], Transport]) -> None:
        """A body without a length ends with the connection."""
        emulator.script("next", [Raw(b"HTTP/1.0 200 OK\r\n\r\n[1, "), Pause(0.05), Raw(b"2]"), Close()])

        assert connect(emulator.address).exchange(NEXT).body == b"[1, 2]"

    def test_host_name(self, emulator: Emulator, connect: Callable[[str], Transport]) -> None:
        """A host may be given by name."""
        emulator.script("next", EVENT)

        assert connect(f"localhost:{emulator.address.rpartition(':')[2]}").exchange(NEXT).status == 200

    def test_default_timeout(self, emulator: Emulator, connect: Callable[[str], Transport]) -> None:
        """B4.2: a function's `socket.setdefaulttimeout` does not end the wait for an event."""
        emulator.script("next", [Pause(0.4), EVENT])
        socket.setdefaulttimeout(0.1)
        try:
            assert connect(emulator.address).exchange(NEXT).status == 200
        finally:
            socket.setdefaulttimeout(None)


def test_reset_in_an_answer(emulator: Emulator) -> None:
    """A reused connection that breaks in the middle of an answer is not replaced in silence: it may have been taken."""
    half = Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
    emulator.script("next", EVENT, [half, Pause(0.05), Reset()], EVENT)
    transport = SocketTransport(Address(emulator.address))
    transport.exchange(NEXT)

    with pytest.raises(TransportError, match="failed to GET"):
        transport.exchange(NEXT)
    assert len(emulator.requests) == 2
    assert transport.exchange(NEXT).status == 200
    transport.close()


def test_close_in_an_answer(emulator: Emulator, connect: Callable[[str], Transport]) -> None:
    """A reused connection that is closed in the middle of an answer is not replaced in silence either."""
    half = Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
    emulator.script("next", EVENT, [half, Pause(0.05), Close()], EVENT)
    transport = connect(emulator.address)
    transport.exchange(NEXT)

    with pytest.raises(TransportError, match=r"failed to GET|closed the connection after"):
        transport.exchange(NEXT)
    assert len(emulator.requests) == 2


@pytest.mark.parametrize("end", [Close(), Reset()], ids=["FIN", "RST"])
def test_stream_on_a_lost_connection(emulator: Emulator, end: Close | Reset) -> None:
    """A stream that begins on a connection which was closed or reset while idle goes over a new one, whole."""
    emulator.script("next", [EVENT, Pause(0.05), end])
    transport = SocketTransport(Address(emulator.address))
    answer = transport.exchange(NEXT)
    time.sleep(0.1)
    post = stream(Invocation(answer.headers, answer.body), "application/octet-stream")
    transport.open(post, b"1\r\na\r\n")

    assert transport.finish(post, b"0\r\n\r\n").status == 202
    (seen,) = emulator.wait_for("response")
    assert (seen.body, seen.connection) == (b"a", 2)
    transport.close()


@pytest.mark.parametrize("is_reused", [False, True], ids=["closed", "another's"])
def test_push_on_a_lost_descriptor(emulator: Emulator, *, is_reused: bool) -> None:
    """More of a stream is not written where the function has closed the connection, nor to what took its number."""
    post = stream(Invocation({"lambda-runtime-aws-request-id": "one"}, b"{}"), "application/octet-stream")
    transport = SocketTransport(Address(emulator.address))
    transport.open(post, b"1\r\na\r\n")
    assert transport.socket is not None
    number = transport.socket.fileno()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        os.close(number)
        if is_reused:
            os.dup2(ours.fileno(), number)
        with pytest.raises(TransportError, match=r"the connection is gone$"):
            transport.push(post, b"1\r\nb\r\n")
        if is_reused:
            os.close(number)
        theirs.settimeout(0)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)
    assert transport.socket is None


def test_push_without_a_connection(emulator: Emulator) -> None:
    """More of a request that has lost its connection is refused: a new one would not know what it is about."""
    post = stream(Invocation({"lambda-runtime-aws-request-id": "one"}, b"{}"), "application/octet-stream")

    with pytest.raises(TransportError, match=r"the connection is gone$"):
        SocketTransport(Address(emulator.address)).push(post, b"1\r\nb\r\n")


def test_descriptors_of_a_console() -> None:
    """A connection that got the descriptor of a stream which was closed moves above those, and leaves it free."""
    kept = os.dup(0)
    os.close(0)
    try:
        low = socket.socket()
        assert low.fileno() == 0
        moved = above_stdio(socket.socket(fileno=low.detach()))
        assert moved.fileno() > 2
        moved.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(0)
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def test_usual_answer(emulator: Emulator) -> None:
    """An answer to a post that differs from the last one in one byte is read anew, and so is the next."""
    post = Request("response", "/2018-06-01/runtime/invocation/one/response", (), b"{}")
    bodies = [b"{1}", b"{1}", b"{2}", b"{1}"]
    emulator.script("response", *[Reply(202, [], body) for body in bodies])
    transport = SocketTransport(Address(emulator.address))

    assert [transport.exchange(post).body for _ in bodies] == bodies
    assert {request.connection for request in emulator.requests} == {1}
    transport.close()


class TestVerbs:
    """What the loop asks for."""

    def test_no_request_id(self, emulator: Emulator, connect: Callable[[str], Transport]) -> None:
        """An invocation without an id cannot be answered, and is polled for again."""
        emulator.script("next", Reply(200, [], b"{}"))

        emulator.script("next", EVENT)
        said: list[str] = []
        invocation = RuntimeClient(connect(emulator.address), "/", said.append).next()

        assert invocation.request_id == "one"
        reason = "the Runtime API sent an invocation without Lambda-Runtime-Aws-Request-Id"
        assert said == [f"failed to get the next invocation: {reason}; trying again"]

    def test_long_polls(
        self, emulator: Emulator, connect: Callable[[str], Transport], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Polls that failed after a long wait each, as over days, are not failures in a row."""
        monkeypatch.setattr(client, "PATIENCE", 0.02)
        monkeypatch.setattr(client, "BACK_OFF", (0.0, 0.0, 0.0))
        for _ in range(5):
            emulator.script("next", [Pause(0.03), Reply(502, [], b"")])
        emulator.script("next", EVENT)
        said: list[str] = []

        assert RuntimeClient(connect(emulator.address), "/", said.append).next().request_id == "one"
        assert len(said) == 5

    def test_polls_in_a_row(self, emulator: Emulator) -> None:
        """A poll that fails is made again after each of the pauses, and the failure after the last is the end."""
        emulator.script("next", *[Reply(503, [], b"busy")] * 5)
        transport, said = SocketTransport(Address(emulator.address)), list[str]()
        runtime_api = RuntimeClient(transport, "/", said.append)
        runtime_api.pauses = (0.0, 0.01, 0.0)
        reason = "failed to get the next invocation: the Runtime API answered 503 busy"

        with pytest.raises(RuntimeApiError, match=f"^{reason}$"):
            runtime_api.next()
        transport.close()
        assert said == [f"{reason}; trying again"] * 3
        assert len(emulator.requests) == 4

    def test_nobody_there(self) -> None:
        """A Runtime API that takes no connection is the end at once, but for a worker, who has pauses of its own."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
        said = list[str]()
        runtime_api = RuntimeClient(SocketTransport(Address(address)), "/", said.append)

        with pytest.raises(RuntimeApiError, match=r"^failed to GET .*refused$"):
            runtime_api.next()
        assert said == []
        runtime_api.pauses = (0.0, 0.0)
        with pytest.raises(RuntimeApiError, match=r"^failed to get the next invocation: failed to GET .*refused$"):
            runtime_api.next()
        assert len(said) == 2

    def test_gone(self, connect: Callable[[str], Transport]) -> None:
        """A Runtime API that is gone when a post is due ends the environment, with the reason, at once."""
        with Emulator() as emulator:
            emulator.script("next", [EVENT, Close()])
            runtime_api = RuntimeClient(connect(emulator.address), "/", lambda _text: None)
            invocation = runtime_api.next()

        with pytest.raises(RuntimeApiError, match=r"failed to POST http://.*/one/response: .*refused"):
            runtime_api.respond(invocation, b"1", "application/json")

    @pytest.mark.parametrize(
        ("fault", "is_lost"), [(Reply(503, [], b""), True), ([Reset()], False)], ids=["503", "no answer"]
    )
    def test_posts_at_most_twice(
        self, emulator: Emulator, connect: Callable[[str], Transport], fault: Reply | list[Reset], *, is_lost: bool
    ) -> None:
        """A post is made twice at the most: refused twice, the environment is lost; unheard twice, it is let go."""
        emulator.script("next", EVENT)
        emulator.script("response", *[fault] * 4)
        said: list[str] = []
        runtime_api = RuntimeClient(connect(emulator.address), "/", said.append)
        invocation = runtime_api.next()
        try:
            runtime_api.respond(invocation, b"1", "application/json")
        except RuntimeApiError as error:
            said.append(f"lost: {error}")
        time.sleep(0.05)

        assert [request.endpoint for request in emulator.requests].count("response") == 2
        [reason] = said
        assert reason.startswith("lost: the Runtime API refused the response: 503") == is_lost
        assert reason.startswith("failed to POST ") == (not is_lost)

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (202, []),
            (404, ["the Runtime API refused the init/error: 404 no"]),
            (503, ["the Runtime API refused the init/error: 503 no"]),
        ],
    )
    def test_init_error(self, emulator: Emulator, status: int, said: list[str]) -> None:
        """An init error is posted once, and what the Runtime API says to it is told only if it isn't taken."""
        emulator.script("init/error", Reply(status, [], b"no"), Reply(202, [], b""))
        transport, told = SocketTransport(Address(emulator.address)), list[str]()
        RuntimeClient(transport, "/", told.append).fail_init(ErrorReport("Runtime.A", "m", []))
        transport.close()

        assert told == said
        assert [json.loads(post.body)["errorType"] for post in emulator.wait_for("init/error")] == ["Runtime.A"]

    def test_error(self, emulator: Emulator) -> None:
        """An error is posted again where that may help, over the connection that is there."""
        emulator.script("next", EVENT)
        emulator.script("error", Reply(503, [], b""), Reply(202, [], b""))
        transport, said = SocketTransport(Address(emulator.address)), list[str]()
        runtime_api = RuntimeClient(transport, "/", said.append)
        runtime_api.fail(runtime_api.next(), ErrorReport("Own", "m", []))
        transport.close()

        assert [(post.connection, json.loads(post.body)["errorType"]) for post in emulator.wait_for("error", 2)] == [
            (1, "Own"),
            (1, "Own"),
        ]
        assert (said, runtime_api.unanswered) == ([], None)

    def test_error_after_a_stream(self, emulator: Emulator) -> None:
        """After a stream that came to its end, the next invocation's error goes over the same connection."""
        emulator.script("next", EVENT, EVENT)
        transport = SocketTransport(Address(emulator.address))
        runtime_api = RuntimeClient(transport, "/", lambda _text: None)
        post = stream(runtime_api.next(), "application/octet-stream")
        runtime_api.open(post, b"1\r\na\r\n")
        runtime_api.finish(post, b"0\r\n\r\n")
        runtime_api.fail(runtime_api.next(), ErrorReport("Own", "m", []))
        transport.close()

        assert {request.connection for request in emulator.requests} == {1}

    def test_second_post(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        """A refused post is made again after the first of the waits, which is the shortest."""
        monkeypatch.setattr(client, "BACK_OFF", (0.05, 5.0, 5.0))
        emulator.script("next", EVENT)
        emulator.script("response", Reply(503, [], b""), Reply(202, [], b""))
        transport = SocketTransport(Address(emulator.address))
        runtime_api = RuntimeClient(transport, "/", lambda _text: None)
        runtime_api.respond(runtime_api.next(), b"1", "application/json")
        transport.close()
        first, second = emulator.wait_for("response", count=2)

        assert 0.05 <= second.at - first.at < 4

    def test_poll_after_a_stream(self, emulator: Emulator) -> None:
        """Once a stream has come to its end, the next poll goes over the same connection; else over a new one."""
        emulator.script("next", EVENT, EVENT, EVENT)
        transport = SocketTransport(Address(emulator.address))
        runtime_api = RuntimeClient(transport, "/", lambda _text: None)
        for is_whole in (True, False):
            post = stream(runtime_api.next(), "application/octet-stream")
            runtime_api.open(post, b"1\r\na\r\n")
            if is_whole:
                runtime_api.finish(post, b"0\r\n\r\n")
        runtime_api.next()
        transport.close()

        assert [request.connection for request in emulator.requests if request.endpoint == "next"] == [1, 1, 2]

    def test_refused_response(self, emulator: Emulator, connect: Callable[[str], Transport]) -> None:
        """A response that the HTTP server refuses is replaced by an error of type and message only."""
        emulator.script("next", EVENT)
        emulator.script("response", Reply(431, [], b"too large"))
        emulator.script("error", Reply(202, [], b""))
        runtime_api = RuntimeClient(connect(emulator.address), "/", lambda _text: None)
        runtime_api.respond(runtime_api.next(), b"1", "application/json")
        (post,) = emulator.wait_for("error")

        assert json.loads(post.body) == {
            "errorMessage": "The response could not be posted: the Runtime API refused the response: 431 too large",
            "errorType": "Runtime.ResponseRefused",
        }
