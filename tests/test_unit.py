"""What people test their functions with: contexts, functions in a process, and the pytest plugin."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap.context import Context
from lambda_bootstrap_dev.errors import UsageError
from lambda_bootstrap_dev.testing import Kind, LambdaFunction, make_context

from tests.support import FUNCTIONS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = "lambda_bootstrap_dev.pytest_plugin"
APP = """
import json, logging, os, time
from dataclasses import dataclass

from lambda_bootstrap import Context
from lambda_bootstrap.events import SqsRecord, partial_batch

print("imported")


@dataclass
class Order:
    item: str
    count: int = 1


def handler(order: Order, context: Context):
    print(f"order of {order.item}")
    logging.getLogger().warning("low stock", extra={"item": order.item})
    if order.item == "coffee":
        raise LookupError("no coffee")
    time.sleep(order.count - 1)
    return {"item": order.item, "tenant": context.tenant_id, "table": os.environ.get("TABLE")}


@partial_batch
def batch(record: SqsRecord):
    json.loads(record["body"])


@partial_batch
async def batch_async(record: SqsRecord, context: Context):
    json.loads(record["body"])


async def waits(order: Order):
    return order.count
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A folder with a function in it, and pytest's configuration."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\nfilterwarnings = error\n")
    return tmp_path


def pytest_of(folder: Path, source: str, *options: str, start: str = ".") -> str:
    """What pytest, started in *start*, says of a test file in *folder*; it has the plugin, and nothing of ours else."""
    (folder / "test_app.py").write_text(dedent(source))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", PLUGIN, *options]
    environ = {"PATH": "", "PYTHONPATH": f"{ROOT}/runtime:{ROOT}/dev", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder / start, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class TestContext:
    """A context in one line."""

    def test_as_lambda_has_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A context for a test is the runtime's own, has every attribute, and its time runs."""
        context = make_context(timeout=60)
        context.log("as it is")

        assert type(context) is Context
        assert {name for name in Context.__annotations__ if name[0] != "_"} <= set(vars(context))
        assert 59_000 < context.get_remaining_time_in_millis() <= 60_000
        assert (context.identity.cognito_identity_id, context.client_context, context.w3c()) == (None, None, {})
        assert capsys.readouterr().out == "as it is"

    def test_own_id(self) -> None:
        """Two contexts are of two requests."""
        assert make_context().aws_request_id != make_context().aws_request_id

    def test_values(self) -> None:
        """Attributes are given by name, and what a caller sends as it sends it."""
        context = make_context(
            tenant_id="blue",
            client_context={"custom": {"k": 1}, "w3c": {"traceparent": "00-1-2-01"}},
            identity={"cognitoIdentityId": "eu:1"},
        )

        assert context.client_context is not None
        assert (context.tenant_id, context.client_context.custom) == ("blue", {"k": 1})
        assert (context.identity.cognito_identity_id, context.traceparent) == ("eu:1", "00-1-2-01")

    def test_misspelt(self) -> None:
        """An attribute that no context has is refused, with those that there are."""
        with pytest.raises(TypeError, match="a context has no request_id; it has aws_request_id, client_context"):
            make_context(request_id="1")


class TestFunction:
    """A function in a process."""

    def test_answer(self, folder: Path) -> None:
        """An answer has the result, what the function has written for it, and its cost."""
        with LambdaFunction("app.handler", folder=str(folder), environ={"TABLE": "t"}, memory=256) as function:
            first = function.invoke({"item": "tea"}, headers={"X-Amz-Tenant-Id": "blue"})
            second = function.invoke({"item": "milk"})

        assert (first.error, first.json()) == (None, {"item": "tea", "tenant": "blue", "table": "t"})
        assert first.log.startswith("imported\norder of tea\n[WARNING]\t")
        assert second.log.startswith("order of milk\n")
        assert first.report.kind is Kind.RESPONSE
        assert first.report.init_ms is not None
        assert second.report.init_ms is None
        assert 0 < second.report.duration_ms < 3000
        assert (second.report.memory_mb or 0) > 5

    def test_error(self, folder: Path) -> None:
        """An exception is the answer's error, with its type, and its trace stands in the log."""
        with LambdaFunction("app.handler", folder=str(folder)) as function:
            answer = function.invoke({"item": "coffee"})

        assert (answer.error["errorType"], answer.error["errorMessage"]) == ("LookupError", "no coffee")
        assert '\n\xa0\xa0\xa0\xa0raise LookupError("no coffee")\n' in answer.log

    def test_wrong_event(self, folder: Path) -> None:
        """An event of another type than the handler declares is refused as on Lambda."""
        with LambdaFunction("app.handler", folder=str(folder)) as function:
            error = function.invoke({"item": 7}).error

        assert error["errorMessage"].startswith("Unable to unmarshal input: item: expected string, got 7")

    def test_records(self, folder: Path) -> None:
        """With JSON as the log's format, its records can be looked at one by one."""
        with LambdaFunction("app.handler", folder=str(folder), environ={"AWS_LAMBDA_LOG_FORMAT": "JSON"}) as function:
            records = function.invoke({"item": "tea"}).records

        assert [(record["level"], record["message"]) for record in records[-2:]] == [
            ("INFO", "order of tea"),
            ("WARN", "low stock"),
        ]
        assert records[-1]["item"] == "tea"

    def test_timeout(self, folder: Path) -> None:
        """A function that runs into its timeout is killed, and a new one answers the next event."""
        with LambdaFunction("app.handler", folder=str(folder), timeout=0.3) as function:
            late = function.invoke({"item": "tea", "count": 9})
            after = function.invoke({"item": "tea"})

        assert late.report.kind is Kind.TIMEOUT
        assert "Task timed out after 0.30 seconds" in late.error["errorMessage"]
        assert after.json()["item"] == "tea"

    def test_bytes(self) -> None:
        """Bytes are sent as they are, and no event at all is an empty object."""
        with LambdaFunction("echo.handler", folder=str(FUNCTIONS)) as function:
            assert (function.invoke(b"[1]").body, function.invoke().body) == (b"[1]", b"{}")

    def test_no_folder(self) -> None:
        """A handler in a folder that isn't there is refused before anything starts."""
        with pytest.raises(UsageError, match="there is no folder"):
            LambdaFunction("nowhere/app.handler")


class TestPlugin:
    """The fixtures."""

    def test_fixtures(self, folder: Path) -> None:
        """A test has a context, a function below the configured folder, and a scripted Runtime API, by name."""
        (folder / "sub").mkdir()
        source = """
            import http.client
            from lambda_bootstrap_dev.testing import Reply

            def test_context(lambda_context):
                assert lambda_context.get_remaining_time_in_millis() > 2000
                lambda_context.tenant_id = "blue"

            def test_function(lambda_function, tmp_path, monkeypatch):
                monkeypatch.chdir(tmp_path)
                answer = lambda_function("app.handler", environ={"TABLE": "orders"}).invoke({"item": "tea"})
                assert answer.json()["table"] == "orders"

            def test_api(runtime_api):
                runtime_api.script("next", Reply(500))
                host, port = runtime_api.address.split(":")
                connection = http.client.HTTPConnection(host, int(port))
                connection.request("GET", "/2018-06-01/runtime/invocation/next")
                assert connection.getresponse().status == 500
                connection.close()
                (request,) = runtime_api.wait_for("next")
                assert request.method == "GET"
        """

        assert "3 passed" in pytest_of(folder, source, "../test_app.py", start="sub")

    def test_without_configuration(self, folder: Path) -> None:
        """Without a configuration of pytest, a handler's name begins where pytest was started."""
        (folder / "pytest.ini").unlink()
        (folder / "tests").mkdir()
        source = """
            def test_function(lambda_function):
                assert lambda_function("app.handler").invoke({"item": "tea"}).error is None
        """
        (folder / "tests" / "test_it.py").write_text(dedent(source))

        assert "1 passed" in pytest_of(folder, "", "tests")

    def test_plain_calls(self, folder: Path) -> None:
        """Handlers under `partial_batch`, typed and `async` ones are functions that a unit test calls."""
        source = """
            import asyncio
            from app import Order, batch, batch_async, handler, waits

            RECORDS = [{"messageId": "1", "eventSource": "aws:sqs", "body": "{}"},
                       {"messageId": "2", "eventSource": "aws:sqs", "body": "oops"}]

            def test_batch(lambda_context):
                failed = {"batchItemFailures": [{"itemIdentifier": "2"}]}
                assert batch({"Records": RECORDS}) == failed
                assert batch_async({"Records": RECORDS}, lambda_context) == failed

            def test_typed(lambda_context):
                assert handler(Order("tea"), lambda_context)["item"] == "tea"

            def test_async():
                assert asyncio.run(waits(Order("tea", 2))) == 2
        """

        assert "3 passed" in pytest_of(folder, source)

    def test_costs_nothing(self, folder: Path) -> None:
        """A run that uses no fixture imports neither the runtime nor the emulator, and no function before its test."""
        source = """
            import sys

            def test_modules():
                ours = {name for name in sys.modules if name.startswith("lambda_bootstrap")}
                assert ours == {"lambda_bootstrap_dev", "lambda_bootstrap_dev.pytest_plugin"}
                assert {"app", "h11", "rich", "click"}.isdisjoint(sys.modules)
        """

        assert "1 passed" in pytest_of(folder, source)

    def test_own_fixture_wins(self, folder: Path) -> None:
        """A fixture of the same name in a user's conftest takes the plugin's place."""
        (folder / "conftest.py").write_text(
            "import pytest\n\n@pytest.fixture\ndef lambda_context():\n    return 'mine'\n"
        )

        assert "1 passed" in pytest_of(folder, "def test_it(lambda_context):\n    assert lambda_context == 'mine'\n")


def test_names() -> None:
    """What a test imports is in `testing`, all of it."""
    from lambda_bootstrap_dev import testing  # noqa: PLC0415 - the names of a module are the subject

    found: dict[str, Any] = vars(testing)
    assert [name for name in testing.__all__ if name not in found] == []
