"""
AWS's local runner of durable functions.

Owns how it is started, and how an execution is followed to its end. Refuses to know the function.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from typing import Any
from urllib.parse import quote


class Runner:
    """The local runner of aws-durable-execution-sdk-python-testing, in front of a function; waits take no time."""

    ENVIRON = (("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_DEFAULT_REGION", "us-east-1"))

    def __init__(self) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, address: str) -> subprocess.Popen[bytes]:
        """Run it, before the Invoke API at *address*."""
        command = [sys.executable, "-m", "aws_durable_execution_sdk_python_testing.cli", "start-server", "--skip-time"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--lambda-endpoint", f"http://{address}"]
        environ = {**os.environ, **dict(self.ENVIRON)}
        process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while True:
            try:
                self.ask("/health")
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.05)
            else:
                return process

    def ask(self, path: str, body: object = None) -> Any:
        """What it answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, {"Content-Type": "application/json"})  # noqa: S310 - http
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
            return json.load(response)

    def execute(self, name: str, event: object) -> tuple[dict[str, Any], list[str]]:
        """An execution at its end, and the types of its events."""
        started = {
            "AccountId": "123456789012",
            "FunctionName": "test_function",
            "FunctionQualifier": "$LATEST",
            "ExecutionName": name,
            "ExecutionTimeoutSeconds": 30,
            "ExecutionRetentionPeriodDays": 1,
            "InvocationId": name,
            "Input": json.dumps(event),
        }
        arn = self.ask("/start-durable-execution", started)["ExecutionArn"]
        path, until = f"/2025-12-01/durable-executions/{quote(arn, safe='')}", time.monotonic() + 20
        while (execution := self.ask(path))["Status"] == "RUNNING":
            assert time.monotonic() < until
            time.sleep(0.05)
        return execution, [event["EventType"] for event in self.ask(f"{path}/history")["Events"]]
