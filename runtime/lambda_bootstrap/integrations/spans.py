"""
One OpenTelemetry span per invocation.

Owns: the SERVER span, its parent, attributes and status, and that it is exported before the environment freezes.
Refuses to know: how spans travel.

Source: OpenTelemetry semantic conventions, "FaaS spans" and "AWS Lambda". The packages are those of the `otel` extra.
"""

from __future__ import annotations

from contextvars import ContextVar

from opentelemetry import context as contexts
from opentelemetry import propagate, trace
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

from .. import current
from ..traces import describe
from .tracing import traceparent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from opentelemetry.context import Context as OtelContext

    from ..context import Context

FLUSH_MS = 1500  # of the 2 seconds that `before_next` has
TRIGGERS = {"aws:sqs": "pubsub", "aws:sns": "pubsub", "aws:s3": "datasource", "aws:dynamodb": "datasource"}


class RootSpan:
    """
    The spans of the invocations that are running: one, or as many as there are tasks.

    Args:
        provider: makes spans, and flushes them.
        environ: what Lambda says of the function.
    """

    def __init__(self, provider: Any, environ: Mapping[str, str]) -> None:
        self.provider = provider
        self.tracer = provider.get_tracer("lambda-bootstrap")
        self.name = environ.get("AWS_LAMBDA_FUNCTION_NAME") or "function"
        self.is_cold = True
        self.running: ContextVar[Any] = ContextVar("running", default=None)  # the span, and what detaches it

    def begin(self, event: Any, context: Context) -> None:
        """Start the span, and make it the current one for whatever the function instruments."""
        parent = parent_of(event, context)
        span = self.tracer.start_span(
            self.name,
            parent,
            SpanKind.SERVER,
            {**attributes(event, context), "faas.coldstart": self.is_cold},
            list(links(event)),
        )
        self.is_cold = False
        self.running.set((span, contexts.attach(trace.set_span_in_context(span, parent))))

    def succeed(self, result: Any, _context: Context) -> None:
        """End the span of a handler that returned; an HTTP status of 500 and above is a failure all the same."""
        if (running := self.running.get()) is None:
            return
        span, _ = running
        status = result.get("statusCode") if isinstance(result, dict) else None
        if isinstance(status, int):
            span.set_attribute("http.response.status_code", status)
            if status >= 500:  # noqa: PLR2004 - a server error, RFC 9110
                span.set_status(StatusCode.ERROR)
        self.end()

    def fail(self, error: BaseException, _context: Context) -> None:
        """End the span of a failed invocation, if it has begun: not if the event could not be read."""
        if (running := self.running.get()) is None:
            return
        span, _ = running
        span.set_status(StatusCode.ERROR, describe(error))
        try:
            span.record_exception(error)
        except Exception:  # noqa: S110 - it has no text, which the status says already
            pass
        self.end()

    def end(self) -> None:
        """End the span."""
        span, token = self.running.get()
        span.end()
        contexts.detach(token)
        self.running.set(None)

    def flush(self, context: Context) -> None:
        """Send what there is: the process may sleep for hours after this, unless others are running."""
        if current.is_by_task:  # there is no freeze where many run at once, and it would make all of them wait
            return
        self.provider.force_flush(min(FLUSH_MS, context.get_remaining_time_in_millis()))


def attributes(event: Any, context: Context) -> dict[str, Any]:
    """Return the attributes of one invocation."""
    arn = context.invoked_function_arn
    parts = arn.split(":")
    values = {
        "faas.invocation_id": context.aws_request_id,
        "faas.trigger": trigger(event),
        "aws.lambda.invoked_arn": arn or None,
        "cloud.resource_id": ":".join(parts[:7]) or None,  # without the alias
        "cloud.account.id": parts[4] if len(parts) > 4 else None,  # noqa: PLR2004 - a field of an ARN
    }
    return {name: value for name, value in values.items() if value}


def trigger(event: Any) -> str:
    """Return the kind of source that *event* comes from."""
    if not isinstance(event, dict):
        return "other"
    request = event.get("requestContext")
    if "requestContext" in event and ("httpMethod" in event or (isinstance(request, dict) and "http" in request)):
        return "http"
    if str(event.get("source")) in {"aws.events", "aws.scheduler"} or event.get("detail-type") == "Scheduled Event":
        return "timer"
    source = next((record.get("eventSource") or record.get("EventSource") for record in records(event)), "")
    return TRIGGERS.get(str(source), "other")


def records(event: Any) -> Iterator[dict[str, Any]]:
    """Yield the records of a batch."""
    batch = event.get("Records") if isinstance(event, dict) else None
    yield from (record for record in batch if isinstance(record, dict)) if isinstance(batch, list) else ()


def parent_of(event: Any, context: Context) -> OtelContext:
    """Return the caller's span: from the event's HTTP headers, else from the invocation, else from X-Ray's header."""
    headers = event.get("headers") if isinstance(event, dict) else None
    if isinstance(headers, dict):
        carrier = {str(name).lower(): value for name, value in headers.items() if isinstance(value, str)}
        parent = propagate.extract(carrier)
        if trace.get_current_span(parent).get_span_context().is_valid:
            return parent
    parent = propagate.extract(context.w3c())
    remote = span_context(traceparent(context.trace_id or ""))
    if remote is not None and not trace.get_current_span(parent).get_span_context().is_valid:
        return trace.set_span_in_context(NonRecordingSpan(remote), parent)
    return parent


def links(event: Any) -> Iterator[Link]:
    """Yield links to the spans that sent the messages of a batch from SQS."""
    for record in records(event):
        sent = record.get("attributes")
        header = sent.get("AWSTraceHeader") if isinstance(sent, dict) else None
        remote = span_context(traceparent(header)) if isinstance(header, str) else None
        if remote is not None:
            yield Link(remote)


def span_context(header: str | None) -> SpanContext | None:
    """Return a well-formed `traceparent` as OpenTelemetry has it."""
    if header is None:
        return None
    _, trace_id, span_id, flags = header.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
