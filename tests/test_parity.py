"""aws-lambda-go's rules, each with its test or with the reason why there is none: docs/go-parity.md, held."""

from __future__ import annotations

import ast
import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator, Reply

from tests.support import BOOTSTRAP, FUNCTIONS, ROOT
from tests.support.emulated import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = {"B1": 8, "B2": 14, "B3": 16, "B4": 22, "B5": 6, "B6": 9, "B7": 6}
ROW = re.compile(r"^\| (B\d\.\d+) \| (.+) \| (test|differs|missing) \|(.*)\|$", re.MULTILINE)


def rows() -> dict[str, tuple[str, str]]:
    """What the page says of each rule: verdict and note."""
    page = (ROOT / "docs" / "go-parity.md").read_text()
    return {row[1]: (row[3], row[4]) for row in ROW.finditer(page)}


def carried() -> set[str]:
    """The rules that a test carries the number of: in its docstring, or in the name of a case."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        source = path.read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                text = "\n".join(source.splitlines()[start - 1 : node.end_lineno])
                found |= set(re.findall(r"(?<=[\" ])B\d\.\d+(?=[:, ])", text))
    return found


def test_every_rule() -> None:
    """The page has every rule of aws-lambda-go, and none that is made up."""
    assert list(rows()) == [f"{part}.{number}" for part, count in RULES.items() for number in range(1, count + 1)]


def test_every_test() -> None:
    """A rule that is said to have a test has one that carries its number; any other has a reason, and no test."""
    verdicts = rows()
    tested = {number for number in carried() if number[:2] in RULES}

    assert {number for number, (verdict, _) in verdicts.items() if verdict == "test"} == tested
    assert [number for number, (verdict, note) in verdicts.items() if verdict != "test" and len(note) < 20] == []


@pytest.fixture(name="called")
def _called() -> Iterator[Any]:
    """Gives the emulator of a function of typed_parity.py."""
    started: list[Emulator] = []

    def call(name: str) -> Emulator:
        emulator = Emulator([sys.executable, str(BOOTSTRAP)], cwd=FUNCTIONS, handler=f"typed_parity.{name}")
        started.append(emulator)
        emulator.__enter__()
        return emulator

    yield call
    for emulator in started:
        emulator.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("client", "identity", "name"), [("{", "{", "Client Context"), ("{}", "{", "Cognito Identity")], ids=["both", "one"]
)
def test_order_of_checks(called: Any, client: str, identity: str, name: str) -> None:
    """B4.10: of a deadline, a client context and an identity that are wrong, the client context is told first."""
    emulator = called("handler")
    headers = [
        ("Lambda-Runtime-Aws-Request-Id", REQUEST_ID),
        ("Lambda-Runtime-Deadline-Ms", "yolo"),
        ("Lambda-Runtime-Client-Context", client),
        ("Lambda-Runtime-Cognito-Identity", identity),
    ]
    emulator.script("next", Reply(200, headers, b"{}"))
    emulator.start()
    (request,) = emulator.wait_for("error")
    error = json.loads(request.body)

    assert error["errorType"] == "Runtime.LambdaContextUnmarshalError"
    assert error["errorMessage"].startswith(f"Unable to parse {name} JSON: ")


def test_deadline(called: Any) -> None:
    """B4.11: the context knows when the invocation ends, and how long it still has."""
    deadline, remaining = called("deadline").invoke().json()

    assert remaining <= 3000
    assert abs(deadline - remaining - time.time() * 1000) < 2000


def test_sigterm() -> None:
    """B7.5: a hook of the end has an internal extension without events registered, and runs at SIGTERM."""
    command = [sys.executable, str(BOOTSTRAP)]
    with Emulator(command, cwd=FUNCTIONS, handler="shutdowns.handler", environ={"HOOKS": "last"}) as emulator:
        emulator.invoke()
        (registration,) = emulator.wait_for("extension/register")

        assert registration.body == b'{"events":[]}'
        assert emulator.shut_down() == 0
        assert b"last" in emulator.output


def test_unread(called: Any) -> None:
    """B3.1, B3.10: an event that nobody takes is not parsed, and no result is null."""
    assert called("nothing").invoke(b'{"invalid json').body == b"null"


def test_one_value(called: Any) -> None:
    """B3.3: a payload is one JSON value; what comes after it is an error."""
    error = called("handler").invoke(b"{} 1").error

    assert error["errorType"] == "Runtime.UnmarshalError"
    assert error["errorMessage"].startswith("Unable to unmarshal input: Extra data: line 1 column 4 (char 3)")


def test_hooks(called: Any) -> None:
    """B3.7, B5.1, B5.2, B5.5: hooks run in order before the handler; one that fails is passed over."""
    emulator = called("handler")
    emulator.invoke(b'{"a":1}')
    told = emulator.invoke(b'"tell"').json()

    assert told[:4] == [
        ["first request", {"a": 1}],
        ["second request", {"a": 1}],
        ["handler", {"a": 1}],
        ["response", None],
    ]
    assert b"a hook's own failure" in emulator.output


def test_response_hook(called: Any) -> None:
    """B3.8, B3.9: an exception is the answer, and no response hook runs with it, but the error hook."""
    emulator = called("handler")

    assert emulator.invoke(b'"fail"').error["errorType"] == "ValueError"
    assert [kind for kind, _ in emulator.invoke(b'"tell"').json()[:3]] == ["first request", "second request", "error"]


def test_no_hooks(called: Any) -> None:
    """B5.3, B5.6: hooks are there for every shape of a handler, and without any nothing is missing."""
    assert called("nothing").invoke().error is None


def test_no_html(called: Any) -> None:
    """B3.11: characters of HTML stay what they are."""
    assert called("raises").invoke(b'"html"').body == b'"<&>"'


def test_marshal_error(called: Any) -> None:
    """B3.15: what has no JSON form is the invocation's error, with the path that leads there."""
    error = called("raises").invoke(b'"unencodable"').error

    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"].startswith(
        "Unable to marshal response: Object of type object is not JSON serializable (at body.items[2].when)"
    )


def test_error(called: Any) -> None:
    """B6.2, B6.3, B6.4: message, type and the user's frames, each a line of Python's, with none of ours."""
    outcome = called("raises").invoke(b'"nested"')
    frames = outcome.error["stackTrace"]

    assert (outcome.error["errorMessage"], outcome.error["errorType"]) == ("'k'", "KeyError")
    assert [re.sub(r'.*", line \d+, ', "", frame.splitlines()[0]) for frame in frames] == ["in raises", "in inner"]
    assert "shouldExit" not in outcome.error


@pytest.mark.parametrize(
    ("event", "message"),
    [("unprintable", "<unprintable Unprintable object>"), ("surrogate", "\ud800")],
)
def test_any_error(called: Any, event: str, message: str) -> None:
    """B6.6: an error that cannot be told is told all the same."""
    assert called("raises").invoke(json.dumps(event).encode()).error["errorMessage"] == message


def test_cause(called: Any) -> None:
    """B6.7, B6.8: X-Ray gets working directory, exception and each path once."""
    emulator = called("raises")
    emulator.invoke(b'"nested"')
    (request,) = emulator.wait_for("error")
    cause = json.loads(request.header("Lambda-Runtime-Function-XRay-Error-Cause"))

    assert list(cause) == ["working_directory", "exceptions", "paths"]
    assert cause["paths"] == [str(FUNCTIONS / "typed_parity.py")]
    assert [frame["label"] for frame in cause["exceptions"][0]["stack"]] == ["raises", "inner"]
