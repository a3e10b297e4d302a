"""Other people's loggers, unmodified: python-json-logger and loguru; what they see of the runtime."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support import FUNCTIONS
from tests.support.tools import run, run_there

if TYPE_CHECKING:
    from pathlib import Path

IDS = {"X-Amzn-RequestId": "one"}
CREDENTIALS = {"AWS_SECRET_ACCESS_KEY": "s3cret"}
EVENT = b'{"order": 7}'


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
def test_json_logger(log_format: str) -> None:
    """A JsonFormatter on the runtime's handler has the request id; each record is one JSON object, in both formats."""
    with run("json_logger.handler", AWS_LAMBDA_LOG_FORMAT=log_format) as emulator:
        emulator.invoke(headers=IDS)
    on_root, on_stdout, failed = [json.loads(line) for line in emulator.output.splitlines()]
    trace = failed.pop("exc_info").splitlines()

    assert on_root == {
        "severity": "INFO",
        "message": "on the root",
        "aws_request_id": "one",
        "order": 7,
        "tenant_id": None,
    }
    assert on_stdout == {"message": "on stdout", "order": 8}
    assert failed == {"severity": "ERROR", "message": "it failed", "aws_request_id": "one", "tenant_id": None}
    assert (trace[1].strip(), trace[-1]) == (
        f'File "{FUNCTIONS / "tools" / "json_logger.py"}", line 25, in handler',
        "ValueError: boom",
    )


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
def test_same_json(awslambdaric: Path, log_format: str) -> None:
    """What a JsonFormatter writes on the runtime's handler is what it writes on awslambdaric's, but for line ends."""
    environ, written = {"AWS_LAMBDA_LOG_FORMAT": log_format}, []
    for running in (run("json_logger.handler", **environ), run_there(awslambdaric, "json_logger.handler", **environ)):
        with running as emulator:
            emulator.invoke(headers=IDS)
            written.append(emulator.output.decode().replace("\n", ""))

    assert written[0] == written[1]


class TestLoguru:
    """loguru."""

    @pytest.mark.parametrize("log_format", ["Text", "JSON"])
    def test_plain(self, log_format: str) -> None:
        """As it comes, it writes its own lines on stderr, which go out as they are in both formats, as everywhere."""
        with run("logurus.plain", AWS_LAMBDA_LOG_FORMAT=log_format) as emulator:
            emulator.invoke(EVENT, headers=IDS)
        [line] = emulator.output.decode().splitlines()

        assert re.fullmatch(r"20[-0-9]+ [.:0-9]+ \| INFO     \| logurus:plain:15 - taken 7", line)

    @pytest.mark.parametrize("log_format", ["Text", "JSON"])
    def test_serialized(self, log_format: str) -> None:
        """Serialized, each of its records is the JSON object that it made, in both formats."""
        with run("logurus.serialized", AWS_LAMBDA_LOG_FORMAT=log_format) as emulator:
            emulator.invoke(EVENT, headers=IDS)
        [line] = emulator.output.splitlines()
        record = json.loads(line)["record"]

        assert (record["message"], record["extra"], record["level"]["name"]) == ("taken", {"order": 7}, "INFO")

    def test_propagated(self) -> None:
        """Propagated to `logging`, its records are the runtime's."""
        with run("logurus.propagated", AWS_LAMBDA_LOG_FORMAT="JSON") as emulator:
            emulator.invoke(EVENT, headers=IDS)
        [line] = emulator.output.splitlines()
        record = json.loads(line)

        assert (record["level"], record["message"], record["logger"]) == ("INFO", "taken 7", "logurus")
        assert record["requestId"] == "one"

    def test_caught(self) -> None:
        """What it catches is told once by it and once by the runtime; neither tells the function's credentials."""
        with run("logurus.caught", **CREDENTIALS) as emulator:
            error = emulator.invoke(EVENT).error
        output = emulator.output.decode()

        assert [entry.splitlines()[0] for entry in error["stackTrace"]] == [
            f'  File "{FUNCTIONS / "tools" / "logurus.py"}", line 33, in caught'
        ]
        assert output.count("An error has been caught in function") == 1
        assert output.count("[ERROR] ValueError: boom") == 1
        assert "s3cret" not in output


def test_variables() -> None:
    """No frame between `bootstrap` and the handler has the environment among its variables: it holds credentials."""
    with run("variables.handler", **CREDENTIALS) as emulator:
        assert emulator.invoke(b'"s3cret"').json() == []
