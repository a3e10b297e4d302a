"""What `lambda-bootstrap run` is given: a Python, an event, variables, a region, a terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import sys
from pathlib import Path

import pytest
from lambda_bootstrap_dev.cli.main import main
from lambda_bootstrap_dev.emulator.function import RESERVED, Function, environment
from lambda_bootstrap_dev.emulator.inputs import read_event, read_variables
from lambda_bootstrap_dev.emulator.python import ask_python
from lambda_bootstrap_dev.emulator.session import find_function
from lambda_bootstrap_dev.errors import UsageError

from tests.support import ROOT

# A function of a package, as whoever writes one has it.
APP = """
import os

from .words import WORD


def handler(event):
    if event == "input":
        return input("name? ")
    if event == "breakpoint":
        secret = 41
        breakpoint()
        return secret
    return {"word": WORD, "event": event, "OWN": os.environ.get("OWN"), "region": os.environ["AWS_REGION"]}
"""


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a function in a package, which is the working directory."""
    (tmp_path / "svc").mkdir()
    (tmp_path / "svc" / "app.py").write_text(APP)
    (tmp_path / "svc" / "words.py").write_text("WORD = 'tea'\n")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capfd: pytest.CaptureFixture[str], *options: str) -> dict[str, object]:
    """Run the function, and return its answer."""
    status = main(["run", "svc/app.handler", "--python", sys.executable, *options])
    captured = capfd.readouterr()

    assert status == 0, captured.err
    answer: dict[str, object] = json.loads(captured.out)
    return answer


def a_python(folder: Path, script: str) -> str:
    """Make a program that stands in for a Python."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


class TestPython:
    """The function's Python is asked for its version before anything runs."""

    def test_version(self) -> None:
        """A Python says its version, and its line names the program."""
        python = ask_python(sys.executable)

        assert python.version == ".".join(map(str, sys.version_info[:3]))
        assert str(python) == f"Python {python.version}: {sys.executable}"

    def test_shim(self, tmp_path: Path) -> None:
        """A shim, as pyenv has them, is asked once for the program that it starts, which is taken from then on."""
        folder = tmp_path / "shims"
        folder.mkdir()

        assert ask_python(a_python(folder, f'exec {sys.executable} "$@"')).program == sys.executable

    @pytest.mark.parametrize("version", ["2.7.18", "3.10.14"])
    def test_old(self, tmp_path: Path, version: str) -> None:
        """A Python before 3.11 is refused by its version."""
        program = a_python(tmp_path, f"echo {version}")
        with pytest.raises(UsageError) as caught:
            ask_python(program)

        expected = f"{program} is Python {version}, and the runtime needs 3.11 or newer; name another with --python"
        assert str(caught.value) == expected

    @pytest.mark.parametrize(
        ("script", "reason"),
        [
            ("echo one >&2; echo no luck >&2; exit 1", "no luck"),
            ("echo hello", "no version"),
            ("exit 3", "no version"),
        ],
    )
    def test_broken(self, tmp_path: Path, script: str, reason: str) -> None:
        """A program that says no version is no Python that works, and its last words are the reason."""
        program = a_python(tmp_path, script)
        with pytest.raises(UsageError) as caught:
            ask_python(program)

        assert str(caught.value) == f"{program} isn't a Python that works: {reason}; name another with --python"

    def test_unrunnable(self, tmp_path: Path) -> None:
        """A file that the system cannot execute is a mistake with the system's reason."""
        program = tmp_path / "python"
        program.write_bytes(b"\x7fELF")
        program.chmod(0o755)
        with pytest.raises(UsageError, match=r"cannot be run: Exec format error; name another with --python"):
            ask_python(str(program))

    def test_message(self, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A Python that is too old is one line and status 2."""
        program = a_python(home, "echo 3.9.2")

        assert main(["run", "svc/app.handler", "--python", program]) == 2
        assert capfd.readouterr().err.startswith(f"lambda-bootstrap run: {program} is Python 3.9.2, and ")


class TestEvent:
    """An event is a file, stdin, JSON or a sample."""

    @pytest.mark.parametrize("given", ['{"a": 1}', " [1]", '"text"'])
    def test_inline(self, given: str) -> None:
        """An event that begins as JSON does is taken as it is."""
        assert read_event(given, Function()) == given.encode()

    def test_no_json(self) -> None:
        """An event that begins as JSON and isn't is a mistake, with the place."""
        with pytest.raises(UsageError, match=r"the event isn't JSON: .* line 1 column 2"):
            read_event("{a: 1}", Function())

    def test_stdin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A dash is stdin, to the byte."""
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"[2]\n")))

        assert read_event("-", Function()) == b"[2]\n"

    def test_sample(self) -> None:
        """A sample's name is the sample."""
        assert json.loads(read_event("scheduled", Function()))["detail-type"] == "Scheduled Event"

    @pytest.mark.usefixtures("home")
    def test_file_first(self) -> None:
        """A file wins over a sample of the same name."""
        Path("sqs").write_text("[3]")

        assert read_event("sqs", Function()) == b"[3]"

    def test_beside(self, home: Path) -> None:
        """The default event lies beside the function, also if that is run from its package's root."""
        (home / "svc" / "event.json").write_text("[4]")
        function = find_function("svc/app.handler", timeout=3, memory=128, region="us-east-1")

        assert read_event(None, function) == b"[4]"

    def test_near(self) -> None:
        """A name that is neither a file nor a sample is answered with samples near it."""
        with pytest.raises(UsageError) as caught:
            read_event("sqss", Function())

        assert str(caught.value) == "there is no file and no sample event 'sqss'; near it: sqs, sns, sqs-fifo"


class TestVariables:
    """The function's own variables, as Lambda's configuration has them."""

    def test_file(self, tmp_path: Path) -> None:
        """A file has a variable a line: comments and blank lines are skipped, `export` and quotes removed."""
        file = tmp_path / "dev.env"
        file.write_text("# mine\n\nA=1\nexport B='two words'\nC=\"x=y\" \nD=\nE=it's\n")

        expected = {"A": "1", "B": "two words", "C": "x=y", "D": "", "E": "it's"}
        assert read_variables([str(file)], []) == expected

    def test_order(self, tmp_path: Path) -> None:
        """Later files win over earlier ones, and --env over files."""
        for name, text in (("a", "X=1\nY=1\nZ=1\n"), ("b", "Y=2\nZ=2\n")):
            (tmp_path / name).write_text(text)
        files = [str(tmp_path / "a"), str(tmp_path / "b")]

        assert read_variables(files, ["Z= 3 "]) == {"X": "1", "Y": "2", "Z": " 3 "}

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("A", "--env: 'A' isn't NAME=VALUE"),
            ("=1", "--env: '=1' isn't NAME=VALUE"),
            ("AWS_REGION=x", "--env: AWS_REGION is Lambda's own; use --region"),
            ("_HANDLER=x", "--env: _HANDLER is Lambda's own"),
        ],
    )
    def test_refused(self, given: str, message: str) -> None:
        """A variable of another form, or that Lambda sets itself, is a mistake."""
        with pytest.raises(UsageError) as caught:
            read_variables([], [given])

        assert str(caught.value) == message

    def test_refused_line(self, tmp_path: Path) -> None:
        """A mistake in a file is told with its line."""
        file = tmp_path / "dev.env"
        file.write_text("A=1\nnonsense\n")
        with pytest.raises(UsageError) as caught:
            read_variables([str(file)], [])

        assert str(caught.value) == f"{file}, line 2: 'nonsense' isn't NAME=VALUE"

    def test_no_file(self) -> None:
        """A file that isn't there is a mistake."""
        with pytest.raises(UsageError, match=r"cannot read the variables in 'nope.env': No such file or directory"):
            read_variables(["nope.env"], [])

    def test_reserved(self) -> None:
        """Every reserved variable of an AWS name is one that the emulator sets, or one that no runtime of ours has."""
        mine = environment(Function(handler="app.handler"), "x:1", {})

        assert set(RESERVED) - set(mine) == {"_X_AMZN_TRACE_ID", "AWS_EXECUTION_ENV"}


class TestPackage:
    """A function with relative imports runs as it does in Lambda."""

    def test_runs(self, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A function in a package imports its neighbours, and gets its event, variables and region."""
        (home / "dev.env").write_text("OWN=file\n")
        options = ["--event", "[1]", "--env-file", "dev.env", "--region", "eu-west-3"]

        assert run(capfd, *options) == {"word": "tea", "event": [1], "OWN": "file", "region": "eu-west-3"}

    @pytest.mark.usefixtures("home")
    def test_json(self, capfd: pytest.CaptureFixture[str]) -> None:
        """With --json, how the invocation ended is one object, and the exit status is the same."""
        assert main(["run", "svc/app.handlr", "--python", sys.executable, "--json"]) == 1
        ending = json.loads(capfd.readouterr().out)
        assert (ending["kind"], ending["content_type"]) == ("init error", "application/json")
        assert ending["body"]["errorType"] == "Runtime.HandlerNotFound"

        assert run(capfd, "--json")["kind"] == "response"

    @pytest.mark.usefixtures("home")
    def test_region(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """The user's own AWS_REGION is the function's."""
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_REGION", "eu-north-1")

        assert run(capfd)["region"] == "eu-north-1"

    @pytest.mark.parametrize(
        ("files", "name", "root", "handler"),
        [
            ({"a/app.py": "import x"}, "a/app.handler", "a", "app.handler"),
            ({"a/__init__.py": "", "a/app.py": "import x"}, "a/app.handler", "a", "app.handler"),
            ({"a/app.py": "from . import x"}, "a/app.handler", ".", "a/app.handler"),
            ({"a/b/app.py": "from ..x import y"}, "a/b/app.handler", ".", "a/b/app.handler"),
            ({"a/__init__.py": "", "a/b/app.py": "from . import x"}, "a/b/app.handler", ".", "a/b/app.handler"),
            ({"a/app.py": "from . import ("}, "a/app.handler", "a", "app.handler"),
            ({"a/other.txt": ""}, "a/app.handler", "a", "app.handler"),
        ],
        ids=["plain", "package", "relative", "higher", "climb", "syntax error", "no module"],
    )
    def test_root(self, home: Path, files: dict[str, str], name: str, root: str, handler: str) -> None:
        """The task root is the function's folder, or what its relative imports need."""
        for file, text in files.items():
            (home / file).parent.mkdir(parents=True, exist_ok=True)
            (home / file).write_text(text)
        function = find_function(name, timeout=3, memory=128, region="us-east-1")

        assert (function.task_root, function.handler) == (str((home / root).resolve()), handler)
        assert function.name == name.split("/")[-2]

    @pytest.mark.usefixtures("home")
    def test_near_folder(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A folder that doesn't exist is answered with those of nearly its name."""
        assert main(["run", "svx/app.handler"]) == 2
        assert capfd.readouterr().err == "lambda-bootstrap run: there is no folder 'svx'; near it: svc\n"

    @pytest.mark.usefixtures("home")
    def test_near_handler(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A handler that doesn't exist is answered with what it may be."""
        assert main(["run", "svc/app.handlr", "--python", sys.executable]) == 1
        assert "did you mean 'handler'?" in capfd.readouterr().err


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("event", "prompt", "typed", "shown"),
    [('"input"', b"name? ", b"Ada\n", b'\n"Ada"'), ('"breakpoint"', b"(Pdb) ", b"p secret + 1\nc\n", b"\n42")],
    ids=["input", "breakpoint"],
)
def test_terminal(event: str, prompt: bytes, typed: bytes, shown: bytes) -> None:
    """At a terminal, a function asks whoever runs it, and stops at a breakpoint."""
    words = ["run", "svc/app.handler", "--python", sys.executable, "--timeout", "60", "--event", event]
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}/dev:{ROOT}/runtime", "TERM": "dumb"}
    pid, terminal = pty.fork()
    if not pid:
        os.execve(sys.executable, [sys.executable, "-m", "lambda_bootstrap_dev", *words], environ)  # noqa: S606 - a child
    seen = b""
    try:
        while prompt not in seen:
            seen += os.read(terminal, 4096)
        os.write(terminal, typed)
        while part := os.read(terminal, 4096):
            seen += part
    except OSError:  # the end of a terminal
        pass
    os.close(terminal)
    _, status = os.waitpid(pid, 0)

    assert prompt in seen
    assert shown in seen.replace(b"\r", b"")
    assert os.waitstatus_to_exitcode(status) == 0
