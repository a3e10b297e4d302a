"""Tools that functions bring, unmodified: OpenTelemetry, X-Ray, Sentry, Powertools, Lumigo, Datadog, and others."""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, FUNCTIONS
from tests.support.tools import Receiver, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRACE = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
NEW_RELIC = {"NEW_RELIC_SERVERLESS_MODE_ENABLED": "true", "NEW_RELIC_ACCOUNT_ID": "1"}


@pytest.fixture(name="receiver")
def _receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("handler", "injected"),
    [
        ("handler", "MetricsLogger"),
        ("awaited", "MetricsLogger"),
        ("with_params", "orders"),
        ("by_keyword", "orders"),
        ("with_kink", "orders test"),
        ("with_wrapt", "orders"),
        ("Service.method", "orders"),
        ("partial", "orders"),
    ],
)
def test_injected(handler: str, injected: str) -> None:
    """Decorators of aws-embedded-metrics, inject, kink and wrapt add arguments of their own; the function runs."""
    environ = {"AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_EMF_ENVIRONMENT": "local"}
    with run(f"injected.{handler}", **environ) as emulator:
        outcome = emulator.invoke(b'{"a":1}')

        assert (outcome.error, outcome.json()) == (None, [{"a": 1}, "f", injected])
        assert b"takes any arguments" not in emulator.output


def values(span: Any) -> dict[str, Any]:
    """The attributes of a span."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes}


class TestOpenTelemetry:
    """The runtime's root span, and the official instrumentation."""

    def test_root_span(self, receiver: Receiver) -> None:
        """Each invocation is a SERVER span with the FaaS attributes, a child of X-Ray's, exported before `next`."""
        with run("spans.handler", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{receiver.address}") as emulator:
            for _ in range(2):
                emulator.invoke(b"{}", headers={"X-Amzn-Trace-Id": TRACE, "X-Amzn-RequestId": "one"})
            emulator.wait_report(2)
        first, second = [span for span in receiver.spans() if span.name != "work"]
        children = [span for span in receiver.spans() if span.name == "work"]

        assert {path for path, _ in receiver.posts} == {"/v1/traces"}
        shared = values(receiver.batches()[0].resource)
        assert (shared["service.name"], shared["cloud.platform"], shared["faas.max_memory"]) == (
            emulator.environ["AWS_LAMBDA_FUNCTION_NAME"],
            "aws_lambda",
            134_217_728,
        )
        assert (first.trace_id.hex(), first.parent_span_id.hex()) == (
            "5bef4de7ad49b0e87f6ef6c87fc2e700",
            "9a9197af755a6419",
        )
        assert first.kind == 2  # SPAN_KIND_SERVER
        assert first.name == emulator.environ["AWS_LAMBDA_FUNCTION_NAME"]
        seen = values(first)
        assert (seen["faas.invocation_id"], seen["faas.trigger"], seen["faas.coldstart"]) == ("one", "other", True)
        assert seen["aws.lambda.invoked_arn"].startswith("arn:aws:lambda:")
        assert seen["cloud.resource_id"] in seen["aws.lambda.invoked_arn"]
        assert values(second)["faas.coldstart"] is False
        assert {child.parent_span_id for child in children} == {first.span_id, second.span_id}

    def test_error(self, receiver: Receiver) -> None:
        """A failed invocation is a span with the status of an error and the exception."""
        with run("spans.handler", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{receiver.address}") as emulator:
            for event in (b'{"fail": true}', b'{"status": 502}'):
                emulator.invoke(event, headers={"X-Amzn-Trace-Id": TRACE})
            emulator.wait_report(2)
        raised, answered = [span for span in receiver.spans() if span.name != "work"]

        assert (raised.status.code, raised.status.message, raised.events[0].name) == (2, "boom", "exception")
        assert (answered.status.code, values(answered)["http.response.status_code"]) == (2, 502)

    def test_parents_and_links(self, receiver: Receiver) -> None:
        """W3C headers of an event come before X-Ray's; messages from SQS are links to their senders."""
        traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        http = {"requestContext": {}, "httpMethod": "GET", "headers": {"Traceparent": traceparent}}
        sqs = {"Records": [{"eventSource": "aws:sqs", "attributes": {"AWSTraceHeader": TRACE}}]}
        with run("spans.handler", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{receiver.address}") as emulator:
            for event in (http, sqs):
                emulator.invoke(json.dumps(event).encode(), headers={"X-Amzn-Trace-Id": TRACE})
            emulator.wait_report(2)
        one, two = [span for span in receiver.spans() if span.name != "work"]

        assert (one.trace_id.hex(), one.parent_span_id.hex()) == (traceparent[3:35], traceparent[36:52])
        assert (values(one)["faas.trigger"], values(two)["faas.trigger"]) == ("http", "pubsub")
        assert [link.span_id.hex() for link in two.links] == ["9a9197af755a6419"]

    @pytest.mark.parametrize(
        "environ",
        [{}, {"OTEL_TRACES_EXPORTER": "none"}, {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}],
        ids=["nothing set", "no exporter", "disabled"],
    )
    def test_not_configured(self, environ: dict[str, str]) -> None:
        """Where nobody is to get spans, nothing of OpenTelemetry is imported."""
        with run("modules.loaded", **environ) as emulator:
            assert emulator.invoke(b'"opentelemetry.sdk"').json() is False
            assert emulator.invoke(b'"opentelemetry"').json() is False

    def test_provider_that_is_there(self, receiver: Receiver, tmp_path: Path) -> None:
        """A provider that the function has set by then, from a `.pth` file, is the one that makes the spans."""
        (tmp_path / "first.pth").write_text("import first\n")
        (tmp_path / "first.py").write_text(
            "from opentelemetry import trace\n"
            "from opentelemetry.sdk.resources import Resource\n"
            "from opentelemetry.sdk.trace import TracerProvider\n"
            "trace.set_tracer_provider(TracerProvider(resource=Resource({'service.name': 'first'})))\n"
        )
        (tmp_path / "app.py").write_text(
            "from opentelemetry import trace\n"
            "def handler(event, context):\n"
            "    return trace.get_current_span().resource.attributes['service.name']\n"
        )
        command = [sys.executable, str(BOOTSTRAP)]
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{receiver.address}"}
        with Emulator(command, cwd=tmp_path, handler="app.handler", environ=environ, timeout=15.0) as emulator:
            assert emulator.invoke(headers={"X-Amzn-Trace-Id": TRACE}).json() == "first"

    def test_official_instrumentation(self, receiver: Receiver) -> None:
        """`AwsLambdaInstrumentor` wraps the handler, and where a layer has set it up its span is the only one."""
        endpoint = f"http://{receiver.address}/v1/traces"
        environ = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint, "ORIG_HANDLER": "instrumented.handler"}
        with run("instrumented.handler", **environ) as emulator:
            outcome = emulator.invoke(headers={"X-Amzn-RequestId": "two", "X-Amzn-Trace-Id": TRACE})
            emulator.wait_report(1)

        assert outcome.json() == "instrumented"
        assert [values(span)["faas.invocation_id"] for span in receiver.spans()] == ["two"]


class TestXRay:
    """aws-xray-sdk."""

    def test_subsegments(self) -> None:
        """A subsegment of the function arrives at the daemon's socket under Lambda's parent; ours never do."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
            daemon.bind(("127.0.0.1", 0))
            daemon.settimeout(10)
            address = f"127.0.0.1:{daemon.getsockname()[1]}"
            with run("subsegments.handler", AWS_XRAY_DAEMON_ADDRESS=address) as emulator:
                for _ in range(2):
                    outcome = emulator.invoke(headers={"X-Amzn-Trace-Id": TRACE})
                    assert outcome.json() == "traced"
                documents = [json.loads(daemon.recv(65536).split(b"\n", 1)[1]) for _ in range(2)]
            daemon.settimeout(0.2)
            with pytest.raises(TimeoutError):
                daemon.recv(65536)

        assert [document["name"] for document in documents] == ["work", "work"]
        assert {document["parent_id"] for document in documents} == {"9a9197af755a6419"}
        assert {document["trace_id"] for document in documents} == {"1-5bef4de7-ad49b0e87f6ef6c87fc2e700"}


class TestSentry:
    """sentry_sdk's AwsLambdaIntegration."""

    @pytest.mark.parametrize("fails_at_import", [False, True], ids=["invocation", "init"])
    def test_events(self, receiver: Receiver, *, fails_at_import: bool) -> None:
        """An error of an invocation, or of init, is an event at Sentry."""
        environ = {"SENTRY_DSN": f"http://key@{receiver.address}/1"}
        if fails_at_import:
            environ["FAIL_AT_IMPORT"] = "1"
        with run("sentry.handler", **environ) as emulator:
            outcome = emulator.invoke()
            if fails_at_import:
                assert emulator.wait_exit() == 1
        items = [json.loads(line) for _, body in receiver.posts for line in body.splitlines() if line[:1] == b"{"]
        exceptions = [item["exception"]["values"][-1] for item in items if "exception" in item]

        assert outcome.error["errorMessage"] == ("at import" if fails_at_import else "for Sentry")
        assert [(error["value"], error["mechanism"]["type"]) for error in exceptions] == [
            (outcome.error["errorMessage"], "aws_lambda")
        ]
        assert b"AwsLambdaIntegration disabled" not in emulator.output


class TestPowertools:
    """aws_lambda_powertools."""

    def test_logger_tracer_metrics(self) -> None:
        """Logger, Tracer and Metrics write what they write on the managed runtime, each record once."""
        with run("powertools.handler", POWERTOOLS_LOG_LEVEL="INFO", AWS_LAMBDA_LOG_FORMAT="JSON") as emulator:
            outcome = emulator.invoke(headers={"X-Amzn-RequestId": "three", "X-Amzn-Trace-Id": TRACE})
        records = [json.loads(line) for line in emulator.stdout.splitlines()]
        (told,) = [record for record in records if record.get("message") == "told"]
        emitted = [record for record in records if "_aws" in record]

        assert outcome.json() == "done"
        assert (told["function_request_id"], told["cold_start"], told["order"]) == ("three", True, 7)
        assert told["xray_trace_id"] == "1-5bef4de7-ad49b0e87f6ef6c87fc2e700"
        assert [record["Orders"] for record in emitted if "Orders" in record] == [[1.0]]
        assert [record["ColdStart"] for record in emitted if "ColdStart" in record] == [[1.0]]


def test_own_traffic_is_silent() -> None:
    """With root at DEBUG, `http.client` and urllib3 patched, a function hears nothing of the runtime's own traffic."""
    with run("quiet.handler") as emulator:
        for _ in range(3):
            assert emulator.invoke().json() == []

    assert emulator.output == b""


class TestLumigo:
    """lumigo-tracer, as its layer sets it up: its handler finds the function's by awslambdaric's `_get_handler`."""

    NAME = "lumigo_tracer.auto_instrument_handler._handler"

    def test_handler(self) -> None:
        """The function's handler is found and called, and Lumigo doesn't complain that AWS's function is missing."""
        environ = {"LUMIGO_ORIGINAL_HANDLER": "traced.handler", "PYTHONWARNINGS": "default::UserWarning"}
        with run(self.NAME, **environ) as emulator:
            assert emulator.invoke(b"1").json() == {"event": 1, "context": "LambdaContext"}
            output = emulator.output

        assert b"\twithin\n" in output
        assert b"Could not import" not in output

    @pytest.mark.parametrize(
        ("handler", "kind"),
        [("traced.missing", "Runtime.HandlerNotFound"), ("missing.handler", "Runtime.ImportModuleError")],
    )
    def test_missing(self, handler: str, kind: str) -> None:
        """A handler that Lumigo cannot find is an error of awslambdaric's type."""
        with run(self.NAME, LUMIGO_ORIGINAL_HANDLER=handler) as emulator:
            assert emulator.invoke().error["errorType"] == kind


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="datadog-lambda has no release for Python 3.15")
class TestDatadog:
    """datadog-lambda, as its layer sets it up."""

    NAME = "datadog_lambda.handler.handler"

    def test_level(self) -> None:
        """With a level, the handler has the name of the managed runtime's other class, which Datadog leaves alone."""
        environ = {"AWS_LAMBDA_LOG_LEVEL": "INFO", "DD_LAMBDA_HANDLER": "traced.handler", "DD_FLUSH_TO_LOG": "true"}
        with run(self.NAME, **environ, DD_API_KEY="k") as emulator:
            assert emulator.invoke(b"1").json() == {"event": 1, "context": "LambdaContext"}
            [line] = [line for line in emulator.output.decode().splitlines() if line.endswith("\twithin")]
        level, _, request_id, message = line.split("\t")

        assert (level, len(request_id), message) == ("[INFO]", 36, "within")

    def test_correlation(self) -> None:
        """Each record has the ids of the trace, in the format that Datadog puts in the place of the runtime's."""
        environ = {"DD_LAMBDA_HANDLER": "traced.handler", "DD_FLUSH_TO_LOG": "true", "DD_API_KEY": "k"}
        with run(self.NAME, **environ) as emulator:
            assert emulator.invoke(b"1").json() == {"event": 1, "context": "LambdaContext"}
            [line] = [line for line in emulator.output.decode().splitlines() if line.endswith("\twithin")]
        level, _, request_id, ids, _ = line.split("\t")

        assert (level, len(request_id)) == ("[INFO]", 36)
        assert re.fullmatch(r"\[dd\.trace_id=[0-9a-f]{32} dd\.span_id=[0-9]+\]", ids)
        assert int(ids[14:46], 16) > 0

    def test_json(self) -> None:
        """Records in JSON keep the runtime's format, and are no text within JSON."""
        environ = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "DD_LAMBDA_HANDLER": "traced.handler", "DD_FLUSH_TO_LOG": "true"}
        with run(self.NAME, **environ, DD_API_KEY="k") as emulator:
            emulator.invoke(b"1")
            records = [json.loads(line) for line in emulator.output.splitlines() if b"within" in line]

        assert [(record["level"], record["message"]) for record in records] == [("INFO", "within")]

    def test_error(self) -> None:
        """An error's trace starts in the function: no frame of Datadog's wrappers comes before."""
        with run(self.NAME, DD_LAMBDA_HANDLER="traced.fails", DD_FLUSH_TO_LOG="true", DD_API_KEY="k") as emulator:
            error = emulator.invoke().error

        assert (error["errorType"], error["errorMessage"]) == ("ValueError", "boom")
        assert error["stackTrace"][0].startswith(f'  File "{FUNCTIONS / "tools" / "traced.py"}", line 14, in fails\n')


class TestElastic:
    """elastic-apm's `capture_serverless`, which sends to what would be its layer's extension."""

    def test_transactions(self, receiver: Receiver) -> None:
        """Each invocation is a transaction with its request id and the function's span, sent before it is answered."""
        with run("apm.handler", ELASTIC_APM_SERVER_URL=f"http://{receiver.address}") as emulator:
            for request_id in ("one", "two"):
                outcome = emulator.invoke(b"{}", headers={"X-Amzn-RequestId": request_id})
                assert outcome.json() == {"statusCode": 200, "body": request_id}
            stack = emulator.invoke(b'{"fails": true}', headers={"X-Amzn-RequestId": "three"}).error["stackTrace"]
        sent = [json.loads(line) for _, body in receiver.posts for line in body.splitlines()]
        transactions = [each["transaction"] for each in sent if "transaction" in each]
        faas = [transaction["faas"] for transaction in transactions]

        assert [(each["execution"], each["coldstart"]) for each in faas] == [
            ("one", True),
            ("two", False),
            ("three", False),
        ]
        assert [transaction["result"] for transaction in transactions] == ["HTTP 2xx", "HTTP 2xx", "failure"]
        assert {each["span"]["name"] for each in sent if "span" in each} == {"work"}
        assert [each["error"]["exception"]["message"] for each in sent if "error" in each] == ["ValueError: boom"]
        assert len(stack) == 1
        assert stack[0].startswith(f'  File "{FUNCTIONS / "tools" / "apm.py"}", line 11, in handler\n')


def unpacked(line: str) -> Any:
    """What New Relic's payload has in it."""
    version, marker, data = json.loads(line)
    assert (version, marker) == (1, "NR_LAMBDA_MONITORING")
    return json.loads(gzip.decompress(base64.b64decode(data)))


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="newrelic has no wheel for Python 3.15")
class TestNewRelic:
    """newrelic in its serverless mode, which prints its payload, and newrelic-lambda's `lambda_handler`."""

    @pytest.mark.parametrize("log_format", ["Text", "JSON"])
    def test_payload(self, log_format: str) -> None:
        """Its payload is a line of its own, in both formats, and has the transaction of its invocation."""
        with run("relic.handler", AWS_LAMBDA_LOG_FORMAT=log_format, **NEW_RELIC) as emulator:
            outcome = emulator.invoke(b"{}", headers={"X-Amzn-RequestId": "one"})
        within, payload = emulator.output.decode().splitlines()
        told = unpacked(payload)
        [[_, attributes, agent]] = [event for event in told["data"]["analytic_event_data"][2] if event[0]["type"]]

        assert outcome.json() == {"statusCode": 200, "body": "one"}
        assert "within" in within
        assert told["metadata"]["arn"].startswith("arn:aws:lambda:")
        assert (agent["aws.requestId"], agent["aws.lambda.coldStart"]) == ("one", True)
        assert attributes == {}

    def test_error(self) -> None:
        """An error's trace starts in the function, and the payload has the error."""
        with run("relic.handler", **NEW_RELIC) as emulator:
            error = emulator.invoke(b'{"fails": true}').error
        [payload] = [line for line in emulator.output.decode().splitlines() if "NR_LAMBDA_MONITORING" in line]
        [[_, _, message, kind, *_]] = unpacked(payload)["data"]["error_data"][1]

        assert (message, kind) == ("boom", "builtins:ValueError")
        assert len(error["stackTrace"]) == 1
        assert error["stackTrace"][0].startswith(f'  File "{FUNCTIONS / "tools" / "relic.py"}", line 18, in handler\n')
