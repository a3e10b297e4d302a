"""What a function is told about its invocation."""

from __future__ import annotations

import copy
import pickle
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import lambda_bootstrap
import pytest
from lambda_bootstrap.context import Context, LambdaContext, identity
from lambda_bootstrap.integrations.mobile import Client, ClientContext, client_context
from lambda_bootstrap.log import Log
from lambda_bootstrap.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

TRACE = "Root=1-6b038200-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1"
PARENT = "00-6b0382000123456789abcdef01234567-0123456789abcdef-01"
EVERYTHING = {
    "function_name": "demo",
    "function_version": "$LATEST",
    "memory_limit_in_mb": "128",
    "log_group_name": "/aws/lambda/demo",
    "log_stream_name": "stream",
    "aws_request_id": "id",
    "invoked_function_arn": "arn",
    "client_context": None,
    "identity": identity(None),
    "tenant_id": None,
    "deadline_ms": 1_767_225_600_000,
    "trace_id": None,
}


def a_context(clock: float = 0.0, lines: list[str] | None = None, **values: Any) -> Context:
    """Make a context whose clock stands still and whose log is a list."""
    return Context(lambda: clock, ([] if lines is None else lines).append, {**EVERYTHING, **values})


class TestContext:
    """The second argument of a handler."""

    def test_attributes(self) -> None:
        """A context shows the names of AWS's managed runtime, and what they stand for."""
        shown = {name: value for name, value in vars(a_context()).items() if not name.startswith("_")}

        assert shown == EVERYTHING

    def test_memory(self) -> None:
        """B7.1: the memory limit is text, as in the managed runtime."""
        assert a_context().memory_limit_in_mb == "128"

    def test_takes_attributes(self) -> None:
        """Tools may keep attributes of their own on the context."""
        context: Any = a_context()
        context.serializer = "tool"

        assert context.serializer == "tool"

    def test_repr(self) -> None:
        """The context's `repr` is awslambdaric's, to the letter."""
        expected = (
            "LambdaContext([aws_request_id=id,log_group_name=/aws/lambda/demo,log_stream_name=stream,function_name=demo,"
            "memory_limit_in_mb=128,function_version=$LATEST,invoked_function_arn=arn,client_context=None,"
            "identity=CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None]),tenant_id=None])"
        )

        assert repr(a_context()) == expected


class TestRemainingTime:
    """How long the function still has."""

    @pytest.mark.parametrize(
        ("clock", "deadline", "remaining"),
        [
            pytest.param(1_767_225_599.0, 1_767_225_600_000, 1000, id="a second"),
            pytest.param(1_767_225_599.9996, 1_767_225_600_000, 1, id="a started millisecond counts"),
            pytest.param(1_767_225_600.0, 1_767_225_600_000, 0, id="now"),
            pytest.param(1_767_225_700.0, 1_767_225_600_000, 0, id="never below zero"),
            pytest.param(1_767_225_599.0, 0, 0, id="the epoch is a deadline"),
            pytest.param(1_767_225_599.0, None, 900_000, id="no deadline"),
        ],
    )
    def test_milliseconds(self, clock: float, deadline: int | None, remaining: int) -> None:
        """The remaining time is that of the wall clock, in whole milliseconds."""
        milliseconds = a_context(clock, deadline_ms=deadline).get_remaining_time_in_millis()

        assert milliseconds == remaining
        assert type(milliseconds) is int

    def test_ticks(self) -> None:
        """The clock is asked each time."""
        ticks = iter([1.0, 1.5, 3.0])
        context = Context(lambda: next(ticks), print, {"deadline_ms": 2000})

        assert [context.get_remaining_time_in_millis() for _ in range(3)] == [1000, 500, 0]


class TestLog:
    """`context.log`."""

    @pytest.mark.parametrize(
        ("message", "written"), [("a\nb", "a\nb"), ("", ""), ({"a": 1}, "{'a': 1}"), (None, "None")], ids=repr
    )
    def test_as_it_is(self, message: object, written: str) -> None:
        """`context.log` writes a message as its text, with nothing added."""
        lines: list[str] = []
        a_context(lines=lines).log(message)

        assert lines == [written]


class TestW3c:
    """The caller's trace context."""

    def test_copy(self) -> None:
        """A change that a function makes to the trace context stays the function's own."""
        context = a_context(_w3c={"traceparent": "00-a"})
        context.w3c()["traceparent"] = "changed"

        assert context.w3c() == {"traceparent": "00-a"}

    def test_none(self) -> None:
        """The trace context is empty if the caller sent none."""
        assert a_context().w3c() == {}

    @pytest.mark.parametrize(
        ("w3c", "trace_id", "traceparent"),
        [
            pytest.param({"traceparent": "00-a"}, TRACE, "00-a", id="the caller's first"),
            pytest.param({}, TRACE, PARENT, id="X-Ray's"),
            pytest.param(
                {"tracestate": "a"},
                TRACE[:-1] + "0",
                "00-6b0382000123456789abcdef01234567-0123456789abcdef-00",
                id="not sampled",
            ),
            pytest.param(None, "0", None, id="placeholder"),
            pytest.param(None, None, None, id="neither"),
        ],
    )
    def test_traceparent(self, w3c: dict[str, str] | None, trace_id: str | None, traceparent: str | None) -> None:
        """`traceparent` is the caller's, else the trace header's, else None."""
        assert a_context(_w3c=w3c, trace_id=trace_id).traceparent == traceparent


class TestClientContext:
    """What the caller sent."""

    def test_everything(self) -> None:
        """B7.3: the client context's fields have the names of AWS's managed runtime."""
        sent = {
            "client": {
                "installation_id": "i",
                "app_title": "t",
                "app_version_name": "n",
                "app_version_code": "c",
                "app_package_name": "p",
                "more": "ignored",
            },
            "custom": {"k": ["v"]},
            "env": {"locale": "en"},
            "services": {},
        }
        context, w3c = client_context(sent)

        assert isinstance(context, ClientContext)
        assert list(vars(context)) == ["custom", "env", "client"]
        assert (context.custom, context.env) == ({"k": ["v"]}, {"locale": "en"})
        assert isinstance(context.client, Client)
        assert vars(context.client) == {
            "installation_id": "i",
            "app_title": "t",
            "app_version_name": "n",
            "app_version_code": "c",
            "app_package_name": "p",
        }
        assert w3c == {}

    @pytest.mark.parametrize("sent", [None, [], "text", 5, True], ids=repr)
    def test_no_object(self, sent: object) -> None:
        """Anything but an object is no client context."""
        assert client_context(sent) == (None, {})

    @pytest.mark.parametrize("client", [None, [], "text", 5], ids=repr)
    def test_no_client(self, client: object) -> None:
        """Anything but an object is no client."""
        context, _ = client_context({"client": client})

        assert context is not None
        assert context.client is None

    def test_empty(self) -> None:
        """An empty object is a client context that says nothing."""
        context, w3c = client_context({})

        assert context is not None
        assert (vars(context), w3c) == ({"client": None, "custom": None, "env": None}, {})

    def test_empty_client(self) -> None:
        """A client that says nothing has every field."""
        context, _ = client_context({"client": {}})

        assert context is not None
        assert repr(context.client) == (
            "Client([installation_id=None,app_title=None,app_version_name=None,"
            "app_version_code=None,app_package_name=None])"
        )

    def test_repr(self) -> None:
        """The client context's `repr` names its parts."""
        assert repr(client_context({"custom": {"k": 1}})[0]) == "ClientContext([custom={'k': 1},env=None,client=None])"

    @pytest.mark.parametrize(
        ("sent", "w3c"),
        [
            pytest.param(
                {"traceparent": "a", "tracestate": "b", "baggage": "c"},
                {"traceparent": "a", "tracestate": "b", "baggage": "c"},
                id="all",
            ),
            pytest.param({"traceparent": "a", "other": "b"}, {"traceparent": "a"}, id="an unknown field"),
            pytest.param({"traceparent": 1, "baggage": None, "tracestate": ["x"]}, {}, id="no text"),
            pytest.param({"traceparent": ""}, {"traceparent": ""}, id="empty text"),
            pytest.param({"Traceparent": "a"}, {}, id="another case"),
            pytest.param([], {}, id="an array"),
            pytest.param("traceparent", {}, id="text"),
            pytest.param(None, {}, id="null"),
        ],
    )
    def test_w3c(self, sent: object, w3c: dict[str, str]) -> None:
        """Of the trace context the known fields that are text arrive, and none of it shows in the client context."""
        context, found = client_context({"w3c": sent, "custom": {}})

        assert found == w3c
        assert not hasattr(context, "w3c")


class TestCopies:
    """Contexts that leave the process, or are copied within it."""

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickle(self, capfd: pytest.CaptureFixture[str], protocol: int) -> None:
        """A pickled context has all attributes, a tool's own too, a clock, and stdout for its log."""
        context = Context(time.time, Log(Settings({"_LAMBDA_TELEMETRY_LOG_FD": "99"})).write, EVERYTHING)
        context.own = [1]  # type: ignore[attr-defined] # as tools do
        context.deadline_ms = int(time.time() * 1000) + 60_000
        capfd.readouterr()  # the descriptor is not open, which the log says
        twin = pickle.loads(pickle.dumps(context, protocol))  # noqa: S301 - our own
        twin.log("line\n")

        assert (twin.function_name, twin.own, twin.identity.cognito_identity_id) == ("demo", [1], None)
        assert 0 < twin.get_remaining_time_in_millis() <= 60_000
        assert capfd.readouterr().out == "line\n"

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
    def test_copy(self, copied: Callable[[Context], Context]) -> None:
        """A copy of a context, deep or not, writes to the same log."""
        log = Log(Settings({"_LAMBDA_TELEMETRY_LOG_FD": "99"}))
        twin = copied(Context(time.time, log.write, EVERYTHING))

        assert twin._log.__self__ is log  # type: ignore[attr-defined] # a bound method
        assert twin.function_name == "demo"


@dataclass
class Held:
    """What a function keeps of an invocation, Powertools' idempotency for one."""

    context: Context
    others: list[Context] = field(default_factory=list)


def facts(context: Context) -> tuple[str | None, str, int]:
    """What a process of a pool sees of a context."""
    return context.function_name, type(context).__name__, context.get_remaining_time_in_millis()


class TestClass:
    """The context's class."""

    def test_name(self) -> None:
        """The class has the name of the managed runtime's, under both names it is the same."""
        assert lambda_bootstrap.Context is Context is LambdaContext
        assert (LambdaContext.__name__, LambdaContext.__qualname__) == ("LambdaContext", "LambdaContext")

    def test_asdict(self) -> None:
        """`dataclasses.asdict` of what holds contexts copies them, and the original stays as it is."""
        log = Log(Settings({}))
        context = Context(time.time, log.log, EVERYTHING)
        copied = asdict(Held(context, [context]))

        assert (type(copied["context"]), copied["context"].function_name) == (LambdaContext, "demo")
        assert copied["context"] is not context
        assert copied["others"][0].identity is not context.identity

    def test_process_pool(self) -> None:
        """A context can be sent to a process of a pool, and knows the time there."""
        context = Context(time.time, Log(Settings({})).log, EVERYTHING)
        context.deadline_ms = int(time.time() * 1000) + 60_000
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            name, kind, left = pool.submit(facts, context).result(60)

        assert (name, kind) == ("demo", "LambdaContext")
        assert 0 < left <= 60_000


class TestIdentity:
    """The Amazon Cognito identity."""

    @pytest.mark.parametrize(
        ("sent", "fields"),
        [
            pytest.param({"cognitoIdentityId": "a", "cognitoIdentityPoolId": "b"}, ("a", "b"), id="both"),
            pytest.param({"cognitoIdentityId": "a"}, ("a", None), id="one"),
            pytest.param({"cognito_identity_id": "a"}, (None, None), id="another spelling"),
            pytest.param({}, (None, None), id="empty"),
            pytest.param(None, (None, None), id="none"),
            pytest.param([1], (None, None), id="array"),
            pytest.param("text", (None, None), id="text"),
        ],
    )
    def test_fields(self, sent: object, fields: tuple[str | None, str | None]) -> None:
        """The identity is always there, and says what was sent."""
        who = identity(sent)

        assert (who.cognito_identity_id, who.cognito_identity_pool_id) == fields
