"""The examples, as a newcomer runs them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, ROOT
from tests.support.extensions import an_executable
from tests.support.frameworks import frameworks

if TYPE_CHECKING:
    from pathlib import Path


__all__ = ["frameworks"]  # a fixture


def run(handler: str, *options: str) -> subprocess.CompletedProcess[str]:
    """`make run`, without make."""
    command = [
        sys.executable,
        "-m",
        "lambda_bootstrap_dev",
        "run",
        "--python",
        sys.executable,
        *options,
        f"examples/{handler}",
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_hello() -> None:
    """examples/hello answers its event, prints its log and a REPORT line, and exits with 0."""
    result = run("hello/app.handler")

    assert (result.returncode, json.loads(result.stdout)) == (0, {"message": "Hello, Lambda!"})
    assert "greeting for request " in result.stderr
    assert "REPORT RequestId: " in result.stderr


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ("raise", "ValueError", "no good: {'how': 'raise'}"),
        ("lambda", "Shop.SoldOut", "sold out"),
        ("marshal", "Runtime.MarshalError", "Unable to marshal response: "),
        ("exit", "SystemExit", "3"),
    ],
)
def test_errors(tmp_path_factory: pytest.TempPathFactory, how: str, kind: str, message: str) -> None:
    """examples/errors fails as its event says; the error is shown, and the exit status is 0: it was answered."""
    event = tmp_path_factory.mktemp("event") / "event.json"
    event.write_text(json.dumps({"how": how}))
    result = run("errors/app.handler", "--event", str(event))
    error = json.loads(result.stdout)

    assert (result.returncode, error["errorType"]) == (0, kind)
    assert error["errorMessage"].startswith(message)


def test_stream() -> None:
    """examples/stream counts down."""
    result = run("stream/app.handler")

    assert (result.returncode, result.stdout) == (0, "3\n2\n1\nLift-off!\n")


def event_of(example: str, folder: Path, **changed: Any) -> Path:
    """An example's event, with some of its top fields changed."""
    event = json.loads((ROOT / "examples" / example / "event.json").read_text())
    file = folder / "event.json"
    file.write_text(json.dumps(event | changed))
    return file


def test_queue() -> None:
    """examples/queue takes the record that it can, and names the other one, so that this alone is delivered again."""
    result = run("queue/app.handler", "--event", "examples/queue/event.json")

    assert json.loads(result.stdout) == {
        "batchItemFailures": [{"itemIdentifier": "2e1424d4-f796-459a-8184-9c92662be6da"}]
    }
    assert "2 x lamp" in result.stderr
    assert "nothing to order" in result.stderr


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({}, {"left": 1}),
        ({"count": 9}, ("Shop.SoldOut", "no 9 of lamp", {"left": 3})),
        ({"item": "busy"}, ("Shop.Busy", "the store is closed for a moment", None)),
    ],
)
def test_steps(tmp_path: Path, changed: dict[str, Any], answer: Any) -> None:
    """examples/steps fails with just the names that its state machine retries and catches."""
    result = run("steps/app.handler", "--event", str(event_of("steps", tmp_path, **changed)))
    body = json.loads(result.stdout)
    machine = json.loads((ROOT / "examples" / "steps" / "machine.json").read_text())["States"]["Order"]
    handled = {name for rule in (*machine["Retry"], *machine["Catch"]) for name in rule["ErrorEquals"]}

    assert handled == {"Shop.SoldOut", "Shop.Busy"}
    assert (
        body == answer if changed == {} else (body["errorType"], body["errorMessage"], body.get("errorData")) == answer
    )


def test_schedule() -> None:
    """examples/schedule does the day before the event's time, whenever it runs."""
    result = run("schedule/app.handler", "--event", "examples/schedule/event.json")

    assert json.loads(result.stdout) == {"day": "2026-11-25", "hours": 24}
    assert "2026-11-25 is done" in result.stderr


@pytest.mark.timeout(600)
def test_sse(frameworks: Path) -> None:
    """examples/sse streams its events behind a Function URL, with FastAPI as it comes from its project."""
    example = ROOT / "examples" / "sse"
    event = (example / "event.json").read_bytes()
    environ = {"BOOTSTRAP_HTTP": "stream"}
    with Emulator(
        [frameworks, BOOTSTRAP], cwd=example, handler="app.app", environ=environ, timeout=20.0, init_timeout=30.0
    ) as emulator:
        outcome = emulator.invoke(event)
    head, _, body = outcome.body.partition(bytes(8))

    assert json.loads(head)["headers"]["content-type"].startswith("text/event-stream")
    assert body.decode().split("\n\n") == [
        *(f'event: tick\ndata: {{"number": {number}}}' for number in range(3)),
        "",
    ]


class Collector(BaseHTTPRequestHandler):
    """Takes what is shipped."""

    shipped: list[bytes]

    def do_POST(self) -> None:
        """Take it down."""
        self.shipped.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Write nothing."""


class TestExtension:
    """examples/extension, under the emulator."""

    def an_environment(self, folder: Path, **environ: str) -> Emulator:
        """The example beside examples/hello."""
        file = an_executable(folder, ROOT / "examples" / "extension" / "ship", "ship")
        return Emulator(
            [sys.executable, str(BOOTSTRAP)],
            cwd=ROOT / "examples" / "hello",
            handler="app.handler",
            extensions=[file],
            environ={"PYTHONPATH": str(ROOT / "runtime"), **environ},
        )

    def test_ships(self, tmp_path: Path) -> None:
        """Every record of the function's log is shipped by the end of the environment, one a line."""
        Collector.shipped = []
        server = HTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with self.an_environment(tmp_path, SHIP_TO=f"http://127.0.0.1:{server.server_address[1]}/logs") as emulator:
            emulator.invoke(b'{"name": "one"}')
            emulator.invoke(b'{"name": "two"}')
            emulator.wait_report(2)
            emulator.shut_down()
        server.shutdown()
        server.server_close()
        records = [json.loads(line) for line in b"".join(Collector.shipped).splitlines()]

        assert [record["type"] for record in records] == ["function"] * 2
        assert all("greeting for request " in record["record"] for record in records)

    def test_without_target(self, tmp_path: Path) -> None:
        """Without an address it reports why it cannot start, and the invocation fails with that."""
        with self.an_environment(tmp_path) as emulator:
            error = emulator.invoke(b"{}").error

        assert error["errorType"] == "Extension.NoTarget"
        assert "SHIP_TO is not set" in error["errorMessage"]
