"""The invoke loop, over a Runtime API in memory."""

from __future__ import annotations

import asyncio
import json
import time
from types import FunctionType
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap import current
from lambda_bootstrap.errors import FunctionError, LambdaError, RuntimeApiError
from lambda_bootstrap.loop import exit_code, exit_status

from tests.support import TOO_DEEP
from tests.support.emulated import see
from tests.support.loop import FUNCTION, OverError, Script, a_loop, an_invocation, raising

if TYPE_CHECKING:
    from collections.abc import Callable


def run(script: Script, function: Callable[..., Any], environ: dict[str, str] | None = None) -> list[Any]:
    """Answer all of *script*; give the answers."""
    with pytest.raises(OverError):
        a_loop(script, function, environ).run()
    return script.answers


def answered(function: Callable[..., Any], payload: bytes = b"{}", **headers: str) -> Any:
    """How *function* answers one invocation, and that it answers once."""
    [answer] = run(Script(an_invocation("id", payload, **headers)), function)
    return answer


class TestResult:
    """What a result becomes."""

    @pytest.mark.parametrize(
        ("result", "body", "content_type"),
        [
            pytest.param({"a": "é"}, '{"a":"é"}'.encode(), "application/json", id="object"),
            pytest.param(None, b"null", "application/json", id="nothing"),
            pytest.param("text", b'"text"', "application/json", id="text"),
            pytest.param(b"\xff\x00", b"\xff\x00", "application/unknown", id="bytes"),
            pytest.param(b"", b"", "application/unknown", id="no bytes"),
            pytest.param(bytearray(b"a"), b'"a"', "application/json", id="bytearray"),
            pytest.param([b"a"], b'["a"]', "application/json", id="bytes within"),
        ],
    )
    def test_body(self, result: Any, body: bytes, content_type: str) -> None:
        """B4.15: a result is posted as this body with this content type."""
        assert answered(lambda: result) == ("id", body, content_type)

    @pytest.mark.parametrize("result", ["x" * 6_291_554, b"x" * 6_291_556], ids=["text", "bytes"])
    def test_largest(self, result: Any) -> None:
        """A body of exactly the platform's limit is posted."""
        assert len(answered(lambda: result)[1]) == 6_291_556

    @pytest.mark.parametrize("result", ["x" * 6_291_555, b"x" * 6_291_557], ids=["text", "bytes"])
    def test_too_large(self, result: Any) -> None:
        """A body of one byte more than the platform's limit is an error that tells both sizes."""
        kind = "Function.ResponseSizeTooLarge"
        message = "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes)."

        assert answered(lambda: result) == ("id", kind, message + see(kind))

    def test_largest_parts(self) -> None:
        """What is too large is told its three largest parts, by path, with weight and number of elements."""
        result = {"body": {"items": ["x" * 99] * 70_000, "text": "y" * 1000, "more": [1] * 9, "n": 1}}

        assert answered(lambda: result)[2].endswith(
            " Its largest parts: body.items (7140001 bytes, 70000 elements), body.text (1002 bytes, 1 elements), "
            "body.more (19 bytes, 9 elements). Put what is large into S3 and answer with its address"
            + see("Function.ResponseSizeTooLarge")
        )

    def test_too_large_by_its_annotation(self) -> None:
        """A result that has a form by its annotation only, as `bytes` within, is too large like any other."""

        def handler() -> list[bytes]:
            return [b"\xff" * 5_000_000]

        kind, message = answered(handler)[1:]

        assert kind == "Function.ResponseSizeTooLarge"
        assert message.startswith("Response payload size (6666672 bytes) exceeded")

    def test_no_form(self) -> None:
        """A result without a JSON form is an error that names its place."""
        message = "Unable to marshal response: Object of type object is not JSON serializable (at a[0])"

        assert answered(lambda: {"a": [object()]}) == (
            "id",
            "Runtime.MarshalError",
            message + see("Runtime.MarshalError"),
        )


class TestEvent:
    """What a payload becomes."""

    def test_json(self) -> None:
        """A payload of JSON is decoded."""
        assert answered(lambda event: event["a"], b'{"a": [1]}') == ("id", b"[1]", "application/json")

    @pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "image/png"])
    def test_bytes(self, content_type: str) -> None:
        """A payload that is not declared as JSON arrives as the bytes that it is."""
        assert answered(lambda event: event, b"\xff{", content_type=content_type) == (
            "id",
            b"\xff{",
            "application/unknown",
        )

    @pytest.mark.parametrize(
        ("payload", "message"),
        [
            pytest.param(b"", "Unable to unmarshal input: Expecting value: line 1 column 1 (char 0)", id="empty"),
            pytest.param(
                b'{"a": [1, x]}',
                "Unable to unmarshal input: Expecting value: line 1 column 11 (char 10) at a[1]",
                id="broken",
            ),
        ],
    )
    def test_no_json(self, payload: bytes, message: str) -> None:
        """A payload that should be JSON and is not is an error, and the handler is not called."""
        calls: list[Any] = []

        def handler(event: Any) -> None:
            calls.append(event)

        assert answered(handler, payload) == ("id", "Runtime.UnmarshalError", message + see("Runtime.UnmarshalError"))
        assert calls == []

    @pytest.mark.parametrize("function", [lambda: 1, lambda context: 1 if context else 0], ids=["()", "(context)"])
    def test_never_parsed(self, function: Callable[..., Any]) -> None:
        """A handler that takes no event never has it parsed."""
        assert answered(function, b'{"invalid json') == ("id", b"1", "application/json")


KEPT: list[Any] = []


def keep(context: Any) -> None:
    """Be a handler that keeps its context."""
    KEPT.append(context)


class TestContext:
    """What a handler is told."""

    def test_everything(self) -> None:
        """The context shows the invocation's headers and the function's attributes."""
        answered(
            keep,
            lambda_runtime_deadline_ms=str(int(time.time() * 1000) + 60_000),
            lambda_runtime_invoked_function_arn="arn",
            lambda_runtime_trace_id="Root=1",
            lambda_runtime_client_context='{"custom":{"k":1},"w3c":{"traceparent":"00-a"}}',
            lambda_runtime_cognito_identity='{"cognitoIdentityId":"who","cognitoIdentityPoolId":"pool"}',
            lambda_runtime_aws_tenant_id="blue",
        )
        context = KEPT.pop()

        assert {name: getattr(context, name) for name in FUNCTION} == FUNCTION
        assert (context.aws_request_id, context.invoked_function_arn, context.trace_id) == ("id", "arn", "Root=1")
        assert (context.client_context.custom, context.client_context.env, context.tenant_id) == (
            {"k": 1},
            None,
            "blue",
        )
        assert (context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id) == ("who", "pool")
        assert context.w3c() == {"traceparent": "00-a"}
        assert 50_000 < context.get_remaining_time_in_millis() <= 60_000

    def test_nothing(self) -> None:
        """An attribute that was not sent is None, but for the identity, which is always there."""
        answered(keep)
        context = KEPT.pop()

        absent = (context.client_context, context.tenant_id, context.trace_id, context.deadline_ms)
        assert absent == (None, None, None, None)
        assert (context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id) == (None, None)
        assert (context.invoked_function_arn, context.w3c()) == ("", {})
        assert context.get_remaining_time_in_millis() == 900_000

    def test_repr(self) -> None:
        """The context's `repr` names awslambdaric's attributes, also those that were not sent."""
        answered(keep)
        text = repr(KEPT.pop())

        assert "client_context=None" in text
        assert "identity=CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None])" in text

    def test_fresh(self) -> None:
        """What is put on one invocation's context is not on the next one's."""

        def handler(context: Any) -> Any:
            seen = hasattr(context, "mine")
            context.mine = True
            return seen

        answers = run(Script(an_invocation("1"), an_invocation("2")), handler)

        assert [body for _, body, _ in answers] == [b"false", b"false"]

    def test_log(self, capfd: pytest.CaptureFixture[str]) -> None:
        """`context.log` writes to the function's log."""
        answered(lambda context: context.log("as it is\n"))

        assert capfd.readouterr().out == "as it is\n<answer>\n"

    @pytest.mark.parametrize(
        ("headers", "message"),
        [
            pytest.param(
                {"lambda_runtime_client_context": "yolo"},
                "Unable to parse Client Context JSON: Expecting value: line 1 column 1 (char 0)",
                id="client context",
            ),
            pytest.param(
                {"lambda_runtime_cognito_identity": '{"a":}'},
                "Unable to parse Cognito Identity JSON: Expecting value: line 1 column 6 (char 5) at a",
                id="identity",
            ),
            pytest.param(
                {"lambda_runtime_client_context": "{", "lambda_runtime_cognito_identity": "["},
                "Unable to parse Client Context JSON: "
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                id="both",
            ),
        ],
    )
    def test_bad_header(self, headers: dict[str, str], message: str) -> None:
        """A header that is no JSON is this invocation's error, and the loop goes on."""
        script = Script(an_invocation("bad", b"{", **headers), an_invocation("good"))

        assert run(script, lambda event: event) == [
            ("bad", "Runtime.LambdaContextUnmarshalError", message + see("Runtime.LambdaContextUnmarshalError")),
            ("good", b"{}", "application/json"),
        ]

    def test_deep_header(self) -> None:
        """A header that is nested too deeply is this invocation's error, and the loop goes on."""
        script = Script(an_invocation(lambda_runtime_client_context="[" * 100_000), an_invocation("good"))
        bad, good = run(script, lambda event: event)

        assert bad[:2] == ("id", "Runtime.LambdaContextUnmarshalError")
        assert bad[2].startswith(f"Unable to parse Client Context JSON: {TOO_DEEP}")
        assert good == ("good", b"{}", "application/json")

    @pytest.mark.parametrize("sent", ["null", "[]", '"text"', "5"])
    def test_odd_header(self, sent: str) -> None:
        """A header that is JSON and makes no sense is as none."""
        script = Script(an_invocation(lambda_runtime_client_context=sent, lambda_runtime_cognito_identity=sent))

        assert run(script, lambda context: context.client_context) == [("id", b"null", "application/json")]


async def cancelled() -> None:
    """Be cancelled."""
    raise asyncio.CancelledError


class TestErrors:
    """What a failure becomes."""

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            pytest.param(ValueError("boom"), ("id", "ValueError", "boom"), id="Exception"),
            pytest.param(KeyError("k"), ("id", "KeyError", "'k'"), id="KeyError"),
            pytest.param(MemoryError(), ("id", "MemoryError", ""), id="MemoryError"),
            pytest.param(asyncio.CancelledError("c"), ("id", "CancelledError", "c"), id="CancelledError"),
            pytest.param(GeneratorExit(), ("id", "GeneratorExit", ""), id="GeneratorExit"),
            pytest.param(BaseException("b"), ("id", "BaseException", "b"), id="BaseException"),
            pytest.param(
                FunctionError("Function.Own", "m"),
                ("id", "Function.Own", "m" + see("Function.Own")),
                id="FunctionError",
            ),
            pytest.param(
                ExceptionGroup("g", [ValueError()]), ("id", "ExceptionGroup", "g (1 sub-exception)"), id="group"
            ),
            pytest.param(StopIteration(1), ("id", "StopIteration", "1"), id="StopIteration"),
        ],
    )
    def test_goes_on(self, error: BaseException, told: Any) -> None:
        """B4.14: a failed invocation is answered once, and the next one is served."""
        fail = raising(error)
        script = Script(an_invocation("id"), an_invocation("next"))

        assert run(script, lambda context: fail() if context.aws_request_id == "id" else 1) == [
            told,
            ("next", b"1", "application/json"),
        ]
        assert [step if step == "next" else "answer" for step in script.story] == [
            *("next", "answer"),
            *("next", "answer"),
            "next",
        ]

    def test_trace(self) -> None:
        """The trace starts in the function's code."""

        def handler() -> Any:
            return 1 / 0

        script = Script(an_invocation())
        run(script, handler)
        [entry] = script.story[1][3]

        line = handler.__code__.co_firstlineno + 1
        assert entry == f'  File "{__file__}", line {line}, in handler\n    return 1 / 0\n'

    def test_missing_module(self) -> None:
        """A handler that imports what only AWS's managed runtime brings along is told so, as one that does at init."""

        def handler() -> None:
            raise ModuleNotFoundError("No module named 'boto3'", name="boto3")

        def wrapped() -> None:
            try:
                handler()
            except ImportError as error:
                raise ImportError("no AWS") from error

        advice = "; AWS's managed runtime brings boto3 along, this one doesn't: put it into the package"

        assert answered(handler) == (
            *("id", "ModuleNotFoundError"),
            f"No module named 'boto3'{advice} (pip install --target . boto3)",
        )
        assert answered(wrapped)[2] == f"no AWS{advice} (pip install --target . boto3)"

    @pytest.mark.parametrize("name", [None, 7, "requests", "boto3_extensions"], ids=repr)
    def test_other_module(self, name: Any) -> None:
        """Of any other module, the message stays what it is."""
        assert answered(raising(ModuleNotFoundError("gone", name=name))) == ("id", "ModuleNotFoundError", "gone")

    def test_recursion(self) -> None:
        """A function that never stops calling itself is an error as any other."""

        def handler() -> Any:
            return handler()

        assert answered(handler)[1] == "RecursionError"

    def test_cancelled(self) -> None:
        """An async handler that is cancelled is an error as any other."""

        async def handler() -> None:
            await cancelled()

        assert answered(handler) == ("id", "CancelledError", "")

    @pytest.mark.parametrize(
        ("trouble", "message"),
        [
            pytest.param(ValueError(), "<unprintable MuteError object>", id="an error"),
            pytest.param(SystemExit(3), "<unprintable MuteError object>", id="an exit"),
        ],
    )
    def test_unprintable(self, trouble: BaseException, message: str) -> None:
        """An exception that cannot say what it is is answered too."""

        class MuteError(Exception):
            def __str__(self) -> str:
                raise trouble

        assert answered(raising(MuteError())) == ("id", "MuteError", message)

    def test_without_lines(self) -> None:
        """An error in code without line numbers, as generated code may be, is answered too."""

        def boom() -> Any:
            raise ValueError

        assert answered(FunctionType(boom.__code__.replace(co_linetable=b""), {})) == ("id", "ValueError", "")

    def test_gone(self) -> None:
        """When the Runtime API is gone the loop ends; no second answer is tried."""
        for function in (lambda: 1, raising(ValueError())):
            script = Script(an_invocation(), gone=True)
            with pytest.raises(RuntimeApiError, match="gone"):
                a_loop(script, function).run()

            assert len(script.answers) == 1

    def test_poll_fails(self) -> None:
        """When a poll fails the loop ends, and nothing is answered."""
        script = Script()

        assert run(script, lambda: 1) == []


class TestExit:
    """Functions that end their process."""

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            pytest.param(SystemExit(), 1, id="exit()"),
            pytest.param(SystemExit(None), 1, id="exit(None)"),
            pytest.param(SystemExit(0), 1, id="exit(0)"),
            pytest.param(SystemExit(1), 1, id="exit(1)"),
            pytest.param(SystemExit(3), 3, id="exit(3)"),
            pytest.param(SystemExit(256), 1, id="exit(256)"),
            pytest.param(SystemExit(257), 1, id="exit(257)"),
            pytest.param(SystemExit(-1), 255, id="exit(-1)"),
            pytest.param(SystemExit("text"), 1, id="exit(text)"),
            pytest.param(SystemExit(""), 1, id="exit('')"),
            pytest.param(SystemExit(2.5), 1, id="exit(2.5)"),
            pytest.param(SystemExit(1, 2), 1, id="exit of two"),
            pytest.param(KeyboardInterrupt(), 1, id="KeyboardInterrupt"),
        ],
    )
    def test_status(self, error: BaseException, status: int) -> None:
        """B4.20: an invocation that exits is answered, then the process ends with this status."""
        script = Script(an_invocation("1"), an_invocation("2"))

        assert a_loop(script, raising(error)).run() == status
        assert [step if step == "next" else step[:2] for step in script.story] == ["next", ("1", type(error).__name__)]

    @pytest.mark.parametrize(
        "error",
        [ValueError(), MemoryError(), RecursionError(), asyncio.CancelledError(), GeneratorExit(), BaseException()],
        ids=repr,
    )
    def test_none(self, error: BaseException) -> None:
        """An exception that is neither an exit nor an interrupt ends no process."""
        assert exit_status(error) is None


class TestOrder:
    """What happens before what."""

    def test_steps(self) -> None:
        """B4.1: log and tracer know an invocation before the function does, and it is answered before the next poll."""
        environ: dict[str, str] = {"_X_AMZN_TRACE_ID": "Root=old"}
        script = Script(
            an_invocation("1", lambda_runtime_trace_id="Root=1", lambda_runtime_aws_tenant_id="blue"),
            an_invocation("2"),
        )

        def handler() -> Any:
            script.story.append(("handler", current.get().request_id, current.get().tenant_id, dict(environ)))
            return 1

        loop = a_loop(script, handler, environ)
        with pytest.raises(OverError):
            loop.run()

        assert script.story == [
            "next",
            ("handler", "1", "blue", {"_X_AMZN_TRACE_ID": "Root=1"}),
            ("1", b"1", "application/json"),
            "next",
            ("handler", "2", "", {}),
            ("2", b"1", "application/json"),
            "next",
        ]

    def test_error_is_logged_first(self, capfd: pytest.CaptureFixture[str]) -> None:
        """B4.19: an error is in the log before the Runtime API is told: the environment may be frozen right after."""
        answered(raising(ValueError("boom")))
        first, *rest = capfd.readouterr().out.splitlines()

        assert first.startswith("[ERROR] ValueError: boom")
        assert rest[-1] == "<answer>"

    def test_error_as_json(self, capfd: pytest.CaptureFixture[str]) -> None:
        """The log has the same error as the caller."""
        script = Script(an_invocation())
        run(script, raising(ValueError("boom")), {"AWS_LAMBDA_LOG_FORMAT": "JSON"})
        record = json.loads(capfd.readouterr().out.splitlines()[0])

        assert record.pop("timestamp").endswith("Z")
        assert record == {
            "level": "ERROR",
            "errorMessage": "boom",
            "errorType": "ValueError",
            "requestId": "id",
            "stackTrace": script.story[1][3],
        }

    def test_silence(self, capfd: pytest.CaptureFixture[str]) -> None:
        """An invocation that went well leaves no trace in the log."""
        answered(lambda event: event)

        assert capfd.readouterr() == ("<answer>\n", "")


class Odd(SystemExit):
    """An exit whose code cannot be had."""

    def __getattribute__(self, name: str) -> Any:
        """Fail."""
        raise LookupError(name)


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        pytest.param(SystemExit(3), 3, 3, id="number"),
        pytest.param(SystemExit(259), 3, 3, id="more than a byte"),
        pytest.param(SystemExit(-1), 255, 255, id="less than nothing"),
        pytest.param(SystemExit(True), 1, 1, id="bool"),  # noqa: FBT003 - as a function may say it
        pytest.param(SystemExit(0), 0, 1, id="success"),
        pytest.param(SystemExit(256), 0, 1, id="success, in a byte"),
        pytest.param(SystemExit(), None, 1, id="nothing"),
        pytest.param(SystemExit("bye"), "bye", 1, id="text"),
        pytest.param(Odd(3), 1, 1, id="no code"),
        pytest.param(KeyboardInterrupt(), 1, 1, id="Control-C"),
        pytest.param(ValueError("m"), 1, None, id="exception"),
        pytest.param(LambdaError("m"), 1, None, id="error as a value"),
        pytest.param(LambdaError("m", exit=True), 1, 1, id="fatal error as a value"),
        pytest.param(GeneratorExit(), 1, None, id="another BaseException"),
    ],
)
def test_exits(error: BaseException, code: object, status: int | None) -> None:
    """What ends a child ends it as Python would; the environment only ends if that is asked for, and never with 0."""
    assert (exit_code(error), exit_status(error)) == (code, status)


class Ending(Script):
    """A Runtime API whose poll is ended by a signal handler of the function."""

    def __init__(self, error: BaseException, *invocations: Any) -> None:
        super().__init__(*invocations)
        self.errors = [error]

    def next(self) -> Any:
        """Raise, once."""
        if self.errors:
            raise self.errors.pop()
        return super().next()


@pytest.mark.parametrize("error", [SystemExit(0), SystemExit("bye"), KeyboardInterrupt()], ids=repr)
def test_exit_in_the_poll(error: BaseException) -> None:
    """An exit between two invocations leaves the loop as it is: nobody is to be answered, and 0 is allowed."""
    with pytest.raises(type(error)) as caught:
        a_loop(Ending(error), lambda: 1).run()

    assert caught.value is error


def test_error_in_the_poll(capfd: pytest.CaptureFixture[str]) -> None:
    """Anything else between two invocations is logged, and the next one is answered."""
    script = Ending(LookupError("ring"), an_invocation())
    with pytest.raises(OverError):
        a_loop(script, lambda: 1).run()

    assert script.answers == [("id", b"1", "application/json")]
    assert capfd.readouterr().out.startswith("[ERROR] LookupError: ring\r")
