"""The emulator as its users see it: a runtime under it, callers in front of it."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from lambda_bootstrap_dev.testing import Emulator, Kind, Reply

from tests.support.emulated import wait_gone

# A runtime in fifteen lines; the event says what it does.
RUNTIME = """
import http.client, json, os, sys, time
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
print("init", flush=True)
while True:
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    reply = connection.getresponse()
    event, request_id = json.loads(reply.read()), reply.headers["Lambda-Runtime-Aws-Request-Id"]
    print("event", event, file=sys.stderr, flush=True)
    match event:
        case {"exit": status}: sys.exit(status)
        case {"signal": number}: os.kill(os.getpid(), number)
        case {"sleep": seconds}: time.sleep(seconds)
    outcome = "error" if event == "fail" else "response"
    path = f"/2018-06-01/runtime/invocation/{request_id}/{outcome}"
    connection.request("POST", path, json.dumps(event), {"Content-Type": "application/json"})
    connection.getresponse().read()
"""
COMMAND = [sys.executable, "-c", RUNTIME]
FAILING = """
import http.client, os
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
print("failing", flush=True)
connection.request("POST", "/2018-06-01/runtime/init/error", b'{"errorType":"E"}')
connection.getresponse().read()
"""


class TestInvoke:
    """`Emulator.invoke` with a runtime that the emulator starts."""

    def test_response(self) -> None:
        """The caller gets the posted body."""
        with Emulator(COMMAND) as emulator:
            outcome = emulator.invoke(b'{"a": 1}')

        assert (outcome.status, outcome.json(), outcome.error) == (200, {"a": 1}, None)

    def test_crash(self) -> None:
        """A runtime that dies is an error for the caller and is started again for the next one."""
        with Emulator(COMMAND) as emulator:
            crash = emulator.invoke(b'{"exit": 3}', headers={"X-Amzn-RequestId": "id-1"})
            after = emulator.invoke(b"1")

        assert crash.error == {
            "errorType": "Runtime.ExitError",
            "errorMessage": "RequestId: id-1 Error: Runtime exited with error: exit status 3",
        }
        assert after.json() == 1

    def test_timeout(self) -> None:
        """A function that takes too long is killed, and the next caller gets a fresh one."""
        with Emulator(COMMAND, timeout=0.2) as emulator:
            late = emulator.invoke(b'{"sleep": 5}', headers={"X-Amzn-RequestId": "id-1"})
            after = emulator.invoke(b"1")

        assert late.error["errorType"] == "Sandbox.Timedout"
        assert late.error["errorMessage"].endswith("Z id-1 Task timed out after 0.20 seconds")
        assert after.json() == 1

    @pytest.mark.parametrize(
        ("event", "words"),
        [
            (b'{"exit": 0}', "Runtime exited without providing a reason"),
            (b'{"signal": 9}', "Runtime exited with error: signal: killed"),
            (b'{"signal": 11}', "Runtime exited with error: signal: segmentation fault"),
        ],
    )
    def test_death(self, event: bytes, words: str) -> None:
        """Every way to die has the platform's words."""
        with Emulator(COMMAND) as emulator:
            outcome = emulator.invoke(event, headers={"X-Amzn-RequestId": "id-1"})

        assert outcome.error["errorMessage"] == f"RequestId: id-1 Error: {words}"

    def test_death_in_init(self) -> None:
        """A runtime that dies before it asks for the event is an exit error too, and is tried again."""
        with Emulator([sys.executable, "-c", "raise SystemExit(7)"]) as emulator:
            errors = [emulator.invoke().error["errorMessage"][-13:] for _ in range(2)]

        assert errors == ["exit status 7"] * 2

    def test_init_error(self) -> None:
        """A failed start reaches the caller as it was posted; the next caller gets a new process."""
        with Emulator([sys.executable, "-c", FAILING]) as emulator:
            outcomes = [emulator.invoke() for _ in range(2)]
            reports = emulator.wait_report(2)

        assert [outcome.error for outcome in outcomes] == [{"errorType": "E"}] * 2
        assert [report.kind for report in reports] == [Kind.INIT_ERROR] * 2
        assert emulator.output == b"failing\nfailing\n"

    def test_stuck(self) -> None:
        """A runtime that lives on after its init error is killed when its time is up."""
        with Emulator([sys.executable, "-c", FAILING + "import time; time.sleep(30)"], timeout=0.2) as emulator:
            emulator.invoke()

            assert emulator.wait_exit() == -signal.SIGKILL

    def test_stuck_before_the_first_invocation(self) -> None:
        """A runtime whose init failed unasked is replaced at the first invocation."""
        with Emulator([sys.executable, "-c", FAILING + "import time; time.sleep(30)"]) as emulator:
            emulator.start()
            emulator.wait_for("init/error")
            pid = emulator.pid
            emulator.invoke()

            assert emulator.pid != pid

    def test_no_command(self, tmp_path: Path) -> None:
        """A command that does not exist is an error for the caller, and for whoever starts it."""
        with Emulator([tmp_path / "missing"]) as emulator:
            outcome = emulator.invoke()
            with pytest.raises(FileNotFoundError):
                emulator.start()

        assert outcome.error["errorType"] == "Runtime.InvalidEntrypoint"
        assert str(tmp_path / "missing") in outcome.error["errorMessage"]

    def test_report(self) -> None:
        """The first invocation pays for init, none after it; memory is measured where /proc tells."""
        with Emulator(COMMAND, timeout=0.2) as emulator:
            for event in (b"1", b"2", b'{"sleep": 5}'):
                emulator.invoke(event)
            first, second, third = emulator.wait_report(3)

        assert first.init_ms is not None
        assert first.init_ms > 1
        assert second.init_ms is None
        assert 200 <= third.duration_ms < 1000
        assert [report.kind for report in (first, second, third)] == [Kind.RESPONSE, Kind.RESPONSE, Kind.TIMEOUT]
        if Path("/proc/self/status").exists():
            assert first.memory_mb is not None
            assert 3 < first.memory_mb < 200


def test_poll_of_a_dead_process() -> None:
    """The poll of a process that has died counts no more: its successor gets the event."""
    with Emulator(COMMAND, timeout=1.0) as emulator:
        emulator.start()
        emulator.wait_for("next")
        os.kill(emulator.pid, signal.SIGKILL)
        emulator.wait_exit()

        assert emulator.invoke(b"1").json() == 1


# Ready at its first start, it dies when it is told to; at its second start it dies at once.
TWICE = """
import http.client, os, signal, sys
try:
    open("started", "x")
except FileExistsError:
    sys.exit(5)
http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"]).request("GET", "/2018-06-01/runtime/invocation/next")
signal.pause()
"""


def test_report_of_another_process(tmp_path: Path) -> None:
    """A process that dies in its init has no measurements: those of the one before are not its own."""
    with Emulator([sys.executable, "-c", TWICE], cwd=tmp_path) as emulator:
        emulator.start()
        emulator.wait_for("next")
        os.kill(emulator.pid, signal.SIGTERM)
        emulator.wait_exit()
        outcome = emulator.invoke()
        [report] = emulator.wait_report()

    assert outcome.error["errorMessage"].endswith("exit status 5")
    assert (report.kind, report.init_ms, report.memory_mb) == (Kind.EXIT, None, None)


class TestProcess:
    """What the runtime's process gets and gives."""

    def test_environ(self, tmp_path: Path) -> None:
        """The process gets what Lambda gives, what the test adds, and PATH."""
        code = "import json, os; print(json.dumps([dict(os.environ), os.getcwd()]))"
        with Emulator(
            [sys.executable, "-c", code], environ={"MINE": "1", "TZ": "CET"}, cwd=tmp_path, handler="app.handler"
        ) as emulator:
            emulator.start()
            emulator.wait_exit()
            environ, cwd = json.loads(emulator.stdout)
            address, given = emulator.address, emulator.environ

        environ.pop("LC_CTYPE", None)  # Python's own doing (PEP 538)
        assert environ == given
        assert cwd == str(tmp_path)
        assert environ == {
            "AWS_ACCESS_KEY_ID": "emulator",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_FUNCTION_NAME": "test_function",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/test_function",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]00000000000000000000000000000000",
            "AWS_LAMBDA_RUNTIME_API": address,
            "AWS_REGION": "us-east-1",
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_SESSION_TOKEN": "emulator",
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "LAMBDA_TASK_ROOT": str(tmp_path),
            "LANG": "en_US.UTF-8",
            "MINE": "1",
            "PATH": os.environ["PATH"],
            "TZ": "CET",
            "_HANDLER": "app.handler",
        }

    def test_output(self) -> None:
        """Output is kept to the byte, each stream for itself and both together."""
        code = "import os; os.write(1, b'a\\xff\\r\\n\\0'); os.write(2, b'b'); os.write(1, b'c')"
        with Emulator([sys.executable, "-c", code]) as emulator:
            emulator.start()
            status = emulator.wait_exit()

        assert (status, emulator.stdout, emulator.stderr) == (0, b"a\xff\r\n\0c", b"b")
        assert sorted(emulator.output) == sorted(b"a\xff\r\n\0bc")

    def test_no_input(self) -> None:
        """The process has nothing to read: its stdin is not the emulator's."""
        code = "import os; print(os.path.samestat(os.fstat(0), os.stat(os.devnull)), end='')"
        with Emulator([sys.executable, "-c", code]) as emulator:
            emulator.start()
            emulator.wait_exit()

        assert emulator.stdout == b"True"

    def test_merged_output(self) -> None:
        """Merged output keeps the order of writing."""
        code = "import os\nfor n in range(100): os.write(1 + n % 2, b'%d,' % n)"
        with Emulator([sys.executable, "-c", code], merge_output=True) as emulator:
            emulator.start()
            emulator.wait_exit()

        assert emulator.output == b"".join(b"%d," % n for n in range(100))

    def test_start_twice(self) -> None:
        """A runtime that runs is not started again."""
        with Emulator(COMMAND) as emulator:
            emulator.start()
            pid = emulator.pid
            emulator.start()

            assert emulator.pid == pid

    def test_children(self) -> None:
        """With the runtime its children go, also those that hold its output open."""
        code = "import subprocess; print(subprocess.Popen(['sleep', '30']).pid)"
        with Emulator([sys.executable, "-c", code]) as emulator:
            emulator.start()

            assert emulator.wait_exit() == 0
            wait_gone(int(emulator.stdout))

    def test_escaped_child(self) -> None:
        """A child that left the group cannot keep the runtime from being over."""
        code = "import subprocess; print(subprocess.Popen(['sleep', '30'], start_new_session=True).pid)"
        with Emulator([sys.executable, "-c", code]) as emulator:
            emulator.start()

            assert emulator.wait_exit() == 0
            os.kill(int(emulator.stdout), signal.SIGKILL)

    def test_end(self) -> None:
        """Nothing outlives the with block."""
        with Emulator(COMMAND) as emulator:
            emulator.start()
            emulator.wait_for("next")
            pid = emulator.pid

        wait_gone(pid)

    def test_wait_exit(self) -> None:
        """A wait for the end of what was not started, or goes on, fails."""
        with Emulator(COMMAND) as emulator:
            with pytest.raises(AssertionError, match="no runtime has been started"):
                emulator.wait_exit()
            with pytest.raises(AssertionError, match="no runtime has been started"):
                _ = emulator.pid
            emulator.start()
            with pytest.raises(AssertionError, match=r"the runtime still runs after 0\.01 seconds"):
                emulator.wait_exit(timeout=0.01)


# Polls over one connection, drops it, and polls over another one.
DROPPING = """
import http.client, os
def poll():
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    return connection
first = poll()
first.close()
second = poll()
print("event", second.getresponse().read(), flush=True)
"""


def test_dropped_poll() -> None:
    """An event goes to the oldest poll of a process, though that connection has died, and isn't served again."""
    with Emulator([sys.executable, "-c", DROPPING], timeout=0.5) as emulator:
        emulator.start()
        emulator.wait_for("next", 2)
        outcome = emulator.invoke(b"1")

        assert outcome.error["errorType"] == "Sandbox.Timedout"
        assert emulator.wait_exit() == -signal.SIGKILL
        assert emulator.output == b""


def test_script() -> None:
    """A scripted event is delivered, and the post for it is accepted."""
    with Emulator(COMMAND) as emulator:
        emulator.script("next", Reply(200, [("Lambda-Runtime-Aws-Request-Id", "id-1")], b'"x"'))
        emulator.start()
        [post] = emulator.wait_for("response")
        emulator.wait_for("next", 2)

    assert (post.target, post.body) == ("/2018-06-01/runtime/invocation/id-1/response", b'"x"')


def test_wait_for_says_what_came() -> None:
    """A wait in vain ends with the requests and the output so far."""
    with Emulator(COMMAND) as emulator:
        emulator.start()
        emulator.wait_for("next")

        with pytest.raises(AssertionError, match=r"0 of 1 requests to 'error'(.|\n)*GET /2018(.|\n)*init"):
            emulator.wait_for("error", timeout=0.05)
