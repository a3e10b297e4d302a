"""The span of an invocation, whatever the event, the result and the exception are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lambda_bootstrap.context import Context
from lambda_bootstrap.integrations.spans import RootSpan
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.support.models import Unprintable

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders"


@pytest.fixture(name="exporter")
def _exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture(name="root")
def _root(exporter: InMemorySpanExporter) -> RootSpan:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return RootSpan(provider, {})


def a_context(arn: str = "arn", deadline_ms: int | None = None) -> Context:
    """Make the context of an invocation, which begins at the epoch."""
    values = {"aws_request_id": "id", "invoked_function_arn": arn, "trace_id": None, "deadline_ms": deadline_ms}
    return Context(lambda: 0.0, lambda _text: None, values)


class Flushed(TracerProvider):
    """A provider that records how long it may take to send its spans."""

    limits: list[int]

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Take the limit down."""
        self.limits.append(timeout_millis)
        return True


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"Records": 5}, id="records that aren't a list"),
        pytest.param({"Records": {"a": 1}}, id="records in an object"),
        pytest.param({"Records": [{"eventSource": ["aws:sqs"]}]}, id="a source that isn't text"),
        pytest.param({"requestContext": 5}, id="a number for a request context"),
        pytest.param({"requestContext": None}, id="no request context"),
        pytest.param({"source": ["aws.events"]}, id="several sources"),
        pytest.param({"headers": {"traceparent": "zz"}}, id="a broken header"),
        pytest.param([1], id="a list"),
    ],
)
def test_any_event(root: RootSpan, exporter: InMemorySpanExporter, event: Any) -> None:
    """An event that only looks like one of AWS's has a span all the same."""
    root.begin(event, a_context())
    root.succeed({"statusCode": 200}, a_context())
    (span,) = exporter.get_finished_spans()

    assert span.attributes is not None
    assert span.attributes["faas.trigger"] == "other"


def test_without_a_beginning(root: RootSpan, exporter: InMemorySpanExporter) -> None:
    """What ends without having begun is not an error of its own."""
    root.succeed({"statusCode": 200}, a_context())
    root.fail(ValueError("x"), a_context())

    assert exporter.get_finished_spans() == ()


def test_unprintable(root: RootSpan, exporter: InMemorySpanExporter) -> None:
    """An exception without a text ends its span, too."""
    error = ValueError(Unprintable())
    root.begin({}, a_context())
    root.fail(error, a_context())
    (span,) = exporter.get_finished_spans()

    assert span.status.description == "<unprintable ValueError object>"


@pytest.mark.parametrize(
    ("event", "trigger"),
    [
        pytest.param({"requestContext": {}, "httpMethod": "GET"}, "http", id="REST API"),
        pytest.param({"requestContext": {"http": {}}}, "http", id="HTTP API and Function URL"),
        pytest.param({"httpMethod": "GET"}, "other", id="a method alone"),
        pytest.param({"requestContext": {"connectionId": "c"}}, "other", id="WebSocket"),
        pytest.param({"source": "aws.events"}, "timer", id="EventBridge's rule"),
        pytest.param({"source": "aws.scheduler"}, "timer", id="EventBridge's Scheduler"),
        pytest.param({"source": "mine", "detail-type": "Scheduled Event"}, "timer", id="a scheduled event"),
        pytest.param({"source": "mine", "detail-type": "Order"}, "other", id="any other event"),
        pytest.param({"Records": [{"eventSource": "aws:sqs"}]}, "pubsub", id="SQS"),
        pytest.param({"Records": [{"EventSource": "aws:sns"}]}, "pubsub", id="SNS"),
        pytest.param({"Records": [{"eventSource": "aws:s3"}]}, "datasource", id="S3"),
        pytest.param({"Records": [{"eventSource": "aws:dynamodb"}]}, "datasource", id="DynamoDB"),
        pytest.param({"Records": [{"eventSource": "aws:kinesis"}]}, "other", id="Kinesis"),
        pytest.param({"Records": []}, "other", id="no records"),
    ],
)
def test_trigger(root: RootSpan, exporter: InMemorySpanExporter, event: Any, trigger: str) -> None:
    """The kind of an event's source is the trigger, in the words of the conventions."""
    assert finished(root, exporter, event).attributes["faas.trigger"] == trigger  # type: ignore[index] # there are some


@pytest.mark.parametrize(
    ("result", "code", "status"),
    [
        pytest.param({"statusCode": 499}, StatusCode.UNSET, 499, id="499"),
        pytest.param({"statusCode": 500}, StatusCode.ERROR, 500, id="500"),
        pytest.param({"statusCode": 501}, StatusCode.ERROR, 501, id="501"),
        pytest.param({"statusCode": "500"}, StatusCode.UNSET, None, id="text"),
        pytest.param({}, StatusCode.UNSET, None, id="none"),
        pytest.param([500], StatusCode.UNSET, None, id="a list"),
    ],
)
def test_status(
    root: RootSpan, exporter: InMemorySpanExporter, result: Any, code: StatusCode, status: int | None
) -> None:
    """An HTTP status from 500 on is an error, which a status of the caller's is not."""
    span = finished(root, exporter, {}, result)

    assert span.attributes is not None
    assert (span.status.status_code, span.attributes.get("http.response.status_code")) == (code, status)


@pytest.mark.parametrize(
    ("arn", "resource_id", "account"),
    [
        (f"{ARN}:live", ARN, "123456789012"),
        (ARN, ARN, "123456789012"),
        ("", None, None),
        ("a:b:c:d", "a:b:c:d", None),
    ],
    ids=["alias", "no alias", "no ARN", "another form"],
)
def test_arn(
    root: RootSpan, exporter: InMemorySpanExporter, arn: str, resource_id: str | None, account: str | None
) -> None:
    """The function's ARN is told as it was invoked, and without its alias; with it the account."""
    root.begin({}, a_context(arn))
    root.succeed(None, a_context(arn))
    (span,) = exporter.get_finished_spans()
    assert span.attributes is not None
    names = ("aws.lambda.invoked_arn", "cloud.resource_id", "cloud.account.id", "faas.invocation_id")

    assert [span.attributes.get(name) for name in names] == [arn or None, resource_id, account, "id"]


@pytest.mark.parametrize(("left", "limit"), [(60_000, 1500), (1501, 1500), (400, 400), (0, 0)])
def test_flush(left: int, limit: int) -> None:
    """Sending spans may take 1.5 seconds, and no longer than the invocation has left."""
    provider = Flushed()
    provider.limits = []
    RootSpan(provider, {}).flush(a_context(deadline_ms=left))

    assert provider.limits == [limit]


W3C = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
XRAY = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"


@pytest.mark.parametrize(
    ("event", "trace_id", "parent"),
    [
        pytest.param({"headers": {"Traceparent": W3C}}, XRAY, "b7ad6b7169203331", id="W3C's before X-Ray's"),
        pytest.param({"headers": {"traceparent": W3C}}, None, "b7ad6b7169203331", id="W3C's alone"),
        pytest.param({"headers": {"traceparent": [W3C]}}, XRAY, "9a9197af755a6419", id="not a text"),
        pytest.param({"headers": {"accept": "*/*"}}, XRAY, "9a9197af755a6419", id="other headers"),
        pytest.param([], XRAY, "9a9197af755a6419", id="X-Ray's alone"),
        pytest.param({}, None, None, id="none"),
    ],
)
def test_parent(
    root: RootSpan, exporter: InMemorySpanExporter, event: Any, trace_id: str | None, parent: str | None
) -> None:
    """A span's parent is the caller's span in the event's headers, else the one that X-Ray's header names."""
    context = a_context()
    context.trace_id = trace_id
    root.begin(event, context)
    root.succeed(None, context)
    (span,) = exporter.get_finished_spans()

    assert (span.parent and f"{span.parent.span_id:016x}") == parent


def test_links(root: RootSpan, exporter: InMemorySpanExporter) -> None:
    """Each message of SQS that tells its sender's span is a link to it, and the others are none."""
    headers = [XRAY, 7, "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700", XRAY.replace("9a", "9b", 1)]
    records = [{"eventSource": "aws:sqs", "attributes": {"AWSTraceHeader": header}} for header in headers]
    span = finished(root, exporter, {"Records": [*records, {"attributes": None}, {}]})

    assert [f"{link.context.span_id:016x}" for link in span.links] == ["9a9197af755a6419", "9b9197af755a6419"]


def test_cold_start(root: RootSpan, exporter: InMemorySpanExporter) -> None:
    """The first span of an environment says that it is, under the function's name or "function"."""
    for _ in range(3):
        root.begin({}, a_context())
        root.fail(ValueError("boom"), a_context())
    spans = exporter.get_finished_spans()

    assert [span.attributes and span.attributes["faas.coldstart"] for span in spans] == [True, False, False]
    assert {(span.name, span.kind, span.status.status_code, span.status.description) for span in spans} == {
        ("function", SpanKind.SERVER, StatusCode.ERROR, "boom")
    }
    assert [event.name for event in spans[0].events] == ["exception"]


def finished(root: RootSpan, exporter: InMemorySpanExporter, event: Any, result: Any = None) -> ReadableSpan:
    """Have an invocation succeed; return its span."""
    root.begin(event, a_context())
    root.succeed(result, a_context())
    (span,) = exporter.get_finished_spans()
    return span


def test_side_by_side(root: RootSpan, exporter: InMemorySpanExporter) -> None:
    """Of tasks that run side by side each has a span of its own, and what it makes meanwhile belongs to that."""

    async def invocation(number: int) -> None:
        context = a_context(f"arn:{number}")
        root.begin({}, context)
        await asyncio.sleep(0.01 * number)
        with root.tracer.start_as_current_span(f"inner {number}"):
            await asyncio.sleep(0.01)
        if number % 2:
            root.succeed({"statusCode": 200 + number}, context)
        else:
            root.fail(ValueError(str(number)), context)

    async def all_at_once() -> None:
        await asyncio.gather(*(asyncio.create_task(invocation(number)) for number in range(4)))

    asyncio.run(all_at_once())
    spans = {span.context.span_id: span for span in exporter.get_finished_spans() if span.context is not None}
    inner = [span for span in spans.values() if span.name.startswith("inner")]
    parents: Any = [spans[span.parent.span_id] for span in inner if span.parent is not None]
    outer = {
        parent.attributes["aws.lambda.invoked_arn"]: span.name for parent, span in zip(parents, inner, strict=True)
    }

    assert outer == {f"arn:{number}": f"inner {number}" for number in range(4)}
    assert sorted(span.status.status_code.name for span in spans.values() if span not in inner) == [
        *("ERROR", "ERROR", "UNSET", "UNSET"),
    ]
