"""The composition root: wrong configurations, and the names that a function may import."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import lambda_bootstrap
import pytest
from lambda_bootstrap.context import Context
from lambda_bootstrap.errors import LambdaError
from lambda_bootstrap.main import start
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, FUNCTIONS, ROOT

if TYPE_CHECKING:
    from pathlib import Path


def run(**environ: str) -> subprocess.CompletedProcess[str]:
    """Start `bootstrap` with nothing but *environ*."""
    command = [sys.executable, str(BOOTSTRAP), "echo.handler"]
    return subprocess.run(command, env=environ, cwd=FUNCTIONS, capture_output=True, text=True, check=False, timeout=30)


class TestConfiguration:
    """What `bootstrap` says when it cannot start."""

    @pytest.mark.parametrize("environ", [{}, {"AWS_LAMBDA_RUNTIME_API": ""}], ids=["missing", "empty"])
    def test_no_api(self, environ: dict[str, str]) -> None:
        """B1.4, B1.6: outside of Lambda one line tells how to run a function here, and the exit status is 1."""
        result = run(**environ)

        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == (
            "bootstrap: AWS_LAMBDA_RUNTIME_API is not set, so this is not AWS Lambda. "
            "To run a function here, start it under the emulator: lambda-bootstrap run path/to/app.handler\n"
        )

    @pytest.mark.parametrize(
        "address",
        [
            "localhost",
            ":9001",
            "127.0.0.1:",
            "127.0.0.1:0",
            "127.0.0.1:65536",
            "127.0.0.1:http",
            "::1:9001",
            "[::1]",
            "[127.0.0.1]:9001",
            "https://127.0.0.1:9001",
            "127.0.0.1:9001/a b",
            "127.0.0.1\u00e4:9001",
        ],
    )
    def test_malformed(self, address: str) -> None:
        """An address that is malformed is named in one line with the legal forms, and the exit status is 1."""
        result = run(AWS_LAMBDA_RUNTIME_API=address)

        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == (
            f"bootstrap: AWS_LAMBDA_RUNTIME_API is {address!r}: "
            "it has to be host:port, [IPv6]:port or http://host:port/prefix\n"
        )

    def test_transport(self) -> None:
        """A transport that there is not is named in one line, and the exit status is 1."""
        result = run(AWS_LAMBDA_RUNTIME_API="127.0.0.1:9001", BOOTSTRAP_TRANSPORT="curl")

        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == "bootstrap: BOOTSTRAP_TRANSPORT is 'curl': it has to be socket or urllib3\n"

    @pytest.mark.parametrize("transport", ["socket", "urllib3"])
    def test_nobody_there(self, transport: str) -> None:
        """A Runtime API that nobody serves is named in one line, and the exit status is 1."""
        result = run(AWS_LAMBDA_RUNTIME_API="127.0.0.1:1", BOOTSTRAP_TRANSPORT=transport)

        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith(
            "bootstrap: failed to GET http://127.0.0.1:1/2018-06-01/runtime/invocation/next"
        )
        assert result.stderr.count("\n") == 1

    def test_without_urllib3(self) -> None:
        """Where urllib3 cannot be imported, asking for it is a wrong configuration."""
        command = [sys.executable, "-S", str(BOOTSTRAP), "echo.handler"]
        environ = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "BOOTSTRAP_TRANSPORT": "urllib3"}
        result = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=30)

        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == (
            "bootstrap: BOOTSTRAP_TRANSPORT is urllib3, which cannot be imported: No module named 'urllib3'\n"
        )

    @pytest.mark.parametrize(
        ("environ", "told"),
        [
            ({}, "AWS_LAMBDA_RUNTIME_API is not set, so this is not AWS Lambda. "),
            ({"AWS_LAMBDA_RUNTIME_API": "9001"}, "AWS_LAMBDA_RUNTIME_API is '9001': it has to be host:port"),
            (
                {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "BOOTSTRAP_CODEC": "simplejson"},
                "BOOTSTRAP_CODEC is 'simplejson': it has to be json, orjson or msgspec\n",
            ),
        ],
        ids=["no API", "malformed API", "codec"],
    )
    def test_start(self, environ: dict[str, str], told: str) -> None:
        """A program that calls `start` gets the same line for a wrong configuration, and the exit status 1."""
        command = [sys.executable, "program.py"]
        variables = {"PYTHONPATH": str(ROOT / "runtime"), **environ}
        result = subprocess.run(
            command, env=variables, cwd=FUNCTIONS, capture_output=True, text=True, check=False, timeout=30
        )

        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith(f"bootstrap: {told}")
        assert result.stderr.count("\n") == 1


class TestExits:
    """How an environment ends while nothing is under way."""

    def test_interrupt(self) -> None:
        """Control-C between two invocations ends the process with a shell's status for it, without a traceback."""
        with Emulator([sys.executable, str(BOOTSTRAP)], cwd=FUNCTIONS, handler="echo.handler") as emulator:
            emulator.invoke()
            emulator.wait_for("next", 2)
            os.kill(emulator.pid, signal.SIGINT)

            assert emulator.wait_exit() == 130
        assert emulator.output == b""

    @pytest.mark.parametrize("transport", ["socket", "urllib3"])
    def test_gone_at_a_post(self, transport: str) -> None:
        """A Runtime API that is gone when the result is posted ends the process with 1 and one line."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
            environ = {"AWS_LAMBDA_RUNTIME_API": address, "BOOTSTRAP_TRANSPORT": transport}
            command = [sys.executable, str(BOOTSTRAP), "echo.handler"]
            process = subprocess.Popen(
                command, env=environ, cwd=FUNCTIONS, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            connection, _ = server.accept()
        with process, connection:
            connection.recv(65536)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: one\r\nConnection: close\r\n"
                b"Content-Length: 1\r\n\r\n1"
            )
            stdout, stderr = process.communicate(timeout=30)

        assert (process.returncode, stdout) == (1, b"")
        assert stderr.startswith(f"bootstrap: failed to POST http://{address}/".encode())
        assert b"/2018-06-01/runtime/invocation/one/response: " in stderr
        assert stderr.count(b"\n") == 1


def test_search_order(tmp_path: Path) -> None:
    """The function's folder comes first on the path, then its layers': packages of this Python's, then /opt/python."""
    (tmp_path / "app.py").write_text("import sys\n\n\ndef handler(event, context):\n    return sys.path\n")
    with Emulator([sys.executable, str(BOOTSTRAP)], cwd=tmp_path, handler="app.handler") as emulator:
        path = emulator.invoke().json()
    version = ".".join(map(str, sys.version_info[:2]))

    assert path[:3] == [str(tmp_path), f"/opt/python/lib/python{version}/site-packages", "/opt/python"]


def test_exit_before_init(tmp_path: Path) -> None:
    """A `.pth` file that exits and leaves a thread behind ends the process at once, with 1 and its traceback."""
    (tmp_path / "hostile.pth").write_text(
        "import sys, threading, time; threading.Thread(target=time.sleep, args=(20,)).start(); sys.exit(3)\n"
    )
    command, environ = [sys.executable, str(BOOTSTRAP), "app.handler"], {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}
    result = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=15)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.endswith("SystemExit: 3\n")


def test_log_socket(tmp_path: Path) -> None:
    """Where the platform has a log socket, stdout and stderr are connections to it under their own descriptors."""
    (tmp_path / "app.py").write_text(
        "import os, sys\n\n\ndef handler(event, context):\n"
        "    print('to stdout')\n    print('to stderr', file=sys.stderr, flush=True)\n"
        "    return [stream.fileno() for stream in (sys.stdout, sys.stderr)]\n"
    )
    environ = {"_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET": str(tmp_path / "log")}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "log"))
        listener.listen(2)
        listener.settimeout(5)
        with Emulator(
            [sys.executable, str(BOOTSTRAP)], cwd=tmp_path, handler="app.handler", environ=environ
        ) as emulator:
            numbers = emulator.invoke().json()
            pipes = [listener.accept()[0] for _ in range(2)]
        received = []
        for pipe in pipes:
            with pipe, pipe.makefile("rb") as file:
                received.append(file.read())

    assert numbers == [1, 2]
    assert [b"to stdout" in received[0], b"to stderr" in received[1]] == [True, True]
    assert emulator.output == b""


def test_own_opentelemetry(tmp_path: Path) -> None:
    """A module called `opentelemetry` that fails in its own way is logged, and the function runs."""
    (tmp_path / "opentelemetry.py").write_text("raise RuntimeError('mine')\n")
    (tmp_path / "app.py").write_text("def handler(event, context): return event\n")
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    with Emulator([sys.executable, str(BOOTSTRAP)], cwd=tmp_path, handler="app.handler", environ=environ) as emulator:
        assert emulator.invoke(b"1").body == b"1"
    assert emulator.stdout.startswith(b"[ERROR] RuntimeError: OpenTelemetry cannot be set up: mine\r")


class TestWrapper:
    """`AWS_LAMBDA_EXEC_WRAPPER`."""

    def test_runs_once(self, tmp_path: Path) -> None:
        """The wrapper is run once, with the interpreter and the script as arguments, and what it sets is seen."""
        wrapper = tmp_path / "wrapper"
        wrapper.write_text('#!/bin/sh\necho "wrapped $#: $1 $2"\nexport _HANDLER=facts.environ\nexec "$@"\n')
        wrapper.chmod(0o755)
        environ = {"AWS_LAMBDA_EXEC_WRAPPER": str(wrapper)}
        command = [sys.executable, str(BOOTSTRAP)]
        with Emulator(command, cwd=FUNCTIONS, handler="echo.handler", environ=environ) as emulator:
            seen = emulator.invoke().json()

        assert emulator.stdout.decode() == f"wrapped 2: {sys.executable} {BOOTSTRAP}\n"
        assert seen["AWS_LAMBDA_EXEC_WRAPPER"] == str(wrapper)
        assert [name for name in seen if "WRAPPED" in name] == []

    @pytest.mark.parametrize(
        ("mode", "status", "reason"), [(None, 127, "No such file or directory"), (0o644, 126, "Permission denied")]
    )
    def test_cannot_run(self, tmp_path: Path, mode: int | None, status: int, reason: str) -> None:
        """A wrapper that is not there ends with 127, one that is no program with 126, each with one line."""
        wrapper = tmp_path / "wrapper"
        if mode is not None:
            wrapper.touch(mode)
        result = run(AWS_LAMBDA_EXEC_WRAPPER=str(wrapper), AWS_LAMBDA_RUNTIME_API="127.0.0.1:1")

        assert (result.returncode, result.stdout) == (status, "")
        assert result.stderr == (f"bootstrap: AWS_LAMBDA_EXEC_WRAPPER is '{wrapper}', which cannot be run: {reason}\n")


class TestPublicNames:
    """What a function imports from `lambda_bootstrap`."""

    def test_names(self) -> None:
        """`lambda_bootstrap` offers `start`, four classes and the hooks, and they are the ones the runtime uses."""
        hooks = [
            *("after_fork", "after_restore", "before_next", "before_snapshot", "on_error", "on_init", "on_init_error"),
            *("on_request", "on_response", "on_shutdown"),
        ]
        assert lambda_bootstrap.__all__ == ["Context", "HttpResponse", "LambdaError", "Stream", *hooks, "start"]
        assert [getattr(lambda_bootstrap, name).__module__ for name in hooks] == ["lambda_bootstrap.hooks"] * 10
        assert (lambda_bootstrap.Context, lambda_bootstrap.LambdaError, lambda_bootstrap.start) == (
            Context,
            LambdaError,
            start,
        )

    def test_unknown(self) -> None:
        """A name that the package does not have is an AttributeError that says so."""
        with pytest.raises(AttributeError, match="module 'lambda_bootstrap' has no attribute 'stop'"):
            _ = lambda_bootstrap.stop  # type: ignore[attr-defined] # that is the test
