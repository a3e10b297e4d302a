"""Whether `OTEL_*` variables ask for spans, what all of these share, and what happens where packages are missing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap import hooks
from lambda_bootstrap.integrations.opentelemetry import is_asked_for, resource, set_up
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
LISTS = (hooks.request, hooks.response, hooks.error, hooks.next_)
LAMBDA = {
    "AWS_REGION": "eu-west-1",
    "AWS_LAMBDA_FUNCTION_NAME": "orders",
    "AWS_LAMBDA_FUNCTION_VERSION": "7",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/02/[7]abc",
}


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    """No hook outlives its test."""
    yield
    for registered in LISTS:
        registered.clear()


@pytest.mark.parametrize(
    ("environ", "is_asked"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"OTEL_SERVICE_NAME": "orders"}, False, id="a name alone"),
        pytest.param(ENDPOINT, True, id="endpoint"),
        pytest.param({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1"}, True, id="endpoint of traces"),
        pytest.param({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False, id="empty endpoint"),
        pytest.param({"OTEL_TRACES_EXPORTER": "otlp"}, True, id="exporter"),
        pytest.param({"OTEL_TRACES_EXPORTER": "", **ENDPOINT}, True, id="empty exporter"),
        pytest.param({"OTEL_TRACES_EXPORTER": "console", **ENDPOINT}, False, id="another exporter"),
        pytest.param({"OTEL_TRACES_EXPORTER": "none", **ENDPOINT}, False, id="no exporter"),
        pytest.param({"OTEL_SDK_DISABLED": "True", **ENDPOINT}, False, id="disabled"),
        pytest.param({"OTEL_SDK_DISABLED": "false", **ENDPOINT}, True, id="not disabled"),
        pytest.param({"ORIG_HANDLER": "app.handler", **ENDPOINT}, False, id="a layer's own handler"),
    ],
)
def test_is_asked_for(environ: dict[str, str], is_asked: bool) -> None:  # noqa: FBT001 - a column of the table
    """Spans are asked for by an exporter or an endpoint, unless the SDK is disabled or a layer makes its own."""
    assert bool(is_asked_for(environ)) == is_asked


class TestResource:
    """The attributes of all spans of an environment."""

    def test_attributes(self) -> None:
        """Function, version, instance, log group, region and memory in bytes have the names of the conventions."""
        assert resource(LAMBDA) == {
            "service.name": "orders",
            "cloud.provider": "aws",
            "cloud.platform": "aws_lambda",
            "cloud.region": "eu-west-1",
            "faas.name": "orders",
            "faas.version": "7",
            "faas.instance": "2026/01/02/[7]abc",
            "faas.max_memory": 134_217_728,
            "aws.log.group.names": ["/aws/lambda/orders"],
        }

    def test_own_name(self) -> None:
        """`OTEL_SERVICE_NAME` names the service in place of the function's name."""
        found = resource({**LAMBDA, "OTEL_SERVICE_NAME": "shop"})

        assert (found["service.name"], found["faas.name"]) == ("shop", "orders")

    @pytest.mark.parametrize("environ", [{}, {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "much"}], ids=["unset", "no number"])
    def test_unknown(self, environ: dict[str, str]) -> None:
        """Attributes without a value are left out."""
        assert resource(environ) == {"cloud.provider": "aws", "cloud.platform": "aws_lambda"}


class TestSetUp:
    """The hooks that make spans."""

    @pytest.mark.parametrize(
        "missing",
        [
            "opentelemetry",
            "opentelemetry.sdk.trace",
            "opentelemetry.exporter.otlp.proto.http.trace_exporter",
        ],
    )
    def test_missing(self, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
        """Where one of the packages is missing, the variables are meant for somebody else: nothing is attached."""
        monkeypatch.setitem(sys.modules, missing, None)
        set_up(ENDPOINT)

        assert [len(registered) for registered in LISTS] == [0, 0, 0, 0]

    def test_not_asked_for(self) -> None:
        """Without variables that ask for spans nothing is attached."""
        set_up({"OTEL_SERVICE_NAME": "orders"})

        assert [len(registered) for registered in LISTS] == [0, 0, 0, 0]

    def test_provider_that_is_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The provider that the function has set makes the spans, named after the function; each phase has one hook."""
        provider = TracerProvider()
        monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
        set_up({**ENDPOINT, **LAMBDA})
        [hook] = hooks.request
        root = hook.__self__  # type: ignore[attr-defined] # a method

        assert [len(registered) for registered in LISTS] == [1, 1, 1, 1]
        assert (root.provider, root.name) == (provider, "orders")
