"""
Our runtime and awslambdaric, side by side: the same functions and events, and what each posts, logs and exits with.

A difference is undone by a rule, if it is everywhere, or stands in a table, `DIFFERENT`; no other is allowed.
docs/differences.md gives the reasons.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support import FUNCTIONS, ROOT
from tests.support.side_by_side import Case, compare
from tests.support.undone import RULES, found_differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from tests.support.side_by_side import Both


def json_type(name: str) -> tuple[tuple[str, str], ...]:
    """A content type, or none."""
    return (("Content-Type", name),) if name else ()


CLIENT_CONTEXT = json.dumps({"client": {"app_title": "t"}, "custom": {"k": [1]}, "env": {"locale": "de"}})
CALLER = (
    ("Content-Type", "application/json"),
    ("Lambda-Runtime-Client-Context", CLIENT_CONTEXT),
    ("Lambda-Runtime-Cognito-Identity", '{"cognitoIdentityId":"eu:1","cognitoIdentityPoolId":"eu:2"}'),
    ("Lambda-Runtime-Aws-Tenant-Id", "blue"),
    ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"),
    ("Lambda-Runtime-Invocation-Id", "9f0C+/="),
    ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:012345678912:function:f:live"),
)

DROP_IN = (
    *("named", "unused", "twice", "annotated", "third", "keyword", "parsed", "event_only", "ByInit", "ByNew"),
    *("ByMetaclass", "unresolved", "quoted", "optional", "either", "many", "mapping"),
    *("recursive", "upload", "text", "unhashable", "nothing", "decoded"),
)
NOTES = {
    "typed_dict": b'{"Subject":null,"Sent":1.5,"More":[1]}',
    "nested": b'{"Records":[{"Subject":1},{}],"Next":{"Records":null}}',
    "union": b'{"neither":1}',
    "older": b'{"a":["b"]}',
    "mapping": b'{"a":{"b":null}}',
    "sequence": b'[{"a":1},{"b":"c"}]',
    "text": b'{"a":1}',
    "number": b"2",
    "literal": b'"c"',
    "transformed": b'{"data":"/wBIZWxsbw=="}',
}

# Functions with an environment each: their sources, by name.
ALONE = {
    name: source
    for section in (FUNCTIONS / "alone.txt").read_text(encoding="utf-8").split("\n=== ")[1:]
    for name, source in [section.split("\n", 1)]
}
# What a function does under other variables: the name of its source, and the variables.
SETTINGS: dict[str, tuple[str, dict[str, str]]] = {
    **{
        f"level {level}": ("setLevel of a logger", {"AWS_LAMBDA_LOG_LEVEL": level})
        for level in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "info", "nonsense")
    },
    "format in small letters": ("logs at import", {"AWS_LAMBDA_LOG_FORMAT": "json"}),
    "format that is none": ("logs at import", {"AWS_LAMBDA_LOG_FORMAT": "XML"}),
    "managed runtime of 3.11": ("raises", {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.11"}),
    "managed runtime of 3.13": ("raises", {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"}),
}
# Functions that leave nothing behind, in tests/functions/whole.py: each is called under its name as the request id.
SHARED = [
    node.name
    for node in ast.parse((FUNCTIONS / "whole.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and [arg.arg for arg in node.args.args] == ["event", "context"]
]
EVENT = b'{"a":1}'
REQUEST = b'{"rawPath":"/","requestContext":{"http":{"method":"GET"}}}'

CASES = {
    # Events.
    "event: object": Case("echo.handler", b'{"a":1,"b":[true,null,"x"]}'),
    "event: nothing in it": Case("echo.handler", b"{}"),
    "event: number": Case("echo.handler", b"7"),
    "event: string": Case("echo.handler", b'"text"'),
    "event: null": Case("echo.handler", b"null"),
    "event: long integer": Case("echo.handler", b"123456789012345678901234567890"),
    "event: floats": Case("echo.handler", b"[1.0,1e3,0.1,1e400,-0.0]"),
    "event: not a number": Case("echo.handler", b"[NaN,Infinity]"),
    "event: compact": Case("echo.handler", '{"t": "é", "n": [1, 2]}'.encode()),
    "event: spaces": Case("echo.handler", b' { "a" : 1 }\n'),
    "event: text beyond ASCII": Case("echo.handler", '{"t":"déjà vu \U0001f600"}'.encode()),
    "event: escapes": Case("echo.handler", b'"\\u00e9\\ud83d\\ude00\\n"'),
    "event: lone surrogate": Case("echo.handler", b'"\\ud800"'),
    "event: name twice": Case("echo.handler", b'{"a":1,"a":2}'),
    "event: byte order mark": Case("echo.handler", b"\xef\xbb\xbf1"),
    "event: megabytes": Case("echo.handler", b'"' + b"x" * 3_000_000 + b'"'),
    "event: nothing": Case("echo.handler", b""),
    "event: no JSON": Case("echo.handler", b"{oops"),
    "event: no UTF-8": Case("echo.handler", b'"\xff"'),
    # Content types.
    "type: charset": Case("results.takes_bytes", b'{"a":1}', json_type("application/json; charset=utf-8")),
    "type: capitals": Case("results.takes_bytes", b'{"a":1}', json_type("Application/JSON")),
    "type: none": Case("results.takes_bytes", b'{"a":1}', json_type("")),
    "type: text": Case("results.takes_bytes", b'{"a":1}', json_type("text/plain")),
    "type: JSON patch": Case("results.takes_bytes", b"[]", json_type("application/json-patch+json")),
    # Results.
    "result: nothing": Case("differential.nothing"),
    "result: bytes": Case("results.raw"),
    "result: decimal": Case("differential.decimal_"),
    "result: time": Case("differential.time"),
    "result: set": Case("differential.set_"),
    "result: UUID": Case("differential.uuid"),
    "result: bytes within": Case("differential.bytes_within"),
    "result: dataclass": Case("differential.data"),
    "result: enumeration": Case("differential.enumeration"),
    "result: tuple": Case("differential.tuple_"),
    "result: keys that are no text": Case("differential.keys"),
    "result: named tuples": Case("differential.named"),
    "result: objects with _asdict": Case("differential.rows"),
    "result: lists with _asdict": Case("differential.listed"),
    "result: keys that are bytes": Case("differential.bytes_as_keys"),
    "result: keys that are tuples": Case("differential.odd_key"),
    "result: lone surrogate": Case("differential.surrogate"),
    "result: not a number": Case("results.not_a_number"),
    "result: no JSON form": Case("results.unserializable"),
    "result: circle": Case("differential.circle"),
    "result: generator": Case("streams.pieces", b'["a"]'),
    "result: file": Case("streams.returns_file"),
    "result: large": Case("sizes.text", b'{"length": 6291554}'),
    "result: too large": Case("sizes.text", b'{"length": 6291555}'),
    # Errors.
    "error: raised": Case("errors.raises"),
    "error: nested": Case("differential.nested"),
    "error: caused": Case("differential.caused"),
    "error: group": Case("differential.group"),
    "error: noted": Case("differential.noted"),
    "error: no message": Case("differential.no_message"),
    "error: of a library": Case("differential.of_library"),
    "error: type of its own": Case("differential.own_type"),
    "error: words of its own": Case("differential.own_words"),
    "error: type of the instance": Case("differential.own_type_of_instance"),
    "error: exit": Case("errors.exits"),
    "error: interrupt": Case("differential.interrupts"),
    # Contexts.
    "context: function": Case("differential.context", headers=CALLER),
    "context: caller": Case("differential.caller", headers=CALLER),
    "context: nobody": Case("differential.caller"),
    "context: nonce of an error": Case("errors.raises", headers=CALLER),
    "context: trace": Case("differential.trace", headers=CALLER),
    "context: bad client context": Case(
        "echo.handler", headers=(*CALLER[:1], ("Lambda-Runtime-Client-Context", '{"a":'))
    ),
    "context: bad identity": Case("echo.handler", headers=(*CALLER[:1], ("Lambda-Runtime-Cognito-Identity", "nope"))),
    # Handlers.
    "handler: bound method": Case("kinds.bound", b"2"),
    "handler: instance": Case("kinds.instance", b"2"),
    "handler: partial": Case("kinds.partial", b"2"),
    "handler: path": Case("package/inner/app.handler"),
    "handler: event only": Case("kinds.only_event", b"2"),
    "handler: nothing": Case("kinds.nothing"),
    "handler: context first": Case("kinds.swapped", b"2"),
    "handler: async": Case("differential.waits", b"2"),
    "handler: class": Case("kinds.Greeter", b"2"),
    "handler: method of a class": Case("kinds.Greeter.method", b"2"),
    # Names, annotations and decorators that ask for nothing.
    **{f"drop-in: {name}": Case(f"drop_in.{name}", b'{"place":"a/b"}') for name in DROP_IN},
    # Annotations that are notes for type checkers.
    **{f"annotation: {name}": Case(f"annotations.{name}", event) for name, event in NOTES.items()},
    # Init errors.
    "handler: web application": Case("bare_wsgi.app", REQUEST),
    "init: no dot": Case("app", None),
    "init: built-in module": Case("sys.handler", None),
    "init: no module": Case("nowhere.handler", None),
    "init: broken import": Case("broken_import.handler", None),
    "init: deep import": Case("broken_deep.app.handler", None),
    "init: syntax": Case("broken_syntax.handler", None),
    "init: no handler": Case("echo.missing", None),
    "init: raises": Case("raises_at_import.handler", None),
    "init: exits": Case("exits_at_import.handler", None),
    # Whole functions.
    **{name: Case("whole.run", EVENT, request_id=name) for name in SHARED if name != "run"},
    **{
        f"{name}, called": Case("whole.run", EVENT, CALLER, request_id=name)
        for name in ("context_client", "context_fields", "context_parts", "context_repr", "environment", "record_facts")
    },
    **{name: Case("function.handler", EVENT, source=source) for name, source in ALONE.items()},
    **{
        name: Case("function.handler", EVENT, environ=tuple(environ.items()), source=ALONE[base])
        for name, (base, environ) in SETTINGS.items()
    },
    "counts again": Case("function.handler", EVENT, source=ALONE["counts"]),
}

OUTCOME = {"outcome"}
VALUE = {"bytes", "value"}
MESSAGE = {"errorMessage", "X-Ray"}
TRACE = {"stackTrace", "X-Ray"}
LOG, LOGS = {"stdout"}, {"stdout", "JSON stdout"}
BOTH_STREAMS = {*LOGS, "stderr", "JSON stderr"}
# What differs in which cases, by the heading of docs/differences.md that gives the reason.
DIFFERENT: dict[str, dict[str, set[str]]] = {
    "Messages say where, and what to do": {
        "event: no JSON": MESSAGE,
        "event: not a number": MESSAGE,
        "bytes_invalid": MESSAGE,
        "generator": MESSAGE,
        "missing_boto3": MESSAGE,
    },
    "Init errors suggest the right name": {"init: no dot": {"errorMessage"}},
    "Traces tell the whole story, and only the function's": {
        "recursion": TRACE,
        "builtin": TRACE,
        "lru_cache": TRACE,
        "init: no such coding": {"stackTrace"},
        "logs_cause": LOGS,
        "logs_stack": LOGS,
    },
    "JSON is JSON, in both directions": dict.fromkeys(
        ("event: floats", "result: not a number", "decimal_infinite", "decimal_nan", "infinite"), OUTCOME
    ),
    "NaN in an event is found in the result": {"event: not a number": {"errorType"}},
    "No byte order mark": {"event: byte order mark": OUTCOME},
    "Content types are compared as HTTP defines it": {"type: charset": VALUE, "type: capitals": VALUE},
    "An event without a type is JSON": {"type: none": OUTCOME},
    "More results have a JSON form": {
        **dict.fromkeys(("result: time", "result: set", "result: UUID", "byte_array", "a_date"), OUTCOME),
        **dict.fromkeys(("result: dataclass", "result: enumeration"), OUTCOME),
        "dataclass": MESSAGE,
    },
    "A result that is too large does not end the environment": {"result: too large": OUTCOME},
    "Every exception is answered": dict.fromkeys(
        (
            *("unprintable", "unicode_message", "base exception", "generator exit", "cancelled", "cancelled in a loop"),
            *("base group", "init: base exception"),
        ),
        OUTCOME,
    ),
    "An exit is answered": {
        **dict.fromkeys(("error: exit", "error: interrupt", "interrupts", "init: exits", "init: interrupts"), OUTCOME),
        **dict.fromkeys(("exits with 0", "exits with 3", "exits with text", "exits with nothing"), OUTCOME),
        **dict.fromkeys(("exits with a print", "exits with atexit", "exits by quit"), OUTCOME),
        **dict.fromkeys(("init: exits with 0", "init: exits with 3", "init: exits with text"), OUTCOME),
        "init: exits, with atexit": OUTCOME,
        "forked child raises": OUTCOME,
        "forked child returns": VALUE,
    },
    "Generators, iterators and files are streams": dict.fromkeys(
        ("result: generator", "result: file", "async generator"), OUTCOME
    ),
    "Handlers take what they need": {
        **dict.fromkeys(
            [f"handler: {name}" for name in ("partial", "event only", "nothing", "context first")], OUTCOME
        ),
        **dict.fromkeys(("handler: async", "handler: class", "handler: method of a class", "coroutine"), OUTCOME),
        **dict.fromkeys(("handler of one parameter", "handler of no parameter"), OUTCOME),
        "drop-in: event_only": LOGS,
    },
    "A handler that cannot be called is an init error": dict.fromkeys(
        (
            *("handler is None", "handler is a number", "handler of three parameters"),
            "handler that needs a keyword",
        ),
        OUTCOME,
    ),
    "Web applications are served": {"handler: web application": OUTCOME},
    "Annotations can ask for a type": {
        "drop-in: decoded": OUTCOME,
        "annotated with a dataclass": VALUE,
        "annotated with what is not there": LOGS,
        "annotated with text": LOGS,
        "annotated with a class": LOGS,
        **dict.fromkeys(
            [f"drop-in: {name}" for name in ("annotated", "unresolved", "quoted", "optional", "either", "many")], LOGS
        ),
        **dict.fromkeys(
            [f"drop-in: {name}" for name in ("mapping", "recursive", "upload", "text", "unhashable")], LOGS
        ),
    },
    "In JSON format, what is printed is a record": {"formatter set": {"JSON stdout"}},
    "Levels have the platform's names on stdout": {"addLevelName": {"JSON stdout"}},
    "Times in JSON have milliseconds": {"formats": {"JSON bytes", "JSON value"}},
    "Warnings and failures of threads are records": dict.fromkeys(
        ("warns", "warns at import", "thread_fails"), BOTH_STREAMS
    ),
    "A record is one line of its own": {
        **dict.fromkeys(("own_words", "lines_of_message", "init raises own words"), LOG),
        **dict.fromkeys(("logs_lines", "logs_exception", "logs_exc_info", "captureWarnings"), LOG),
        **dict.fromkeys(("prints_open", "prints an open line at import"), LOG),
        **dict.fromkeys(("after_open_line", "logs_last", "formatter set without a newline"), LOGS),
    },
    "A log that cannot be written is no error": {
        **dict.fromkeys(("logs_misfit", "logs_unprintable", "logs_surrogate", "prints_surrogate"), OUTCOME),
        "logs_no_exception": {"stdout", "JSON outcome"},
    },
    "`logging.basicConfig` takes effect": dict.fromkeys(
        ("basicConfig", "basicConfig with a format", "basicConfig with a stream"), LOGS
    ),
    "`sys.stdout.write` returns a number": {"writes": VALUE},
}
# For each rule, a case that differs without it.
NEEDED = {
    "Results are written compactly": "event: object",
    "The platform gets an error's type": "value_error",
    "Messages say where, and what to do": "a_type",
    "Init errors suggest the right name": "init: no handler",
    "Init errors say that they are JSON": "init: syntax",
    "Init errors come without a notice": "init: syntax",
    "Traces tell the whole story, and only the function's": "caused",
    "Levels have the platform's names on stdout": "logs_named",
    "Times in JSON have milliseconds": "logs_named",
    "Records name the function's version and the trace": "logs_named",
    "In JSON format, what is printed is a record": "prints",
}


@pytest.fixture(scope="session")
def compared(awslambdaric: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], tuple[Both, Both]]]:
    """Gives what was seen of a case; those of the tests that run are on their way, two environments at a time."""
    asked = {"event: compact"}
    for item in request.session.items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            asked.add(str(item.callspec.params.get("name")))
    groups: dict[object, dict[str, Case]] = {}
    for name, case in CASES.items():
        if name in asked:
            groups.setdefault(case.group, {})[name] = case
    with ThreadPoolExecutor(2) as pool:
        seen: dict[str, Future[dict[str, tuple[Both, Both]]]] = {}
        for cases in groups.values():
            seen |= dict.fromkeys(cases, pool.submit(compare, awslambdaric, cases))
        yield lambda name: seen[name].result()[name]
        for run in seen.values():
            run.cancel()


def test_every_reason_is_given() -> None:
    """Each reason, of a rule or of the table, is a heading of docs/differences.md, and each heading a reason in use."""
    page = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    headings = {line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")}

    # Many at once is another start: tests/lifecycle/ holds these two, in test_workers.py and test_tasks.py. The third
    # is in test_startup.py: no function asks for it.
    assert headings == RULES.keys() | {reason for reason, cases in DIFFERENT.items() if cases} | {
        "The function is imported once for many workers",
        "Async handlers are tasks",
        "Garbage is looked for rarely during the import",
    }
    assert {name for cases in DIFFERENT.values() for name in cases} <= CASES.keys()
    assert RULES.keys() == NEEDED.keys()


def test_enough() -> None:
    """More than 400 cases are compared, of which more than 300 are whole functions."""
    functions = {(case.handler, case.source, case.request_id) for case in CASES.values()}

    assert len(CASES) > 400
    assert len(functions) > 300


@pytest.mark.parametrize("name", CASES)
def test_same(compared: Callable[[str], tuple[Both, Both]], name: str) -> None:
    """Both runtimes post, log and end the same, but for what a rule or the table has a reason for."""
    found = found_differences(*compared(name))

    assert found.keys() == {field for cases in DIFFERENT.values() for field in cases.get(name, ())}, found


@pytest.mark.parametrize(("rule", "name"), NEEDED.items())
def test_rule_is_needed(compared: Callable[[str], tuple[Both, Both]], rule: str, name: str) -> None:
    """Without its rule, a difference that is everywhere shows."""
    assert found_differences(*compared(name)) == {}
    assert found_differences(*compared(name), without=rule) != {}


def test_compact(compared: Callable[[str], tuple[Both, Both]]) -> None:
    """The same result takes fewer bytes than awslambdaric's: no spaces, and text as UTF-8."""
    ours, theirs = compared("event: compact")

    assert ours["text"]["bytes"] == '{"t":"é","n":[1,2]}'.encode()
    assert theirs["text"]["bytes"] == b'{"t": "\\u00e9", "n": [1, 2]}'


# Each writes the same to the descriptor that a variable names: an unhandled error, lines of `context.log`, records.
THEIRS = """
import logging
from awslambdaric import bootstrap
from awslambdaric.lambda_context import LambdaContext
with bootstrap.create_log_sink() as sink:
    bootstrap._setup_logging(bootstrap._AWS_LAMBDA_LOG_FORMAT, bootstrap._AWS_LAMBDA_LOG_LEVEL, sink)
    stack = ['  File "a.py", line 1, in f\\n    f()\\n']
    bootstrap.log_error(bootstrap.make_error("a\\nb", "T", stack, "id"), sink)
    LambdaContext("id", None, None, 0).log("a\\n")
    LambdaContext("id", None, None, 0).log("b")
    logging.getLogger().setLevel(1)
    logging.getLogger().log(5, "low")
    logging.getLogger().log(25, "in\\nlines")
    logging.getLogger().log(60, "high")
    logging.error("m")
"""
OURS = """
import logging, os
from lambda_bootstrap.integrations.stdlib import set_up_logging
from lambda_bootstrap.log import Log
from lambda_bootstrap.report import ErrorReport
from lambda_bootstrap.settings import Settings
log = Log(Settings(os.environ))
set_up_logging(log, logging)
log.error(ErrorReport("T", "a\\nb", [], ['  File "a.py", line 1, in f\\n    f()\\n']))
log.log("a\\n")
log.log("b")
logging.getLogger().setLevel(1)
logging.getLogger().log(5, "low")
logging.getLogger().log(25, "in\\nlines")
logging.getLogger().log(60, "high")
logging.error("m")
"""


def framed(python: str, source: str, environ: dict[str, str]) -> list[tuple[str, bytes]]:
    """The type and the text of each frame that a program writes; times are left out."""
    read, write = os.pipe()
    given = {**environ, "_LAMBDA_TELEMETRY_LOG_FD": str(write), "PYTHONPATH": str(ROOT / "runtime")}
    subprocess.run([python, "-c", source], env=given, pass_fds=[write], check=True, timeout=30)
    os.close(write)
    with open(read, "rb") as file:  # noqa: PTH123 - a descriptor
        data = file.read()
    found = []
    while data:
        size = int.from_bytes(data[4:8], "big")
        text = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z", b"<time>", data[16 : 16 + size])
        found.append((data[:4].hex(), text))
        data = data[16 + size :]
    return found


@pytest.mark.parametrize("environ", [{}, {"AWS_LAMBDA_LOG_LEVEL": "DEBUG"}], ids=["no level", "level"])
def test_frames(awslambdaric: Path, environ: dict[str, str]) -> None:
    """Frames in text have awslambdaric's types and text, but that a record has no newline before its frame ends."""
    ours = framed(sys.executable, OURS, environ)
    theirs = framed(str(awslambdaric), THEIRS, environ)
    records = [(kind, text.removesuffix(b"\n")) for kind, text in theirs[3:]]

    assert [*theirs[:3], *records] == ours


def test_frames_as_json(awslambdaric: Path) -> None:
    """Frames in JSON have awslambdaric's types and names of levels, and `context.log` writes the same."""
    environ = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}
    ours = framed(sys.executable, OURS, environ)
    theirs = framed(str(awslambdaric), THEIRS, environ)
    levels = [[json.loads(text)["level"] for _, text in frames[3:]] for frames in (ours, theirs)]

    assert [kind for kind, _ in ours] == [kind for kind, _ in theirs]
    assert ours[1:3] == theirs[1:3]
    assert levels[0] == levels[1] == ["NOTSET", "INFO", "CRITICAL", "ERROR"]
