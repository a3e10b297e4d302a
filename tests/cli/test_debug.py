"""`serve --debug`, attached to as an editor does, and `serve --faults`."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.cli.main import main
from lambda_bootstrap_dev.emulator.debugger import Debugger
from lambda_bootstrap_dev.emulator.faults import steps
from lambda_bootstrap_dev.emulator.values import Close, Default, Pause, Reply, Reset

from tests.support.served import Served

if TYPE_CHECKING:
    from pathlib import Path

APP = """
VALUE = 1


def handler(event, context):
    if event == "loop":
        while True:
            pass
    left = context.get_remaining_time_in_millis()
    return [VALUE, left > 60_000]
"""


# debugpy is large: its byte code is kept, whatever the tests themselves do.
QUICK = {"PYTHONDONTWRITEBYTECODE": ""}


class Editor:
    """A client of the Debug Adapter Protocol, as little of one as attaches and stops at a line."""

    def __init__(self, port: int) -> None:
        ends = time.monotonic() + 20
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
                break
            except ConnectionRefusedError:
                assert time.monotonic() < ends
                time.sleep(0.05)
        self._file = self._socket.makefile("rb")
        self._count = 0

    def send(self, command: str, **arguments: Any) -> int:
        """Send a request."""
        self._count += 1
        body = json.dumps({"seq": self._count, "type": "request", "command": command, "arguments": arguments}).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self._count

    def wait(self, kind: str, name: str) -> dict[str, Any]:
        """Wait for an event or for a response to a command."""
        while True:
            size = 0
            while line := self._file.readline().strip():
                size = int(line.partition(b":")[2])
            message: dict[str, Any] = json.loads(self._file.read(size))
            if message["type"] == kind and name in {message.get("event"), message.get("command")}:
                return message

    def attach(self, file: Path | None = None, line: int = 0) -> None:
        """Attach, with a breakpoint if there is a line."""
        self.send("initialize", adapterID="mine", clientID="mine")
        self.wait("response", "initialize")
        self.send("attach", justMyCode=True)
        self.wait("event", "initialized")
        if file:
            self.send("setBreakpoints", source={"path": str(file)}, breakpoints=[{"line": line}])
            self.wait("response", "setBreakpoints")
        self.send("configurationDone")

    def close(self) -> None:
        """Detach."""
        self.send("disconnect", terminateDebuggee=False)
        self._file.close()
        self._socket.close()


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_deadline_waits(tmp_path: Path) -> None:
    """The function starts once a debugger is attached, and stands at a breakpoint for longer than its time."""
    file = tmp_path / "app.py"
    file.write_text(APP)
    port = free_port()
    answers: list[Any] = []
    with Served(
        tmp_path, "app.handler", "--debug", "--debug-port", str(port), "--timeout", "1", environ=QUICK
    ) as served:
        caller = threading.Thread(target=lambda: answers.append(served.invoke("x")))
        caller.start()
        editor = Editor(port)
        editor.attach(file, 9)
        stopped = editor.wait("event", "stopped")
        time.sleep(1.5)
        still = list(answers)
        editor.send("continue", threadId=stopped["body"]["threadId"])
        caller.join()
        editor.close()

    assert still == []
    assert answers == [[1, True]]


def test_deadline_counts_again(tmp_path: Path) -> None:
    """When the debugger is detached, the deadline counts again; after an edit the function waits for another one."""
    (tmp_path / "app.py").write_text(APP)
    port = free_port()
    with Served(
        tmp_path, "app.handler", "--debug", "--debug-port", str(port), "--timeout", "1", environ=QUICK
    ) as served:
        editor = Editor(port)
        editor.attach()
        assert served.invoke("x") == [1, True]
        editor.close()
        assert served.invoke("loop")["errorType"] == "Sandbox.Timedout"
        (tmp_path / "app.py").write_text(APP.replace("VALUE = 1", "VALUE = 2"))
        served.wait_for("has changed")
        editor = Editor(port)
        editor.attach()
        assert served.invoke("x") == [2, True]
        editor.close()


def test_no_debugpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """A Python without debugpy is told what to install."""
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    program.chmod(0o755)
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)

    assert main(["serve", "app.handler", "--debug", "--python", str(program)]) == 2
    assert f"needs debugpy in the function's Python: {program} -m pip install debugpy" in capfd.readouterr().err


def test_attached() -> None:
    """Whoever is connected to the port is attached; whoever listens isn't."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        debugger = Debugger(server.getsockname()[1])
        before = debugger.is_attached()
        with socket.create_connection(server.getsockname()):
            during = debugger.is_attached()

    assert (before, during) == (False, True)


FAULTS = """
[[next]]
status = 503
body = "no"

[[response]]
pause = 0.3
times = 2

[[response]]
status = 500
"""


def test_faults(tmp_path: Path) -> None:
    """Answers of the Runtime API come from the script, one after the other, and then by the rules again."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "faults.toml").write_text(FAULTS)
    took = []
    with Served(tmp_path, "app.handler", "--faults", "faults.toml", "--timeout", "2") as served:
        for _ in range(2):
            start = time.monotonic()
            assert served.invoke("x") == [1, False]
            took.append(time.monotonic() - start)
        lost = served.invoke("x")

        assert served.invoke("x") == [1, False]
    assert min(took) > 0.3
    assert lost["errorType"] == "Runtime.ExitError"


def test_steps() -> None:
    """An answer is a pause, and then a reset, an end, a reply, or what is due."""
    assert steps({"pause": 1, "reset": True}) == [Pause(1), Reset()]
    assert steps({"close": True}) == [Close()]
    assert steps({"status": 403, "headers": {"a": 1}, "body": "b"}) == [Reply(403, [("a", "1")], b"b")]
    assert steps({"pause": 0.5}) == [Pause(0.5), Default()]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("[[nexd]]\nstatus = 1", "there is no endpoint 'nexd'; there are next, response"),
        ("[next]\nstatus = 1", 'an answer is a table [["next"]]'),
        ("[[next]]\nstatsu = 1", "next has 'statsu', and may have times, pause, status"),
        ("[[next]]\nstatus = 'x'", "status of next cannot be 'x'"),
        ("=", "cannot read the script"),
    ],
)
def test_wrong_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], script: str, message: str
) -> None:
    """A script that is wrong is one line that says where."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "faults.toml").write_text(script)
    monkeypatch.chdir(tmp_path)

    assert main(["serve", "app.handler", "--faults", "faults.toml", "--python", sys.executable]) == 2
    assert message in capfd.readouterr().err
