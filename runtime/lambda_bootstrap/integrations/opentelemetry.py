"""
OpenTelemetry, if `OTEL_*` variables ask for spans.

Owns: whether spans are asked for, and the provider. The SDK reads the other variables by itself.
Refuses to know: what a span says; see `spans`.
"""

from __future__ import annotations

from .. import hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_asked_for(environ: Mapping[str, str]) -> bool:
    """Return whether spans are to be exported over OTLP, and by this runtime."""
    exporter = environ.get("OTEL_TRACES_EXPORTER") or ("otlp" if any(map(environ.get, ENDPOINTS)) else "none")
    # A layer that has put its own handler in front, as their scripts do, makes its own spans.
    is_taken = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("ORIG_HANDLER")
    return exporter == "otlp" and not is_taken


def set_up(environ: Mapping[str, str]) -> None:
    """
    Attach a span to every invocation if that is asked for and the function has brought the packages.

    The provider is the one that is there already, or one that exports over OTLP.
    """
    if not is_asked_for(environ):
        return
    try:
        from opentelemetry import trace

        from .spans import RootSpan
    except ImportError:
        return  # then the variables are meant for somebody else
    provider: Any = trace.get_tracer_provider()
    if not hasattr(provider, "force_flush"):
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError:
            return  # as above
        provider = TracerProvider(resource=Resource.create(resource(environ)))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
    root = RootSpan(provider, environ)
    hooks.on_request(root.begin)
    hooks.on_response(root.succeed)
    hooks.on_error(root.fail)
    hooks.before_next(root.flush)


def resource(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the attributes that all spans of this environment share."""
    memory = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    group = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    name = environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    values = {
        "service.name": environ.get("OTEL_SERVICE_NAME") or name,
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": environ.get("AWS_REGION"),
        "faas.name": name,
        "faas.version": environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
        "faas.instance": environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
        "faas.max_memory": int(memory) * 1_048_576 if memory.isdigit() else None,
        "aws.log.group.names": [group] if group else None,
    }
    return {name: value for name, value in values.items() if value}
