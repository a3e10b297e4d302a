"""Events as AWS's documentation has them, of sources that it has no samples of; each names its page by the title."""

from __future__ import annotations

from typing import Any, NamedTuple, get_args, get_origin, get_type_hints, is_typeddict


class Page(NamedTuple):
    """
    A page of the documentation.

    Attributes:
        title: the guide's, and its own.
        events: which together have every field that the page tells of.
    """

    title: str
    events: list[dict[str, Any]]


def gaps(hint: Any, values: list[Any], path: str = "") -> list[str]:
    """The fields of a type that none of *values* has."""
    if is_typeddict(hint):
        found: list[str] = []
        for key, part in get_type_hints(hint).items():
            parts = [value[key] for value in values if isinstance(value, dict) and key in value]
            found += gaps(part, parts, f"{path}.{key}") if parts else [f"{path}.{key}"]
        return found if any(values) else []
    if get_origin(hint) is dict:
        values = [part for value in values if isinstance(value, dict) for part in value.values()]
    inner = [part for value in values if isinstance(value, list) for part in value] or values
    return [gap for part in get_args(hint) for gap in gaps(part, inner, path)]


def cognito(page: str, sources: str, request: dict[str, Any], response: dict[str, Any]) -> Page:
    """The events of a user pool's trigger: one for each source, with and without what an application adds."""
    attributes = {} if page.startswith("Migrate") else {"userAttributes": {"sub": "a", "email": "ada@example.com"}}
    event = {
        "version": "1",
        "region": "eu-west-1",
        "userPoolId": "eu-west-1_EXAMPLE",
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "1example23456789"},
        "response": response,
    }
    return Page(
        f"Amazon Cognito Developer Guide, {page}",
        [
            {**event, "triggerSource": source, "request": {**attributes, **request, "clientMetadata": metadata}}
            for source in sources.split()
            for metadata in ({"source": "app"}, None)
        ],
    )


CALLER = {
    "accountId": "123456789012",
    "apiKey": "a",
    "apiKeyId": "a",
    "caller": "AIDACKCEVSQ6C2EXAMPLE",
    "cognitoAuthenticationProvider": None,
    "cognitoAuthenticationType": None,
    "cognitoIdentityId": None,
    "cognitoIdentityPoolId": None,
    "sourceIp": "192.0.2.1",
    "user": "AIDACKCEVSQ6C2EXAMPLE",
    "userAgent": "PostmanRuntime/7.29.2",
    "userArn": "arn:aws:iam::123456789012:user/ada",
    # Of REST APIs, whose form it is.
    "accessKey": None,
    "clientCert": None,
    "principalOrgId": None,
    "vpcId": None,
    "vpceId": None,
}
CONNECTION = {
    "extendedRequestId": "KtGxFHNjPHcFZGQ=",
    "requestTime": "20/Apr/2021:02:14:14 +0000",
    "messageDirection": "IN",
    "stage": "production",
    "connectedAt": 1618884854101,
    "requestTimeEpoch": 1618884854103,
    "identity": {"sourceIp": "192.0.2.1"},
    "requestId": "KtGxFHNjPHcFZGQ=",
    "domainName": "abcd1234.execute-api.eu-west-1.amazonaws.com",
    "connectionId": "eEHIYfQKAgMCKRQ=",
    "apiId": "abcd1234",
}
WEBSOCKET = [
    {
        "headers": {"Host": "abcd1234.execute-api.eu-west-1.amazonaws.com", "Sec-WebSocket-Version": "13"},
        "multiValueHeaders": {"Host": ["abcd1234.execute-api.eu-west-1.amazonaws.com"]},
        "queryStringParameters": {"room": "1"},
        "multiValueQueryStringParameters": {"room": ["1"]},
        "stageVariables": {"stage": "blue"},
        "requestContext": {
            **CONNECTION,
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "identity": CALLER,
            "authorizer": {"principalId": "ada", "key": "value", "integrationLatency": 7},
        },
        "isBase64Encoded": False,
    },
    {
        "requestContext": {
            **CONNECTION,
            "routeKey": "$default",
            "messageId": "KtGxFfMMPHcCKRQ=",
            "eventType": "MESSAGE",
            "authorizer": None,
        },
        "body": '{"action":"say"}',
        "isBase64Encoded": False,
    },
    {
        "headers": {"Host": "abcd1234.execute-api.eu-west-1.amazonaws.com", "x-api-key": "", "x-restapi": ""},
        "multiValueHeaders": {"x-restapi": [""]},
        "requestContext": {
            **CONNECTION,
            "routeKey": "$disconnect",
            "disconnectStatusCode": 1005,
            "disconnectReason": "Client-side close frame status not set",
            "eventType": "DISCONNECT",
        },
        "isBase64Encoded": False,
    },
]
CERTIFICATE = {
    "clientCertPem": "-----BEGIN CERTIFICATE-----\n...",
    "subjectDN": "C=US,ST=WA,CN=client",
    "issuerDN": "C=US,ST=WA,CN=ca",
    "serialNumber": "1",
    "validity": {"notBefore": "May 28 12:30:02 2019 GMT", "notAfter": "Aug  5 09:36:04 2021 GMT"},
}
SIGNED = {
    "accessKey": "AKIA...",
    "accountId": "111122223333",
    "callerId": "AIDA...",
    "cognitoIdentity": None,
    "principalOrgId": None,
    "userArn": "arn:aws:iam::111122223333:user/example-user",
    "userId": "AIDA...",
}
URL = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/my/path",
    "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
    "cookies": ["cookie1", "cookie2"],
    "headers": {"header1": "value1", "header2": "value1,value2"},
    "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
    "requestContext": {
        "accountId": "123456789012",
        "apiId": "<urlid>",
        "authentication": None,
        "authorizer": {"iam": SIGNED},
        "domainName": "<url-id>.lambda-url.us-west-2.on.aws",
        "domainPrefix": "<url-id>",
        "http": {
            "method": "POST",
            "path": "/my/path",
            "protocol": "HTTP/1.1",
            "sourceIp": "123.123.123.123",
            "userAgent": "agent",
        },
        "requestId": "id",
        "routeKey": "$default",
        "stage": "$default",
        "time": "12/Mar/2020:19:03:58 +0000",
        "timeEpoch": 1583348638390,
    },
    "body": "Hello from client!",
    "pathParameters": None,
    "isBase64Encoded": False,
    "stageVariables": None,
}
# What the same form has for an HTTP API: AWS's sample of it has a token and a certificate.
HTTP_API = {
    **URL,
    "requestContext": {
        **URL["requestContext"],  # type: ignore[dict-item] # which is a dict
        "authentication": {"clientCert": CERTIFICATE},
        "authorizer": {
            "jwt": {"claims": {"claim1": "value1"}, "scopes": ["scope1"]},
            "lambda": {"key": "value"},
            "iam": {**SIGNED, "cognitoIdentity": {"amr": ["foo"], "identityId": "a", "identityPoolId": "b"}},
        },
    },
}
KAFKA = {
    "topic": "mytopic",
    "partition": 0,
    "offset": 15,
    "timestamp": 1545084650987,
    "timestampType": "CREATE_TIME",
    "key": "abcDEFghiJKLmnoPQRstuVWXyz1234==",
    "value": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
    "headers": [{"headerKey": [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101]}],
}
BROKERS = "b-2.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092"
SCHEMA = {"schemaId": "1c7a6e5b-0a3c-4c0b-8c0e-9c9c1b9d8a3e", "dataFormat": "AVRO"}
AUTHORIZER_V1 = {
    "version": "1.0",
    "type": "REQUEST",
    "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/request",
    "identitySource": "user1,123",
    "authorizationToken": "user1,123",
    "resource": "/request",
    "path": "/request",
    "httpMethod": "GET",
    "headers": {"Accept": "*/*", "HeaderAuth1": "headerValue1"},
    "multiValueHeaders": {"Accept": ["*/*"]},
    "queryStringParameters": {"QueryString1": "queryValue1"},
    "multiValueQueryStringParameters": {"QueryString1": ["queryValue1"]},
    "pathParameters": {},
    "stageVariables": {"StageVar1": "stageValue1"},
    "requestContext": {
        "path": "/request",
        "accountId": "123456789012",
        "resourceId": "05c7jb",
        "stage": "test",
        "requestId": "...",
        "identity": {**CALLER, "clientCert": CERTIFICATE, "cognitoAmr": None},
        "resourcePath": "/request",
        "httpMethod": "GET",
        "apiId": "abcdef123",
        "deploymentId": "abcdef",
        "domainName": "abcdef123.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": "abcdef123",
        "extendedRequestId": "EXqgWgXxSK4EJug=",
        "protocol": "HTTP/1.1",
        "requestTime": "20/Aug/2021:14:36:50 +0000",
        "requestTimeEpoch": 1629470210043,
    },
}
AUTHORIZER_V2 = {
    **{key: HTTP_API[key] for key in HTTP_API if key not in {"body", "isBase64Encoded"}},
    "type": "REQUEST",
    "routeArn": "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/request",
    "identitySource": ["user1", "123"],
    "pathParameters": {"parameter1": "value1"},
    "stageVariables": {"stageVariable1": "value1"},
}
MIGRATED = ("userAttributes", "finalUserStatus", "messageAction", "desiredDeliveryMediums", "forceAliasCreation")
CHALLENGE = {"challengeName": "PASSWORD_VERIFIER", "challengeResult": True, "challengeMetadata": None}

DOCUMENTED = {
    "WebSocketEvent": Page(
        "Amazon API Gateway Developer Guide, WebSocket API mapping template reference for API Gateway", WEBSOCKET
    ),
    "FunctionUrlEvent": Page("AWS Lambda Developer Guide, Invoking Lambda function URLs", [URL, HTTP_API]),
    "HttpApiAuthorizerEvent": Page(
        "Amazon API Gateway Developer Guide, Control access to HTTP APIs with AWS Lambda authorizers", [AUTHORIZER_V2]
    ),
    "HttpApiAuthorizerV1Event": Page(
        "Amazon API Gateway Developer Guide, Control access to HTTP APIs with AWS Lambda authorizers",
        [AUTHORIZER_V1, {**AUTHORIZER_V1, "identitySource": None, "authorizationToken": None}],
    ),
    "KafkaEvent": Page(
        "AWS Lambda Developer Guide, Using Lambda with Amazon MSK, and Using Lambda with self-managed Apache Kafka",
        [
            {
                "eventSource": "aws:kafka",
                "eventSourceArn": "arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-2",
                "bootstrapServers": BROKERS,
                "records": {
                    "mytopic-0": [KAFKA, {**KAFKA, "keySchemaMetadata": SCHEMA, "valueSchemaMetadata": SCHEMA}]
                },
            },
            {"eventSource": "SelfManagedKafka", "bootstrapServers": BROKERS, "records": {"mytopic-0": [KAFKA]}},
            {
                "eventSource": "aws:kafka",
                "eventSourceArn": "arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-2",
                "bootstrapServers": BROKERS,
                "records": {"mytopic-0": [{**KAFKA, "key": None, "value": None, "headers": []}]},
            },
        ],
    ),
    "SchedulerEvent": Page(
        "AWS Lambda Developer Guide, Invoke a Lambda function on a schedule",
        [
            {
                "version": "0",
                "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": "123456789012",
                "time": "2015-10-08T16:53:06Z",
                "region": "us-east-1",
                "resources": ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/my-schedule"],
                "detail": "{}",
            }
        ],
    ),
    "IotButtonEvent": Page(
        "AWS Lambda Developer Guide, Using AWS Lambda with AWS IoT",
        [{"serialNumber": "ABCDEFG12345", "clickType": "SINGLE", "batteryVoltage": "2000 mV"}],
    ),
    "CognitoPreSignUpEvent": cognito(
        "Pre sign-up Lambda trigger",
        "PreSignUp_SignUp PreSignUp_AdminCreateUser PreSignUp_ExternalProvider",
        {"validationData": {"k": "v"}},
        {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    ),
    "CognitoPostConfirmationEvent": cognito(
        "Post confirmation Lambda trigger",
        "PostConfirmation_ConfirmSignUp PostConfirmation_ConfirmForgotPassword",
        {},
        {},
    ),
    "CognitoPreAuthenticationEvent": cognito(
        "Pre authentication Lambda trigger",
        "PreAuthentication_Authentication",
        {"validationData": {"k": "v"}, "userNotFound": False},
        {},
    ),
    "CognitoPostAuthenticationEvent": cognito(
        "Post authentication Lambda trigger", "PostAuthentication_Authentication", {"newDeviceUsed": True}, {}
    ),
    "CognitoCustomMessageEvent": cognito(
        "Custom message Lambda trigger",
        "CustomMessage_SignUp CustomMessage_AdminCreateUser CustomMessage_ResendCode CustomMessage_ForgotPassword",
        {"codeParameter": "{####}", "linkParameter": "{##Click Here##}", "usernameParameter": None},
        {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    ),
    "CognitoCustomSenderEvent": cognito(
        "Custom sender Lambda triggers",
        "CustomEmailSender_SignUp CustomSMSSender_Authentication",
        {"type": "customEmailSenderRequestV1", "code": "AYADeA=="},
        {},
    ),
    "CognitoDefineAuthChallengeEvent": cognito(
        "Define Auth challenge Lambda trigger",
        "DefineAuthChallenge_Authentication",
        {"challengeName": "SRP_A", "session": [CHALLENGE], "userNotFound": False},
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    ),
    "CognitoCreateAuthChallengeEvent": cognito(
        "Create Auth challenge Lambda trigger",
        "CreateAuthChallenge_Authentication",
        {"challengeName": "CUSTOM_CHALLENGE", "session": [CHALLENGE], "userNotFound": False},
        {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None},
    ),
    "CognitoVerifyAuthChallengeEvent": cognito(
        "Verify Auth challenge response Lambda trigger",
        "VerifyAuthChallengeResponse_Authentication",
        {"privateChallengeParameters": {"answer": "5"}, "challengeAnswer": "5", "userNotFound": False},
        {"answerCorrect": None},
    ),
    "CognitoPreTokenGenerationEvent": cognito(
        "Pre token generation Lambda trigger",
        "TokenGeneration_HostedAuth TokenGeneration_Authentication TokenGeneration_NewPasswordChallenge "
        "TokenGeneration_AuthenticateDevice TokenGeneration_RefreshTokens TokenGeneration_ClientCredentials",
        {
            "groupConfiguration": {
                "groupsToOverride": ["admins"],
                "iamRolesToOverride": ["arn:aws:iam::123456789012:role/sns_caller"],
                "preferredRole": None,
            },
            "scopes": ["openid"],
        },
        {"claimsAndScopeOverrideDetails": None},
    ),
    "CognitoUserMigrationEvent": cognito(
        "Migrate user Lambda trigger",
        "UserMigration_Authentication UserMigration_ForgotPassword",
        {"password": "Passw0rd!", "validationData": {"k": "v"}},
        {**dict.fromkeys(MIGRATED), "enableSMSMFA": None},
    ),
}
