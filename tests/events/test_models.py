"""Event models: what AWS says it sends, against what it sends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from lambda_bootstrap import codec, events
from lambda_bootstrap.codec import DEFAULTS, Options
from lambda_bootstrap.errors import FunctionError
from lambda_bootstrap.typed.annotations import event_decoder

from tests.support import ROOT, give_up
from tests.support.documented import DOCUMENTED, gaps
from tests.support.samples import fetch

STRICT = Options(strict=True)


@pytest.fixture(scope="module", name="samples")
def _samples() -> dict[str, Any]:
    """AWS's own."""
    try:
        return fetch()
    except (OSError, subprocess.CalledProcessError) as error:
        give_up(f"AWS's sample events cannot be had: {error}")


def decoded(model: str, event: Any, options: Options) -> Any:
    """An event as a handler annotated with *model* gets it."""
    decode = event_decoder(getattr(events, model), {}, "app.handler", options)
    assert decode is not None
    return decode(codec.encode(event))


SAMPLES = {
    "alb/request": "AlbEvent",
    "apigateway/authorizer": "ApiGatewayTokenAuthorizerEvent",
    "apigateway/aws-proxy": "ApiGatewayEvent",
    "apigateway/http-api-proxy": "HttpApiEvent",
    "apigateway/request-authorizer": "ApiGatewayAuthorizerEvent",
    "cloudformation/create-request": "CloudFormationEvent",
    "cloudwatch/logs": "CloudWatchLogsEvent",
    "cloudwatch/scheduled-event": "EventBridgeEvent",
    "cognito/sync-trigger": "CognitoSyncEvent",
    "dynamodb/update": "DynamoDbEvent",
    "kinesis/cloudwatch-logs-processor": "FirehoseEvent",
    "kinesis/get-records": "KinesisEvent",
    "kinesis/kinesis-firehose": "FirehoseEvent",
    "rekognition/s3-request": "S3Event",
    "s3/batch-invocation": "S3BatchEvent",
    "s3/delete": "S3Event",
    "s3/put": "S3Event",
    "sns/notification": "SnsEvent",
    "sqs/receive-message": "SqsEvent",
    "stepfunctions/error": "StepFunctionsError",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_sample(samples: dict[str, Any], name: str) -> None:
    """A sample of AWS's is an event of its model, with no field too many, and encodes to the same JSON again."""
    sample = samples[name]
    made = decoded(SAMPLES[name], sample, STRICT)

    assert codec.encode(made) == codec.encode(sample)
    assert decoded(SAMPLES[name], sample, DEFAULTS) == sample


@pytest.mark.parametrize("name", SAMPLES)
def test_other_samples(samples: dict[str, Any], name: str) -> None:
    """In strict mode, an event of another kind is refused by name of what it lacks; else it is passed on."""
    other = samples["alexa-smart-home/smart-home-discovery-request"]

    with pytest.raises(FunctionError, match="Unable to unmarshal input: missing field"):
        decoded(SAMPLES[name], other, STRICT)
    assert decoded(SAMPLES[name], other, DEFAULTS) == other


# The others, by service: of sources that there are no models of, and four of Firehose that no service would send.
OTHERS = {
    "alexa-skills-kit": "end-session intent-answer intent-getnewfact intent-mycoloris intent-recipe start-session",
    "alexa-smart-home": (
        "smart-home-control-turn-off-request smart-home-control-turn-on-request smart-home-discovery-request"
    ),
    "appsync": "resolver",
    "batch": "get-job submit-job",
    "cloudfront": (
        "ab-test access-request-in-response http-redirect modify-querystring modify-response-header "
        "multiple-remote-calls-aggregate-response normalize-querystring-to-improve-cache-hit "
        "redirect-on-viewer-country redirect-unauthenticated-users response-generation serve-object-on-viewer-device "
        "simple-remote-call"
    ),
    "codecommit": "repository",
    "codepipeline": "job",
    "config": "item-change-notification oversized-item-change-notification periodic-rule",
    "connect": "contact-flow-event",
    "kinesis": ("analytics analytics-compressed analytics-dynamodb analytics-kpl apachelog streams-as-source syslog"),
    "lex": "book-car book-hotel make-appointment order-flowers",
    "lex-v2": "banking-bot book-car book-hotel",
    "sagemaker": "ground-truth-annotation-consolidation ground-truth-pre-human",
    "ses": "email-receiving",
    "workmail": "email",
}
PLAIN = [f"{service}/{name}" for service, names in OTHERS.items() for name in names.split()]


@pytest.mark.parametrize("name", [*SAMPLES, *PLAIN])
def test_plain_sample(samples: dict[str, Any], name: str) -> None:
    """Every sample of AWS's passes a handler of plain JSON unchanged, byte by byte."""
    payload = json.dumps(samples[name], ensure_ascii=False, separators=(",", ":")).encode()

    assert codec.encode(codec.decode(payload)) == payload


def test_all_samples(samples: dict[str, Any]) -> None:
    """No sample of AWS's is left out."""
    assert sorted(samples) == sorted([*SAMPLES, *PLAIN])
    assert len(samples) == 68


@pytest.mark.parametrize(
    ("model", "event"), [(model, event) for model, page in DOCUMENTED.items() for event in page.events]
)
def test_documented(model: str, event: Any) -> None:
    """A documented event is an event of its model, with no field too many, and encodes to the same JSON again."""
    assert codec.encode(decoded(model, event, STRICT)) == codec.encode(event)
    assert decoded(model, event, DEFAULTS) == event


@pytest.mark.parametrize("model", DOCUMENTED)
def test_complete(model: str) -> None:
    """The documented events of a model have all fields that it has, so that none has been made up."""
    assert gaps(getattr(events, model), DOCUMENTED[model].events) == []


def test_every_model_is_checked() -> None:
    """There is no model without an event that it has been held against."""
    models = {name for name in events.__all__ if name.endswith(("Event", "Error"))}

    assert models == {*SAMPLES.values(), *DOCUMENTED}


def test_passed_on() -> None:
    """An event is passed on as it is: AWS may add to it, or leave something out. In strict mode it has to fit."""
    event = {"Records": [{"body": None, "new": 1}], "new": 2}

    assert decoded("SqsEvent", event, DEFAULTS) == event
    assert decoded("SqsEvent", {"records": []}, DEFAULTS) == {"records": []}
    with pytest.raises(FunctionError, match=r'Unable to unmarshal input: Records\[0\]: missing field "messageId"'):
        decoded("SqsEvent", event, STRICT)


@pytest.mark.parametrize("name", events.__all__)
def test_lazy(name: str) -> None:
    """A name imports the module of its family and no other."""
    code = (
        f"from lambda_bootstrap.events import {name}\nimport sys\n"
        "print([module for module in sys.modules if module.startswith('lambda_bootstrap.events.')])\n"
        f"print({name}.__module__)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    imported, home = result.stdout.splitlines()

    assert json.loads(imported.replace("'", '"')) == [
        home if name != "partial_batch" else "lambda_bootstrap.events.batch"
    ]


def test_unknown() -> None:
    """Any other name is an AttributeError that says so."""
    with pytest.raises(AttributeError, match=r"module 'lambda_bootstrap\.events' has no attribute 'FaxEvent'"):
        _ = events.FaxEvent  # type: ignore[attr-defined] # that is the test
