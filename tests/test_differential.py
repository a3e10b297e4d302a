"""
Our runtime and awslambdaric, side by side: the same well-formed invocations, and what each of them posts.

Every difference is in one table, `DIFFERENT`, and no other is allowed; docs/differences.md gives the reasons.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator, Reply

from tests.support import BOOTSTRAP, FUNCTIONS, ROOT, give_up
from tests.support.emulated import POSTS, REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REQUIREMENTS = ROOT / "benchmarks" / "requirements.txt"
FOLDER = ROOT / ".cache" / "awslambdaric" / f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture(scope="session")
def awslambdaric() -> Path:
    """A Python that has awslambdaric, as it is locked for the benchmark, and nothing else."""
    python, done = FOLDER / "bin" / "python", FOLDER / "requirements.txt"
    if not done.exists() or done.read_text() != REQUIREMENTS.read_text():
        venv.create(FOLDER, clear=True, symlinks=True)
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", str(python)]
        command = [*pip, "install", "--require-hashes", "-r", str(REQUIREMENTS)]
        installed = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        if installed.returncode != 0:
            give_up("awslambdaric cannot be installed, so nothing is compared with it")
        done.write_text(REQUIREMENTS.read_text())
    return python


@dataclass(frozen=True)
class Case:
    """A handler, and what `next` answers it with; without a payload it is not to get that far."""

    handler: str
    payload: bytes | None = b"{}"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    environ: tuple[tuple[str, str], ...] = ()


def run(command: Sequence[str], case: Case) -> dict[str, Any]:
    """What a runtime posts for *case*, field by field, and the status that it exited with, None if it lives."""
    environ = {"BOOTSTRAP_TRANSPORT": "socket", **dict(case.environ)}
    with Emulator([*command, case.handler], environ=environ, cwd=FUNCTIONS, handler=case.handler) as emulator:
        if case.payload is not None:
            given = ("Lambda-Runtime-Aws-Request-Id", REQUEST_ID), ("Lambda-Runtime-Deadline-Ms", "4102444800000")
            emulator.script("next", Reply(200, [*given, *case.headers], case.payload))
        emulator.start()
        status = None
        try:
            emulator.wait_for("next", count=2, timeout=0 if case.payload is None else 3)
        except AssertionError:
            status = emulator.wait_exit()
        posts = [request for request in emulator.requests if request.endpoint in POSTS]
    seen: dict[str, Any] = {"posts": [post.endpoint for post in posts], "exit status": status}
    for post in posts[:1]:
        cause = post.header("Lambda-Runtime-Function-XRay-Error-Cause")
        seen["target"] = post.target
        seen["bytes"] = post.body
        seen["Content-Type"] = post.header("Content-Type")
        seen["Invocation-Id"] = post.header("Lambda-Runtime-Invocation-Id")
        seen["Error-Type"] = post.header("Lambda-Runtime-Function-Error-Type")
        seen["X-Ray"] = without_order(json.loads(cause)) if cause else None
        seen |= fields(post.body, is_error=post.endpoint != "response")
    return seen


def without_order(cause: dict[str, Any]) -> dict[str, Any]:
    """An X-Ray cause as it is compared: awslambdaric lists its paths in any order."""
    return {**cause, "paths": sorted(cause["paths"])}


def fields(body: bytes, *, is_error: bool) -> dict[str, Any]:
    """The members of an error body, or the value of a result."""
    try:
        value = json.loads(body)
    except ValueError:
        return {"value": body}
    return value if is_error else {"value": value}


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
    "init: no dot": Case("app", None),
    "init: built-in module": Case("sys.handler", None),
    "init: no module": Case("nowhere.handler", None),
    "init: broken import": Case("broken_import.handler", None),
    "init: deep import": Case("broken_deep.app.handler", None),
    "init: syntax": Case("broken_syntax.handler", None),
    "init: no handler": Case("echo.missing", None),
    "init: raises": Case("raises_at_import.handler", None),
    "init: exits": Case("exits_at_import.handler", None),
}

# Why something differs, as docs/differences.md has it, and in what.
REASONS: dict[str, set[str]] = {
    "Results are written compactly": {"bytes as sent"},
    "The platform gets an error's type": {"Error-Type"},
    "Messages say where, and what to do": {"errorMessage", "X-Ray"},
    "Init errors suggest the right name": {"errorMessage", "Content-Type"},
    "Init errors say that they are JSON": {"Content-Type"},
    "Traces tell the whole story, and only the function's": {"stackTrace"},
    "JSON is JSON, in both directions": {"outcome"},
    "NaN in an event is found in the result": {"errorType"},
    "No byte order mark": {"outcome"},
    "Content types are compared as HTTP defines it": {"value", "bytes"},
    "An event without a type is JSON": {"outcome"},
    "More results have a JSON form": {"outcome"},
    "A result that is too large does not end the environment": {"outcome"},
    "An exit is answered": {"outcome"},
    "Generators, iterators and files are streams": {"outcome"},
    "Handlers take what they need": {"outcome"},
    "Annotations can ask for a type": {"outcome"},
}
TYPE = ("The platform gets an error's type",)
FOUND = (*TYPE, "Messages say where, and what to do")
INIT = ("Init errors suggest the right name",)
TRACE = ("Traces tell the whole story, and only the function's",)
JSON_ONLY = ("JSON is JSON, in both directions",)
FORMS = ("More results have a JSON form",)
ALIKE = ("Content types are compared as HTTP defines it",)
EXITS = ("An exit is answered",)
STREAMS = ("Generators, iterators and files are streams",)
HANDLERS = ("Handlers take what they need",)
DIFFERENT: dict[str, tuple[str, ...]] = {
    "event: floats": JSON_ONLY,
    "event: not a number": (*FOUND, "NaN in an event is found in the result"),
    "event: byte order mark": ("No byte order mark",),
    "event: nothing": FOUND,
    "event: no JSON": FOUND,
    "event: no UTF-8": FOUND,
    "type: charset": ALIKE,
    "type: capitals": ALIKE,
    "type: none": ("An event without a type is JSON",),
    "result: time": FORMS,
    "result: set": FORMS,
    "result: UUID": FORMS,
    "result: dataclass": FORMS,
    "result: enumeration": FORMS,
    "result: not a number": JSON_ONLY,
    "result: no JSON form": FOUND,
    "result: keys that are tuples": FOUND,
    "result: circle": FOUND,
    "result: generator": STREAMS,
    "result: file": STREAMS,
    "result: too large": ("A result that is too large does not end the environment",),
    "error: raised": TYPE,
    "error: nested": TYPE,
    "error: caused": TYPE + TRACE,
    "error: group": TYPE + TRACE,
    "error: noted": TYPE + TRACE,
    "error: no message": TYPE,
    "error: of a library": TYPE,
    "error: type of its own": TYPE,
    "error: words of its own": TYPE,
    "error: type of the instance": TYPE,
    "error: exit": EXITS,
    "error: interrupt": EXITS,
    "context: nonce of an error": TYPE,
    "context: bad client context": FOUND,
    "context: bad identity": FOUND,
    "handler: partial": HANDLERS,
    "handler: event only": HANDLERS,
    "handler: nothing": HANDLERS,
    "handler: context first": HANDLERS,
    "handler: async": HANDLERS,
    "handler: class": HANDLERS,
    "handler: method of a class": HANDLERS,
    "drop-in: decoded": ("Annotations can ask for a type",),
    "init: no dot": INIT,
    "init: built-in module": INIT,
    "init: no module": INIT,
    "init: broken import": INIT + TRACE,
    "init: deep import": INIT + TRACE,
    "init: syntax": INIT,
    "init: no handler": INIT,
    "init: raises": (*TYPE, *TRACE, "Init errors say that they are JSON"),
    "init: exits": EXITS,
}


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> set[str]:
    """The fields that differ; of two that end differently only the end is compared."""
    if (ours["posts"], ours["exit status"]) != (theirs["posts"], theirs["exit status"]):
        return {"outcome"}
    if ours["posts"] == ["response"]:
        ours, theirs = {**ours, "bytes": as_read(ours)}, {**theirs, "bytes": as_read(theirs)}
    else:
        ours, theirs = {**ours, "bytes": b""}, {**theirs, "bytes": b""}
    return {field for field in ours.keys() | theirs.keys() if ours.get(field) != theirs.get(field)}


def as_read(seen: dict[str, Any]) -> bytes:
    """What was posted, without what makes no difference to whoever reads JSON: spaces, and escapes of text."""
    if seen["Content-Type"] != "application/json":
        return bytes(seen["bytes"])
    return json.dumps(seen["value"], separators=(",", ":")).encode()


def test_compact(awslambdaric: Path) -> None:
    """The same result takes fewer bytes than awslambdaric's: no spaces, and text as UTF-8."""
    case = Case("echo.handler", '{"t": "é", "n": [1, 2]}'.encode())

    assert run([sys.executable, str(BOOTSTRAP)], case)["bytes"] == '{"t":"é","n":[1,2]}'.encode()
    assert run([str(awslambdaric), "-m", "awslambdaric"], case)["bytes"] == b'{"t": "\\u00e9", "n": [1, 2]}'


def test_every_reason_is_given() -> None:
    """Each reason of the table is a heading of docs/differences.md, and each heading a reason that is in use."""
    page = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    headings = {line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")}
    used = {reason for reasons in DIFFERENT.values() for reason in reasons} | {"Results are written compactly"}

    assert headings == set(REASONS) == used


@pytest.mark.parametrize("name", CASES)
def test_same(awslambdaric: Path, name: str) -> None:
    """Both runtimes post the same, but for what the table has a reason for."""
    ours = run([sys.executable, str(BOOTSTRAP)], CASES[name])
    theirs = run([str(awslambdaric), "-m", "awslambdaric"], CASES[name])
    expected = {field for reason in DIFFERENT.get(name, ()) for field in REASONS[reason]}
    found = differences(ours, theirs)

    assert found == expected, {field: (ours.get(field), theirs.get(field)) for field in found}


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
    logging.getLogger().setLevel(10)
    logging.getLogger().log(25, "in\\nlines")
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
logging.getLogger().setLevel(10)
logging.getLogger().log(25, "in\\nlines")
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
    """Frames in JSON have awslambdaric's types, and `context.log` writes the same."""
    environ = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}
    ours = framed(sys.executable, OURS, environ)
    theirs = framed(str(awslambdaric), THEIRS, environ)

    assert [kind for kind, _ in ours] == [kind for kind, _ in theirs]
    assert ours[1:3] == theirs[1:3]
