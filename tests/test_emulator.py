"""The emulator as its users see it: a runtime under it, callers in front of it."""

from __future__ import annotations

import sys

import pytest

from emulator import Emulator, Reply

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
        case {"sleep": seconds}: time.sleep(seconds)
    outcome = "error" if event == "fail" else "response"
    path = f"/2018-06-01/runtime/invocation/{request_id}/{outcome}"
    connection.request("POST", path, json.dumps(event), {"Content-Type": "application/json"})
    connection.getresponse().read()
"""
COMMAND = [sys.executable, "-c", RUNTIME]


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
