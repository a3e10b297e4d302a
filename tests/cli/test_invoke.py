"""`lambda-bootstrap invoke`, against our emulator and against what AWS would answer."""

from __future__ import annotations

import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.cli.main import main
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, PYTHON
from tests.support.served import serve_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """
def handler(event, context):
    if event == "fail":
        raise ValueError("boom")
    if event == "tenant":
        return context.tenant_id
    if event == "slow":
        __import__("time").sleep(4)
    if isinstance(event, dict) and "rawPath" in event:
        return {"statusCode": 418, "headers": {"x-own": "1"}, "body": event["rawPath"] + event.get("body", "")}
    return {"event": event, "custom": context.client_context and context.client_context.custom}


def stream(event, context):
    yield b"one "
    if event == "break":
        raise ValueError("half-way")
    yield b"two"
"""


@pytest.fixture(name="emulator")
def _emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """An emulator with a function, which is also where boto3 finds Lambda."""
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    handler = getattr(request, "param", "app.handler")
    with Emulator([*PYTHON, str(BOOTSTRAP)], cwd=tmp_path, handler=handler, timeout=20) as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://{emulator.address}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "mine")
        yield emulator


@pytest.fixture(name="ways", params=["endpoint", "remote"])
def _ways(request: pytest.FixtureRequest, emulator: Emulator) -> list[str]:
    """The options for a call over plain HTTP, and for one through boto3."""
    if request.param == "endpoint":
        return ["--endpoint", f"http://{emulator.address}"]
    return ["--remote", "--region", "eu-west-1"]


class TestCalls:
    """Calls of a function under our emulator."""

    def test_result(self, ways: list[str], capfd: pytest.CaptureFixture[str]) -> None:
        """A result is status 0, printed for people; the client context arrives."""
        context = '{"custom": {"who": "Zoë"}}'

        assert main(["invoke", *ways, "orders", "--event", "[1]", "--client-context", context]) == 0
        out = capfd.readouterr().out
        assert json.loads(out) == {"event": [1], "custom": {"who": "Zoë"}}
        assert out.startswith('{\n  "event"')

    def test_error(self, ways: list[str], capfd: pytest.CaptureFixture[str]) -> None:
        """An error of the function is status 1, with a line that says so, and its body on stdout."""
        assert main(["invoke", *ways, "--event", '"fail"']) == 1
        captured = capfd.readouterr()
        assert captured.err.startswith("START RequestId: ")
        assert captured.err.endswith("\nfunction error: ValueError: boom\n")
        assert json.loads(captured.out)["errorType"] == "ValueError"

    def test_json(self, ways: list[str], capfd: pytest.CaptureFixture[str]) -> None:
        """With --json, all that came is one object."""
        assert main(["invoke", *ways, "--event", '"fail"', "--json"]) == 1
        answer = json.loads(capfd.readouterr().out)

        assert (answer["status"], answer["error"]) == (200, "Unhandled")
        assert [line.split()[0] for line in answer["log"].splitlines()[-2:]] == ["END", "REPORT"]
        assert answer["body"]["errorMessage"] == "boom"

    def test_default_event(self, emulator: Emulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """The default event is this folder's event.json."""
        (tmp_path / "event.json").write_text('"mine"')

        assert main(["invoke", "--endpoint", f"http://{emulator.address}"]) == 0
        assert json.loads(capfd.readouterr().out)["event"] == "mine"

    def test_tenant(self, ways: list[str], capfd: pytest.CaptureFixture[str]) -> None:
        """A tenant's id arrives."""
        assert main(["invoke", *ways, "--event", '"tenant"', "--tenant", "blue"]) == 0
        assert capfd.readouterr().out == '"blue"\n'

    def test_http(self, ways: list[str], capfd: pytest.CaptureFixture[str]) -> None:
        """A request of a Function URL is sent with its body, and the response printed as curl does."""
        assert main(["invoke", *ways, "--http", "PUT", "/a?b=c", "--event", "[1]"]) == 0
        captured = capfd.readouterr()
        assert captured.out == "/a[1]"
        assert captured.err.endswith("HTTP/1.1 418 I'm a Teapot\nx-own: 1\n")

    def test_patience(self, ways: list[str], capfd: pytest.CaptureFixture[str]) -> None:
        """Whoever waits long is told so."""
        assert main(["invoke", *ways, "--event", '"slow"']) == 0
        assert capfd.readouterr().err.startswith("no answer yet from ")

    @pytest.mark.parametrize("emulator", ["app.stream"], indirect=True)
    def test_stream(self, ways: list[str], capfd: pytest.CaptureFixture[str]) -> None:
        """With --stream, pieces are printed as they are; the log follows."""
        assert main(["invoke", *ways, "--stream", "--event", "[1]"]) == 0
        captured = capfd.readouterr()
        assert captured.out == "one two"
        assert "REPORT RequestId" in captured.err

    @pytest.mark.parametrize("emulator", ["app.stream"], indirect=True)
    def test_broken_stream(self, ways: list[str], capfd: pytest.CaptureFixture[str]) -> None:
        """A stream that breaks off is status 1, after the pieces that there were; with --json it is one object."""
        assert main(["invoke", *ways, "--stream", "--event", '"break"']) == 1
        captured = capfd.readouterr()
        assert captured.out == "one "
        assert captured.err.endswith("\nthe stream has broken off: function error: ValueError: half-way\n")
        assert main(["invoke", *ways, "--stream", "--event", '"break"', "--json"]) == 1
        assert json.loads(capfd.readouterr().out)["error"] == "ValueError"

    def test_refused(self, ways: list[str], capfd: pytest.CaptureFixture[str]) -> None:
        """A call that is refused is status 2, with what was said."""
        assert main(["invoke", *ways, "--event", json.dumps("x" * 7_000_000)]) == 2
        assert "must be smaller than" in capfd.readouterr().err


@pytest.fixture(name="lambda_")
def _lambda() -> Iterator[tuple[str, list[BaseHTTPRequestHandler]]]:
    """A server that answers as AWS does, with the log or with 202, and what it was asked."""
    asked: list[BaseHTTPRequestHandler] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self)
            self.rfile.read(int(self.headers["Content-Length"]))
            is_async = self.headers["X-Amz-Invocation-Type"] == "Event"
            body = b"" if is_async else b'"done"'
            self.send_response(202 if is_async else 200)
            if self.headers["X-Amz-Log-Type"] == "Tail":
                self.send_header("X-Amz-Log-Result", base64.b64encode(b"START\nhello\n").decode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


class TestAnswers:
    """What AWS answers and our emulator doesn't."""

    def test_log(self, lambda_: tuple[str, list[BaseHTTPRequestHandler]], capfd: pytest.CaptureFixture[str]) -> None:
        """The tail of the log goes to stderr; a function's name is escaped in the path."""
        endpoint, asked = lambda_

        assert main(["invoke", "--endpoint", endpoint, "a:b/c"]) == 0
        assert capfd.readouterr() == ('"done"\n', "START\nhello\n")
        assert asked[0].path == "/2015-03-31/functions/a%3Ab%2Fc/invocations"

    def test_async(self, lambda_: tuple[str, list[BaseHTTPRequestHandler]], capfd: pytest.CaptureFixture[str]) -> None:
        """An asynchronous call that is accepted is status 0, with nothing on stdout and no log asked for."""
        endpoint, asked = lambda_

        assert main(["invoke", "--endpoint", endpoint, "--async"]) == 0
        captured = capfd.readouterr()
        assert (captured.out, captured.err.split(":")[0]) == ("", "accepted")
        assert asked[0].headers["X-Amz-Log-Type"] is None

    @pytest.mark.parametrize("is_async", [False, True])
    def test_remote(
        self,
        lambda_: tuple[str, list[BaseHTTPRequestHandler]],
        capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        is_async: bool,  # noqa: FBT001 - a parameter
    ) -> None:
        """Through boto3, the log and the acceptance of a call come as over plain HTTP."""
        for name, value in {"ENDPOINT_URL_LAMBDA": lambda_[0], "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "a"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)

        assert main(["invoke", "--remote", "--region", "eu-west-1", *["--async"] * is_async]) == 0
        captured = capfd.readouterr()
        assert captured.out == ("" if is_async else '"done"\n')
        assert captured.err.startswith("accepted: " if is_async else "START\nhello\n")

    def test_no_boto3(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """Without boto3, --remote says what to install."""
        monkeypatch.setitem(sys.modules, "boto3", None)

        assert main(["invoke", "--remote"]) == 2
        assert "--remote calls AWS through boto3: pip install boto3 (" in capfd.readouterr().err


def test_stream_of_another(
    lambda_: tuple[str, list[BaseHTTPRequestHandler]], capfd: pytest.CaptureFixture[str]
) -> None:
    """What isn't a stream of events is refused, with the reason."""
    assert main(["invoke", "--endpoint", lambda_[0], "--stream"]) == 2
    assert "doesn't answer with a stream: it isn't a stream of events" in capfd.readouterr().err


def test_not_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where several functions are served, a call that names none is answered with their names, and a wrong name too."""
    tables = "".join(f"[tool.lambda-bootstrap.functions.{name}]\nhandler = 'app.handler'\n" for name in ("a", "b"))
    with serve_project(tmp_path, APP, tables) as served:
        endpoint = f"http://{served.authority}"
        statuses = [main(["invoke", *words, "--endpoint", endpoint]) for words in ([], ["c"])]
        statuses.append(main(["invoke", "--endpoint", f"{endpoint}/x"]))

    assert statuses == [2, 2, 2]
    assert capfd.readouterr().err == (
        f"lambda-bootstrap invoke: several functions are served at {endpoint}, so name one; there are: a, b\n"
        f"lambda-bootstrap invoke: {endpoint} refuses the call: Function not found: c; there are: a, b\n"
        f"lambda-bootstrap invoke: {endpoint}/x refuses the call: 404 page not found\n"
    )


@pytest.mark.parametrize("words", [["--region", "eu-west-1"], ["--remote", "--endpoint", "http://127.0.0.1:1"]])
def test_without_effect(capfd: pytest.CaptureFixture[str], words: list[str]) -> None:
    """An option that would say nothing is a mistake: a region of an emulator's, an emulator's address on AWS."""
    assert main(["invoke", *words]) == 2
    assert "--remote calls" in capfd.readouterr().err


class TestRefused:
    """What cannot be called is one line and status 2."""

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--endpoint", "localhost:9000"], "'localhost:9000' is no endpoint: write http://HOST:PORT"),
            (["--client-context", "x"], "the client context isn't JSON: Expecting value: line 1 column 1 (char 0)"),
            (
                ["--endpoint", "http://127.0.0.1:1", "--stream"],
                "nobody answers at http://127.0.0.1:1: Connection refused; start lambda-bootstrap serve, or RIE",
            ),
            (["--event", " "], "the event is empty: write JSON, a file, a sample's name, or - for stdin"),
            (["--client-context", "[1]"], "the client context isn't an object: [1]"),
            (
                ["--endpoint", "http://127.0.0.1:1"],
                "nobody answers at http://127.0.0.1:1: Connection refused; start lambda-bootstrap serve, or RIE",
            ),
        ],
        ids=["endpoint", "context", "streamed", "empty", "array", "nobody"],
    )
    def test_message(self, capfd: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
        """The message says what is wrong and what to do."""
        assert main(["invoke", *words]) == 2
        assert capfd.readouterr().err == f"lambda-bootstrap invoke: {message}\n"
