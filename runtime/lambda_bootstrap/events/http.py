"""
Events of Amazon API Gateway, function URLs and Application Load Balancers.

Owns: those models. Refuses to know: how a response is made.

Source: Amazon API Gateway Developer Guide, "Set up Lambda proxy integrations in API Gateway", "Input to an API Gateway
Lambda authorizer", "Create AWS Lambda proxy integrations for HTTP APIs", "Control access to HTTP APIs with AWS Lambda
authorizers", "WebSocket API mapping template reference for
API Gateway"; AWS Lambda Developer Guide, "Invoking Lambda function URLs"; Elastic Load Balancing, "Use Lambda functions
as targets".
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Validity(TypedDict):
    """When a certificate is valid."""

    notBefore: str
    notAfter: str


class ClientCertificate(TypedDict):
    """A caller's certificate, with mutual TLS."""

    clientCertPem: str
    subjectDN: str
    issuerDN: str
    serialNumber: str
    validity: Validity


class ApiGatewayIdentity(TypedDict):
    """The caller of a REST API."""

    sourceIp: str
    userAgent: NotRequired[str | None]
    accessKey: NotRequired[str | None]
    accountId: NotRequired[str | None]
    apiKey: NotRequired[str | None]
    apiKeyId: NotRequired[str | None]
    caller: NotRequired[str | None]
    clientCert: NotRequired[ClientCertificate | None]
    cognitoAuthenticationProvider: NotRequired[str | None]
    cognitoAuthenticationType: NotRequired[str | None]
    cognitoIdentityId: NotRequired[str | None]
    cognitoIdentityPoolId: NotRequired[str | None]
    principalOrgId: NotRequired[str | None]
    user: NotRequired[str | None]
    userArn: NotRequired[str | None]
    vpcId: NotRequired[str | None]
    vpceId: NotRequired[str | None]


class HttpApiIdentity(ApiGatewayIdentity):
    """The caller of an HTTP API, in payload format 1.0 of an authorizer."""

    cognitoAmr: NotRequired[list[str] | None]


class ApiGatewayRequestContext(TypedDict):
    """A request as a REST API sees it; `requestTimeEpoch` is in milliseconds."""

    accountId: str
    apiId: str
    httpMethod: str
    identity: ApiGatewayIdentity
    path: NotRequired[str]
    protocol: NotRequired[str]
    requestId: str
    requestTime: NotRequired[str]
    requestTimeEpoch: NotRequired[int]
    resourceId: NotRequired[str | None]
    resourcePath: str
    stage: str
    authorizer: NotRequired[dict[str, Any] | None]
    deploymentId: NotRequired[str]
    domainName: NotRequired[str]
    domainPrefix: NotRequired[str]
    extendedRequestId: NotRequired[str | None]
    operationName: NotRequired[str | None]


class ApiGatewayEvent(TypedDict):
    """A request to a REST API, or to an HTTP API with payload format 1.0; the console's tests leave things out."""

    version: NotRequired[str]
    resource: str
    path: str
    httpMethod: str
    headers: dict[str, str] | None
    multiValueHeaders: NotRequired[dict[str, list[str]] | None]
    queryStringParameters: dict[str, str] | None
    multiValueQueryStringParameters: NotRequired[dict[str, list[str]] | None]
    pathParameters: dict[str, str] | None
    stageVariables: dict[str, str] | None
    requestContext: ApiGatewayRequestContext
    body: NotRequired[str | None]
    isBase64Encoded: NotRequired[bool]


class ApiGatewayTokenAuthorizerEvent(TypedDict):
    """A token to authorize for a method of a REST API."""

    type: Literal["TOKEN"]
    authorizationToken: str
    methodArn: str


class _AuthorizerRequestContext(TypedDict):
    accountId: str
    apiId: str
    httpMethod: str
    path: str
    requestId: str
    resourceId: str
    resourcePath: str
    stage: str
    deploymentId: NotRequired[str]
    domainName: NotRequired[str]
    domainPrefix: NotRequired[str]
    extendedRequestId: NotRequired[str]
    protocol: NotRequired[str]
    requestTime: NotRequired[str]
    requestTimeEpoch: NotRequired[int]


class ApiGatewayAuthorizerRequestContext(_AuthorizerRequestContext):
    """A request as a REST API sees it before authorization."""

    identity: ApiGatewayIdentity


class HttpApiAuthorizerV1RequestContext(_AuthorizerRequestContext):
    """A request as an HTTP API sees it before authorization, payload format 1.0."""

    identity: HttpApiIdentity


class ApiGatewayAuthorizerEvent(TypedDict):
    """A request to authorize for a method of a REST API."""

    type: Literal["REQUEST"]
    methodArn: str
    resource: str
    path: str
    httpMethod: str
    headers: dict[str, str] | None
    multiValueHeaders: NotRequired[dict[str, list[str]] | None]
    queryStringParameters: dict[str, str] | None
    multiValueQueryStringParameters: NotRequired[dict[str, list[str]] | None]
    pathParameters: dict[str, str] | None
    stageVariables: dict[str, str] | None
    requestContext: ApiGatewayAuthorizerRequestContext


class Http(TypedDict):
    """The request line and the client."""

    method: str
    path: str
    protocol: str
    sourceIp: str
    userAgent: str


class Jwt(TypedDict):
    """A validated token."""

    claims: dict[str, Any]
    scopes: list[str] | None


class CognitoIdentity(TypedDict):
    """An identity that an identity pool vouches for."""

    amr: list[str]
    identityId: str
    identityPoolId: str


class Iam(TypedDict):
    """The signer of the request."""

    accessKey: str
    accountId: str
    callerId: str
    cognitoIdentity: NotRequired[CognitoIdentity | None]
    principalOrgId: NotRequired[str | None]
    userArn: str
    userId: str


HttpApiAuthorizer = TypedDict(
    "HttpApiAuthorizer",
    {
        "jwt": NotRequired[Jwt],
        "iam": NotRequired[Iam],
        "lambda": NotRequired[dict[str, Any] | None],
    },
)


class Authentication(TypedDict):
    """The caller's proof of identity."""

    clientCert: NotRequired[ClientCertificate | None]


class _RequestContext(TypedDict):
    accountId: str
    apiId: str
    authentication: NotRequired[Authentication | None]
    authorizer: NotRequired[HttpApiAuthorizer]
    domainName: str
    domainPrefix: str
    http: Http
    requestId: str
    time: str
    timeEpoch: int


class HttpApiRequestContext(_RequestContext):
    """A request as an HTTP API sees it; `timeEpoch` is in milliseconds."""

    routeKey: str
    stage: str


class FunctionUrlRequestContext(_RequestContext):
    """A request as a function URL sees it; `timeEpoch` is in milliseconds."""

    routeKey: NotRequired[str]
    stage: NotRequired[str]


class _Request(TypedDict):
    version: str
    rawPath: str
    rawQueryString: str
    cookies: NotRequired[list[str]]
    headers: dict[str, str]
    queryStringParameters: NotRequired[dict[str, str]]
    pathParameters: NotRequired[dict[str, str] | None]
    stageVariables: NotRequired[dict[str, str] | None]
    body: NotRequired[str | None]
    isBase64Encoded: bool


class HttpApiEvent(_Request):
    """A request to an HTTP API, payload format 2.0."""

    routeKey: str
    requestContext: HttpApiRequestContext


class HttpApiAuthorizerEvent(TypedDict):
    """A request to authorize for a route of an HTTP API, payload format 2.0."""

    version: Literal["2.0"]
    type: Literal["REQUEST"]
    routeArn: str
    identitySource: NotRequired[list[str] | None]
    routeKey: str
    rawPath: str
    rawQueryString: str
    cookies: NotRequired[list[str]]
    headers: dict[str, str]
    queryStringParameters: NotRequired[dict[str, str]]
    requestContext: HttpApiRequestContext
    pathParameters: NotRequired[dict[str, str] | None]
    stageVariables: NotRequired[dict[str, str] | None]


class HttpApiAuthorizerV1Event(TypedDict):
    """A request to authorize for a route of an HTTP API, payload format 1.0."""

    version: Literal["1.0"]
    type: Literal["REQUEST"]
    methodArn: str
    identitySource: str | None
    authorizationToken: str | None
    resource: str
    path: str
    httpMethod: str
    headers: dict[str, str] | None
    multiValueHeaders: NotRequired[dict[str, list[str]] | None]
    queryStringParameters: dict[str, str] | None
    multiValueQueryStringParameters: NotRequired[dict[str, list[str]] | None]
    pathParameters: dict[str, str] | None
    stageVariables: dict[str, str] | None
    requestContext: HttpApiAuthorizerV1RequestContext


class FunctionUrlEvent(_Request):
    """A request to a function URL: the form of an HTTP API, with `$default` for route and stage, or without them."""

    routeKey: NotRequired[str]
    requestContext: FunctionUrlRequestContext


class WebSocketRequestContext(TypedDict):
    """A message as a WebSocket API sees it; `eventType` is CONNECT, MESSAGE or DISCONNECT."""

    apiId: str
    connectedAt: int
    connectionId: str
    domainName: str
    eventType: str
    extendedRequestId: str
    identity: ApiGatewayIdentity
    messageDirection: str
    requestId: str
    requestTime: str
    requestTimeEpoch: int
    routeKey: str
    stage: str
    messageId: NotRequired[str | None]
    authorizer: NotRequired[dict[str, Any] | None]
    disconnectStatusCode: NotRequired[int | None]
    disconnectReason: NotRequired[str | None]


class WebSocketEvent(TypedDict):
    """A message of a WebSocket API; only a new connection has headers and a query."""

    requestContext: WebSocketRequestContext
    headers: NotRequired[dict[str, str]]
    multiValueHeaders: NotRequired[dict[str, list[str]]]
    queryStringParameters: NotRequired[dict[str, str] | None]
    multiValueQueryStringParameters: NotRequired[dict[str, list[str]] | None]
    stageVariables: NotRequired[dict[str, str] | None]
    body: NotRequired[str | None]
    isBase64Encoded: bool


class Elb(TypedDict):
    """The load balancer's target group."""

    targetGroupArn: str


class AlbRequestContext(TypedDict):
    """A request as a load balancer sees it."""

    elb: Elb


class AlbEvent(TypedDict):
    """A request to a load balancer; multi-value headers, if enabled, replace the single-value fields."""

    requestContext: AlbRequestContext
    httpMethod: str
    path: str
    queryStringParameters: NotRequired[dict[str, str]]
    multiValueQueryStringParameters: NotRequired[dict[str, list[str]]]
    headers: NotRequired[dict[str, str]]
    multiValueHeaders: NotRequired[dict[str, list[str]]]
    body: NotRequired[str]
    isBase64Encoded: bool
