"""
AWS's HTTP front ends as their clients see them: a request becomes an event, a result becomes a response.

Owns: what each front end does to both, as captured from the services. Refuses to know what is asserted about it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Callable

Pairs = list[tuple[str, str]]
CLIENT = "192.0.2.7"


@dataclass
class Sent:
    """What a client sends: path and query encoded, headers in order."""

    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: Pairs = field(default_factory=list)
    body: bytes = b""


@dataclass
class Got:
    """What a client gets."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    @property
    def cookies(self) -> list[str]:
        """The values of Set-Cookie, in any order."""
        return sorted(self.headers.get("set-cookie", []))

    def header(self, name: str) -> str:
        """The values of a header, joined."""
        return ", ".join(self.headers.get(name, []))


@dataclass
class FrontEnd:
    """
    One front end.

    Args:
        name: for ids of tests.
        event: makes an event of what was sent.
        stage: the path that clients have to begin with.
        lists: whether a client may send several values of a query's name.
    """

    name: str
    event: Callable[[Sent], dict[str, Any]]
    stage: str = ""
    lists: bool = True

    def receive(self, result: dict[str, Any]) -> Got:
        """Return what the client gets of a result."""
        known = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "statusDescription"}
        assert result.keys() <= known | ({"cookies"} if "2.0" in self.name or self.name == "url" else set())
        found: dict[str, list[str]] = {}
        for name, value in (result.get("headers") or {}).items():
            found.setdefault(name.lower(), []).append(value)
        for name, values in (result.get("multiValueHeaders") or {}).items():
            found.setdefault(name.lower(), []).extend(values)
        if "cookies" in result:
            found["set-cookie"] = list(result["cookies"])
        body = base64.b64decode(result["body"]) if result["isBase64Encoded"] else result["body"].encode()
        return Got(result["statusCode"], found, body)

    def __str__(self) -> str:
        return self.name


def _body(body: bytes) -> dict[str, Any]:
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _lists(pairs: Pairs) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _last(pairs: Pairs) -> dict[str, str]:
    return {name: values[-1] for name, values in _lists(pairs).items()}


def _raw_query(query: str) -> Pairs:
    return [(name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)]


def _joined(sent: Sent, *, cookies: bool) -> dict[str, str]:
    pairs = [(name.lower(), value) for name, value in sent.headers]
    return {
        name: ("; " if name == "cookie" else ",").join(values)
        for name, values in _lists(pairs).items()
        if cookies or name != "cookie"
    }


def rest(stage: str = "") -> Callable[[Sent], dict[str, Any]]:
    """A REST API, on its default domain with a *stage*, or on a custom domain."""

    def event(sent: Sent) -> dict[str, Any]:
        query = [(unquote_plus(name), unquote_plus(value)) for name, value in _raw_query(sent.query)]
        return {
            "resource": "/{proxy+}",
            "path": sent.path,
            "httpMethod": sent.method,
            "headers": _last(sent.headers) or None,
            "multiValueHeaders": _lists(sent.headers) or None,
            "queryStringParameters": _last(query) or None,
            "multiValueQueryStringParameters": _lists(query) or None,
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": "/{proxy+}",
                "httpMethod": sent.method,
                "path": stage + sent.path,
                "protocol": "HTTP/1.1",
                "stage": stage.strip("/") or "prod",
                "domainName": "id.execute-api.eu-west-1.amazonaws.com",
                "identity": {"sourceIp": CLIENT},
            },
            **(_body(sent.body) if sent.body else {"body": None, "isBase64Encoded": False}),
        }

    return event


def http_1(stage: str = "") -> Callable[[Sent], dict[str, Any]]:
    """An HTTP API with payload format 1.0."""

    def event(sent: Sent) -> dict[str, Any]:
        made = rest(stage)(sent)
        made["version"] = "1.0"
        made["path"] = stage + unquote(sent.path)
        made["requestContext"]["path"] = made["path"]
        made["requestContext"]["stage"] = stage.strip("/") or "$default"
        return made

    return event


def http_2(stage: str = "") -> Callable[[Sent], dict[str, Any]]:
    """An HTTP API with payload format 2.0."""

    def event(sent: Sent) -> dict[str, Any]:
        cookies = [part for name, value in sent.headers if name.lower() == "cookie" for part in value.split("; ")]
        path = stage + unquote(sent.path)
        return {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": sent.query,
            "headers": _joined(sent, cookies=False),
            "requestContext": {
                "domainName": "id.execute-api.eu-west-1.amazonaws.com",
                "http": {"method": sent.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": CLIENT},
                "stage": stage.strip("/") or "$default",
            },
            "isBase64Encoded": False,
            **({"cookies": cookies} if cookies else {}),
            **(_body(sent.body) if sent.body else {}),
        }

    return event


def url(sent: Sent) -> dict[str, Any]:
    """A Function URL."""
    made = http_2()(sent)
    made["rawPath"] = sent.path
    made["headers"] = _joined(sent, cookies=True)
    made["requestContext"]["domainName"] = "id.lambda-url.eu-west-1.on.aws"
    return made


def alb(*, multiple: bool) -> Callable[[Sent], dict[str, Any]]:
    """A load balancer."""

    def event(sent: Sent) -> dict[str, Any]:
        headers = [(name.lower(), value) for name, value in sent.headers]
        forwarded = [value for name, value in headers if name == "x-forwarded-for"]
        headers = [pair for pair in headers if pair[0] != "x-forwarded-for"]
        headers.append(("x-forwarded-for", ", ".join([*forwarded, CLIENT])))
        query = _raw_query(sent.query)
        words = ("multiValueHeaders", "multiValueQueryStringParameters")
        names = words if multiple else ("headers", "queryStringParameters")
        collect: Any = _lists if multiple else _last
        return {
            "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/g/1"}},
            "httpMethod": sent.method,
            "path": sent.path,
            names[0]: collect(headers),
            names[1]: collect(query),
            **_body(sent.body),
        }

    return event


def lattice_1(sent: Sent) -> dict[str, Any]:
    """VPC Lattice, version 1."""
    made = lattice_2(sent)
    return {
        "raw_path": made["path"],
        "method": sent.method,
        "headers": {name: ",".join(values) for name, values in made["headers"].items()},
        "query_string_parameters": {},
        "body": made["body"],
        "is_base64_encoded": made["isBase64Encoded"],
    }


def lattice_2(sent: Sent) -> dict[str, Any]:
    """VPC Lattice, version 2."""
    headers = [(name.lower(), value) for name, value in sent.headers]
    return {
        "version": "2.0",
        "path": sent.path + (f"?{sent.query}" if sent.query else ""),
        "method": sent.method,
        "headers": _lists([*headers, ("x-forwarded-for", CLIENT)]),
        "requestContext": {"serviceArn": "arn:aws:vpc-lattice:eu-west-1:1:service/svc-1"},
        **(_body(sent.body) if sent.body else {"body": None, "isBase64Encoded": False}),
    }


REST = FrontEnd("rest", rest())
REST_STAGE = FrontEnd("rest with a stage", rest("/prod"), stage="/prod")
HTTP_1 = FrontEnd("http api 1.0", http_1())
HTTP_1_STAGE = FrontEnd("http api 1.0 with a stage", http_1("/prod"), stage="/prod")
HTTP_2 = FrontEnd("http api 2.0", http_2())
HTTP_2_STAGE = FrontEnd("http api 2.0 with a stage", http_2("/prod"), stage="/prod")
URL = FrontEnd("url", url)
ALB = FrontEnd("alb", alb(multiple=False), lists=False)
ALB_MULTI = FrontEnd("alb multi-value", alb(multiple=True))
LATTICE_1 = FrontEnd("lattice 1", lattice_1)
LATTICE_2 = FrontEnd("lattice 2", lattice_2)
ALL = (
    *(REST, REST_STAGE, HTTP_1, HTTP_1_STAGE, HTTP_2, HTTP_2_STAGE),
    *(URL, ALB, ALB_MULTI, LATTICE_1, LATTICE_2),
)


def parsed(query: str) -> dict[str, list[str]]:
    """A query as applications read it, whatever the order of its names."""
    return _lists(parse_qsl(query, keep_blank_values=True))
