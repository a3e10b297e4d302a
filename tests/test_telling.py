"""The whole log of functions that tell all they can, in both formats; and hooks, through the real runtime."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import FUNCTIONS
from tests.support.emulated import REQUEST_ID
from tests.support.records import SCHEMA, misfit

if TYPE_CHECKING:
    from pathlib import Path

    from lambda_bootstrap_dev.testing import Emulator

    from tests.support import Start

CALL = {"X-Amzn-RequestId": REQUEST_ID, "X-Amz-Tenant-Id": "blue", "X-Amzn-Trace-Id": "Root=1-2-3;Parent=4;Sampled=1"}
JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}


@pytest.fixture
def transport() -> str:
    """Logging is the same over either transport: one will do."""
    return "socket"


def records(emulator: Emulator) -> list[dict[str, Any]]:
    """Every line of the log, each of which has to be a record."""
    lines = [json.loads(line) for line in emulator.stdout.decode("utf-8", "strict").splitlines()]
    for line in lines:
        if "already" not in line:
            SCHEMA.validate(line)
    return lines


class TestTelling:
    """print, logging, structlog, warnings, a thread's end, a chain and a group."""

    def test_json(self, start: Start) -> None:
        """In JSON format every line is a record of the schema, with all ids, in the order in which it was told."""
        emulator = start("telling.handler", environ=JSON)
        outcome = emulator.invoke(headers=CALL)
        told = records(emulator)

        assert outcome.error["errorType"] == "ExceptionGroup"
        assert emulator.stderr == b"on stderr\n"
        ids = {"requestId": REQUEST_ID, "tenantId": "blue", "traceId": "1-2-3", "functionVersion": "$LATEST"}
        assert [record for record in told if "already" not in record and not ids.items() <= record.items()] == []
        said = [(record.get("level"), record.get("message", record.get("errorMessage"))) for record in told]
        assert said == [
            ("INFO", "printed 1 line"),
            ("INFO", "two"),
            ("INFO", "lines"),
            (None, None),
            ("DEBUG", "debugged"),
            ("WARN", "a newline\nin it"),
            ("FATAL", {"a": "dict"}),
            ("ERROR", "lone \ud800 surrogate"),
            ("ERROR", "a record could not be written: %s (RuntimeError: no words)"),
            ("ERROR", f"a record could not be written: %d arguments ({misfit('%d arguments', 'wrong')})"),
            ("INFO", "structured"),
            ("WARN", "careful"),
            ("WARN", f"{FUNCTIONS / 'telling.py'}:41: UserWarning: odd thing"),
            ("ERROR", "Exception in thread worker"),
            ("ERROR", "caught"),
            ("ERROR", "caught too"),
            ("INFO", "no end"),
            ("ERROR", "several (2 sub-exceptions)"),
        ]

    def test_json_fields(self, start: Start) -> None:
        """Extra fields, exceptions with notes and causes, and structlog's values are members of their record."""
        emulator = start("telling.handler", environ=JSON)
        emulator.invoke(headers=CALL)
        by_message = {str(record.get("message")): record for record in records(emulator)}
        newline, caught, too = (by_message[name] for name in ("a newline\nin it", "caught", "caught too"))

        assert (newline["order"], newline["what"], newline["level"]) == (7, "<unprintable Unspeakable object>", "WARN")
        assert by_message["structured"]["item"] == "a b"
        assert (by_message["structured"]["basket"], by_message["structured"]["logger"]) == (3, "shop")
        assert by_message["Exception in thread worker"]["errorType"] == "LookupError"
        for record in (caught, too):
            assert (record["errorType"], record["errorMessage"]) == ("KeyError", "'outer'")
            assert re.fullmatch(r".*/telling\.py:handler:5[0-9]", record["location"])
            assert "  Note: a note\n" in record["stackTrace"]
            assert "Caused by ValueError: invalid literal for int() with base 10: 'x'\n" in record["stackTrace"]

    def test_text(self, start: Start) -> None:
        """In text format what was printed stays as it is, and every record is one line with time and request id."""
        emulator = start("telling.handler")
        emulator.invoke(headers=CALL)
        lines = emulator.stdout.decode().split("\n")

        assert lines[:5] == ["printed 1 line", "two", "lines", '{"already": "JSON"}', "no end"]
        assert lines.pop() == ""
        assert lines.pop().startswith("[ERROR] ExceptionGroup: several (2 sub-exceptions)\rTraceback")
        record = re.compile(rf"\[[A-Z]+\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{REQUEST_ID}\t[^\n]+")
        assert [line for line in lines[5:] if not record.fullmatch(line)] == []
        assert len(lines) == 17
        assert emulator.stderr == b"on stderr\n"

    @pytest.mark.parametrize(("level", "least"), [("ERROR", 40), ("TRACE", 0)])
    def test_level(self, start: Start, level: str, least: int) -> None:
        """`AWS_LAMBDA_LOG_LEVEL` is the level of structlog, too."""
        emulator = start("telling.handler", environ={**JSON, "AWS_LAMBDA_LOG_LEVEL": level})
        emulator.invoke(headers=CALL)
        from_structlog = [record["level"] for record in records(emulator) if record.get("logger") == "shop"]

        assert from_structlog == (["ERROR"] if least else ["INFO", "WARN", "ERROR"])


class TestSides:
    """What goes wrong beside the handler."""

    def test_tasks(self, start: Start) -> None:
        """A task's exception and a coroutine that nobody awaited are records with the request id."""
        emulator = start("tasks.handler", environ=JSON)
        emulator.invoke(headers=CALL)
        task, coroutine = records(emulator)

        assert (task["errorType"], task["errorMessage"], task["requestId"]) == ("LookupError", "in a task", REQUEST_ID)
        assert "coroutine 'fails' was never awaited" in coroutine["message"]
        assert coroutine["requestId"] == REQUEST_ID

    def test_timeout_dump(self, start: Start) -> None:
        """Shortly before the deadline one record has the stacks of all threads; without the option there is none."""
        environ = {**JSON, "BOOTSTRAP_TIMEOUT_DUMP_MS": "700"}
        emulator = start("tasks.hangs", environ=environ, timeout=1.0)
        emulator.invoke(b"0.1", headers=CALL)
        emulator.invoke(b"5", headers=CALL)
        (record,) = records(emulator)

        assert record["level"] == "WARN"
        assert record["requestId"] == REQUEST_ID
        main, sleeper = (record["stacks"][f"thread {name}"] for name in ("MainThread", "sleeper"))
        assert main[-1] == f'  File "{FUNCTIONS / "tasks.py"}", line 24, in hangs\n    time.sleep(event)\n'
        assert "in run\n" in sleeper[-1]

    def test_timeout_dump_of_tasks(self, start: Start) -> None:
        """The record before the deadline has the stacks of asyncio's tasks, under the names that the tasks have."""
        emulator = start("tasks.hangs_in_tasks", environ={"BOOTSTRAP_TIMEOUT_DUMP_MS": "700"}, timeout=1.0)
        emulator.invoke(b"5")
        line, cancelled, end = emulator.stdout.decode().split("\n")

        assert end == ""
        assert cancelled.startswith("[ERROR] Runtime.DeadlineExceeded: the task was cancelled 30 ms before")
        assert "task dreamer:\r" in line
        awaiting = f'"{FUNCTIONS / "tasks.py"}", line 29, in hangs_in_tasks\r    await asyncio.sleep(event)\r'
        assert ", in sleep\r" in line.partition(awaiting)[2].partition("\rtask ")[0]

    def test_timeout_dump_option(self, start: Start) -> None:
        """A `BOOTSTRAP_TIMEOUT_DUMP_MS` that is no number is a wrong configuration."""
        emulator = start("echo.handler", environ={"BOOTSTRAP_TIMEOUT_DUMP_MS": "soon"})
        emulator.start()

        assert emulator.wait_exit() == 1
        assert emulator.stderr == (
            b"bootstrap: BOOTSTRAP_TIMEOUT_DUMP_MS is 'soon': it has to be a number of milliseconds, 0 for off\n"
        )


class TestDescriptors:
    """Where the platform wants the log."""

    def test_provider_socket(self, start: Start, tmp_path: Path) -> None:
        """Stdout and stderr each go to a connection of their own to the platform's log socket."""
        path = str(tmp_path / "log")
        pipes: list[bytes] = []

        def read(connection: socket.socket) -> None:
            with connection:
                pipes.append(b"".join(iter(lambda: connection.recv(4096), b"")))

        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            emulator = start("facts.prints", environ={"_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET": path})
            emulator.start()
            threads = [threading.Thread(target=read, args=(listener.accept()[0],)) for _ in range(2)]
            for thread in threads:
                thread.start()
            emulator.invoke()
            os.kill(emulator.pid, 9)
            for thread in threads:
                thread.join()

        assert sorted(pipes) == [b"said on stderr\n", b"said on stdout\n"]
        assert emulator.output == b""

    def test_no_provider(self, start: Start) -> None:
        """A log socket that nobody serves is told in a record on stdout, and the function runs."""
        emulator = start("echo.handler", environ={"_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET": "/nowhere"})

        assert emulator.invoke(b"1").json() == 1
        assert emulator.stdout.startswith(b"[ERROR] FileNotFoundError: the log socket /nowhere cannot be used: ")


class TestHooks:
    """Hooks, from the decorators to the answers."""

    def test_order(self, start: Start) -> None:
        """Each phase calls its hooks in order; one that raises is logged with its name and harms nothing."""
        emulator = start("hooked.handler")
        first = emulator.invoke(b'"one"', headers={"X-Amzn-RequestId": "1"})
        failed = emulator.invoke(b'"fail"', headers={"X-Amzn-RequestId": "2"})
        last = emulator.invoke(b'"three"', headers={"X-Amzn-RequestId": "3"})

        assert first.json() == ["init", "request one"]
        assert failed.error["errorMessage"] == "as asked"
        assert last.json() == [
            *("init", "request one", "response 2", "before next 1"),
            *("request fail", "error as asked", "before next 2", "request three"),
        ]
        complaint = b"[ERROR] RuntimeError: the hook hooked.broken failed: a hook of little use\r"
        assert emulator.stdout.count(complaint) == 3
