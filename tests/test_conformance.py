"""
The runtime against the emulator, over both transports: what it sends, and what it makes of the answers.

What has to hold of any runtime stands in the table of the conformance kit; `test_conformance_kit.py` runs it.
"""

from __future__ import annotations

import base64
import json
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import lambda_bootstrap
import pytest
from lambda_bootstrap_dev.testing import Emulator, Reply

from tests.support import BOOTSTRAP, FUNCTIONS, LAZY, PYTHON, ROOT
from tests.support.emulated import REQUEST_ID, see

if TYPE_CHECKING:
    from tests.support import Start


NEXT = "/2018-06-01/runtime/invocation/next"


def event(payload: bytes = b"{}", *, request_id: str = REQUEST_ID, **headers: str) -> Reply:
    """What `next` answers with an invocation; underscores in header names are dashes."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Reply(200, [("Lambda-Runtime-Aws-Request-Id", request_id), *named], payload)


class TestRequests:
    """What goes over the wire."""

    def test_next(self, start: Start) -> None:
        """The first request polls `next`, says who asks and for which host, and has no body."""
        emulator = start("echo.handler")
        emulator.start()
        (request,) = emulator.wait_for("next")

        assert (request.method, request.target, request.body) == ("GET", NEXT, b"")
        assert request.header("Host") == emulator.address
        version = ".".join(str(number) for number in sys.version_info[:3])
        assert request.header("User-Agent") == f"lambda-bootstrap-python/{version}-{lambda_bootstrap.__version__}"
        assert request.header("Content-Length") == ""
        assert request.header("Transfer-Encoding") == ""

    def test_response(self, start: Start) -> None:
        """A result is posted as compact JSON with its length, to the path that holds the request id unchanged."""
        emulator = start("echo.handler")
        outcome = emulator.invoke('{"text": "déjà vu", "n": [1, 2.5, null]}'.encode())
        (request,) = emulator.wait_for("response")

        assert outcome.body == '{"text":"déjà vu","n":[1,2.5,null]}'.encode()
        assert request.method == "POST"
        assert request.target == f"/2018-06-01/runtime/invocation/{request.request_id}/response"
        assert request.header("Content-Type") == "application/json"
        assert request.header("Content-Length") == str(len(request.body))
        assert request.header("Lambda-Runtime-Function-Response-Mode") == ""

    def test_one_connection(self, start: Start) -> None:
        """B4.2: all requests of an environment go over one connection."""
        emulator = start("echo.handler")
        for number in range(3):
            assert emulator.invoke(str(number).encode()).json() == number

        posts_and_polls = [request for request in emulator.requests if request.endpoint in {"next", "response"}]
        assert len({request.connection for request in posts_and_polls}) == 1

    def test_error(self, start: Start) -> None:
        """B4.16: an exception is posted with its type in three places and a trace that starts in the user's code."""
        emulator = start("errors.raises")
        outcome = emulator.invoke()
        (request,) = emulator.wait_for("error")
        path = str(FUNCTIONS / "errors.py")

        assert request.target == f"/2018-06-01/runtime/invocation/{request.request_id}/error"
        assert outcome.error == {
            "errorMessage": "boom",
            "errorType": "ValueError",
            "requestId": request.request_id,
            "stackTrace": [f'  File "{path}", line 5, in raises\n    raise ValueError("boom")\n'],
        }
        assert list(outcome.error) == ["errorMessage", "errorType", "requestId", "stackTrace"]
        assert request.header("Content-Type") == "application/json"
        assert request.header("Lambda-Runtime-Function-Error-Type") == "Function.ValueError"
        assert json.loads(request.header("Lambda-Runtime-Function-XRay-Error-Cause")) == {
            "working_directory": str(FUNCTIONS),
            "exceptions": [
                {
                    "message": "boom",
                    "type": "ValueError",
                    "stack": [{"label": "raises", "path": path, "line": 5}],
                }
            ],
            "paths": [path],
        }

    @pytest.mark.parametrize("prefix", ["", "/.rt"])
    @pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
    def test_addresses(self, start: Start, host: str, prefix: str) -> None:
        """The Runtime API may be at an IPv6 address, and below a path prefix of an address with a scheme."""
        emulator = start("echo.handler", host=host, prefix=prefix)

        assert emulator.invoke(b"1").json() == 1
        assert emulator.wait_for("next")[0].target == prefix + NEXT


class TestHandlers:
    """Which handlers run, and what they are given."""

    @pytest.mark.parametrize(
        ("handler", "result"),
        [
            ("kinds.nothing", "nothing"),
            ("kinds.only_event", ["event", 2]),
            ("kinds.only_context", ["context", REQUEST_ID]),
            ("kinds.both", [2, REQUEST_ID]),
            ("kinds.swapped", [2, REQUEST_ID]),
            ("kinds.partial", 42),
            ("kinds.bound", "method 2"),
            ("kinds.instance", "goodbye 2"),
            ("kinds.instance.method", "method 2"),
            ("kinds.Greeter", "hello 2"),
            ("kinds.Greeter.method", "method 2"),
            ("kinds.Greeter.static", "static 2"),
            ("kinds.Greeter.of_class", "Greeter 2"),
            ("package.inner.app.handler", "package.inner.app"),
            ("package/inner/app.handler", "package.inner.app"),
        ],
    )
    def test_kinds(self, start: Start, handler: str, result: object) -> None:
        """A handler may be any callable that takes up to an event and a context."""
        outcome = start(handler).invoke(b"2", headers={"X-Amzn-RequestId": REQUEST_ID})

        assert (outcome.error, outcome.json()) == (None, result)

    def test_async(self, start: Start) -> None:
        """An `async def` handler is awaited, and all its invocations share one event loop."""
        emulator = start("kinds.waits")

        assert [emulator.invoke(b"1").json(), emulator.invoke(b"2").json()] == [[1, 1], [2, 1]]

    def test_spawned_processes(self, start: Start) -> None:
        """A process that `multiprocessing` spawns runs its function, and no second runtime."""
        emulator = start("spawns.handler", timeout=30.0)

        assert emulator.invoke(b"21").json() == [42, 0]
        emulator.wait_for("next", count=2)
        assert [request.endpoint for request in emulator.requests] == ["invoke", "next", "response", "next"]

    def test_no_event_is_not_parsed(self, start: Start) -> None:
        """A handler that takes no event answers a payload that is no JSON."""
        assert start("kinds.nothing").invoke(b"{oops").json() == "nothing"

    def test_argument_before_environment(self) -> None:
        """The handler named on the command line wins over `_HANDLER`, and becomes it."""
        with Emulator([*PYTHON, str(BOOTSTRAP), "facts.environ"], cwd=FUNCTIONS, handler="app.nowhere") as emulator:
            assert emulator.invoke().json()["_HANDLER"] == "facts.environ"

    def test_start(self) -> None:
        """B1.1: `lambda_bootstrap.start` runs a handler from a program with an entry point of its own."""
        program = [*PYTHON, str(FUNCTIONS / "program.py")]
        with Emulator(program, cwd=FUNCTIONS, environ={"PYTHONPATH": str(ROOT / "runtime")}) as emulator:
            assert emulator.invoke(b'"once"').json() == {"started": "once"}


class TestContext:
    """The second argument."""

    def test_attributes(self, start: Start) -> None:
        """B4.12, B7.1: the context has what Lambda tells about the function and the invocation."""
        emulator = start("facts.context", timeout=30.0)
        outcome = emulator.invoke(headers={"X-Amzn-RequestId": REQUEST_ID})
        facts = outcome.json()
        name, region = emulator.environ["AWS_LAMBDA_FUNCTION_NAME"], emulator.environ["AWS_REGION"]

        assert 0 < facts.pop("remaining") <= 30_000
        assert facts == {
            "aws_request_id": REQUEST_ID,
            "function_name": name,
            "function_version": "$LATEST",
            "invoked_function_arn": f"arn:aws:lambda:{region}:012345678912:function:{name}",
            "memory_limit_in_mb": "128",
            "custom": None,
            "identity": None,
        }

    def test_caller(self, start: Start) -> None:
        """Client context, W3C trace context, Cognito identity and tenant reach the function."""
        client = {
            "client": {"app_title": "Süß"},
            "custom": {"k": [1]},
            "env": {"locale": "de"},
            "w3c": {"traceparent": "00-1-2-01", "other": "x", "baggage": 7},
        }
        outcome = start("callers.handler").invoke(
            headers={
                "X-Amz-Client-Context": base64.b64encode(json.dumps(client, ensure_ascii=False).encode()).decode(),
                "X-Amz-Cognito-Identity": '{"cognitoIdentityId":"eu:1","cognitoIdentityPoolId":"eu:2"}',
                "X-Amz-Tenant-Id": "blue",
            }
        )

        assert outcome.json() == {
            "custom": {"k": [1]},
            "env": {"locale": "de"},
            "title": "Süß",
            "identity": ["eu:1", "eu:2"],
            "tenant": "blue",
            "w3c": {"traceparent": "00-1-2-01"},
        }

    @pytest.mark.parametrize(
        ("header", "name"),
        [
            ("Lambda-Runtime-Client-Context", "Client Context"),
            ("Lambda-Runtime-Cognito-Identity", "Cognito Identity"),
        ],
    )
    def test_bad_json(self, start: Start, header: str, name: str) -> None:
        """B4.9: a JSON header that is no JSON is that invocation's error, and the loop goes on."""
        emulator = start("echo.handler")
        emulator.script("next", Reply(200, [("Lambda-Runtime-Aws-Request-Id", "one"), (header, '{"a":')], b"{}"))
        emulator.start()
        (request,) = emulator.wait_for("error")

        assert json.loads(request.body)["errorType"] == "Runtime.LambdaContextUnmarshalError"
        assert json.loads(request.body)["errorMessage"] == (
            f"Unable to parse {name} JSON: Expecting value: line 1 column 6 (char 5) at a"
            + see("Runtime.LambdaContextUnmarshalError")
        )
        assert emulator.invoke(b"1").json() == 1

    @pytest.mark.parametrize("deadline", ["", "-1", "soon", "9" * 40])
    def test_odd_deadline(self, start: Start, deadline: str) -> None:
        """B4.9: a deadline that is none leaves the longest timeout that Lambda has."""
        emulator = start("facts.context")
        emulator.script("next", event(Lambda_Runtime_Deadline_Ms=deadline))
        emulator.start()
        (request,) = emulator.wait_for("response")

        assert json.loads(request.body)["remaining"] == 900_000


class TestTrace:
    """The X-Ray header."""

    def test_set_and_removed(self, start: Start) -> None:
        """B4.13: the trace id is in environment and context of its own invocation only, whatever it looks like."""
        trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
        emulator = start("traces.handler")
        emulator.script(
            "next",
            event(Lambda_Runtime_Trace_Id=trace),
            event(),
            event(Lambda_Runtime_Trace_Id="0"),
            event(Lambda_Runtime_Trace_Id=""),
        )
        emulator.start()
        posts = emulator.wait_for("response", count=4)

        assert [json.loads(post.body) for post in posts] == [[trace, trace], [None, None], ["0", "0"], [None, None]]


class TestPayloads:
    """Events and results that are not plain JSON."""

    @pytest.mark.parametrize(
        ("content_type", "kind"),
        [
            ("application/json", "dict"),
            ("application/json; charset=utf-8", "dict"),
            ("Application/JSON", "dict"),
            ("", "dict"),
            ("text/plain", "bytes"),
            ("application/json-patch+json", "bytes"),
        ],
    )
    def test_content_type(self, start: Start, content_type: str, kind: str) -> None:
        """A payload whose base content type is neither JSON nor absent arrives as bytes."""
        emulator = start("results.takes_bytes")
        emulator.script("next", event(b'{"a":1}', Content_Type=content_type) if content_type else event(b'{"a":1}'))
        emulator.start()
        (request,) = emulator.wait_for("response")

        assert json.loads(request.body) == {"type": kind, "size": 1 if kind == "dict" else 7}

    def test_bytes(self, start: Start) -> None:
        """Bytes at the top level go out as they are, under the managed runtime's content type."""
        emulator = start("results.raw")
        outcome = emulator.invoke()
        (request,) = emulator.wait_for("response")

        assert outcome.body == b"\x00\xff raw"
        assert request.header("Content-Type") == "application/unknown"

    def test_rich(self, start: Start) -> None:
        """Numbers keep their digits, times are ISO 8601, text is UTF-8."""
        assert start("results.rich").invoke().body.decode() == (
            '{"price":19.90,"when":"2026-11-23T12:30:00+00:00","id":"00000000-0000-0000-0000-000000000007",'
            '"text":"déjà vu","tags":["one"],"blob":"text"}'
        )

    @pytest.mark.parametrize(
        ("handler", "message"),
        [
            ("results.unserializable", "Object of type object is not JSON serializable (at items[0].when)"),
            (
                "results.blob",
                "bytes that are not UTF-8 text have no JSON form; send base64.b64encode(...).decode() (at image)",
            ),
        ],
    )
    def test_marshal_error(self, start: Start, handler: str, message: str) -> None:
        """A result without a JSON form is an error that names the place."""
        emulator = start(handler)
        outcome = emulator.invoke()
        (request,) = emulator.wait_for("error")

        assert outcome.error["errorType"] == "Runtime.MarshalError"
        assert outcome.error["errorMessage"] == f"Unable to marshal response: {message}{see('Runtime.MarshalError')}"
        assert request.header("Lambda-Runtime-Function-Error-Type") == "Runtime.MarshalError"

    def test_not_a_number(self, start: Start) -> None:
        """NaN never leaves as invalid JSON; the error names the place."""
        outcome = start("results.not_a_number").invoke()

        assert outcome.error["errorType"] == "Runtime.MarshalError"
        assert outcome.error["errorMessage"].endswith(f"(at items[1].price){see('Runtime.MarshalError')}")

    def test_unmarshal_error(self, start: Start) -> None:
        """A payload that is no JSON is an error that names the place, and the handler is not called."""
        outcome = start("errors.raises").invoke(b'{"records": [1, oops]}')

        assert outcome.error["errorType"] == "Runtime.UnmarshalError"
        assert outcome.error["errorMessage"] == (
            "Unable to unmarshal input: Expecting value: line 1 column 17 (char 16) at records[1]"
            + see("Runtime.UnmarshalError")
        )

    def test_largest_event_and_response(self, start: Start) -> None:
        """Six megabytes come in and go out."""
        payload = b'"' + b"x" * (6 * 1024 * 1024) + b'"'

        assert start("echo.handler").invoke(payload).body == payload

    @pytest.mark.parametrize(("length", "kind"), [(6_291_554, None), (6_291_555, "Function.ResponseSizeTooLarge")])
    def test_response_limit(self, start: Start, length: int, kind: str | None) -> None:
        """A response over 6,291,556 bytes is an error to its caller, and the environment lives on."""
        emulator = start("sizes.text")
        outcome = emulator.invoke(json.dumps({"length": length}).encode())
        pid = emulator.pid

        assert (outcome.error or {}).get("errorType") == kind
        assert emulator.invoke(b'{"length": 1}').json() == "x"
        assert emulator.pid == pid


LEGAL_FORMS = "it has to be (), (event), (context) or (event, context)"
INIT_ERRORS = [
    ("", "Runtime.MalformedHandlerName", "Handler not set: name it as argument, or in _HANDLER"),
    ("app", "Runtime.MalformedHandlerName", "Bad handler 'app': it has to be like 'app.handler'"),
    (".handler", "Runtime.MalformedHandlerName", "Bad handler '.handler': it has to be like 'app.handler'"),
    ("sys.handler", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
    ("nowhere.handler", "Runtime.ImportModuleError", "Unable to import module 'nowhere': No module named 'nowhere'"),
    (
        "broken_import.handler",
        "Runtime.ImportModuleError",
        "Unable to import module 'broken_import': No module named 'no_such_module'",
    ),
    (
        "imports_deep.handler",
        "Runtime.ImportModuleError",
        "Unable to import module 'imports_deep': No module named 'no_such_module'",
    ),
    ("echo.missing", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'echo'"),
    ("raises_at_import.handler", "LookupError", "no table"),
    ("exits_at_import.handler", "SystemExit", "not today"),
    ("kinds.nobody", "Runtime.InvalidHandler", "handler 'kinds.nobody' is None, not a function"),
    ("kinds.mapping", "Runtime.InvalidHandler", "handler 'kinds.mapping' is a dict, not a function"),
    (
        "kinds.three",
        "Runtime.InvalidHandler",
        f"handler 'kinds.three' takes 3 required positional arguments (a, b, c); {LEGAL_FORMS}",
    ),
    (
        "kinds.keyword",
        "Runtime.InvalidHandler",
        f"handler 'kinds.keyword' takes the keyword-only arguments mode without a default; {LEGAL_FORMS}",
    ),
]


class TestInitErrors:
    """Functions that cannot be loaded."""

    @pytest.mark.parametrize(
        ("handler", "kind", "message"), INIT_ERRORS, ids=[row[0] or "blank" for row in INIT_ERRORS]
    )
    def test_posted_once(self, start: Start, handler: str, kind: str, message: str) -> None:
        """An init error is posted once, with type and message, and the process exits with 1 without polling."""
        if LAZY and "no_such_module" in message:
            pytest.skip("a lazy import that is never used never fails")
        emulator = start(handler)
        emulator.start()
        (request,) = emulator.wait_for("init/error")

        assert emulator.wait_exit() == 1
        assert [seen.endpoint for seen in emulator.requests] == ["init/error"]
        assert (request.method, request.target) == ("POST", "/2018-06-01/runtime/init/error")
        body = json.loads(request.body)
        assert (body["errorType"], body["requestId"]) == (kind, "")
        assert body["errorMessage"].startswith(message)
        assert body["errorMessage"].endswith(see(kind))
        assert request.header("Content-Type") == "application/json"
        expected = kind if kind.startswith("Runtime.") else f"Function.{kind}"
        assert request.header("Lambda-Runtime-Function-Error-Type") == expected
        assert f"[ERROR] {kind}: {body['errorMessage']}\r".encode() in emulator.output

    def test_syntax_error(self, start: Start) -> None:
        """A syntax error names file and line."""
        emulator = start("broken_syntax.handler")
        emulator.start()
        (request,) = emulator.wait_for("init/error")
        body = json.loads(request.body)

        assert body["errorType"] == "Runtime.UserCodeSyntaxError"
        assert body["errorMessage"] == (
            "Syntax error in module 'broken_syntax': expected ':' (broken_syntax.py, line 1)"
            + see("Runtime.UserCodeSyntaxError")
        )
        path = FUNCTIONS / "broken_syntax.py"
        assert body["stackTrace"] == [f'  File "{path}" Line 1\n    def handler(event, context)\n']

    def test_trace(self, start: Start) -> None:
        """The trace of a module that raises starts in that module."""
        emulator = start("raises_at_import.handler")
        emulator.start()
        (request,) = emulator.wait_for("init/error")
        path = FUNCTIONS / "raises_at_import.py"

        assert json.loads(request.body)["stackTrace"] == [
            f'  File "{path}", line 5, in <module>\n    fail()\n',
            f'  File "{path}", line 2, in fail\n    raise LookupError("no table")\n',
        ]


class TestAnswers:
    """What the runtime makes of the Runtime API's answers."""

    @pytest.mark.parametrize("status", [200, 202, 400, 403, 404, 410])
    @pytest.mark.parametrize("handler", ["echo.handler", "errors.raises"])
    def test_goes_on(self, start: Start, handler: str, status: int) -> None:
        """After an answer that concerns one invocation only, the next one is polled."""
        emulator = start(handler)
        endpoint = "response" if handler == "echo.handler" else "error"
        emulator.script(endpoint, Reply(status, body=b'{"errorMessage":"no","errorType":"No"}'))
        emulator.script("next", event(), event(request_id="second"))
        emulator.start()
        posts = emulator.wait_for(endpoint, count=2)

        assert [post.request_id for post in posts[:2]] == [REQUEST_ID, "second"]
        assert (f"{status} " in emulator.output.decode()) == (status >= 300)

    @pytest.mark.parametrize("refusal", [Reply(431), Reply(400, body=b"400 Bad Request")], ids=["431", "400 text"])
    def test_plain_error(self, start: Start, refusal: Reply) -> None:
        """An error that the HTTP server itself refused is posted again, plainer, as the invocation is still open."""
        emulator = start("errors.raises")
        emulator.script("error", refusal)
        outcome = emulator.invoke()
        first, second = emulator.wait_for("error", count=2)

        assert outcome.error == {"errorMessage": "boom", "errorType": "ValueError"}
        assert first.header("Lambda-Runtime-Function-XRay-Error-Cause") != ""
        assert second.header("Lambda-Runtime-Function-XRay-Error-Cause") == ""

    @pytest.mark.parametrize(("endpoint", "status"), [("next", 403), ("next", 500), ("response", 500)])
    def test_exits(self, start: Start, endpoint: str, status: int) -> None:
        """After an answer that nothing will change, the process says so in one line and exits with 1."""
        emulator = start("echo.handler")
        if endpoint == "response":
            emulator.script("next", event())
        emulator.script(endpoint, Reply(status, body=b"Internal Server Error"))
        emulator.start()

        assert emulator.wait_exit() == 1
        assert emulator.stderr.decode().count("\n") == 1
        assert f"{status} Internal Server Error" in emulator.stderr.decode()

    @pytest.mark.parametrize("status", [410, 429, 503])
    def test_polls_again(self, start: Start, status: int) -> None:
        """After any other answer to a poll, it is polled again after a while, three times in a row at the most."""
        emulator = start("echo.handler")
        emulator.script("next", Reply(status), Reply(status), Reply(status), event(b"1"), *[Reply(status)] * 4)
        emulator.start()

        assert emulator.wait_exit() == 1
        assert [request.endpoint for request in emulator.requests] == ["next"] * 4 + ["response"] + ["next"] * 4
        assert emulator.stdout.count(b"failed to get the next invocation: ") == 6
        polls = emulator.wait_for("next", count=8)
        assert all(later.at - earlier.at >= 0.1 for row in (polls[:4], polls[4:]) for earlier, later in pairwise(row))

    def test_posts_again(self, start: Start) -> None:
        """A post that met a passing fault is made again, once."""
        emulator = start("echo.handler")
        emulator.script("next", event(b"1"))
        emulator.script("response", Reply(503), Reply(202))
        emulator.start()
        posts = emulator.wait_for("response", count=2)
        emulator.wait_for("next", count=2)

        assert [post.body for post in posts] == [b"1", b"1"]


class TestExits:
    """Functions that end their process."""

    @pytest.mark.parametrize(("code", "status", "message"), [(3, 3, "3"), (0, 1, "0"), ("bye", 1, "bye")])
    def test_sys_exit(self, start: Start, code: object, status: int, message: str) -> None:
        """A function that calls `sys.exit` has its invocation answered, then its wish, never with 0."""
        emulator = start("errors.exits_with")
        emulator.script("next", event(json.dumps(code).encode()))
        emulator.start()
        (request,) = emulator.wait_for("error")

        assert json.loads(request.body)["errorType"] == "SystemExit"
        assert json.loads(request.body)["errorMessage"] == message
        assert emulator.wait_exit() == status

    def test_threads_do_not_hold_up_the_end(self, start: Start) -> None:
        """A thread that never ends does not keep a process that has to exit, and `atexit` functions still run."""
        emulator = start("errors.leaves_a_thread")
        emulator.script("next", event())
        emulator.start()

        assert emulator.wait_exit() == 9
        assert b"at exit" in emulator.output


class TestLogs:
    """What is written, in both formats."""

    def test_error_text(self, start: Start) -> None:
        """An unhandled error is one line of text: type, message and traceback, broken by carriage returns."""
        emulator = start("errors.raises")
        emulator.invoke()
        path = FUNCTIONS / "errors.py"

        assert emulator.stdout.decode() == (
            "[ERROR] ValueError: boom\rTraceback (most recent call last):\r"
            f'\xa0\xa0File "{path}", line 5, in raises\r\xa0\xa0\xa0\xa0raise ValueError("boom")\n'
        )

    def test_error_json(self, start: Start) -> None:
        """An unhandled error is one JSON object with the keys of the managed runtime."""
        emulator = start("errors.raises", environ={"AWS_LAMBDA_LOG_FORMAT": "JSON"})
        outcome = emulator.invoke()
        (line,) = emulator.stdout.decode().splitlines()
        record = json.loads(line)

        assert list(record)[:2] == ["timestamp", "level"]
        assert (record.pop("level"), record.pop("timestamp")[-1]) == ("ERROR", "Z")
        assert (record.pop("functionVersion"), record.pop("traceId")[:2]) == ("$LATEST", "1-")
        assert record == outcome.error

    def test_unbuffered(self, start: Start) -> None:
        """What a function printed is out before its process can be killed."""
        emulator = start("logs.prints")
        emulator.script("next", event())
        emulator.start()
        emulator.wait_exit()

        assert emulator.stdout == b"printed"

    def test_logging_text(self, start: Start) -> None:
        """`logging` writes the managed runtime's text, a line a record, with the request id."""
        emulator = start("logs.logs")
        emulator.invoke(headers={"X-Amzn-RequestId": REQUEST_ID})
        levels, moments, request_ids, messages = zip(
            *(line.split("\t") for line in emulator.stdout.decode().split("\n")[:-1]), strict=True
        )

        assert levels == ("[INFO]", "[WARNING]", "[ERROR]")
        assert {len(moment) for moment in moments} == {len("2026-11-23T12:30:00.123Z")}
        assert set(request_ids) == {REQUEST_ID}
        assert messages[:2] == ("an informative message", "two\rlines")
        assert messages[2].startswith("caught\rKeyError: 'lost'\rTraceback (most recent call last):\r")

    def test_logging_json(self, start: Start) -> None:
        """`logging` writes a JSON object a record, with the platform's level names and the fields given as extra."""
        emulator = start("logs.logs", environ={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"})
        emulator.invoke(headers={"X-Amzn-RequestId": REQUEST_ID})
        info, warning, error = [json.loads(line) for line in emulator.stdout.splitlines()]

        assert (info["level"], info["message"], info["logger"]) == ("INFO", "an informative message", "root")
        assert {record["requestId"] for record in (info, warning, error)} == {REQUEST_ID}
        assert (warning["level"], warning["message"], warning["order"]) == ("WARN", "two\nlines", 7)
        assert (error["level"], error["errorType"], error["errorMessage"]) == ("ERROR", "KeyError", "'lost'")

    def test_context_log(self, start: Start) -> None:
        """`context.log` writes its message as it is."""
        emulator = start("logs.raw")
        emulator.invoke()

        assert emulator.stdout == b"no newline;as it is\n"

    def test_logging_is_not_imported(self, start: Start) -> None:
        """A function that does not log has no `logging`, unless it asked for a transport that does."""
        emulator = start("logs.modules")
        is_imported = emulator.invoke().json()

        assert is_imported == (emulator.environ["BOOTSTRAP_TRANSPORT"] == "urllib3")


class TestShadows:
    """Functions whose modules are called like the library's, like the runtime's, like the transport's."""

    def test_own_copies(self, start: Start) -> None:
        """A function whose modules are called like ours imports its own."""
        outcome = start("app.handler", folder=FUNCTIONS / "shadows").invoke()

        names = ("bootstrap", "errors", "handler", "json", "logging", "runtime", "types", "urllib3")
        assert outcome.json() == {name: f"the function's {name}" for name in names}

    def test_errors(self, start: Start) -> None:
        """The errors of a function whose modules are called like ours are reported like anybody's."""
        emulator = start("app.fails", folder=FUNCTIONS / "shadows")

        assert emulator.invoke().error["errorMessage"] == "with modules of its own"
        assert emulator.invoke(b"{oops").error["errorType"] == "Runtime.UnmarshalError"
