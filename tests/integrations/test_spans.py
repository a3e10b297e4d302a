"""The span of an invocation, whatever the event, the result and the exception are."""

from __future__ import annotations

import time
from typing import Any

import pytest
from lambda_bootstrap.context import Context
from lambda_bootstrap.integrations.spans import RootSpan
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.support.models import Unprintable


@pytest.fixture(name="exporter")
def _exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture(name="root")
def _root(exporter: InMemorySpanExporter) -> RootSpan:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return RootSpan(provider, {})


def a_context() -> Context:
    """Make the context of an invocation."""
    values = {"aws_request_id": "id", "invoked_function_arn": "arn", "trace_id": None, "deadline_ms": None}
    return Context(time.time, lambda _text: None, values)


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
