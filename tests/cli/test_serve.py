"""`lambda-bootstrap serve` of functions: which ones, what they are given, and what happens when they are edited."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import boto3  # type: ignore[import-untyped]
import pytest
from lambda_bootstrap_dev.cli.main import main

from tests.support.processes import wait_until
from tests.support.served import SERVE, Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """
import os, time

VALUE = 1


def handler(event, context):
    if event == "wait":
        open("running", "w").close()
        time.sleep(1)
    if event == "about":
        return [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb,
                round(context.get_remaining_time_in_millis(), -3), dict(os.environ)]
    return VALUE
"""


def write(file: Path, text: str) -> Path:
    """Write a file, with its folders."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def keep_calling(authority: str) -> bytes:
    """Call a function until somebody answers; return the answer."""
    host, _, port = authority.partition(":")
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((host, int(port))) as caller:
            head = b"POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
            caller.sendall(head + b"{}")
            return caller.recv(65536)
    raise TimeoutError(authority)


@pytest.fixture(name="app")
def _app(tmp_path: Path) -> Path:
    return write(tmp_path / "app.py", APP)


class TestEditing:
    """A function whose files change."""

    def test_live(self, app: Path) -> None:
        """After a save the next answer is the new code's, and it is said which file has changed."""
        with Served(app.parent, "app.handler") as served:
            before = served.invoke()
            app.write_text(APP.replace("VALUE = 1", "VALUE = 2"))
            saved = time.monotonic()
            while served.invoke() != 2:
                assert time.monotonic() < saved + 5
            served.wait_for(r"app\.py has changed: app\.handler starts anew")

            assert before == 1

    def test_twice_in_a_second(self, app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of two saves of the same size in one second the second one is run: no byte code of the first is left."""
        monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        with Served(app.parent, "app.handler") as served:
            for value in (2, 3, 4):
                app.write_text(APP.replace("VALUE = 1", f"VALUE = {value}"))
                os.utime(app, (1_800_000_000, 1_800_000_000))
                served.wait_for("has changed", value - 1)
                ends = time.monotonic() + 10
                while served.invoke() != value:
                    assert time.monotonic() < ends

    def test_called_at_once(self, app: Path) -> None:
        """A caller who is there before the port is gets the answer of a function that has its environment."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            authority = f"127.0.0.1:{free.getsockname()[1]}"
        found: list[bytes] = []
        caller = threading.Thread(target=lambda: found.append(keep_calling(authority)))
        caller.start()
        with Served(app.parent, "app.handler", "--port", authority.partition(":")[2]):
            caller.join()

        assert [answer[-5:] for answer in found] == [b"\r\n\r\n1"]

    def test_output_beside_sources(self, app: Path) -> None:
        """A file beside the sources that takes serve's own output is no source: what is said there restarts nothing."""
        said = app.with_name("serve.out")
        command = [*SERVE, "--port", "0", "--python", sys.executable, "app.handler"]
        with (
            said.open("wb") as output,
            subprocess.Popen(command, cwd=app.parent, stdout=output, stderr=output) as served,
        ):
            try:
                wait_until(lambda: b"ready: " in said.read_bytes(), 30)
                app.write_text(APP.replace("VALUE = 1", "VALUE = 2"))
                wait_until(lambda: b"app.py has changed" in said.read_bytes(), 30)
                time.sleep(0.5)  # ten times what a change takes to be seen
            finally:
                served.terminate()

        assert said.read_bytes().count(b"has changed") == 1

    def test_broken_and_mended(self, app: Path) -> None:
        """A broken import is told at once, served as the init error as long as it is broken, and then forgotten."""
        with Served(app.parent, "app.handler") as served:
            served.invoke()
            app.write_text("import nowhere\n" + APP)
            served.wait_for(r"No module named 'nowhere'")
            broken = [served.invoke()["errorType"] for _ in range(2)]
            app.write_text(APP.replace("VALUE = 1", "VALUE = 3"))
            served.wait_for("has changed", 2)

            assert broken == ["Runtime.ImportModuleError"] * 2
            assert served.invoke() == 3

    def test_running_invocation(self, app: Path) -> None:
        """A change waits for the invocation that runs: its caller gets the old answer, the next one the new."""
        answers: list[Any] = []
        with Served(app.parent, "app.handler") as served:
            caller = threading.Thread(target=lambda: answers.append(served.invoke("wait")))
            caller.start()
            while not (app.parent / "running").exists():
                time.sleep(0.01)
            app.write_text(APP.replace("VALUE = 1", "VALUE = 2"))
            served.wait_for("has changed")
            answers.append(served.invoke())
            caller.join()

        assert sorted(answers) == [1, 2]

    def test_what_tools_write(self, app: Path) -> None:
        """Byte code, caches and logs are no change."""
        with Served(app.parent, "app.handler") as served:
            for name in ("__pycache__/app.cpython-311.pyc", ".venv/lib/a.py", "dist/a.zip", "function.log", "app.py~"):
                write(app.parent / name, "x")
            time.sleep(0.3)

            assert "has changed" not in served.said

    def test_missing_module(self, tmp_path: Path) -> None:
        """A module that isn't there yet is an init error; once it is written, it is served."""
        with Served(tmp_path, "app.handler") as served:
            broken = served.invoke()
            write(tmp_path / "app.py", APP)
            served.wait_for("has changed")

            assert broken["errorType"] == "Runtime.ImportModuleError"
            assert served.invoke() == 1


class TestGiven:
    """What a function is given."""

    def test_options(self, app: Path) -> None:
        """Timeout, memory, region and variables are those of the command line and of the user's environment."""
        write(app.parent / "own.env", "FROM_FILE=1\n")
        options = ["--timeout", "60", "--memory", "256", "--env", "OWN=2", "--env-file", "own.env"]
        with Served(app.parent, "app.handler", *options, environ={"AWS_REGION": "eu-central-1"}) as served:
            name, arn, memory, left, environ = served.invoke("about")

        assert (name, memory, left) == (app.parent.name, "256", 60000)
        assert arn == f"arn:aws:lambda:eu-central-1:012345678912:function:{name}"
        assert (environ["AWS_REGION"], environ["FROM_FILE"], environ["OWN"]) == ("eu-central-1", "1", "2")

    def test_folder(self, tmp_path: Path) -> None:
        """A function of a package in another folder runs from the package's root, as on Lambda."""
        write(tmp_path / "svc" / "__init__.py", "")
        write(tmp_path / "svc" / "words.py", "WORD = 'hello'\n")
        app = write(tmp_path / "svc" / "app.py", "from .words import WORD\n\n\ndef handler(event):\n    return WORD\n")
        with Served(tmp_path, "svc/app.handler") as served:
            assert served.invoke() == "hello"
            write(app.with_name("words.py"), "WORD = 'bye'\n")
            served.wait_for("words.py has changed")
            assert served.invoke() == "bye"

    def test_end(self, app: Path) -> None:
        """SIGTERM ends it with status 0, the runtime with it."""
        with Served(app.parent, "app.handler") as served:
            served.invoke()

        assert served.status == 0

    def test_frozen(self, app: Path) -> None:
        """With --freeze the function answers as ever."""
        with Served(app.parent, "app.handler", "--freeze") as served:
            assert [served.invoke() for _ in range(3)] == [1, 1, 1]


PYPROJECT = """
[tool.lambda-bootstrap.functions.orders]
handler = "orders/app.handler"
timeout = 7
memory = 512
environment = { TABLE = "orders" }

[tool.lambda-bootstrap.functions.invoices]
handler = "invoices/app.handler"
"""
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Globals:
  Function:
    Timeout: 7
    Environment:
      Variables: {STAGE: !Ref Stage, SHARED: "yes", FLAG: true}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: orders
      Runtime: python3.13
      Handler: app.handler
      CodeUri: orders/
      MemorySize: 512
      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          TABLE: !Ref Table
          URL: !Sub "https://${Table}"
          JOINED: !Join ["-", [a, !Ref Stage]]
          OTHER: {Ref: Stage}
  invoices:
    Type: AWS::Serverless::Function
    Properties: {Runtime: provided.al2023, Handler: invoices/app.handler, CodeUri: .}
  Web:
    Type: AWS::Serverless::Function
    Properties: {Runtime: nodejs24.x, Handler: index.handler, CodeUri: web/}
"""


class TestProject:
    """The functions of a project, without a HANDLER."""

    @pytest.fixture(name="project", params=["pyproject.toml", "template.yaml"])
    def _project(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
        write(tmp_path / request.param, PYPROJECT if request.param == "pyproject.toml" else TEMPLATE)
        for name in ("orders", "invoices"):
            write(tmp_path / name / "app.py", APP)
        with Served(tmp_path) as served:
            yield served

    def test_several(self, project: Served) -> None:
        """Each function is called by its name, with settings of its own; log lines say whose they are."""
        name, _, memory, left, _ = project.invoke("about", "orders")
        other, _, standard, _, _ = project.invoke("about", "invoices:$LATEST")

        assert [(name, memory, left), (other, standard)] == [("orders", "512", 7000), ("invoices", "128")]
        assert project.wait_for(r"orders \| START RequestId")
        assert project.wait_for(r"invoices \| REPORT RequestId")

    def test_unknown(self, project: Served) -> None:
        """A name that isn't there is ResourceNotFoundException, with those near it."""
        keys = {"aws_access_key_id": "mine", "aws_secret_access_key": "mine", "region_name": "eu-west-1"}
        client = boto3.client("lambda", endpoint_url=f"http://{project.authority}", **keys)
        with pytest.raises(client.exceptions.ResourceNotFoundException, match=r"Function not found: order; near it: o"):
            client.invoke(FunctionName="order")
        arn = "arn:aws:lambda:eu-west-1:012345678912:function:invoices"

        assert json.loads(client.invoke(FunctionName=arn, Payload="2")["Payload"].read()) == 1

    def test_one_changes(self, project: Served, tmp_path: Path) -> None:
        """A change of one function is its own affair, and it is said whose it is."""
        write(tmp_path / "orders" / "app.py", APP.replace("VALUE = 1", "VALUE = 2"))
        project.wait_for(r"orders: app\.py has changed: app\.handler starts anew")

        assert (project.invoke(name="orders"), project.invoke(name="invoices")) == (2, 1)


class TestVariables:
    """The variables of a project's functions."""

    def test_table(self, tmp_path: Path) -> None:
        """Those of the table are set, and those of the command line win."""
        write(tmp_path / "pyproject.toml", PYPROJECT)
        for name in ("orders", "invoices"):
            write(tmp_path / name / "app.py", APP)
        with Served(tmp_path, "--env", "MINE=1") as served:
            environ = served.invoke("about", "orders")[4]

        assert (environ["TABLE"], environ["MINE"]) == ("orders", "1")

    def test_template(self, tmp_path: Path) -> None:
        """Parameters have their defaults; what only CloudFormation knows isn't set, and is named."""
        write(tmp_path / "template.yaml", TEMPLATE)
        for name in ("orders", "invoices"):
            write(tmp_path / name / "app.py", APP)
        with Served(tmp_path) as served:
            environ = served.invoke("about", "orders")[4]

            assert served.wait_for(r"orders: not set, .*: (.*)") == "TABLE, URL, JOINED"
        assert [environ[name] for name in ("STAGE", "SHARED", "FLAG", "OTHER")] == ["dev", "yes", "true", "dev"]
        assert not {"TABLE", "URL", "JOINED"} & environ.keys()

    def test_handler(self, app: Path) -> None:
        """A project that names its one handler is served by it; a template whose package isn't built is served too."""
        write(app.parent / "pyproject.toml", '[tool.lambda-bootstrap]\nhandler = "app.handler"\n')
        with Served(app.parent) as served:
            assert served.invoke() == 1
        (app.parent / "pyproject.toml").unlink()
        resource = '{"Type": "AWS::Serverless::Function", "Properties": {"Handler": "app.handler", "CodeUri": "a.zip"}}'
        write(app.parent / "template.yml", f'{{"Resources": {{"Function": {resource}}}}}')
        with Served(app.parent) as served:
            assert served.invoke() == 1


class TestRefused:
    """What cannot be served is one line and status 2."""

    @pytest.mark.parametrize(
        ("pyproject", "message"),
        [
            ("", "no function is named: write app.handler, or name functions in pyproject.toml"),
            ("[tool.lambda-bootstrap]\nfunctions = 1", "FOLDER/pyproject.toml: "),
            (
                "[tool.lambda-bootstrap.functions]\na = 1",
                "[tool.lambda-bootstrap.functions]: a has to be a table, not 1",
            ),
            ("[tool.lambda-bootstrap.functions.a]\ntimeout = 3", "[tool.lambda-bootstrap.functions.a] has no handler"),
            ("[tool.lambda-bootstrap.functions.a]\nhandlr = 'a.b'", "has no 'handlr'; it has handler"),
            (
                "[tool.lambda-bootstrap.functions.a]\nhandler = 'a.b'\ntimeout = '3'",
                "timeout has to be a number of seconds, not '3'",
            ),
            (
                "[tool.lambda-bootstrap.functions.a]\nhandler = 'a.b'\nenvironment = {AWS_REGION = 'x'}",
                "AWS_REGION is Lambda's own; use --region",
            ),
            (
                "[tool.lambda-bootstrap.functions.a]\nhandler = 'a.b'\nurl = {invoke-mode = 'x'}",
                "invoke-mode has to be 'BUFFERED' or 'RESPONSE_STREAM', not 'x'",
            ),
            ("=", "cannot be read: "),
        ],
    )
    def test_pyproject(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
        pyproject: str,
        message: str,
    ) -> None:
        """An entry that is wrong is named, with what it has to be."""
        monkeypatch.chdir(tmp_path)
        write(tmp_path / "pyproject.toml", pyproject)

        assert main(["serve", "--python", sys.executable]) == 2
        told = capfd.readouterr().err.replace(str(tmp_path), "FOLDER")
        assert message in told
        assert told.count("\n") == 1

    @pytest.mark.parametrize(
        ("template", "message"),
        [
            (
                "Resources: {F: {Type: AWS::Lambda::Function, Properties: {Handler: a.b, CodeUri: nowhere/}}}",
                "template.yaml: F has its code in 'FOLDER/nowhere', and there is no such folder",
            ),
            ("Resources: {}", "has no function that is Python's"),
            ("[1]", "isn't a template: it has no Resources"),
            ("a: [", "cannot be read: "),
            ("Resources: {F: {Type: AWS::Lambda::Function}}", "F has no Handler that is a text, as in Handler: app."),
        ],
    )
    def test_template(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
        template: str,
        message: str,
    ) -> None:
        """So is a template that names no function."""
        monkeypatch.chdir(tmp_path)
        write(tmp_path / "template.yaml", template)

        assert main(["serve", "--python", sys.executable]) == 2
        assert message.replace("FOLDER", str(tmp_path)) in capfd.readouterr().err

    def test_unreadable(self, app: Path) -> None:
        """A folder that may not be read is refused at once: nothing would run, and no change be noticed."""
        drop = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.getuid() == 0 else []
        command = [*drop, *SERVE, "--port", "0", "--python", sys.executable, f"{app.parent.name}/app.handler"]
        app.parent.chmod(0o100)
        try:
            done = subprocess.run(command, cwd=app.parents[1], capture_output=True, text=True, timeout=60, check=False)
        finally:
            app.parent.chmod(0o700)

        said = f"you have no permission for {app.parent.name}"
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["app"], "'app' names no function: write FOLDER/MODULE.FUNCTION, as in app.handler; or HOST:PORT for a"),
            (["127.0.0.1:0", "--port", "1"], "with HOST:PORT, the runtime is started elsewhere"),
            (["nowhere/app.handler"], "there is no folder 'nowhere'"),
        ],
    )
    def test_words(
        self, capfd: pytest.CaptureFixture[str], words: list[str], message: str, tmp_path: Path, monkeypatch: Any
    ) -> None:
        """Words that mean nothing are answered with what they may be."""
        monkeypatch.chdir(tmp_path)

        assert main(["serve", *words]) == 2
        assert message in capfd.readouterr().err

    def test_port(self, app: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        """A port that isn't free is named, with the option that takes another."""
        with Served(app.parent, "app.handler") as served:
            port = served.authority.rpartition(":")[2]
            monkeypatch.chdir(app.parent)

            for option in (["--port"], ["--port", "0", "--url-port"]):
                assert main(["serve", "app.handler", "--python", sys.executable, *option, port]) == 2
                told = f"cannot listen on 127.0.0.1:{port}: Address already in use; choose another with {option[-1]}\n"
                assert told in capfd.readouterr().err
