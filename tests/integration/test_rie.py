"""The checkout's bootstrap under AWS's own emulator, on the host: the second opinion on the Runtime API."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap.lifecycle import shares

from tests.support import BOOTSTRAP, FUNCTIONS, PYTHON, ROOT
from tests.support.extensions import an_executable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.rie import Emulator

pytestmark = pytest.mark.rie


@pytest.mark.parametrize("transport", ["", "urllib3"])
@pytest.mark.parametrize("payload", [b'{"a":[1,2.5,null,"\xc3\xa9"]}', b'"text"', b"null"])
def test_result_is_what_the_handler_returned(rie: Callable[..., Emulator], transport: str, payload: bytes) -> None:
    """AWS's emulator hands back a result byte for byte over either transport."""
    function = rie("echo.handler", BOOTSTRAP_TRANSPORT=transport)

    answer = function.invoke(payload)

    assert (answer.status, answer.data) == (200, payload)


def test_one_process_answers_many_invocations(rie: Callable[..., Emulator]) -> None:
    """A runtime answers one invocation after the other without being started again."""
    function = rie("facts.process")

    answers = {function.invoke(b"{}").data for _ in range(20)}

    assert len(answers) == 1


def test_context_carries_what_the_platform_said(rie: Callable[..., Emulator]) -> None:
    """The context's attributes are the platform's headers and variables."""
    function = rie("facts.context", AWS_LAMBDA_FUNCTION_NAME="greeter", AWS_LAMBDA_FUNCTION_TIMEOUT="20")
    client_context = base64.b64encode(b'{"custom":{"colour":"blue"}}').decode()

    seen = json.loads(function.invoke(b"{}", X_Amz_Client_Context=client_context).data)

    assert seen["function_name"] == "greeter"
    assert seen["function_version"] == "$LATEST"
    assert seen["invoked_function_arn"] == "arn:aws:lambda:us-east-1:012345678912:function:greeter"
    assert seen["memory_limit_in_mb"] == "3008"
    assert 15_000 < seen["remaining"] <= 20_000
    assert seen["custom"] == {"colour": "blue"}
    assert seen["identity"] is None
    assert f"START RequestId: {seen['aws_request_id']}" in function.output


def test_exception_is_reported_and_survived(rie: Callable[..., Emulator]) -> None:
    """A handler's exception is the answer, in AWS's form, and the same process takes the next invocation."""
    function = rie("errors.raises")

    first, second = function.invoke(b"{}"), function.invoke(b"{}")

    for answer in (first, second):
        error = json.loads(answer.data)
        assert (error["errorType"], error["errorMessage"]) == ("ValueError", "boom")
        assert "in raises" in error["stackTrace"][-1]
    assert function.output.count("INIT START") == 1


def test_exit_is_an_error_and_a_fresh_start(rie: Callable[..., Emulator]) -> None:
    """A handler that exits has its invocation answered with an error, and the next one gets a new process."""
    function = rie("errors.exits")

    for _ in range(2):
        assert json.loads(function.invoke(b"{}").data)["errorType"] == "SystemExit"


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("no_such_file.handler", "Runtime.ImportModuleError"),
        ("broken_import.handler", "Runtime.ImportModuleError"),
        ("broken_syntax.handler", "Runtime.UserCodeSyntaxError"),
        ("echo.no_such_function", "Runtime.HandlerNotFound"),
        ("echo", "Runtime.MalformedHandlerName"),
    ],
)
def test_init_error_reaches_the_caller(rie: Callable[..., Emulator], handler: str, error_type: str) -> None:
    """What is wrong with a function's module is the answer to its first invocation."""
    answer = rie(handler).invoke(b"{}")

    assert answer.status == 502
    assert json.loads(answer.data)["errorType"] == error_type


def test_time_out_ends_the_process_but_not_the_function(rie: Callable[..., Emulator]) -> None:
    """A handler that takes too long is killed, and the next invocation is answered by a new process."""
    function = rie("clock.sleep", AWS_LAMBDA_FUNCTION_TIMEOUT="1")

    late, timely = function.invoke(b'{"seconds":30}'), function.invoke(b'{"seconds":0}')

    assert late.data == b"Task timed out after 1.00 seconds"
    assert timely.data == b'"awake"'


def test_result_beyond_the_limit_is_an_error_and_survived(rie: Callable[..., Emulator]) -> None:
    """A result over 6 MB is refused with AWS's error, one just below it passes, and the runtime goes on."""
    function = rie("sizes.text")

    too_large = function.invoke(b'{"length":6291600}')
    fits = function.invoke(b'{"length":6291000}')

    assert "ResponseSizeTooLarge" in json.loads(too_large.data)["errorType"]
    assert len(fits.data) == 6291002


def test_prints_reach_the_log_before_the_answer(rie: Callable[..., Emulator]) -> None:
    """What a function prints is in the log by the time the caller has its answer."""
    function = rie("facts.prints")

    function.invoke(b"{}")

    assert "said on stdout" in function.output
    assert "said on stderr" in function.output


@pytest.mark.parametrize("transport", ["", "urllib3"])
@pytest.mark.parametrize(
    ("handler", "event", "body"),
    [
        ("pieces", b'["a", "bc"]', b"abc"),
        ("pieces_async", b'["a", "bc"]', b"abc"),
        ("returns_http", b'["a"]', None),
        ("fails_in_words", b"{}", b"a"),
        ("fails_at_length", b"{}", b"a"),
    ],
)
def test_stream_is_taken(
    rie: Callable[..., Emulator], transport: str, handler: str, event: bytes, body: bytes | None
) -> None:
    """AWS's emulator takes streams, trailers too, though it ignores what they say, and the process lives on."""
    function = rie(f"streams.{handler}", BOOTSTRAP_TRANSPORT=transport)
    prelude = b'{"statusCode":404,"headers":{"Content-Type":"text/plain"},"cookies":["a=1","b=2"]}' + bytes(8) + b"a"

    answers = [function.invoke(event) for _ in range(2)]

    assert [(answer.status, answer.data) for answer in answers] == [(200, prelude if body is None else body)] * 2
    assert function.output.count("INIT START") == 1


def test_error_before_a_stream(rie: Callable[..., Emulator]) -> None:
    """A stream that fails before its first piece is an error to AWS's emulator."""
    answer = rie("streams.pieces").invoke(b'["boom"]')

    assert json.loads(answer.data)["errorMessage"] == "boom"


class TestShutdown:
    """What a function hears of its end: aws-lambda-go's scenario for SIGTERM, in Python (B7.5)."""

    @pytest.mark.parametrize("transport", ["", "urllib3"])
    @pytest.mark.parametrize("handler", ["handler", "clinging_handler"])
    def test_hook(self, rie: Callable[..., Emulator], handler: str, transport: str) -> None:
        """The hook of a function that has timed out runs, `atexit` after it; the next invocation has a new process."""
        environ = {"HOOKS": "last atexit", "AWS_LAMBDA_FUNCTION_TIMEOUT": "2", "BOOTSTRAP_TRANSPORT": transport}
        function = rie(f"shutdowns.{handler}", **environ)

        late, timely = function.invoke(b'{"seconds":30}'), function.invoke(b'{"seconds":0}')

        assert late.data == b"Task timed out after 2.00 seconds"
        assert timely.data == b'{"seconds":0}'
        said = [line for line in function.output.splitlines() if line in {"the handler leaves", "hook: last", "atexit"}]
        assert said == ["the handler leaves", "hook: last", "atexit"]

    def test_async(self, rie: Callable[..., Emulator]) -> None:
        """A coroutine is cancelled before its deadline, and answered; the next invocation has the same process."""
        function = rie("shutdowns.async_handler", HOOKS="last", AWS_LAMBDA_FUNCTION_TIMEOUT="2")

        late, timely = function.invoke(b'{"seconds":30}'), function.invoke(b'{"seconds":0}')

        assert json.loads(late.data)["errorType"] == "Runtime.DeadlineExceeded"
        assert timely.data == b'{"seconds":0}'
        assert "the handler leaves" in function.output
        assert "hook: last" not in function.output

    @pytest.mark.parametrize(("option", "said"), [("1", ["atexit"]), ("0", [])])
    def test_option(self, rie: Callable[..., Emulator], option: str, said: list[str]) -> None:
        """Without hooks, `BOOTSTRAP_SIGTERM=1` has the signal sent; without that, too, the process is killed."""
        environ = {"HOOKS": "atexit", "AWS_LAMBDA_FUNCTION_TIMEOUT": "2", "BOOTSTRAP_SIGTERM": option}
        function = rie("shutdowns.handler", **environ)

        late, timely = function.invoke(b'{"seconds":30}'), function.invoke(b'{"seconds":0}')

        assert late.data == b"Task timed out after 2.00 seconds"
        assert timely.data == b'{"seconds":0}'
        assert [line for line in function.output.splitlines() if line == "atexit"] == said


def test_internal_extension(rie: Callable[..., Emulator]) -> None:
    """An extension in the function's process hears of each invocation, and the next one waits for it."""
    function = rie("extended.handler")

    answers = [json.loads(function.invoke(b"{}").data) for _ in range(3)]
    ids = [own for _, own in answers]

    assert len(set(ids)) == 3
    assert answers[2][0][:2] == ids[:2]


def test_external_extension(rie: Callable[..., Emulator], tmp_path: Path) -> None:
    """A program in /opt/extensions hears of each invocation, and of the end after a timeout, with its reason."""
    folder = tmp_path / "opt" / "extensions"
    folder.mkdir(parents=True)
    an_executable(folder, FUNCTIONS / "watcher.py", "watcher")
    environ = {"PYTHONPATH": str(ROOT / "runtime"), "AWS_LAMBDA_FUNCTION_TIMEOUT": "1", "HOOKS": "last"}
    function = rie("shutdowns.handler", opt=folder.parent, **environ)

    answers = [function.invoke(event).data for event in (b"1", b'{"seconds":30}', b"2")]
    heard = [line.split() for line in function.output.splitlines() if line.startswith("watcher: ")]

    assert answers == [b"1", b"Task timed out after 1.00 seconds", b"2"]
    assert [line[1:2] for line in heard] == [
        *(["registered"], ["INVOKE"], ["INVOKE"], ["SHUTDOWN"], ["registered"], ["INVOKE"]),
    ]
    assert heard[3][2].lower() == "timeout"
    assert function.output.count("hook: last") == 1


@pytest.mark.parametrize("transport", ["", "urllib3"])
def test_alarm_in_the_poll(rie: Callable[..., Emulator], transport: str) -> None:
    """An exception of a signal handler during the poll costs no invocation under AWS's emulator."""
    function = rie("alarms.in_the_poll", BOOTSTRAP_TRANSPORT=transport)
    function.invoke(b'"arm"')
    time.sleep(0.3)

    assert [function.invoke(b"%d" % number).data for number in range(3)] == [b"0", b"1", b"2"]
    assert "a signal handler failed while the runtime was waiting: ring" in function.output
    assert function.output.count("INIT START") == 1


@pytest.mark.parametrize("transport", ["", "urllib3"])
def test_alarms_at_random(rie: Callable[..., Emulator], transport: str) -> None:
    """Of invocations with an alarm at a random moment each is answered, by the same process, with result or alarm."""
    function = rie("alarms.at_random", BOOTSTRAP_TRANSPORT=transport)
    answers = [function.invoke(b"%d" % number).data for number in range(200)]

    told = [json.loads(answer) for answer in answers]
    assert [number for number, answer in enumerate(told) if answer != number and "errorType" not in str(answer)] == []
    assert function.output.count("INIT START") == 1


@pytest.mark.parametrize("transport", ["", "urllib3"])
def test_descriptors_closed(rie: Callable[..., Emulator], transport: str) -> None:
    """A function that closes all descriptors is answered under AWS's emulator, and so are the invocations after it."""
    function = rie("hostile.handler", BOOTSTRAP_TRANSPORT=transport)

    answers = [function.invoke(b'"closes_all_descriptors"').data for _ in range(3)]

    assert answers == [b'"done"'] * 3
    assert function.invoke(b'"after"').data == b'"after"'
    assert function.output.count("INIT START") == 1


@pytest.mark.parametrize("transport", ["", "urllib3"])
@pytest.mark.parametrize("phase", ["request", "response", "error", "before_next"])
def test_forks(rie: Callable[..., Emulator], transport: str, phase: str) -> None:
    """A hook that forks costs no invocation under AWS's emulator, whichever it is: the parent answers."""
    function = rie("forking_hooks.handler", BOOTSTRAP_TRANSPORT=transport, PHASE=phase)

    for number in range(3):
        assert json.loads(function.invoke(b'"fail"').data)["errorMessage"] == "as asked"
        assert function.invoke(b"%d" % number).data == b"%d" % number
    assert function.output.count("INIT START") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="on Managed Instances, AWS's emulator changes its user")
class TestManagedInstances:
    """Many invocations at once."""

    @pytest.fixture
    def crowd(self, rie: Callable[..., Emulator], tmp_path: Path) -> Emulator:
        """A function with three workers, all of which poll."""
        function = self.instance(rie, tmp_path, "crowd.handler", 3)
        self.ask(function, 3, 0.5)
        return function

    def instance(
        self, rie: Callable[..., Emulator], tmp_path: Path, handler: str, count: int, program: str = ""
    ) -> Emulator:
        """A function that takes so many invocations at once, under this runtime or another."""
        opt = tmp_path / "opt"
        opt.mkdir(exist_ok=True)
        bootstrap = opt / "bootstrap"
        bootstrap.write_text(f'#!/bin/sh\nexec {program or " ".join([*PYTHON, str(BOOTSTRAP)])} "$@"\n')
        bootstrap.chmod(0o755)
        environ = {"AWS_LAMBDA_MAX_CONCURRENCY": str(count), "LAMBDA_TASK_ROOT": "/var/task"}
        return rie(handler, opt=opt, AWS_LAMBDA_FUNCTION_TIMEOUT="10", **environ)

    def ask(self, function: Emulator, times: int, seconds: float, at_once: int = 3) -> list[dict[str, Any]]:
        """Answers to so many naps; the platform refuses one for which nobody polls yet."""

        def nap(number: int) -> dict[str, Any]:
            event, end = json.dumps({"seconds": seconds}).encode(), time.monotonic() + 10
            while time.monotonic() < end:
                answer = function.invoke(event, Content_Type="application/json", X_Amzn_Trace_Id=f"Root={number}")
                if answer.headers.get("Error-Type") != "Runtime.Unavailable":
                    break
                time.sleep(0.005)
            found: dict[str, Any] = json.loads(answer.data)
            return found

        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(nap, range(times)))

    def test_naps(self, crowd: Emulator) -> None:
        """Ten naps of a second take three workers 4.4 seconds at most, and each has its own trace id."""
        began = time.monotonic()
        answers = self.ask(crowd, 10, 1)
        took = time.monotonic() - began

        assert [answer["trace"] for answer in answers] == [f"Root={number}" for number in range(10)]
        assert len({answer["pid"] for answer in answers}) == 3
        assert took <= 4.4

    def test_beside_awslambdaric(
        self, rie: Callable[..., Emulator], tmp_path: Path, awslambdaric: Path, record_property: Callable[..., None]
    ) -> None:
        """Ten naps of a second on three workers take no longer than under awslambdaric."""
        took: dict[str, list[float]] = {}
        for name, program in (("ours", ""), ("awslambdaric", f"{awslambdaric} -m awslambdaric nap.handler")):
            began = time.monotonic()
            function = self.instance(rie, tmp_path, "nap.handler", 3, program)
            answers = self.ask(function, 3, 0.5)
            ready = time.monotonic() - began - 0.5
            began = time.monotonic()
            answers = self.ask(function, 10, 1)
            took[name] = [round(ready, 2), round(time.monotonic() - began, 2)]
            function.stop()

            assert [answer["trace"] for answer in answers] == [f"Root={number}" for number in range(10)]
            assert len({answer["pid"] for answer in answers}) == 3
        record_property("seconds until three answers, and of ten naps", took)

        assert took["ours"][1] <= took["awslambdaric"][1] + 0.4

    def test_tasks(self, rie: Callable[..., Emulator], tmp_path: Path) -> None:
        """Forty naps of a second at once are tasks, each with its own trace id and request id."""
        function = self.instance(rie, tmp_path, "swarm.handler", 40)
        self.ask(function, 40, 0.3, 40)
        began = time.monotonic()
        answers = self.ask(function, 40, 1, 40)
        took = time.monotonic() - began

        assert [answer["trace"] for answer in answers] == [f"Root={number}" for number in range(40)]
        assert {answer["environment"] for answer in answers} == {None}
        assert len({answer["id"] for answer in answers}) == 40
        assert len({answer["pid"] for answer in answers}) == shares.cpus()
        assert took < 3

    def test_polls_stay(self, rie: Callable[..., Emulator], tmp_path: Path) -> None:
        """A process of tasks that is killed while it is idle costs no invocation: its polls are the next one's."""
        function = self.instance(rie, tmp_path, "swarm.naps", 6)
        pids: list[Any] = self.ask(function, 6, 0.5, 6)
        os.kill(pids[0], signal.SIGKILL)
        end = time.monotonic() + 10
        while "takes its place" not in function.output:
            assert time.monotonic() < end
            time.sleep(0.02)
        answers = [function.invoke(b'{"seconds": 0}', Content_Type="application/json").data for _ in range(8)]

        assert all(answer.isdigit() for answer in answers)
        assert len({int(answer) for answer in answers} - {pids[0]}) == len(set(pids))

    def test_killed(self, crowd: Emulator) -> None:
        """A worker that is killed while the others are busy is replaced, and the others' invocations are answered."""
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(self.ask, crowd, 2, 1)
            time.sleep(0.3)
            answers = self.ask(crowd, 1, 0)
            os.kill(answers[0]["pid"], signal.SIGKILL)
            others = running.result()
        later = self.ask(crowd, 6, 0.3)

        assert len({answer["pid"] for answer in others} - {answers[0]["pid"]}) == 2
        assert len({answer.get("pid") for answer in later} - {None, answers[0]["pid"]}) >= 2
        assert "a worker has ended with signal 9; another one takes its place" in crowd.output
