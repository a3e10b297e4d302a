"""
A Runtime API that does what it should not, over both transports.

For every case: what was posted and in which order, how many warnings were logged, and whether the process lives, which
it shows by answering an ordinary invocation afterwards. That an invocation is answered exactly once is the emulator's
to hold: it takes one post of each and refuses the next.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Close, Pause, Raw, Reply, Reset

from tests.support import BOOTSTRAP, FUNCTIONS
from tests.support.emulated import REQUEST_ID, lines, posts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambda_bootstrap_dev.testing import Emulator

    from tests.support import Start

HANDLER = "hostile_api.handler"
ID = ("Lambda-Runtime-Aws-Request-Id", REQUEST_ID)
HEAD = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
REFUSAL = b'{"errorMessage":"no","errorType":"No"}'

CLOSED: list[Any] = [Close()]
RESET: list[Any] = [Reset()]
GARBAGE: list[Any] = [Raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), Close()]
# The post arrives and is taken, and nothing of that is heard.
TAKEN_UNHEARD: list[Any] = [Close(), Reply(202)]
TAKEN_GARBLED: list[Any] = [Raw(b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n"), Close(), Reply(202)]


def text(status: int) -> Reply:
    """A refusal that is no JSON."""
    return Reply(status, [("Content-Type", "text/plain; charset=utf-8")], f"{status} No".encode())


def refusal(status: int) -> Reply:
    """A refusal as the Runtime API words it."""
    return Reply(status, [("Content-Type", "application/json")], REFUSAL)


def is_alive(emulator: Emulator) -> bool:
    """Whether an ordinary invocation is answered, by the process that was there before."""
    pid = emulator.pid
    return emulator.invoke(b'"after"').body == b'"after"' and emulator.pid == pid and posts(emulator)[-1] == "response"


def see_one_answer(emulator: Emulator) -> None:
    """Start the function: its event is answered once, without a word, and the loop goes on."""
    emulator.start()
    (post,) = emulator.wait_for("response")

    assert (post.request_id, post.body) == (REQUEST_ID, b"[7]")
    assert posts(emulator) == ["response"]
    assert is_alive(emulator)
    assert lines(emulator, "WARN") == []


class TestOddEvents:
    """`next` answers with an event in a form that one need not expect."""

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param([], id="no Content-Type"),
            pytest.param([("Content-Type", "application/json; charset=utf-8")], id="Content-Type with charset"),
            pytest.param([], id="no deadline"),
            pytest.param([("Lambda-Runtime-Deadline-Ms", "")], id="empty deadline"),
            pytest.param([("Lambda-Runtime-Deadline-Ms", "-1")], id="negative deadline"),
            pytest.param([("Lambda-Runtime-Deadline-Ms", "soon")], id="deadline text"),
            pytest.param([("Lambda-Runtime-Deadline-Ms", "9" * 40)], id="deadline huge"),
            pytest.param([("Lambda-Runtime-Deadline-Ms", "9" * 5000)], id="deadline of too many digits"),
            pytest.param([("Lambda-Runtime-Deadline-Ms", "\xb2\xb3")], id="deadline of superscripts"),
            pytest.param(
                [
                    ("Lambda-Runtime-Trace-Id", ""),
                    ("Lambda-Runtime-Client-Context", ""),
                    ("Lambda-Runtime-Cognito-Identity", ""),
                    ("Lambda-Runtime-Invocation-Id", ""),
                    ("Lambda-Runtime-Invoked-Function-Arn", ""),
                    ("Lambda-Runtime-Aws-Tenant-Id", ""),
                ],
                id="empty values",
            ),
            pytest.param([("Lambda-Runtime-Client-Context", "null")], id="client context null"),
            pytest.param(
                [("Lambda-Runtime-Client-Context", '{"custom":7,"client":[]}')], id="client context of others"
            ),
            pytest.param([("Lambda-Runtime-Cognito-Identity", "7")], id="Cognito number"),
            pytest.param([("Lambda-Runtime-Trace-Id", "\xff;=\xfe")], id="trace id of bytes"),
            pytest.param([("Lambda-Runtime-Aws-Tenant-Id", "\xff" * 300)], id="tenant id of bytes"),
            pytest.param([("X-Large", "x" * 64_000)], id="header of 64 kB"),
            pytest.param(
                [("Lambda-Runtime-Client-Context", '{"custom":{"k":"' + "x" * 64_000 + '"}}')], id="context of 64 kB"
            ),
        ],
    )
    def test_headers(self, start: Start, headers: list[tuple[str, str]]) -> None:
        """An event with odd headers is answered once, without a word, and the loop goes on."""
        emulator = start(HANDLER)
        emulator.script("next", Reply(200, [ID, *headers], b"[7]"))
        see_one_answer(emulator)

    @pytest.mark.parametrize(
        "headers",
        [[("X-Large", "x" * 65_536)], [("X-Large", "x" * 1_000_000)], [(f"X-{number}", "y") for number in range(150)]],
        ids=["64 KiB", "megabyte", "150 headers"],
    )
    def test_large_heads(self, start: Start, headers: list[tuple[str, str]]) -> None:
        """An event with more of headers than `http.client` takes is answered all the same."""
        emulator = start(HANDLER)
        emulator.script("next", Reply(200, [ID, *headers], b"[7]"))
        emulator.start()
        (post,) = emulator.wait_for("response")

        assert post.body == b"[7]"
        assert is_alive(emulator)

    @pytest.mark.parametrize(
        "steps",
        [
            pytest.param(
                [Raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n2\r\n7]\r\n0\r\n\r\n")], id="chunked"
            ),
            pytest.param(
                [
                    step
                    for byte in HEAD + b"Content-Length: 3\r\n\r\n[7]"
                    for step in (Raw(bytes([byte])), Pause(0.001))
                ],
                id="byte by byte",
            ),
            pytest.param(
                [
                    step
                    for byte in HEAD + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\n[7]\r\n0\r\nA: b\r\n\r\n"
                    for step in (Raw(bytes([byte])), Pause(0.001))
                ],
                id="chunked byte by byte",
            ),
            pytest.param([Raw(HEAD + b"\r\n[7]"), Pause(0.05), Close()], id="until close"),
            pytest.param([Reply(200, [ID, ("Connection", "close")], b"[7]")], id="connection close"),
            pytest.param([Reply(200, [ID], b"[7]"), Pause(0.02), Close()], id="closed between invocations"),
            pytest.param([Reply(200, [ID], b"[7]"), Pause(0.02), Reset()], id="reset between invocations"),
        ],
    )
    def test_framings(self, start: Start, steps: list[Any]) -> None:
        """An event in any framing, at any speed, is answered once, without a word, and the loop goes on."""
        emulator = start(HANDLER)
        emulator.script("next", steps)
        # A raw answer leaves the emulator without an outstanding invocation, so the post is accepted by script.
        if not any(isinstance(step, Reply) for step in steps):
            emulator.script("response", Reply(202))
        see_one_answer(emulator)

    @pytest.mark.parametrize(
        ("request_id", "segment"),
        [
            ("id:of~many.signs@!$&'()*+,;=_x", "id:of~many.signs@!$&'()*+,;=_x"),
            ("a b/c?d#e%f\xe9", "a%20b%2Fc%3Fd%23e%25f%E9"),
            ("..", ".."),
            ("x" * 4000, "x" * 4000),
        ],
        ids=["signs", "delimiters", "dots", "long"],
    )
    def test_request_id(self, start: Start, request_id: str, segment: str) -> None:
        """B4.8: a request id is in the path unchanged, but for what would end the path, and the loop goes on."""
        emulator = start(HANDLER)
        emulator.script("next", *[Reply(200, [("Lambda-Runtime-Aws-Request-Id", request_id)], b"[7]")] * 2)
        emulator.script("response", Reply(202), Reply(202))
        emulator.start()
        seen = emulator.wait_for("response", count=2)[:2]

        assert [post.target for post in seen] == [f"/2018-06-01/runtime/invocation/{segment}/response"] * 2

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Lambda-Runtime-Client-Context", "{"),
            ("Lambda-Runtime-Client-Context", "\xff\xfe"),
            ("Lambda-Runtime-Client-Context", "[" * 60_000),
            ("Lambda-Runtime-Cognito-Identity", "nope"),
            ("Lambda-Runtime-Cognito-Identity", '{"a":1}x'),
        ],
        ids=["context cut", "context of bytes", "context too deep", "Cognito text", "Cognito with a rest"],
    )
    def test_bad_json(self, start: Start, name: str, value: str) -> None:
        """A JSON header that is none is that invocation's error, posted once, and the loop goes on."""
        emulator = start(HANDLER)
        emulator.script("next", Reply(200, [ID, (name, value)], b"[7]"))
        emulator.start()
        (post,) = emulator.wait_for("error")

        assert json.loads(post.body)["errorType"] == "Runtime.LambdaContextUnmarshalError"
        assert posts(emulator) == ["error"]
        assert is_alive(emulator)

    @pytest.mark.parametrize(
        "payload",
        [b"", b"\xed\xa0\x80", b"[" * 100_000, b"1" * 10_000],
        ids=["nothing", "no UTF-8", "too deep", "too many digits"],
    )
    def test_payloads(self, start: Start, payload: bytes) -> None:
        """An event that is no JSON is that invocation's error, posted once, and the loop goes on."""
        emulator = start(HANDLER)
        outcome = emulator.invoke(payload)

        assert outcome.error["errorType"] == "Runtime.UnmarshalError"
        assert posts(emulator) == ["error"]
        assert is_alive(emulator)


LOST_POLLS = [
    pytest.param(GARBAGE, id="garbage"),
    pytest.param([Raw(b"\x00" * 40 + b"\r\n\r\n"), Close()], id="zeros"),
    pytest.param([Raw(b"HTTP/1.1 20\xb2 OK\r\nContent-Length: 0\r\n\r\n"), Close()], id="status of superscripts"),
    pytest.param([Raw(HEAD + b"Content-Length: 9\r\n\r\n[7]"), Pause(0.02), Close()], id="body cut"),
    pytest.param([Raw(HEAD + b"Content-Length: 9\r\n\r\n[7]"), Pause(0.02), Reset()], id="body reset"),
    pytest.param([Raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n[7"), Pause(0.02), Close()], id="chunk cut"),
    pytest.param(
        [Raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\n[7]\r\n"), Pause(0.02), Close()], id="last chunk missing"
    ),
    pytest.param([Raw(b"HTTP/1.1 200 OK\r\nLambda-Run"), Pause(0.02), Close()], id="closed mid-header"),
    pytest.param([Raw(b"HTTP/1.1 200 OK\r\nLambda-Run"), Pause(0.02), Reset()], id="reset mid-header"),
    pytest.param(CLOSED, id="closed after the request"),
    pytest.param(RESET, id="reset after the request"),
]


class TestPolls:
    """`next` answers with something that is no event."""

    @pytest.mark.parametrize("steps", LOST_POLLS)
    def test_lost(self, start: Start, steps: list[Any]) -> None:
        """A poll without an answer is logged and made again on another connection, and nothing is posted for it."""
        emulator = start(HANDLER)
        emulator.script("next", steps)
        emulator.start()
        first, second = emulator.wait_for("next", count=2)[:2]

        assert first.connection != second.connection
        assert second.at - first.at >= 0.1
        assert posts(emulator) == []
        assert is_alive(emulator)
        assert len(lines(emulator, "WARN")) == 1

    @pytest.mark.parametrize("status", [204, 301, 400, 410, 429, 431, 503, 999])
    def test_refused(self, start: Start, status: int) -> None:
        """A poll that is refused for now is logged with the status and made again, and nothing is posted for it."""
        emulator = start(HANDLER)
        emulator.script("next", Reply(status, [ID], b"" if status == 204 else REFUSAL))
        emulator.start()
        first, second = emulator.wait_for("next", count=2)[:2]

        assert second.at - first.at >= 0.1
        assert posts(emulator) == []
        assert is_alive(emulator)
        (warning,) = lines(emulator, "WARN")
        assert f"answered {status}" in warning

    def test_no_request_id(self, start: Start) -> None:
        """B4.8: an event without a request id is logged and nothing is posted for it."""
        emulator = start(HANDLER)
        emulator.script("next", Reply(200, [("Lambda-Runtime-Aws-Request-Id", "")], b"[7]"))
        emulator.start()
        emulator.wait_for("next", count=2)

        assert posts(emulator) == []
        assert is_alive(emulator)
        assert len(lines(emulator, "WARN")) == 1

    @pytest.mark.parametrize("end", [Close(), Reset()], ids=["FIN", "RST"])
    def test_reused_connection(self, start: Start, end: Close | Reset) -> None:
        """A connection that has carried an invocation and then ends without a byte is replaced without a word."""
        emulator = start(HANDLER)
        emulator.script("next", Reply(200, [ID], b"[7]"), end)
        emulator.start()
        emulator.wait_for("next", count=3)

        assert posts(emulator) == ["response"]
        assert is_alive(emulator)
        assert lines(emulator, "WARN") == []

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(refusal(503), id="503"),
            pytest.param(GARBAGE, id="garbage"),
            pytest.param(CLOSED, id="closed"),
            pytest.param([Raw(HEAD + b"Content-Length: 9\r\n\r\n[7]"), Close()], id="cut"),
        ],
    )
    def test_gives_up(self, start: Start, answer: Reply | Sequence[Any]) -> None:
        """B1.5, B4.5: after three retries, each after a longer wait, the process exits with 1 and says why."""
        emulator = start(HANDLER)
        emulator.script("next", *[answer] * 4)
        emulator.start()

        assert emulator.wait_exit() == 1
        polls = emulator.wait_for("next", count=4)
        assert len(polls) == 4
        waits = [later.at - earlier.at for earlier, later in pairwise(polls)]
        assert all(wait >= least for wait, least in zip(waits, (0.1, 0.2, 0.4), strict=True))
        assert waits[2] < 1.5
        assert posts(emulator) == []
        assert len(lines(emulator, "WARN")) == 3
        assert emulator.stderr.startswith(b"bootstrap: ")
        assert emulator.stderr.count(b"\n") == 1

    def test_in_a_row(self, start: Start) -> None:
        """Retries are counted anew after every event."""
        emulator = start(HANDLER)
        emulator.script("next", *[refusal(503)] * 3, Reply(200, [ID], b"[7]"), *[refusal(503)] * 3)
        emulator.start()
        emulator.wait_for("next", count=8)

        assert posts(emulator) == ["response"]
        assert is_alive(emulator)
        assert len(lines(emulator, "WARN")) == 6

    @pytest.mark.parametrize("status", [403, 500])
    @pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
    def test_gone(self, start: Start, status: int, later: bool) -> None:  # noqa: FBT001 - a case
        """B4.6: a poll that is answered with the environment's end ends the process with 1, at once and in one line."""
        emulator = start(HANDLER)
        emulator.script("next", *([Reply(200, [ID], b"[7]")] if later else []), refusal(status))
        emulator.start()

        assert emulator.wait_exit() == 1
        assert posts(emulator) == ["response"] * later
        assert lines(emulator, "WARN") == []
        assert emulator.stderr.count(b"\n") == 1
        assert f"{status} ".encode() in emulator.stderr

    def test_nobody_there(self, transport: str) -> None:
        """Where nobody listens the process exits with 1 and says where, in one line."""
        run = subprocess.run(
            [sys.executable, str(BOOTSTRAP), HANDLER],
            cwd=FUNCTIONS,
            env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "BOOTSTRAP_TRANSPORT": transport},
            capture_output=True,
            timeout=10,
            check=False,
        )

        assert run.returncode == 1
        assert run.stderr.count(b"\n") == 1
        assert b"127.0.0.1:1" in run.stderr


@dataclass(frozen=True)
class Case:
    """
    Answers to the posts of one endpoint, and what is to come of them.

    Args:
        endpoint: whose first posts are answered so: a `response`, or the `error` of a function that raised.
        answers: one for each post; after them the emulator answers by its rules.
        posted: every post until the invocation is over, the emulator's refusals included.
        warnings: how many are logged.
        exit_status: or None if the process lives.
    """

    endpoint: str
    answers: tuple[Any, ...]
    posted: tuple[str, ...]
    warnings: int = 0
    exit_status: int | None = None


def cases(endpoint: str) -> dict[str, Case]:
    """
    What is the same for `response` and for `error`.

    After an answer that leaves the invocation open the emulator serves the event again, as the platform does; so a post
    more is expected there. It closes the invocation at 202, 403, 410 and 413, see `emulator.Reply`.
    """
    once, twice, thrice = (endpoint,), (endpoint,) * 2, (endpoint,) * 3
    cut = [Raw(b"HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\n\r\n{"), Pause(0.02), Close()]
    rows = {
        "202 until close": Case(endpoint, ([Raw(b"HTTP/1.1 202 Accepted\r\n\r\n"), Close()],), twice),
        "200": Case(endpoint, (Reply(200),), twice),
        "400 JSON": Case(endpoint, (refusal(400),), twice, warnings=1),
        "403": Case(endpoint, (refusal(403),), once, warnings=1),
        "404": Case(endpoint, (text(404),), twice, warnings=1),
        "410": Case(endpoint, (refusal(410),), once, warnings=1),
        "400 text": Case(endpoint, (text(400),), (endpoint, "error"), warnings=1),
        "400 empty": Case(endpoint, (Reply(400),), (endpoint, "error"), warnings=1),
        "400 text and connection closed": Case(
            endpoint,
            ([Raw(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request"), Close()],),
            (endpoint, "error"),
            warnings=1,
        ),
        "431": Case(endpoint, (Reply(431),), (endpoint, "error"), warnings=1),
        "500": Case(endpoint, (refusal(500),), once, exit_status=1),
        "503, 403": Case(endpoint, (refusal(503), refusal(403)), twice, warnings=1),
        "503, 400": Case(endpoint, (refusal(503), refusal(400)), thrice, warnings=1),
        "503, 503": Case(endpoint, (refusal(503), refusal(503)), twice, exit_status=1),
        "429, 429": Case(endpoint, (refusal(429), refusal(429)), twice, exit_status=1),
        "503, 500": Case(endpoint, (refusal(503), refusal(500)), twice, exit_status=1),
        "garbage": Case(endpoint, (GARBAGE,), twice),
        "garbage, taken": Case(endpoint, (TAKEN_GARBLED,), twice),
        "garbage, garbage": Case(endpoint, (GARBAGE, GARBAGE), thrice, warnings=1),
        "answer cut": Case(endpoint, (cut,), twice),
        "closed": Case(endpoint, (CLOSED,), twice),
        "closed, taken": Case(endpoint, (TAKEN_UNHEARD,), twice),
        "reset": Case(endpoint, (RESET,), twice),
        "mid-header": Case(endpoint, ([Raw(b"HTTP/1.1 202 Acc"), Pause(0.02), Close()],), twice),
    }
    for status in (429, 502, 503, 504) if endpoint == "response" else (503,):
        rows[str(status)] = Case(endpoint, (refusal(status),), twice)
    return {f"{endpoint}: {name}": case for name, case in rows.items()}


CASES = {
    **cases("response"),
    **cases("error"),
    "response: 413": Case("response", (refusal(413),), ("response",), warnings=1),
    # The emulator has counted the first as the answer and refuses the plainer one.
    "error: 413": Case("error", (refusal(413),), ("error", "error"), warnings=2),
    "error: 431, 431": Case("error", (Reply(431), Reply(431)), ("error", "error", "error"), warnings=2),
    "error: 400 text, 503": Case("error", (text(400), refusal(503)), ("error", "error", "error"), warnings=1),
}


class TestPosts:
    """`response` and `error` are answered with anything but 202."""

    @pytest.mark.parametrize("case", CASES.values(), ids=CASES)
    def test_answer(self, start: Start, case: Case) -> None:
        """B4.18: what is posted, what is logged and whether the process lives is as the table has it."""
        emulator = start(HANDLER)
        emulator.script(case.endpoint, *case.answers)
        outcome = emulator.invoke(b'"fail"' if case.endpoint == "error" else b'"result"')
        if case.exit_status is not None:
            assert emulator.wait_exit() == case.exit_status
            assert outcome.error["errorType"] == "Runtime.ExitError"
            assert emulator.stderr.startswith(b"bootstrap: ")
            assert emulator.stderr.count(b"\n") == 1
            assert tuple(posts(emulator)) == case.posted
            return
        assert is_alive(emulator)

        assert tuple(posts(emulator)) == (*case.posted, "response")
        assert len(lines(emulator, "WARN")) == case.warnings
        assert emulator.stderr == b""
        assert [report.kind.value for report in emulator.reports][:1] == [case.posted[-1]]
        assert (outcome.error is None) == (case.posted[-1] == "response")

    @pytest.mark.parametrize("refused", [Reply(431), text(400), refusal(413)], ids=["431", "400 text", "413"])
    def test_plain_error(self, start: Start, refused: Reply) -> None:
        """The error that is posted in place of a refused one holds type and message and nothing else."""
        emulator = start(HANDLER)
        emulator.script("error", refused)
        emulator.invoke(b'"fail"')
        first, second = emulator.wait_for("error", count=2)

        assert first.header("Lambda-Runtime-Function-XRay-Error-Cause") != ""
        assert json.loads(second.body) == {"errorMessage": "boom", "errorType": "ValueError"}
        assert second.header("Lambda-Runtime-Function-XRay-Error-Cause") == ""
        assert second.header("Lambda-Runtime-Function-Error-Type") == "Function.ValueError"

    @pytest.mark.parametrize(
        ("answers", "told"),
        [
            pytest.param([Reply(431)], ["431"], id="431"),
            pytest.param([text(400)], ["400 400 No"], id="400 text"),
            pytest.param([refusal(503), refusal(400)], ["400"], id="refused for now, then for good"),
            pytest.param([refusal(403)], ["403"], id="403"),
        ],
    )
    def test_told(self, start: Start, answers: list[Reply], told: list[str]) -> None:
        """A response that is refused for good is a WARN record with the answer, whatever is posted in its place."""
        emulator = start(HANDLER)
        emulator.script("response", *answers)
        emulator.invoke(b'"result"')
        assert is_alive(emulator)
        found = lines(emulator, "WARN")

        assert len(found) == len(told)
        assert all(
            f"the Runtime API refused the response: {text}" in line for line, text in zip(found, told, strict=True)
        )

    @pytest.mark.parametrize("endpoint", ["response", "error"])
    def test_back_off(self, start: Start, endpoint: str) -> None:
        """A post that is refused for now is made again after a tenth of a second, the same to the byte."""
        emulator = start(HANDLER)
        emulator.script(endpoint, refusal(503))
        emulator.invoke(b'"fail"' if endpoint == "error" else b'"result"')
        first, second = emulator.wait_for(endpoint, count=2)

        assert second.at - first.at >= 0.1
        assert (first.target, first.headers, first.body) == (second.target, second.headers, second.body)

    @pytest.mark.parametrize("steps", [GARBAGE, CLOSED, RESET], ids=["garbage", "closed", "reset"])
    def test_fresh_connection(self, start: Start, steps: list[Any]) -> None:
        """A post without an answer is made again on another connection."""
        emulator = start(HANDLER)
        emulator.script("response", steps)
        emulator.invoke(b'"result"')
        first, second = emulator.wait_for("response", count=2)

        assert first.connection != second.connection
        assert first.body == second.body == b'"result"'

    @pytest.mark.parametrize("steps", [CLOSED, RESET], ids=["closed", "reset"])
    def test_lost_for_good(self, start: Start, steps: list[Any]) -> None:
        """A post that gets no answer again and again is dropped with a warning, and the loop goes on."""
        emulator = start(HANDLER)
        # The connection in use counts as idle the first time: it is replaced beside the one retry.
        emulator.script("response", *[steps] * 3)
        outcome = emulator.invoke(b'"result"')

        assert outcome.body == b'"result"'
        assert is_alive(emulator)
        assert len(posts(emulator)) == 5
        assert len(lines(emulator, "WARN")) == 1


INIT_ANSWERS = {
    **{str(status): refusal(status) for status in (200, 400, 403, 413, 429, 431, 500, 503)},
    "400 text": text(400),
    "garbage": GARBAGE,
    "closed": CLOSED,
    "reset": RESET,
    "taken, not heard": TAKEN_UNHEARD,
    "cut": [Raw(b"HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\n\r\n{"), Close()],
}


class TestInitErrors:
    """`init/error` is answered with anything but 202."""

    @pytest.mark.parametrize("answer", INIT_ANSWERS.values(), ids=INIT_ANSWERS)
    def test_exits(self, start: Start, answer: Reply | list[Any]) -> None:
        """Whatever is answered to an init error, the process exits with 1 and has never polled."""
        emulator = start("raises_at_import.handler")
        emulator.script("init/error", answer)
        emulator.start()

        assert emulator.wait_exit() == 1
        assert set(posts(emulator)) == {"init/error"}
        assert len(posts(emulator)) <= 2
        assert [request for request in emulator.requests if request.endpoint == "next"] == []
        assert emulator.stderr.count(b"\n") <= 1
