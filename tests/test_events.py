"""Event models: what AWS says it sends, against what it sends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from runtime import codec, events
from runtime.annotations import event_decoder
from runtime.codec import DEFAULTS, Options
from runtime.errors import FunctionError
from tests.conftest import ROOT
from tests.samples import fetch

STRICT = Options(strict=True)


@pytest.fixture(scope="module", name="samples")
def _samples() -> dict[str, Any]:
    """AWS's own."""
    try:
        return fetch()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"AWS's sample events cannot be had: {error}")


def decoded(model: str, event: Any, options: Options) -> Any:
    """An event as a handler annotated with *model* gets it."""
    decode = event_decoder(getattr(events, model), {}, "app.handler", options)
    assert decode is not None
    return decode(codec.encode(event))


SAMPLES = {
    "alb/request": "AlbEvent",
    "apigateway/aws-proxy": "ApiGatewayEvent",
    "apigateway/http-api-proxy": "HttpApiEvent",
    "cloudformation/create-request": "CloudFormationEvent",
    "cloudwatch/scheduled-event": "EventBridgeEvent",
    "cognito/sync-trigger": "CognitoSyncEvent",
    "dynamodb/update": "DynamoDbEvent",
    "kinesis/get-records": "KinesisEvent",
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
    """An event of another kind is refused by name of what it lacks, at least if it is a wholly different one."""
    with pytest.raises(FunctionError, match="Unable to unmarshal input: missing field"):
        decoded(SAMPLES[name], samples["alexa-smart-home/smart-home-discovery-request"], DEFAULTS)


def test_all_samples(samples: dict[str, Any]) -> None:
    """Every sample of AWS's passes a plain handler unharmed."""
    assert len(samples) == 68
    assert [name for name, sample in samples.items() if codec.decode(codec.encode(sample)) != sample] == []


def cognito(source: str, request: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """An event of a user pool."""
    return {
        "version": "1",
        "triggerSource": source,
        "region": "eu-west-1",
        "userPoolId": "eu-west-1_1",
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "1"},
        "request": {"userAttributes": {"email": "ada@example.com"}, **request},
        "response": response,
    }


MIGRATION = cognito(
    "UserMigration_Authentication",
    {"password": "x", "validationData": None},
    {
        "userAttributes": None,
        "forceAliasCreation": None,
        "enableSMSMFA": None,
        "finalUserStatus": None,
        "messageAction": None,
        "desiredDeliveryMediums": None,
    },
)
del MIGRATION["request"]["userAttributes"]

IDENTITY = {"sourceIp": "192.0.2.1", "userAgent": None}
# As the documentation of each service has them; AWS's samples have none.
DOCUMENTED = {
    "WebSocketEvent": {
        "headers": {"Host": "a.execute-api.eu-west-1.amazonaws.com"},
        "multiValueHeaders": {"Host": ["a.execute-api.eu-west-1.amazonaws.com"]},
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "extendedRequestId": "a",
            "requestTime": "20/Apr/2021:02:14:14 +0000",
            "messageDirection": "IN",
            "stage": "production",
            "connectedAt": 1618884854101,
            "requestTimeEpoch": 1618884854103,
            "identity": IDENTITY,
            "requestId": "a",
            "domainName": "a.execute-api.eu-west-1.amazonaws.com",
            "connectionId": "eEHIYfQKAgMCKRQ=",
            "apiId": "a",
        },
        "isBase64Encoded": False,
    },
    "FunctionUrlEvent": {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1", "cookie2"],
        "headers": {"header1": "value1"},
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a",
            "authentication": None,
            "authorizer": {"iam": {"accessKey": "AKIA", "callerId": "A", "principalOrgId": None}},
            "domainName": "a.lambda-url.eu-west-1.on.aws",
            "domainPrefix": "a",
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "1.2.3.4",
                "userAgent": "a",
            },
            "requestId": "a",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        "body": "Hello",
        "pathParameters": None,
        "isBase64Encoded": False,
        "stageVariables": None,
    },
    "SchedulerEvent": {
        "version": "0",
        "id": "763effc5-0000",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "123456789012",
        "time": "2022-08-11T21:31:34Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/a"],
        "detail": "{}",
    },
    "IotButtonEvent": {"serialNumber": "ABCDEFG12345", "clickType": "SINGLE", "batteryVoltage": "2000 mV"},
    "CognitoPreSignUpEvent": cognito(
        "PreSignUp_SignUp",
        {"validationData": None},
        {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    ),
    "CognitoPostConfirmationEvent": cognito("PostConfirmation_ConfirmSignUp", {}, {}),
    "CognitoPreAuthenticationEvent": cognito("PreAuthentication_Authentication", {"validationData": {"a": "b"}}, {}),
    "CognitoPostAuthenticationEvent": cognito("PostAuthentication_Authentication", {"newDeviceUsed": True}, {}),
    "CognitoCustomMessageEvent": cognito(
        "CustomMessage_SignUp",
        {"codeParameter": "{####}", "usernameParameter": None},
        {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    ),
    "CognitoDefineAuthChallengeEvent": cognito(
        "DefineAuthChallenge_Authentication",
        {"session": [{"challengeName": "SRP_A", "challengeResult": True, "challengeMetadata": None}]},
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    ),
    "CognitoCreateAuthChallengeEvent": cognito(
        "CreateAuthChallenge_Authentication",
        {"challengeName": "CUSTOM_CHALLENGE", "session": []},
        {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None},
    ),
    "CognitoVerifyAuthChallengeEvent": cognito(
        "VerifyAuthChallengeResponse_Authentication",
        {"privateChallengeParameters": {"answer": "1"}, "challengeAnswer": "1"},
        {"answerCorrect": None},
    ),
    "CognitoPreTokenGenerationEvent": cognito(
        "TokenGeneration_Authentication",
        {"groupConfiguration": {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None}},
        {"claimsOverrideDetails": None},
    ),
    "CognitoUserMigrationEvent": MIGRATION,
}


@pytest.mark.parametrize("model", DOCUMENTED)
def test_documented(model: str) -> None:
    """So is an event as the documentation has it, where AWS has no sample."""
    event = DOCUMENTED[model]

    assert codec.encode(decoded(model, event, STRICT)) == codec.encode(event)
    assert decoded(model, event, DEFAULTS) == event


def test_every_model_is_checked() -> None:
    """There is no model without an event that it has been held against."""
    models = {name for name in events.__all__ if name.endswith(("Event", "Error"))}

    assert models == {*SAMPLES.values(), *DOCUMENTED}


def test_no_deeper() -> None:
    """An event is checked for being of its kind, and no deeper: AWS may add to it, or leave something out."""
    event = {"Records": [{"body": None, "new": 1}], "new": 2}

    assert decoded("SqsEvent", event, DEFAULTS) == event
    with pytest.raises(FunctionError, match='Unable to unmarshal input: missing field "Records"'):
        decoded("SqsEvent", {"records": []}, DEFAULTS)


@pytest.mark.parametrize("name", events.__all__)
def test_lazy(name: str) -> None:
    """A name imports the module of its family and no other."""
    code = (
        f"from runtime.events import {name}\nimport sys\n"
        "print([module for module in sys.modules if module in "
        "('runtime.bus','runtime.cognito','runtime.queues','runtime.storage','runtime.streams','runtime.web',"
        "'runtime.workflow','runtime.batch')])\n"
        f"print({name}.__module__)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    imported, home = result.stdout.splitlines()

    assert json.loads(imported.replace("'", '"')) == [home if name != "partial_batch" else "runtime.batch"]


def test_unknown() -> None:
    """Any other name is an AttributeError that says so."""
    with pytest.raises(AttributeError, match=r"module 'runtime\.events' has no attribute 'FaxEvent'"):
        _ = events.FaxEvent  # type: ignore[attr-defined] # that is the test
