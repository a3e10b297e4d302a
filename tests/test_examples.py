"""The examples, as a newcomer runs them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support import ROOT


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
