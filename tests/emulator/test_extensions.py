"""The Extensions API: registration, events, refusals, and the end of an environment."""

from __future__ import annotations

import http.client
import json
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, FUNCTIONS, PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

API = "/2020-01-01/extension"


@contextmanager
def an_extension(emulator: Emulator) -> Iterator[Caller]:
    """Connect as an extension does."""
    connection = http.client.HTTPConnection(emulator.address, timeout=10)
    try:
        yield Caller(connection)
    finally:
        connection.close()


class Caller:
    """A connection with the calls of the Extensions API."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection
        self.identifier = ""

    def call(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Make a call; an underscore in a header's name is a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, named)
        response = self.connection.getresponse()
        return response.status, dict(response.getheaders()), json.loads(response.read() or b"null")

    def register(self, name: str = "watcher", body: bytes = b'{"events":[]}', **headers: str) -> tuple[int, Any]:
        """Register; keep the identifier."""
        status, found, answer = self.call("POST", f"{API}/register", body, Lambda_Extension_Name=name, **headers)
        self.identifier = found.get("Lambda-Extension-Identifier", "")
        return status, answer

    def next(self, identifier: str | None = None) -> tuple[int, dict[str, str], Any]:
        """Ask for an event."""
        return self.call("GET", f"{API}/event/next", Lambda_Extension_Identifier=identifier or self.identifier)


def the_type(answer: tuple[Any, ...]) -> tuple[int, str]:
    """Status and error type of an answer."""
    return answer[0], answer[-1]["errorType"]


class TestRegister:
    """Calls before the runtime's first `next`."""

    def test_accepted(self) -> None:
        """An extension learns which function it belongs to, and its identifier; the account if it asks."""
        with Emulator(handler="app.handler") as emulator, an_extension(emulator) as extension:
            status, answer = extension.register()
            assert (status, answer) == (
                200,
                {"functionName": "test_function", "functionVersion": "$LATEST", "handler": "app.handler"},
            )
            assert len(extension.identifier) == 36
            _, answer = extension.register("another", Lambda_Extension_Accept_Feature="accountId")
            assert answer["accountId"] == "012345678912"

    @pytest.mark.parametrize(
        ("name", "body", "error_type"),
        [
            ("", b'{"events":[]}', "Extension.InvalidExtensionName"),
            ("watcher", b"", "InvalidRequestFormat"),
            ("watcher", b"INVOKE", "InvalidRequestFormat"),
            ("watcher", b'{"events":["PING"]}', "Extension.InvalidEventType"),
            ("watcher", b'{"events":["SHUTDOWN"]}', "Extension.InvalidEventType"),
        ],
    )
    def test_refused(self, name: str, body: bytes, error_type: str) -> None:
        """A wrong registration is refused with 403 and its type: an internal extension gets no SHUTDOWN, say."""
        with Emulator() as emulator, an_extension(emulator) as extension:
            assert the_type(extension.register(name, body)) == (403, error_type)

    @pytest.mark.parametrize("body", [b"{}", b"null", b'{"events":[]}', b'{"events":null}'])
    def test_nothing(self, body: bytes) -> None:
        """An extension may ask for no events, in any way."""
        with Emulator() as emulator, an_extension(emulator) as extension:
            assert extension.register("watcher", body)[0] == 200

    def test_at_most_ten(self) -> None:
        """There are at most ten extensions, each with a name of its own."""
        with Emulator() as emulator, an_extension(emulator) as extension:
            statuses = [extension.register(f"watcher-{number}")[0] for number in range(10)]
            assert statuses == [200] * 10
            assert the_type(extension.register("one more")) == (403, "Extension.TooManyExtensions")
            assert the_type(extension.register("watcher-0")) == (403, "Extension.InvalidExtensionState")

    def test_closed(self) -> None:
        """From the runtime's first `next` on, nobody can register."""
        with Emulator([*PYTHON, str(BOOTSTRAP)], cwd=FUNCTIONS, handler="echo.handler") as emulator:
            emulator.invoke()
            with an_extension(emulator) as extension:
                assert the_type(extension.register()) == (403, "Extension.RegistrationClosed")


class TestIdentifier:
    """The header that all other calls have."""

    @pytest.mark.parametrize(
        ("identifier", "error_type"),
        [
            ("", "Extension.MissingExtensionIdentifier"),
            ("me", "Extension.InvalidExtensionIdentifier"),
            ("8476a536-e9f4-11e8-9739-2dfe598c3fcd", "Extension.UnknownExtensionIdentifier"),
        ],
    )
    def test_refused(self, identifier: str, error_type: str) -> None:
        """A call without a known identifier is refused."""
        with Emulator() as emulator, an_extension(emulator) as extension:
            extension.register()
            answer = extension.call("GET", f"{API}/event/next", Lambda_Extension_Identifier=identifier)
            assert the_type(answer) == (403, error_type)

    @pytest.mark.parametrize("phase", ["init", "exit"])
    def test_error(self, phase: str) -> None:
        """A report needs a type; after it the extension can only exit."""
        with Emulator() as emulator, an_extension(emulator) as extension:
            extension.register()
            known = {"Lambda_Extension_Identifier": extension.identifier}
            bare = extension.call("POST", f"{API}/{phase}/error", b"{}", **known)
            full = extension.call(
                "POST", f"{API}/{phase}/error", b"{}", **known, Lambda_Extension_Function_Error_Type="Extension.Lost"
            )

            assert the_type(bare) == (403, "Extension.MissingHeader")
            assert full[0] == 202


FILE = """#!{python}
import json, os, sys, time, http.client
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None, **headers):
    named = {{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request(method, "/2020-01-01/extension" + path, body, named)
    response = connection.getresponse()
    return response, json.loads(response.read())
name = os.path.basename(sys.argv[0])
response, _ = call("POST", "/register", json.dumps({{"events": {events}}}), Lambda_Extension_Name=name)
me = response.getheader("Lambda-Extension-Identifier")
print("hidden:", os.environ.get("_HANDLER"), os.environ.get("LAMBDA_TASK_ROOT"), flush=True)
while True:
    event = call("GET", "/event/next", Lambda_Extension_Identifier=me)[1]
    print("heard", event["eventType"], event.get("shutdownReason"), flush=True)
    {then}
    if event["eventType"] == "SHUTDOWN":
        break
"""


def an_executable(folder: Path, *, events: list[str], then: str = "pass") -> Path:
    """Write an external extension."""
    file = folder / "watcher"
    file.write_text(FILE.format(python=sys.executable, events=events, then=then))
    file.chmod(0o755)
    return file


@contextmanager
def an_environment(handler: str, *extensions: Path, **options: Any) -> Iterator[Emulator]:
    """A function with external extensions."""
    command = [*PYTHON, str(BOOTSTRAP)]
    with Emulator(
        command, cwd=FUNCTIONS, handler=handler, extensions=extensions, merge_output=True, **options
    ) as emulator:
        yield emulator


class TestExternal:
    """An executable that is started before the runtime."""

    def test_life(self, tmp_path: Path) -> None:
        """It hears of each invocation and of the end, and sees none of the runtime's variables."""
        with an_environment("echo.handler", an_executable(tmp_path, events=["INVOKE", "SHUTDOWN"])) as emulator:
            assert [emulator.invoke(b"1").body, emulator.invoke(b"2").body] == [b"1", b"2"]
            emulator.wait_report(2)
            emulator.shut_down()

            assert emulator.output.decode().splitlines() == [
                "hidden: None None",
                *["heard INVOKE None"] * 2,
                "heard SHUTDOWN spindown",
            ]

    def test_invocation_waits(self, tmp_path: Path) -> None:
        """An invocation is over when the extension has asked for its next event, though the caller has its answer."""
        file = an_executable(tmp_path, events=["INVOKE"], then="time.sleep(0.4)")
        with an_environment("echo.handler", file) as emulator:
            emulator.invoke()
            begin = time.monotonic()
            emulator.invoke()
            (report, *_) = emulator.wait_report(2)

            assert time.monotonic() - begin > 0.3
            assert report.duration_ms > 390

    def test_timeout(self, tmp_path: Path) -> None:
        """After a timeout it hears of the end, and the next environment has one of its own."""
        with an_environment("clock.sleep", an_executable(tmp_path, events=["SHUTDOWN"]), timeout=0.5) as emulator:
            assert b"Task timed out" in emulator.invoke(b'{"seconds": 9}').body
            assert emulator.invoke(b'{"seconds": 0}').body == b'"awake"'
            assert emulator.output.decode().splitlines() == [
                "hidden: None None",
                "heard SHUTDOWN timeout",
                "hidden: None None",
            ]

    def test_crash(self, tmp_path: Path) -> None:
        """An extension that exits takes the environment along; the next invocation gets a new one."""
        file = an_executable(tmp_path, events=["INVOKE"], then="sys.exit(3)")
        with an_environment("clock.sleep", file) as emulator:
            error = emulator.invoke(b'{"seconds": 2}').error
            assert error["errorType"] == "Extension.Crash"
            assert error["errorMessage"].endswith("Error: Extension exited with error: exit status 3")
            assert emulator.invoke(b'{"seconds": 2}').error["errorType"] == "Extension.Crash"

    def test_never_registers(self, tmp_path: Path) -> None:
        """An extension that exits before it registers fails init."""
        file = tmp_path / "watcher"
        file.write_text("#!/bin/sh\nexit 1\n")
        file.chmod(0o755)
        with an_environment("echo.handler", file) as emulator:
            assert "an extension has exited before it registered" in emulator.invoke().error["errorMessage"]

    def test_runtime_gets_less(self, tmp_path: Path) -> None:
        """With an external extension, the runtime is killed 300 ms after SIGTERM, and the extension hears then."""
        with an_environment(
            "shutdowns.handler",
            an_executable(tmp_path, events=["SHUTDOWN"]),
            environ={"HOOKS": "own", "BOOTSTRAP_SIGTERM": "1"},
        ) as emulator:
            emulator.invoke()
            emulator.wait_for("next", 2)
            begin = time.monotonic()
            status = emulator.shut_down()

            assert status == -signal.SIGKILL
            assert 0.25 < time.monotonic() - begin < 1.5
            assert emulator.output.decode().splitlines()[-2:] == [
                "the function's own handler",
                "heard SHUTDOWN spindown",
            ]
