"""What the platform is told of a failure, and what it is cut to."""

from __future__ import annotations

import json
import re
import sys
from base64 import b64decode
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap import codec, record, report
from lambda_bootstrap.errors import FunctionError, InitError, LambdaError
from lambda_bootstrap.report import ErrorReport
from lambda_bootstrap.traces import Frame

from tests.support import ROOT, sources
from tests.support.loop import a_report
from tests.support.traces import caught, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


TEXT = st.text(st.characters())  # lone surrogates, too


class TestBody:
    """The error body."""

    def test_keys(self) -> None:
        """The keys are awslambdaric's, in its order."""
        body = ErrorReport("ValueError", "boom", [Frame("/a.py", 3, "f", "boom()")]).fields("id")

        assert list(body.items()) == [
            ("errorMessage", "boom"),
            ("errorType", "ValueError"),
            ("requestId", "id"),
            ("stackTrace", ['  File "/a.py", line 3, in f\n    boom()\n']),
        ]

    def test_no_frames(self) -> None:
        """An error without frames has an empty trace, not none."""
        assert ErrorReport("T", "m", []).fields("")["stackTrace"] == []

    def test_own_stack(self) -> None:
        """A ready-made stack takes the place of the frames in the body."""
        assert ErrorReport("T", "m", [Frame("/a.py", 1, "f", "")], ["own"]).fields("")["stackTrace"] == ["own"]

    @given(TEXT, TEXT, st.lists(TEXT), TEXT)
    def test_texts(self, error_type: str, message: str, stack: list[str], request_id: str) -> None:
        """A body without data is what the codec makes of its fields, whatever is in them, and when it comes again."""
        failure = ErrorReport(error_type, message, [], stack)

        for _ in range(2):
            assert failure.body(request_id) == codec.encode(failure.fields(request_id))


class TestCause:
    """The X-Ray cause."""

    def test_shape(self) -> None:
        """The cause names each frame, with an integer as its line, and each file once."""
        lines = [Frame("/b.py", 3, "f", "x"), Frame("/a.py", 4, "g", "y"), Frame("/b.py", 5, "h", "z")]

        assert json.loads(ErrorReport("ValueError", "boom", lines).cause("/var/task")) == {
            "working_directory": "/var/task",
            "exceptions": [
                {
                    "message": "boom",
                    "type": "ValueError",
                    "stack": [
                        {"label": "f", "path": "/b.py", "line": 3},
                        {"label": "g", "path": "/a.py", "line": 4},
                        {"label": "h", "path": "/b.py", "line": 5},
                    ],
                }
            ],
            "paths": ["/b.py", "/a.py"],
        }

    @given(TEXT, TEXT, TEXT, TEXT, TEXT)
    def test_texts(self, error_type: str, message: str, path: str, label: str, folder: str) -> None:
        """A cause is printable ASCII, and JSON of whatever texts an error has, when it comes again too."""
        failure = ErrorReport(error_type, message, [Frame(path, 3, label, "")])

        for _ in range(2):
            cause = failure.cause(folder)
            [told] = json.loads(cause)["exceptions"]
            assert cause.isascii()
            assert cause.isprintable()
            assert told == {
                "message": message,
                "type": error_type,
                "stack": [{"label": label, "path": path, "line": 3}],
            }
            assert (json.loads(cause)["working_directory"], json.loads(cause)["paths"]) == (folder, [path])

    def test_in_turn(self) -> None:
        """Errors that come in turn have a cause each, and a path stands in it once."""
        frames = [Frame(path, 1, "f", "") for path in ("/a.py", "/b.py", "/a.py")]
        told = [json.loads(ErrorReport("E", "m", some).cause("/")) for some in (frames[:2], frames, frames[:1])]

        assert [each["paths"] for each in told] == [["/a.py", "/b.py"], ["/a.py", "/b.py"], ["/a.py"]]
        assert [len(each["exceptions"][0]["stack"]) for each in told] == [2, 3, 1]

    def test_what_is_kept(self) -> None:
        """What is kept of the frames of causes has bounds."""
        for number in range(3000):
            ErrorReport("E", "m", [Frame("/a.py", number, "f", "")]).cause("/")

        assert len(report._causes) <= 1000

    def test_long_message(self) -> None:
        """A message is cut with the frames, to as many kibibytes as there are frames: 60, 20, 5 or 1."""
        message = json.loads(a_report("\x01" * 32_768).cause("/"))["exceptions"][0]["message"]

        assert message == "\x01" * 5120

    def test_innermost(self) -> None:
        """Of many frames the innermost are kept."""
        lines = [Frame("/a.py", number, "f" * 1000, "") for number in range(1, 101)]
        stack = json.loads(ErrorReport("E", "m", lines).cause("/"))["exceptions"][0]["stack"]

        assert [frame["line"] for frame in stack] == list(range(41, 101))

    def test_own_stack(self) -> None:
        """Entries that are no frames are not X-Ray's business."""
        cause = json.loads(ErrorReport("Runtime.A", "m", [], ["own"]).cause("/"))

        assert cause["exceptions"] == [{"message": "m", "type": "Runtime.A", "stack": []}]
        assert cause["paths"] == []


class TestCategory:
    """The type as the platform keeps it."""

    @pytest.mark.parametrize(
        ("name", "category"),
        [
            pytest.param("ValueError", "Function.ValueError", id="class"),
            pytest.param("X" * 300, "Function." + "X" * 256, id="long"),
            pytest.param("My_Error2", "Function.My_Error2", id="underscore and digit"),
            pytest.param("Runtime.MarshalError", "Runtime.MarshalError", id="runtime's"),
            pytest.param("Function.ResponseSizeTooLarge", "Function.ResponseSizeTooLarge", id="function's"),
            pytest.param("Sandbox.Timedout", "Function.Sandbox.Timedout", id="another prefix"),
            pytest.param("Runtime", "Function.Runtime", id="prefix without a dot"),
            pytest.param("Größe", "Function.Unknown", id="not ASCII"),
            pytest.param("", "Function.Unknown", id="empty"),
            pytest.param("___", "Function.Unknown", id="nothing but underscores"),
            pytest.param("a b", "Function.Unknown", id="space"),
            pytest.param("a\r\nX-Header: b", "Function.Unknown", id="line break"),
            pytest.param("a\x7f", "Function.Unknown", id="DEL"),
            pytest.param("\ud800", "Function.Unknown", id="lone surrogate"),
            pytest.param("²", "Function.Unknown", id="a digit that is none"),
        ],
    )
    def test_category(self, name: str, category: str) -> None:
        """A category fits into a header and has a form that the platform keeps, the first time and any other."""
        assert [ErrorReport(name, "", []).category for _ in range(2)] == [category] * 2

    def test_what_is_kept(self) -> None:
        """Of a function that makes types of its own, no more categories are kept than of traces."""
        for number in range(3000):
            assert ErrorReport(f"Error{number}", "", []).category == f"Function.Error{number}"

        assert len(report._categories) <= 1000


class TestReport:
    """From an exception to what is told of it."""

    def test_user_error(self, tmp_path: Path) -> None:
        """A user's error is told by class name, text and frames."""
        path, names = written(tmp_path, "def handler():\n    raise LookupError('no', 'thing')\n")
        told = report.of(caught(names["handler"]))

        assert told.error_type == "LookupError"
        assert told.message == "('no', 'thing')"
        assert told.stack == [f"  File \"{path}\", line 2, in handler\n    raise LookupError('no', 'thing')\n"]

    def test_function_error(self) -> None:
        """An error that the runtime found has its own type and no trace of the runtime's code."""

        def find() -> None:
            raise FunctionError("Runtime.MarshalError", "no form")

        told = report.of(caught(find))

        assert (told.error_type, told.stack, told.frames) == ("Runtime.MarshalError", [], [])
        assert told.message == "no form (docs/errors.md#runtimemarshalerror)"

    def test_long_message(self) -> None:
        """A message is cut at 32,768 characters, and tells how many there were."""
        assert report.of(ValueError("x" * 40_000)).message == "x" * 32_768 + "... (40000 characters)"

    @pytest.mark.parametrize("stack", [None, [], ["  File"]], ids=["none", "empty", "one entry"])
    def test_init_error(self, stack: list[str] | None) -> None:
        """An init error brings its own trace entries, if it has any."""
        assert report.of(InitError("Runtime.UserCodeSyntaxError", "m", stack)).stack == (stack or [])

    @pytest.mark.parametrize(
        ("error", "error_type", "data"),
        [
            pytest.param(LambdaError("m"), "LambdaError", None, id="neither type nor data"),
            pytest.param(LambdaError("m", type="Any type, é", data=[1]), "Any type, é", [1], id="B6.1 type and data"),
            pytest.param(LambdaError("m", data=0), "LambdaError", 0, id="data that is false"),
            pytest.param(type("Own", (LambdaError,), {})("m"), "Own", None, id="a subclass"),
            pytest.param(type("Own", (LambdaError,), {"error_type": "A.B"})("m"), "A.B", None, id="with its type"),
            pytest.param(type("Own", (LambdaError,), {"error_type": 3})("m"), "Own", None, id="a type that is no text"),
            pytest.param(type("Own", (OSError,), {"error_type": "A.B"})("m"), "Own", None, id="B6.1 any other class"),
            pytest.param(type("Own", (OSError,), {"error_type": property(str)})("m"), "Own", None, id="a property"),
            pytest.param(type("Own", (OSError,), {"data": [1], "exit": True})("m"), "Own", None, id="data of its own"),
        ],
    )
    def test_own_words(self, error: Exception, error_type: str, data: Any) -> None:
        """B6.1: a LambdaError's type and data are told as they are; of other exceptions the class names the type."""
        body = report.of(error).fields("id")

        assert (body["errorMessage"], body["errorType"], body.get("errorData")) == ("m", error_type, data)
        assert ("errorData" in body) == (data is not None)

    def test_instance_attribute(self) -> None:
        """An attribute of one instance, as libraries have it for themselves, names no type."""
        error = ValueError("m")
        vars(error)["error_type"] = "theirs"

        assert report.of(error).error_type == "ValueError"

    def test_never_raised(self) -> None:
        """An error that was never raised has no frames."""
        assert report.of(ValueError("x")).stack == []

    def test_base_exception(self) -> None:
        """An exception that is no Exception is told like any other."""
        assert report.of(SystemExit(3)).fields("")["errorType"] == "SystemExit"

    def test_surrogate(self) -> None:
        """A text with a lone surrogate is still a text that JSON has a form for."""
        body = codec.encode(report.of(ValueError("\ud800")).fields(""))

        assert json.loads(body)["errorMessage"] == "\ud800"


def test_every_type_is_documented() -> None:
    """Each type that the runtime's sources name has a heading in docs/errors.md, and no heading is of another."""
    named = set(re.findall(r'"((?:Runtime|Function)\.[A-Z]\w+)"', "".join(path.read_text() for path in sources())))
    page = (ROOT / "docs" / "errors.md").read_text()
    headings = set(re.findall(r"^(?:### |#+ (?=Runtime\.|Function\.))(.+)$", page, re.MULTILINE))

    assert named - headings == {"Function.Unknown"}  # for the platform only: of a class whose name says nothing to it
    assert headings - named == set()


class TestErrorBody:
    """What a caller gets to read."""

    def test_limit(self) -> None:
        """An error body of 256 KiB is sent whole."""
        around = len(a_report("", stack=[]).body("id"))
        whole = a_report("x" * (262_144 - around), stack=[]).body("id")

        assert len(whole) == 262_144
        assert json.loads(whole)["errorMessage"] == "x" * (262_144 - around)

    def test_cut(self) -> None:
        """An error body of more than 256 KiB has the start of its message and both ends of each entry of its trace."""
        cut = json.loads(a_report("m" * 262_144, stack=["s" * 2000, "t"]).body("id"))

        assert cut == {
            "errorMessage": "m" * 16_384,
            "errorType": "ValueError",
            "requestId": "id",
            "stackTrace": ["s" * 512 + "\n... (2000 characters) ...\n" + "s" * 512, "t"],
        }

    @pytest.mark.parametrize(
        "failure",
        [
            pytest.param(a_report("\x01" * 300_000, stack=["\x01" * 5000] * 55), id="six bytes a character"),
            pytest.param(a_report("\U0001f600" * 300_000, stack=["\U0001f600" * 5000] * 55), id="four bytes"),
            pytest.param(
                a_report(error_type="X" * 2_000_000),
                id="a class with a novel for a name",
            ),
            pytest.param(a_report(stack=["  Note: n\n" * 100] * 9000), id="thousands of notes"),
            pytest.param(a_report(stack=["\x01" * 5000] * 2000), id="thousands of notes, six bytes a character"),
        ],
    )
    def test_worst(self, failure: ErrorReport) -> None:
        """An error body stays within 256 KiB, whatever is in it, and a plain one within 16."""
        assert len(failure.body("id")) <= 262_144
        assert len(failure.plain_body()) <= 16_384

    def test_long_trace(self) -> None:
        """Of a trace that is too long even so, the body keeps both ends."""
        stack = json.loads(a_report(stack=[f"{number} " + "n" * 1000 for number in range(1000)]).body("id"))[
            "stackTrace"
        ]

        assert [line.partition(" ")[0] for line in stack] == [
            str(number) for number in (*range(125), *range(875, 1000))
        ]

    def test_large_data(self) -> None:
        """Data that make the body too large are left out, and the trace stays."""
        told = a_report(stack=["line"])
        told.data = "x" * 262_144

        assert json.loads(told.body("id")) == {
            "errorMessage": "boom",
            "errorType": "ValueError",
            "requestId": "id",
            "stackTrace": ["line"],
        }

    def test_large_type(self) -> None:
        """Of a body that is too large, the type keeps 1,024 characters, and the message 16,384."""
        body = json.loads(ErrorReport("T" * 8192, "m" * 32_768, [], ["\x01" * 1000] * 300).body("id"))

        assert (len(body["errorType"]), len(body["errorMessage"])) == (1024, 16_384)

    @pytest.mark.parametrize("count", [0, 1, 2])
    def test_deep_data(self, count: int) -> None:
        """Data of any depth are sent, or described: the report of an error never fails by itself."""
        told = report.of(LambdaError("m", data=[]))
        told.data = nested(too_deep() - count)

        assert json.loads(told.body("id"))["errorMessage"] == "m"


def noted(*notes: str) -> ValueError:
    """Make an error with notes."""
    error = ValueError("noted")
    for note in notes:
        error.add_note(note)
    return error


def chained(count: int) -> BaseException:
    """Make a chain of errors with long texts and notes."""
    error: BaseException | None = None
    for number in range(count):
        later = noted(f"note {number} " + "\x01" * 50_000)
        later.__cause__ = error
        error = later
    assert error is not None
    return error


def grouped(count: int) -> BaseException:
    """Make a group in a group in a group, each with a long note."""
    error: Exception = noted("line\n" * 90_000)
    for number in range(count):
        error = ExceptionGroup(str(number) * 1000, [error, noted("\U0001f600\n" * 10_000)])
    return error


def deep(count: int) -> BaseException:
    """Make an error with so many frames."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(count + 1000)

    def down(left: int) -> None:
        if left:
            down(left - 1)
        raise ValueError("deep")

    try:
        return caught(lambda: down(count))
    finally:
        sys.setrecursionlimit(limit)


LARGE = {
    "note of many lines": (
        lambda: noted("first\n" + "line\n" * 90_000 + "last"),
        "  Note: first\nline\n",
        "line\nlast\n",
    ),
    "long note": (lambda: noted("first" + "x" * 20_000_000 + "last"), "  Note: firstx", "xlast\n"),
    "many notes": (lambda: noted(*(f"n{number}" for number in range(90_000))), "  Note: n0\n", "  Note: n89999\n"),
    "long notes": (lambda: noted(*(f"{number} " + "\x01" * 100_000 for number in range(100))), "  Note: 0 ", "\x01\n"),
    "chain": (lambda: chained(10_000), "  Note: note 9999 ", "\x01\n"),
    "group": (lambda: ExceptionGroup("g", [ValueError("x" * 1000)] * 100_000), "  1 of 100000: ValueError: x", "x\n"),
    "groups in groups": (lambda: grouped(30), "  1 of 2: ExceptionGroup: 28", ""),
    "frames": (
        lambda: deep(100_000),
        "  File ",
        'raise ValueError("deep")\n',
    ),
    "data": (lambda: LambdaError("m", data=["x" * 100] * 10_000), "", ""),
    "type": (lambda: LambdaError("m", type="T" * 10_000_000), "", ""),
    "class": (lambda: type("T" * 10_000_000, (Exception,), {})("m"), "", ""),
    "arguments": (lambda: ValueError(*["x" * 1000] * 10_000), "", ""),
}


@pytest.mark.parametrize(("make", "first", "last"), LARGE.values(), ids=LARGE)
def test_bounds(make: Callable[[], BaseException], first: str, last: str) -> None:
    """Whatever an exception has, what is told of it has bounds, and both ends of what was too much."""
    told = report.of(make())
    trace = "".join(told.stack)

    assert len(told.body("id")) <= 262_144
    assert len(record.text_error(told.error_type, told.message, told.stack)) <= 200_000
    assert len(told.stack) <= 10_000
    assert sum(len(value) for _, value in told.trailers("i" * 3000)) <= 4000
    assert first in trace
    assert trace.endswith(last)


def nested(depth: int) -> list[Any]:
    """Make a list of lists of lists."""
    data: list[Any] = []
    for _ in range(depth):
        data = [data]
    return data


@cache
def too_deep() -> int:
    """Return the least depth without a form even leniently: some 330, or what the stack takes since Python 3.14."""
    return bisect_left(range(100_000), 1, key=lambda depth: not codec.leniently(nested(depth)).startswith("["))


class TestTrailers:
    """What a broken stream ends with."""

    def test_large_data(self) -> None:
        """Data that make the trailers too large are left out, and the trace stays."""
        told = a_report(stack=["line"])
        told.data = "x" * 2700
        ((_, _), (_, body)) = told.trailers("id")

        assert json.loads(b64decode(body)) == {
            "errorMessage": "boom",
            "errorType": "ValueError",
            "requestId": "id",
            "stackTrace": ["line"],
        }

    def test_nothing_left_to_cut(self) -> None:
        """Trailers that stay too long without a trace are sent as they are: cutting has an end."""
        told = ErrorReport("E" * 64, "\x01" * 250, [], ["line" * 1000] * 3)
        ((_, _), (_, body)) = told.trailers("i" * 3000)

        assert json.loads(b64decode(body))["stackTrace"] == []

    def test_long_request_id(self) -> None:
        """Of a request id that would not fit, the trailers have the start."""
        told = ErrorReport("E", "m", [], ["line"])
        ((_, _), (_, body)) = told.trailers("i" * 3000)

        assert len(body) <= 3600
        assert json.loads(b64decode(body))["requestId"] == "i" * 64
        assert json.loads(b64decode(body))["stackTrace"] == ["line"]


def test_limits() -> None:
    """The limits of a report are the platform's, to the byte."""
    limits = (report.MAX_MESSAGE, report.MAX_BODY, report.MAX_PLAIN_MESSAGE, report.MAX_CAUSE, report.MAX_TRAILER)

    assert limits == (32_768, 262_144, 1024, 65_536, 2700)
