"""`python -m lambda_bootstrap_dev.cli.run`, the command behind `make run`."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3
from lambda_bootstrap_dev.cli.run import main

from tests.support import ROOT

# A runtime that answers one event with what the function's folder says; the event's text says how.
BOOTSTRAP = f"""#!{sys.executable}
import http.client, json, os, sys, time
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
if os.path.exists("init-error"):
    connection.request("POST", "/2018-06-01/runtime/init/error", b'{{"errorType": "E", "errorMessage": "no start"}}')
    sys.exit(1)
connection.request("GET", "/2018-06-01/runtime/invocation/next")
reply = connection.getresponse()
event, request_id = json.loads(reply.read()), reply.headers["Lambda-Runtime-Aws-Request-Id"]
print("log of", os.environ["_HANDLER"], "in", os.environ["AWS_LAMBDA_FUNCTION_NAME"], flush=True)
variables = [os.environ.get("OWN_VARIABLE"), os.environ.get("AWS_EXECUTION_ENV")]
body = {{"event": event, "cwd": os.getcwd(), "ü": variables}}
outcome, body = "response", json.dumps(body)
if event == "fail": outcome, body = "error", '{{"errorType": "E", "errorMessage": "boom"}}'
if event == "odd": outcome, body = "error", '[]'
if event == "text": body = "plain"
if event == "exit": sys.exit(3)
if event == "sleep": time.sleep(30)
connection.request("POST", f"/2018-06-01/runtime/invocation/{{request_id}}/{{outcome}}", body)
connection.getresponse().read()
connection.request("GET", "/2018-06-01/runtime/invocation/next")
connection.getresponse()
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Return a function's folder beside a bootstrap."""
    bootstrap = tmp_path / "bootstrap"
    bootstrap.write_text(BOOTSTRAP, encoding="utf-8")
    bootstrap.chmod(0o755)
    (tmp_path / "hello").mkdir()
    return tmp_path / "hello"


def run(folder: Path, *options: str, handler: str = "app.handler") -> int:
    """Run the command line on a function in *folder*."""
    return main([*options, f"{folder}/{handler}"], folder.parent / "bootstrap")


class TestRun:
    """One event through one function."""

    def test_response(self, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """Logs and the platform's lines go to stderr in order, the response to stdout for people."""
        monkeypatch.setenv("OWN_VARIABLE", "1")
        monkeypatch.setenv("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13")
        status = run(folder, "--memory", "256")
        captured = capfd.readouterr()

        assert status == 0
        assert json.loads(captured.out) == {"event": {}, "cwd": str(folder), "ü": ["1", None]}
        assert captured.out.startswith('{\n  "event": {},\n')
        assert '  "ü": [\n' in captured.out
        memory = r"\tMax Memory Used: \d+ MB" if Path("/proc/self/status").exists() else ""
        report = re.fullmatch(
            r"START RequestId: ([0-9a-f-]{36}) Version: \$LATEST\n"
            r"log of app\.handler in hello\n"
            r"END RequestId: \1\n"
            r"REPORT RequestId: \1\tDuration: (\d+\.\d\d) ms\tBilled Duration: (\d+) ms\tMemory Size: 256 MB"
            + memory
            + r"\tInit Duration: (\d+\.\d\d) ms\n",
            captured.err,
        )
        assert report, captured.err
        _, duration, billed, init = report.groups()
        assert int(billed) - float(duration) - float(init) == pytest.approx(0.5, abs=0.52)

    def test_event_beside_the_function(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """Without --event the file event.json of the function's folder is sent."""
        (folder / "event.json").write_text("[1]")

        assert run(folder) == 0
        assert json.loads(capfd.readouterr().out)["event"] == [1]

    def test_event_given(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """The file given with --event is sent in place of event.json."""
        (folder / "event.json").write_text("[1]")
        (folder / "other.json").write_text("[2]")

        assert run(folder, "--event", str(folder / "other.json")) == 0
        assert json.loads(capfd.readouterr().out)["event"] == [2]

    @pytest.mark.parametrize(
        ("event", "out", "last"),
        [
            ("text", "plain\n", "REPORT .*"),
            ("fail", '{\n  "errorType": "E",\n  "errorMessage": "boom"\n}\n', "function error: E: boom"),
            ("odd", "[]\n", "function error"),
        ],
    )
    def test_answered(self, folder: Path, capfd: pytest.CaptureFixture[str], event: str, out: str, last: str) -> None:
        """An answer is status 0, also if it is an error; the last line of the log says so."""
        (folder / "event.json").write_text(json.dumps(event))

        assert run(folder) == 0
        captured = capfd.readouterr()
        assert captured.out == out
        assert re.fullmatch(last, captured.err.splitlines()[-1])

    @pytest.mark.parametrize(
        ("event", "last"),
        [
            ("exit", r"the runtime failed \(exit\): Runtime\.ExitError: .* Runtime exited with error: exit status 3"),
            ("sleep", r"the runtime failed \(timeout\): Sandbox\.Timedout: .* Task timed out after 0\.30 seconds"),
        ],
    )
    def test_failed(self, folder: Path, capfd: pytest.CaptureFixture[str], event: str, last: str) -> None:
        """A runtime that dies or takes too long is status 1; the last line of the log says which."""
        (folder / "event.json").write_text(json.dumps(event))

        assert run(folder, "--timeout", "0.3") == 1
        assert re.fullmatch(last, capfd.readouterr().err.splitlines()[-1])

    def test_init_error(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A failed start is status 1."""
        (folder / "init-error").touch()

        assert run(folder) == 1
        assert capfd.readouterr().err.endswith("Status: error\nthe runtime failed (init error): E: no start\n")

    def test_no_bootstrap(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A bootstrap that cannot be started is status 1, and the message names it."""
        (folder.parent / "bootstrap").unlink()

        assert run(folder) == 1
        assert f"No such file or directory: '{folder.parent}/bootstrap'" in capfd.readouterr().err


class TestUsage:
    """What cannot be run is one line and status 2."""

    @pytest.mark.parametrize("handler", ["app", "app.", ".handler", ""])
    def test_no_dot(self, folder: Path, capfd: pytest.CaptureFixture[str], handler: str) -> None:
        """A handler that does not name a module and a function is refused."""
        assert run(folder, handler=handler) == 2
        expected = f"lambda-bootstrap run: '{folder}/{handler}' names no function: write FOLDER/MODULE.FUNCTION\n"
        assert capfd.readouterr().err == expected

    def test_no_folder(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A folder that does not exist is refused."""
        assert run(folder / "nope") == 2
        assert capfd.readouterr().err == f"lambda-bootstrap run: there is no folder '{folder}/nope'\n"

    def test_no_event(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """An event file that does not exist is refused."""
        assert run(folder, "--event", "nope.json") == 2
        expected = "lambda-bootstrap run: cannot read the event file 'nope.json': No such file or directory\n"
        assert capfd.readouterr().err == expected

    @pytest.mark.parametrize("where", ["9000", ":9000", "localhost:http"])
    def test_no_address(self, capfd: pytest.CaptureFixture[str], where: str) -> None:
        """A --serve without a host and a port is refused."""
        assert main(["--serve", where]) == 2
        expected = f"lambda-bootstrap run: --serve takes HOST:PORT, as in 127.0.0.1:9001 or [::1]:9001, not '{where}'\n"
        assert capfd.readouterr().err == expected

    def test_taken(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A port that is taken is refused."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            where = f"127.0.0.1:{taken.getsockname()[1]}"

            assert main(["--serve", where]) == 2
        assert capfd.readouterr().err.startswith(f"lambda-bootstrap run: cannot listen on {where}: ")

    @pytest.mark.parametrize("timeout", ["0", "-1", "inf", "nan", "soon"])
    def test_timeout(self, capfd: pytest.CaptureFixture[str], timeout: str) -> None:
        """A timeout that is no positive number of seconds is refused."""
        with pytest.raises(SystemExit) as end:
            main(["--timeout", timeout, "x/app.handler"])

        assert end.value.code == 2
        assert "argument --timeout" in capfd.readouterr().err


def test_interrupt(folder: Path) -> None:
    """Ctrl-C ends a run with 130."""
    (folder / "event.json").write_text('"sleep"')
    code = (
        "import pathlib, sys\nfrom lambda_bootstrap_dev.cli.run import main\n"
        "sys.exit(main(sys.argv[2:], pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(folder.parent / "bootstrap"), "--timeout", "30", f"{folder}/app.handler"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        while not process.stderr.readline().startswith("log of"):
            pass
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=10) == 130


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve(number: signal.Signals) -> None:
    """A runtime from elsewhere connects, a caller is answered, a signal ends it with status 0."""
    command = [sys.executable, "-m", "lambda_bootstrap_dev.cli.run", "--serve", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        address = process.stderr.readline().strip().removeprefix("AWS_LAMBDA_RUNTIME_API=")
        hint = process.stderr.readline()
        with (
            urllib3.PoolManager(retries=False, timeout=10) as pool,
            socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=10) as caller,
        ):
            caller.sendall(
                b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: x\r\nX-Amzn-RequestId: id-1\r\n"
                b"Content-Length: 2\r\n\r\n{}"
            )
            event = pool.request("GET", f"http://{address}/2018-06-01/runtime/invocation/next")
            pool.request("POST", f"http://{address}/2018-06-01/runtime/invocation/id-1/response", body=b"answer")
            answer = caller.recv(65536)
        process.send_signal(number)
        status, rest = process.wait(timeout=10), process.stderr.read()

    assert f"curl -d '{{}}' http://{address}/2015-03-31/functions/function/invocations" in hint
    assert event.data == b"{}"
    assert answer.endswith(b"answer")
    assert (status, rest) == (0, "START RequestId: id-1 Version: $LATEST\n")
