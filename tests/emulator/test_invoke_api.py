"""The Invoke API: whole, streamed and asynchronous calls, by boto3 and over plain sockets."""

from __future__ import annotations

import base64
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.config import Config  # type: ignore[import-untyped]
from lambda_bootstrap_dev.testing import Emulator, Kind

from tests.support import BOOTSTRAP, PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator


APP = '''
import pathlib
import time


def handler(event, context):
    """Whole answers: the event, an error, or the identity of who asks."""
    print("a line of", event)
    if event == "fail":
        raise ValueError("boom")
    if event == "tenant":
        return context.tenant_id
    if event == "slow":
        time.sleep(30)
    if event == "flaky":
        marks = pathlib.Path("marks")
        marks.write_text((marks.read_text() if marks.exists() else "") + context.aws_request_id + "\\n")
        if marks.read_text().count("\\n") < 3:
            raise ValueError("not yet")
    return event


def stream(event, context):
    """Pieces, each once the file that the test makes is there."""
    yield b"one "
    while event != "at once" and not pathlib.Path("go").exists():
        time.sleep(0.01)
    if event == "break":
        raise ValueError("half-way")
    if event == "huge":
        for _ in range(200):
            yield bytes(100_000)
    yield b"two"
'''


class Lambda:
    """An emulator and boto3's client of it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        keys = {"aws_access_key_id": "mine", "aws_secret_access_key": "mine", "region_name": "eu-west-1"}
        config = Config(retries={"total_max_attempts": 1})
        self.client: Any = boto3.client("lambda", endpoint_url=f"http://{emulator.address}", config=config, **keys)

    def stream(self, event: object, **given: str) -> Any:
        """A streamed call's answer, whose pieces are still to come."""
        payload = json.dumps(event)
        return self.client.invoke_with_response_stream(FunctionName="mine", Payload=payload, **given)


@pytest.fixture(name="make")
def _make(tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "app.py").write_text(APP)
    started = []

    def make(handler: str, **given: Any) -> Lambda:
        emulator = Emulator([*PYTHON, str(BOOTSTRAP)], cwd=tmp_path, handler=f"app.{handler}", **given)
        started.append(emulator.__enter__())
        return Lambda(emulator)

    yield make
    for emulator in started:
        emulator.__exit__(None, None, None)


class TestStreams:
    """`response-streaming-invocations`, as boto3 reads it."""

    def test_pieces_come_as_they_are_made(self, make: Any, tmp_path: Path) -> None:
        """The first piece is there while the function still waits to make the second; the last frame has no error."""
        events = iter(make("stream").stream({})["EventStream"])
        first = next(events)
        (tmp_path / "go").touch()

        assert first == {"PayloadChunk": {"Payload": b"one "}}
        assert list(events) == [{"PayloadChunk": {"Payload": b"two"}}, {"InvokeComplete": {}}]

    def test_error_half_way(self, make: Any, tmp_path: Path) -> None:
        """An error after the first piece is in the last frame, with its type and details."""
        (tmp_path / "go").touch()
        *pieces, last = make("stream").stream("break")["EventStream"]

        assert pieces == [{"PayloadChunk": {"Payload": b"one "}}]
        assert last["InvokeComplete"]["ErrorCode"] == "ValueError"
        assert json.loads(last["InvokeComplete"]["ErrorDetails"])["errorMessage"] == "half-way"

    def test_whole_answer(self, make: Any) -> None:
        """A function that doesn't stream is one piece; the status, version and media type are the API's."""
        answer = make("handler").stream({"a": 1}, LogType="Tail")
        piece, last = answer["EventStream"]

        assert json.loads(piece["PayloadChunk"]["Payload"]) == {"a": 1}
        assert "a line of {'a': 1}" in base64.b64decode(last["InvokeComplete"]["LogResult"]).decode()
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"

    def test_error_before_the_first_piece(self, make: Any) -> None:
        """A function that fails at once is the last frame alone."""
        (last,) = make("handler").stream("fail")["EventStream"]

        assert last["InvokeComplete"]["ErrorCode"] == "ValueError"

    def test_timeout(self, make: Any) -> None:
        """A stream whose function takes too long ends with the platform's error."""
        first, last = make("stream", timeout=0.3).stream({})["EventStream"]

        assert first == {"PayloadChunk": {"Payload": b"one "}}
        assert last["InvokeComplete"]["ErrorCode"] == "Sandbox.Timedout"

    def test_slow_caller(self, make: Any, tmp_path: Path) -> None:
        """A caller who doesn't read makes the function wait; what it is sent is whole in the end."""
        (tmp_path / "go").touch()
        mine = make("stream", timeout=20)
        events = iter(mine.stream("huge")["EventStream"])
        size = len(next(events)["PayloadChunk"]["Payload"])
        time.sleep(0.5)
        is_made = [request.endpoint for request in mine.emulator.requests].count("response") > 0
        size += sum(len(event["PayloadChunk"]["Payload"]) for event in events if "PayloadChunk" in event)

        assert not is_made
        assert size == 200 * 100_000 + 7

    def test_caller_goes_away(self, make: Any, tmp_path: Path) -> None:
        """A caller who goes away half-way doesn't hold the function up, or the next caller."""
        (tmp_path / "go").touch()
        mine = make("stream", timeout=20)
        connection = http.client.HTTPConnection(mine.emulator.address)
        path = "/2021-11-15/functions/mine/response-streaming-invocations"
        connection.request("POST", path, b'"huge"')
        connection.getresponse().read(10)
        connection.close()
        events = list(mine.stream("at once")["EventStream"])

        assert b"".join(event["PayloadChunk"]["Payload"] for event in events[:-1]) == b"one two"
        assert [report.kind for report in mine.emulator.wait_report(2)] == [Kind.RESPONSE, Kind.RESPONSE]


class TestLog:
    """`X-Amz-Log-Type: Tail`."""

    def test_tail(self, make: Any) -> None:
        """The end of the log comes along: what the function prints, and the platform's lines around it."""
        answer = make("handler").client.invoke(FunctionName="mine", Payload=b'"x"', LogType="Tail")
        lines = base64.b64decode(answer["LogResult"]).decode().splitlines()

        assert [line.split()[0] for line in lines if "RequestId:" in line] == ["START", "END", "REPORT"]
        assert "a line of x" in lines[1]

    def test_at_most_4_kilobytes(self, make: Any) -> None:
        """Of a long log the last 4 KB come."""
        payload = json.dumps("x" * 10_000)
        answer = make("handler").client.invoke(FunctionName="mine", Payload=payload, LogType="Tail")

        assert len(base64.b64decode(answer["LogResult"])) == 4096

    def test_timeout(self, make: Any) -> None:
        """The log of an invocation that timed out comes too."""
        mine = make("handler", timeout=0.3)
        answer = mine.client.invoke(FunctionName="mine", Payload=b'"slow"', LogType="Tail")

        assert "Status: timeout" in base64.b64decode(answer["LogResult"]).decode()


class TestAsynchronous:
    """`X-Amz-Invocation-Type: Event`, and `DryRun`."""

    def test_accepted(self, make: Any) -> None:
        """An event is accepted before the function has run, with its request id."""
        mine = make("handler")
        answer = mine.client.invoke(FunctionName="mine", Payload=b"1", InvocationType="Event")
        (report,) = mine.emulator.wait_report()

        assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
        assert report.request_id == answer["ResponseMetadata"]["RequestId"]

    def test_retries(self, make: Any, tmp_path: Path) -> None:
        """An event that fails is sent twice more, with the same request id, another attempt each."""
        mine = make("handler", retries=(0.05, 0.1))
        mine.client.invoke(FunctionName="mine", Payload=b'"flaky"', InvocationType="Event")
        reports = mine.emulator.wait_report(3)
        nonces = {request.header("Lambda-Runtime-Invocation-Id") for request in mine.emulator.wait_for("response")}
        nonces |= {request.header("Lambda-Runtime-Invocation-Id") for request in mine.emulator.wait_for("error")}

        assert [report.kind for report in reports] == [Kind.ERROR, Kind.ERROR, Kind.RESPONSE]
        assert len(set((tmp_path / "marks").read_text().split())) == 1
        assert len(nonces) == 3

    def test_no_more_than_two(self, make: Any) -> None:
        """After the second retry an event is given up."""
        mine = make("handler", retries=(0.0, 0.0))
        mine.client.invoke(FunctionName="mine", Payload=b'"fail"', InvocationType="Event")
        mine.emulator.wait_report(3)
        time.sleep(0.2)

        assert len(mine.emulator.reports) == 3

    def test_too_large(self, make: Any) -> None:
        """An event of more than 1 MB is refused."""
        mine = make("handler")
        with pytest.raises(mine.client.exceptions.RequestTooLargeException):
            mine.client.invoke(FunctionName="mine", Payload=b" " * 1_048_577, InvocationType="Event")

    def test_dry_run(self, make: Any) -> None:
        """A dry run is answered 204, and nothing runs."""
        mine = make("handler")
        answer = mine.client.invoke(FunctionName="mine", Payload=b"1", InvocationType="DryRun")

        assert answer["StatusCode"] == 204
        assert mine.emulator.reports == []
        assert mine.emulator.output == b""


def test_tenant(make: Any) -> None:
    """A tenant's id reaches the function."""
    answer = make("handler").client.invoke(FunctionName="mine", Payload=b'"tenant"', TenantId="blue")

    assert answer["Payload"].read() == b'"blue"'


def test_frozen_between(make: Any) -> None:
    """With `freeze`, the runtime is stopped between invocations, and goes on where it was."""
    mine = make("handler", freeze=True)
    for number in range(3):
        assert mine.emulator.invoke(json.dumps(number).encode()).json() == number
        mine.emulator.wait_report(number + 1)
        time.sleep(0.05)
        stat = Path(f"/proc/{mine.emulator.pid}/stat").read_text()
        assert stat.rpartition(")")[2].split()[0] == "T"
    mine.emulator.shut_down()


def test_many_callers_of_a_frozen_runtime(make: Any) -> None:
    """Callers that come while the runtime freezes are all answered."""
    mine = make("handler", freeze=True)
    with ThreadPoolExecutor(8) as pool:
        answers = [outcome.json() for outcome in pool.map(mine.emulator.invoke, [b"7"] * 40)]

    assert answers == [7] * 40
