"""
The built image against what should not happen: a Runtime API, functions and imports of that kind, some of each.

The emulator is on the host, so that it can be told what to do wrong; the containers reach it over the engine's bridge.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Close, Emulator, Pause, Raw, Reply

from tests.support import FUNCTIONS
from tests.support.containers import bridge_address, docker

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

HANDLER = "hostile.handler"
POSTS = {"response", "error", "init/error"}
JSON = [("Content-Type", "application/json")]
CUT = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 1\r\nContent-Length: 9\r\n\r\n[7]"


@dataclass(frozen=True)
class Function:
    """A function's container, and the emulator that it answers to."""

    emulator: Emulator
    container: str

    @property
    def posts(self) -> list[str]:
        """The endpoints that were posted to, in order."""
        return [request.endpoint for request in self.emulator.requests if request.endpoint in POSTS]

    @property
    def log(self) -> str:
        """What the container wrote, to stdout and then to stderr."""
        logs = docker("logs", self.container)
        return logs.stdout + logs.stderr

    def wait(self) -> int:
        """The exit status of the container, once it has one."""
        return int(docker("wait", self.container, timeout=10).stdout)

    def is_alive(self) -> bool:
        """Whether an ordinary invocation is answered, by the container's first and only process."""
        started = docker("inspect", "--format", "{{.State.Running}} {{.RestartCount}}", self.container).stdout.split()
        return self.emulator.invoke(b'"after"').body == b'"after"' and started == ["true", "0"]


@contextmanager
def running(image: str, handler: str = HANDLER, *environ: str, **script: Any) -> Iterator[Function]:
    """Run a function as Lambda does, with 16 MB of /tmp; *script* has answers by endpoint."""
    with Emulator(host=bridge_address(), handler=handler) as emulator:
        for endpoint, answers in script.items():
            emulator.script(endpoint.replace("_", "/"), *answers)
        variables = (f"AWS_LAMBDA_RUNTIME_API={emulator.address}", *environ)
        options = ["--read-only", "--cap-drop=ALL", "--user=993:990", "--tmpfs=/tmp:size=16m", "--entrypoint=env"]
        mount = f"{FUNCTIONS}:/var/task:ro"
        entry = ["-u", "HOME", *variables, "/lambda-entrypoint.sh", handler]
        started = docker("run", "--detach", *options, f"--volume={mount}", image, *entry)
        assert started.returncode == 0, started.stderr
        try:
            yield Function(emulator, started.stdout.strip())
        finally:
            docker("rm", "--force", started.stdout.strip())


@pytest.mark.parametrize(
    ("script", "warnings"),
    [
        pytest.param({"next": [Reply(503)]}, 1, id="next 503"),
        pytest.param({"next": [Reply(410), Reply(429)]}, 2, id="next 410, 429"),
        pytest.param({"next": [[Raw(CUT), Pause(0.02), Close()]]}, 1, id="next cut"),
        pytest.param({"next": [[Raw(b"SSH-2.0\r\n\r\n"), Close()]]}, 1, id="next garbage"),
        pytest.param({"response": [Reply(410, JSON, b"{}")]}, 1, id="response 410"),
        pytest.param({"response": [Reply(503, JSON, b"{}")]}, 0, id="response 503"),
        pytest.param({"response": [Close()]}, 0, id="response closed"),
        pytest.param({"response": [[Raw(b"?\r\n\r\n"), Close(), Reply(202)]]}, 0, id="response taken, garbage"),
    ],
)
def test_api_survived(image: str, script: dict[str, Any], warnings: int) -> None:
    """In the image an answer that is wrong is retried or dropped, with as many warnings, and the process lives."""
    with running(image, **script) as function:
        function.emulator.wait_for("next")
        assert function.emulator.invoke(b'"first"').body == b'"first"'
        assert function.is_alive()
        assert function.log.count("[WARN]") == warnings


@pytest.mark.parametrize(
    "script",
    [{"next": [Reply(403)]}, {"next": [Reply(503)] * 4}, {"next": [Reply(200, [], b"1")] * 4}],
    ids=["next 403", "next 503 four times", "no request id four times"],
)
def test_api_gone(image: str, script: dict[str, Any]) -> None:
    """In the image an environment that has ended ends the container with 1, and says why in one line."""
    with running(image, **script) as function:
        assert function.wait() == 1
        assert function.posts == []
        assert function.log.splitlines()[-1].startswith("bootstrap: failed to get the next invocation: ")


@pytest.mark.parametrize(
    ("deed", "error_type"),
    [
        ("unspeakable", "Unspeakable"),
        ("large_message", "ValueError"),
        ("surrogates", "ValueError"),
        ("recurses", "RecursionError"),
        ("bytes_too_many", "Function.ResponseSizeTooLarge"),
        ("returns_circle", "Runtime.MarshalError"),
        ("forks", None),
        ("closes_all_streams", None),
        ("deletes_modules", None),
        ("exhausts_descriptors", None),
        ("leaves_child", None),
        ("fills_tmp", None),
    ],
)
def test_function_survived(image: str, deed: str, error_type: str | None) -> None:
    """In the image whatever a function does is answered once, and the process lives."""
    with running(image) as function:
        outcome = function.emulator.invoke(json.dumps(deed).encode())
        time.sleep(0.1)

        assert (outcome.error or {}).get("errorType") == error_type
        assert function.posts == ["error" if error_type else "response"]
        assert function.is_alive()
        assert function.posts[1:] == ["response"]
        if deed == "fills_tmp":
            assert outcome.json() == "No space left on device"


def test_function_exits(image: str) -> None:
    """In the image a function that exits is answered, and its status is the container's."""
    with running(image) as function:
        outcome = function.emulator.invoke(b'"exits"')

        assert outcome.error["errorType"] == "SystemExit"
        assert function.wait() == 3
        assert function.posts == ["error"]


@pytest.mark.parametrize(
    ("handler", "environ", "error_type", "words"),
    [
        ("broken_deep.app.handler", "", "Runtime.ImportModuleError", "/var/task/broken_deep/third.py"),
        ("broken_circle.one.handler", "", "Runtime.ImportModuleError", "circular import"),
        ("ehco.handler", "", "Runtime.ImportModuleError", "did you mean 'echo'?"),
        ("hostile_init.handler", "DEED=sys_exit", "SystemExit", "bye"),
    ],
)
def test_init_fails(image: str, handler: str, environ: str, error_type: str, words: str) -> None:
    """In the image a function that cannot be loaded is reported once, and the container ends with 1."""
    with running(image, handler, *environ.split()) as function:
        assert function.wait() == 1
        (post,) = function.emulator.wait_for("init/error")

        assert json.loads(post.body)["errorType"] == error_type
        assert words in json.loads(post.body)["errorMessage"]
        assert function.posts == ["init/error"]
        assert words in function.log


def test_init_prints(image: str) -> None:
    """In the image a function that prints a megabyte while it is loaded answers, and the megabyte is in the log."""
    with running(image, "hostile_init.handler", "DEED=prints") as function:
        assert function.is_alive()
        assert function.log.count("x") >= 1_000_000
