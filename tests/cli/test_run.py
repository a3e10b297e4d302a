"""`lambda-bootstrap run` and `lambda-bootstrap serve`."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import socket
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import lambda_bootstrap
import pytest
import urllib3
from lambda_bootstrap_dev.cli import output
from lambda_bootstrap_dev.cli.main import main
from lambda_bootstrap_dev.emulator.function import Function, environment
from lambda_bootstrap_dev.emulator.python import find_python
from lambda_bootstrap_dev.emulator.session import find_function
from lambda_bootstrap_dev.emulator.values import Ending, Kind
from lambda_bootstrap_dev.errors import UsageError

from tests.support import ROOT
from tests.support.emulated import wait_gone

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = [sys.executable, "-m", "lambda_bootstrap_dev"]
# Stands in for a function's Python, and for the runtime that this would run: it answers one event with what the
# function's folder says; the event's text says how.
PYTHON = f"""#!{sys.executable}
import http.client, json, os, sys, time
if "-c" in sys.argv: sys.exit(print("3.14.0"))
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
if os.path.exists("init-error"):
    connection.request("POST", "/2018-06-01/runtime/init/error", b'{{"errorType": "E", "errorMessage": "no start"}}')
    connection.getresponse().read()
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
if event == "family":
    import subprocess
    print("family", os.getpid(), subprocess.Popen(["sleep", "60"]).pid, flush=True)
    time.sleep(30)
if event == "chatter": print("function", os.getpid(), flush=True)
while event == "chatter": print("more", flush=True); time.sleep(0.01)
connection.request("POST", f"/2018-06-01/runtime/invocation/{{request_id}}/{{outcome}}", body)
connection.getresponse().read()
connection.request("GET", "/2018-06-01/runtime/invocation/next")
connection.getresponse()
"""

INVOKE = b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\n"
OVERSIZED = INVOKE + b"Host: localhost\r\nContent-Length: 99999999\r\n\r\n{"
FOREIGN = INVOKE + b"Host: evil.example\r\nContent-Length: 9\r\n\r\n{"


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Return a function's folder beside its Python."""
    python = tmp_path / "python"
    python.write_text(PYTHON, encoding="utf-8")
    python.chmod(0o755)
    (tmp_path / "hello").mkdir()
    return tmp_path / "hello"


def run(folder: Path, *options: str, handler: str = "app.handler") -> int:
    """Run the command line on a function in *folder*."""
    return main(["run", *options, "--python", str(folder.parent / "python"), f"{folder}/{handler}"])


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
            re.escape(f"Python 3.14.0: {folder.parent}/python\n")
            + r"START RequestId: ([0-9a-f-]{36}) Version: \$LATEST\n"
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

    def test_other_python_than_the_project(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A Python that the project isn't for is said in the second line, and runs the function all the same."""
        (folder / "pyproject.toml").write_text('[project]\nname = "shop"\nrequires-python = ">=3.99"\n')

        assert run(folder) == 0
        second = capfd.readouterr().err.splitlines()[1]
        assert second == (
            f"{folder / 'pyproject.toml'} asks for Python >=3.99, and this is 3.14.0: name another with --python"
        )

    def test_credentials(self) -> None:
        """A function gets the credentials of whoever runs it; without any, it gets some that open nothing."""
        mine = environment(Function(), "x:1", {"AWS_ACCESS_KEY_ID": "mine"})

        assert (mine["AWS_ACCESS_KEY_ID"], mine["AWS_SECRET_ACCESS_KEY"]) == ("mine", "emulator")

    def test_detour(self, folder: Path) -> None:
        """A function's folder is its real place, however the way there is written."""
        (folder.parent / "link").symlink_to(folder)
        for way in (folder / ".." / "hello", folder.parent / "link"):
            function = find_function(f"{way}/app.handler", timeout=3, memory=128, region="us-east-1")
            assert (function.name, function.task_root) == ("hello", str(folder.resolve()))

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


class TestProject:
    """The function that a project names, where the command line doesn't."""

    def test_handler(self, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a handler, the project's only function is run, with its own variables, which --env overrides."""
        table = '[tool.lambda-bootstrap.functions.mine]\nhandler = "app.handler"\n'
        (folder / "pyproject.toml").write_text(f'{table}environment = {{ OWN_VARIABLE = "theirs" }}\n')
        monkeypatch.chdir(folder)
        words = ["run", "--python", str(folder.parent / "python"), "--event", "{}"]
        statuses = [main(words), main([*words, "--env", "OWN_VARIABLE=ours"])]
        said = capfd.readouterr()

        assert statuses == [0, 0]
        assert said.err.count("log of app.handler in mine\n") == 2
        assert [name in said.out for name in ('"theirs"', '"ours"')] == [True, True]

    def test_several(self, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """Of several functions one has to be named."""
        tables = "".join(f"[tool.lambda-bootstrap.functions.{name}]\nhandler = 'app.{name}'\n" for name in "ab")
        (folder / "pyproject.toml").write_text(tables)
        monkeypatch.chdir(folder)

        assert main(["run"]) == 2
        assert "the project has several functions: name one, of app.a, app.b" in capfd.readouterr().err


class TestUsage:
    """What cannot be run is one line and status 2."""

    @pytest.mark.parametrize("handler", ["app", "app.", ".handler", ""])
    def test_no_dot(self, folder: Path, capfd: pytest.CaptureFixture[str], handler: str) -> None:
        """A handler that does not name a module and a function is refused."""
        assert run(folder, handler=handler) == 2
        said = capfd.readouterr().err
        assert said.startswith(f"lambda-bootstrap run: '{folder}/{handler}' names no function: ")
        assert said.endswith(": write FOLDER/MODULE.FUNCTION, as in app.handler\n")

    def test_file(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A file in place of a function is answered with how to name the function."""
        (folder / "app.py").touch()

        assert run(folder, handler="app.py") == 2
        assert f"{str(folder / 'app.py')!r} is a file: name its function, as in {folder}/app.handler" in (
            capfd.readouterr().err
        )

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
        """An address to serve that has no host and port is refused."""
        assert main(["serve", where]) == 2
        expected = f"lambda-bootstrap serve: serve takes HOST:PORT, as in 127.0.0.1:9001 or [::1]:9001, not '{where}'\n"
        assert capfd.readouterr().err == expected

    def test_no_port(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A port that no port can be is refused."""
        assert main(["serve", "127.0.0.1:99999"]) == 2
        assert capfd.readouterr().err.startswith("lambda-bootstrap serve: cannot listen on 127.0.0.1:99999: ")

    def test_taken(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A port that is taken is refused."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            where = f"127.0.0.1:{taken.getsockname()[1]}"

            assert main(["serve", where]) == 2
        assert capfd.readouterr().err == f"lambda-bootstrap serve: cannot listen on {where}: Address already in use\n"

    @pytest.mark.parametrize("timeout", ["0", "-1", "inf", "nan", "soon"])
    def test_timeout(self, capfd: pytest.CaptureFixture[str], timeout: str) -> None:
        """A timeout that is no positive number of seconds is refused."""
        assert main(["run", "--timeout", timeout, "x/app.handler"]) == 2
        assert "Error: Invalid value for '--timeout': " in capfd.readouterr().err

    @pytest.mark.parametrize("memory", ["0", "-5", "much"])
    def test_memory(self, capfd: pytest.CaptureFixture[str], memory: str) -> None:
        """A memory that is no positive number of megabytes is refused."""
        assert main(["run", "--memory", memory, "x/app.handler"]) == 2
        assert "Error: Invalid value for '--memory': " in capfd.readouterr().err

    def test_no_verb(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Without a verb, all verbs are listed."""
        assert main([]) == 2
        listed = re.findall(r"^  (\w+)  ", capfd.readouterr().err.partition("Commands:\n")[2], re.MULTILINE)
        assert {"build", "events", "run", "serve"} <= set(listed)


class TestPython:
    """Which Python the function gets: the emulator may live in an environment of its own."""

    @pytest.fixture(name="environ")
    def _environ(self, tmp_path: Path) -> dict[str, str]:
        """An active virtual environment, and a Python on the PATH."""
        for folder in ("venv/bin", "path"):
            python = tmp_path / folder / "python3"
            python.parent.mkdir(parents=True)
            python.touch(0o755)
        return {"VIRTUAL_ENV": str(tmp_path / "venv"), "PATH": str(tmp_path / "path")}

    def test_active(self, tmp_path: Path, environ: dict[str, str]) -> None:
        """The active virtual environment's Python is taken first, and its link isn't followed."""
        link = tmp_path / "venv" / "bin" / "python3"
        link.unlink()
        link.symlink_to(tmp_path / "path" / "python3")

        assert find_python(None, environ) == str(link)

    def test_path(self, tmp_path: Path, environ: dict[str, str]) -> None:
        """Without a virtual environment, the `python3` on the PATH is taken."""
        del environ["VIRTUAL_ENV"]

        assert find_python(None, environ) == str(tmp_path / "path" / "python3")

    def test_wanted(self, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        """--python wins; it is a program on the PATH, or a file, from the working directory on."""
        monkeypatch.chdir(tmp_path)

        assert find_python("python3", environ) == str(tmp_path / "path" / "python3")
        assert find_python("venv/bin/python3", environ) == str(tmp_path / "venv" / "bin" / "python3")

    @pytest.mark.parametrize("wanted", [None, "nope", "./nope"])
    def test_none(self, wanted: str | None) -> None:
        """A Python that isn't there is a mistake, and the message names it."""
        with pytest.raises(UsageError, match=wanted or "/venv/bin/python3"):
            find_python(wanted, {"VIRTUAL_ENV": "/venv", "PATH": "/nowhere"})

    def test_message(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """The message is one line, and the status 2."""
        assert main(["run", "--python", "./nope", f"{folder}/app.handler"]) == 2
        expected = "there is no Python './nope': activate a virtual environment, or name one with --python"
        assert capfd.readouterr().err == f"lambda-bootstrap run: {expected}\n"


def test_version(capfd: pytest.CaptureFixture[str]) -> None:
    """--version is the package's `__version__`."""
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == f"lambda-bootstrap {lambda_bootstrap.__version__}\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_colours(folder: Path, stream: str) -> None:
    """A terminal gets colours, for the response and the platform's lines; a pipe gets none."""
    terminal, end = pty.openpty()
    other = {"stdout": "stderr", "stderr": "stdout"}[stream]
    command = [*PROGRAM, "run", "--python", str(folder.parent / "python"), f"{folder}/app.handler"]
    environ = {**os.environ, "TERM": "xterm-256color"}
    done = subprocess.run(command, **{stream: end, other: subprocess.PIPE}, env=environ, check=True)  # type: ignore[call-overload] # by name
    os.close(end)
    coloured = os.read(terminal, 65536)
    os.close(terminal)

    assert b"\x1b[" in coloured
    assert b"\x1b[" not in getattr(done, other)


class TestOutput:
    """What is printed."""

    def test_http(self, capfd: pytest.CaptureFixture[str]) -> None:
        """The head of an HTTP response goes to stderr, its body alone to stdout."""
        body = b'{"statusCode": 201}' + bytes(8) + b"created"
        output.show(Ending(Kind.RESPONSE, body, "application/vnd.awslambda.http-integration-response"))
        captured = capfd.readouterr()

        assert (captured.out, captured.err) == ("created\n", '{"statusCode": 201}\n')

    def test_one_newline(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A response that ends with a newline gets no other one."""
        output.show(Ending(Kind.RESPONSE, b"text\n", "text/plain"))

        assert capfd.readouterr().out == "text\n"

    @pytest.mark.parametrize("body", [b"{}", b"[1]", b"text", b'{"errorType": "E"}'])
    def test_headline(self, body: bytes) -> None:
        """An error without type and message is called an error, and no more."""
        assert output.headline(Ending(Kind.ERROR, body)) == "function error"

    def test_long_headline(self) -> None:
        """A long message is cut in the headline, as the body that follows has it whole."""
        body = json.dumps({"errorType": "E", "errorMessage": "m" * 119 + " and more"}).encode()

        assert output.headline(Ending(Kind.ERROR, body)) == f"function error: E: {'m' * 119} ..."

    def test_record_of_two_lines(self) -> None:
        """A carriage return within a record is a line break on a terminal, and stays as it is in a pipe."""
        code = r"from lambda_bootstrap_dev.cli.output import write_log; write_log(b'a\rb\n')"
        terminal, end = pty.openpty()
        subprocess.run([sys.executable, "-c", code], stderr=end, check=True)
        os.close(end)
        shown = os.read(terminal, 65536)
        os.close(terminal)
        piped = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, check=True).stderr

        assert (shown, piped) == (b"a\r\nb\r\n", b"a\rb\n")


class TestClosedPipe:
    """`lambda-bootstrap run ... | head -1`: nobody reads any more."""

    def test_log(self, folder: Path) -> None:
        """A log that nobody reads ends the run as SIGPIPE would, and the function with it."""
        (folder / "event.json").write_text('"chatter"')
        command = [
            *PROGRAM,
            "run",
            "--timeout",
            "60",
            "--python",
            str(folder.parent / "python"),
            f"{folder}/app.handler",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            assert process.stdout
            lines = [process.stdout.readline() for _ in range(4)]
            process.stdout.close()
            status = process.wait(timeout=20)
        function = int(lines[3].split()[1])

        assert status == 141
        with pytest.raises(ProcessLookupError):
            os.kill(function, 0)

    def test_silence(self, folder: Path) -> None:
        """A function that says nothing is ended too: nobody waits for its next line."""
        (folder / "event.json").write_text('"sleep"')
        options = ["--timeout", "60", "--python", str(folder.parent / "python")]
        command = [*PROGRAM, "run", *options, f"{folder}/app.handler"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            assert process.stdout
            for _ in range(3):
                process.stdout.readline()
            process.stdout.close()

            assert process.wait(timeout=20) == 141

    def test_serve(self) -> None:
        """A server ends as well."""
        command = [*PROGRAM, "serve", "127.0.0.1:0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            assert process.stderr
            process.stderr.readline()
            process.stderr.readline()
            process.stderr.close()

            assert process.wait(timeout=20) == 141

    def test_head(self, folder: Path) -> None:
        """A shell's pipeline into `head` comes back, with one line."""
        line = shlex.join([*PROGRAM, "run", "--python", str(folder.parent / "python"), f"{folder}/app.handler"])
        done = subprocess.run(["sh", "-c", f"{line} 2>&1 | head -1"], capture_output=True, check=False, timeout=60)

        assert done.stdout == f"Python 3.14.0: {folder.parent}/python\n".encode()
        assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")

    @pytest.mark.parametrize("verb", ["run", "serve"])
    def test_first_line(self, folder: Path, verb: str) -> None:
        """A first line that nobody reads is the end of the program, with the status of a closed pipe."""
        command = [*PROGRAM, verb, "--python", str(folder.parent / "python"), f"{folder}/app.handler"]
        ours, theirs = os.pipe()
        os.close(ours)
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=False, timeout=60)
        os.close(theirs)

        assert (done.returncode, done.stdout) == (141, b"")

    def test_response(self, folder: Path) -> None:
        """A response that nobody reads ends it too, and says nothing about it."""
        command = [*PROGRAM, "run", "--python", str(folder.parent / "python"), f"{folder}/app.handler"]
        ours, theirs = os.pipe()
        os.close(ours)
        done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
        os.close(theirs)

        assert done.returncode == 141
        assert done.stderr.splitlines()[-1].startswith("REPORT RequestId: ")


def test_interrupt(folder: Path) -> None:
    """Ctrl-C ends a run with 130."""
    (folder / "event.json").write_text('"sleep"')
    command = [*PROGRAM, "run", "--python", str(folder.parent / "python"), "--timeout", "30", f"{folder}/app.handler"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        while not process.stderr.readline().startswith("log of"):
            pass
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=10) == 130


@contextmanager
def a_family(folder: Path, *prefix: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Yield a run whose function sleeps, and the process ids of the function and of its child."""
    (folder / "event.json").write_text('"family"')
    options = ["--timeout", "60", "--python", str(folder.parent / "python")]
    command = [*prefix, *PROGRAM, "run", *options, f"{folder}/app.handler"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        line = next(line for line in process.stderr if line.startswith("family"))
        yield process, [int(word) for word in line.split()[1:]]
        process.kill()


class TestSignals:
    """The ends of a run by a signal: nothing that it started is left behind."""

    @pytest.mark.parametrize(
        ("number", "status"),
        [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGKILL, -9)],
        ids=["TERM", "HUP", "INT", "KILL"],
    )
    def test_family(self, folder: Path, number: signal.Signals, status: int) -> None:
        """A signal that ends a run ends the function and its children, and the exit status names it."""
        with a_family(folder) as (process, family):
            process.send_signal(number)

            assert process.wait(timeout=10) == status
            for pid in family:
                wait_gone(pid)

    def test_two_at_once(self, folder: Path) -> None:
        """Two signals at once end a run as one does, without a trace."""
        with a_family(folder) as (process, family):
            for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGHUP, signal.SIGCONT):
                process.send_signal(number)

            assert process.wait(timeout=10) in {129, 143}
            assert process.stderr
            assert "Traceback" not in process.stderr.read()
            for pid in family:
                wait_gone(pid)

    def test_nohup(self, folder: Path) -> None:
        """A run under `nohup` goes on at SIGHUP."""
        with a_family(folder, "nohup") as (process, family):
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.3)
            process.terminate()

            assert process.wait(timeout=10) == 143
            for pid in family:
                wait_gone(pid)


@pytest.mark.parametrize("is_reset", [False, True], ids=["close", "reset"])
@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        OVERSIZED,
        FOREIGN,
    ],
    ids=["no request", "no chunk", "oversized", "foreign"],
)
def test_serve_refuses_who_leaves(sent: bytes, is_reset: bool) -> None:  # noqa: FBT001 - by name
    """A client that goes away while it is being refused doesn't change how a server goes on and ends."""
    with a_server() as (process, address):
        host, _, port = address.rpartition(":")
        # Stopped, the server finds the request and its end together: its answer meets a closed connection.
        process.send_signal(signal.SIGSTOP)
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(sent)
            if is_reset:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        process.send_signal(signal.SIGCONT)
        with urllib3.PoolManager(retries=False, timeout=10) as pool:
            pongs = [pool.request("GET", f"http://{address}/2018-06-01/ping").data for _ in range(3)]
        process.terminate()
        status, rest = process.wait(timeout=10), process.stderr and process.stderr.read()

    assert (pongs, status, rest) == ([b"pong"] * 3, 0, "")


def memory_mb(pid: int) -> int:
    """The memory that a process has."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def test_serve_keeps_nothing() -> None:
    """A server's memory doesn't grow with what it has served: 25 events and answers of 5 MB each."""
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is measured where /proc tells")
    size = 5_000_000
    with a_server("--timeout", "20") as (process, address), ThreadPoolExecutor() as callers:
        base = f"http://{address}"
        with urllib3.PoolManager(retries=False, timeout=20) as pool:

            def invoke() -> bytes:
                path = "/2015-03-31/functions/function/invocations"
                return pool.request("POST", base + path, body=bytes(size)).data

            sizes = []
            for _ in range(25):
                call = callers.submit(invoke)
                event = pool.request("GET", f"{base}/2018-06-01/runtime/invocation/next")
                request_id = event.headers["Lambda-Runtime-Aws-Request-Id"]
                path = f"/2018-06-01/runtime/invocation/{request_id}/response"
                pool.request("POST", base + path, body=event.data)
                assert len(call.result()) == size
                sizes.append(memory_mb(process.pid))
        process.terminate()

    assert sizes[-1] - sizes[4] < 25, sizes


def test_serve_ipv6() -> None:
    """An IPv6 address to serve is in brackets, and so is the one that is printed."""
    with a_server(where="[::1]:0") as (process, address), urllib3.PoolManager(retries=False, timeout=10) as pool:
        assert re.fullmatch(r"\[::1\]:\d+", address)
        assert pool.request("GET", f"http://{address}/2018-06-01/ping").data == b"pong"
        process.terminate()


def test_serve_allow_host() -> None:
    """--allow-host lets callers use a name, and pages of that host call."""
    codes = {}
    with a_server("--allow-host", "mine.example", "--timeout", "0.1") as (process, address):
        for name in ("mine.example", "other.example"):
            for headers in ({"Host": name}, {"Host": "localhost", "Origin": f"https://{name}"}):
                with urllib3.PoolManager(retries=False, timeout=10) as pool:
                    url = f"http://{address}/2015-03-31/functions/function/invocations"
                    answer = pool.request("POST", url, body=b"{", headers={**headers, "X-Amz-Client-Context": "{}"})
                    codes[name, len(headers)] = answer.status
        process.terminate()

    assert codes == {
        ("mine.example", 1): 400,  # the client context is wrong
        ("mine.example", 2): 400,
        ("other.example", 1): 403,
        ("other.example", 2): 403,
    }


@contextmanager
def a_server(*options: str, where: str = "127.0.0.1:0") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a server and its address."""
    command = [*PROGRAM, "serve", *options, where]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        address = process.stderr.readline().strip().removeprefix("AWS_LAMBDA_RUNTIME_API=")
        process.stderr.readline()
        yield process, address
        if process.poll() is None:
            process.terminate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_serve(number: signal.Signals) -> None:
    """A runtime from elsewhere connects, a caller is answered, a signal ends it with status 0."""
    command = [*PROGRAM, "serve", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        address = process.stderr.readline().strip().removeprefix("AWS_LAMBDA_RUNTIME_API=")
        hint = process.stderr.readline()
        with (
            urllib3.PoolManager(retries=False, timeout=10) as pool,
            socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=10) as caller,
        ):
            caller.sendall(
                b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: localhost\r\n"
                b"X-Amzn-RequestId: id-1\r\nContent-Length: 2\r\n\r\n{}"
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
