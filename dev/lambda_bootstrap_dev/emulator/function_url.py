"""
A Function URL: one request as its event, and what its client gets of the answer.

Owns: both forms, whole and streamed.
Refuses to know: the function, and how anything is printed.

Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs", request and response payload format.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from .values import Ending

HTTP = "application/vnd.awslambda.http-integration-response"
DOMAIN = "localhost.lambda-url.us-east-1.on.aws"
CLIENT = "127.0.0.1"


@dataclass(frozen=True)
class Response:
    """What the client gets."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def head(self) -> str:
        """Status line and headers, as curl shows them."""
        phrase = next((known.phrase for known in HTTPStatus if known == self.status), "")
        lines = [f"HTTP/1.1 {self.status} {phrase}".rstrip(), *(f"{name}: {value}" for name, value in self.headers)]
        return "\n".join(lines)


def event(method: str, target: str, body: bytes = b"") -> bytes:
    """Return the event of a request for *target*, a path with or without a query."""
    path, _, query = target.partition("?")
    now = time.time()
    about = {
        "method": method,
        "path": unquote(path),
        "protocol": "HTTP/1.1",
        "sourceIp": CLIENT,
        "userAgent": "lambda-bootstrap",
    }
    headers = {
        "accept": "*/*",
        "host": "localhost",
        "user-agent": "lambda-bootstrap",
        "x-forwarded-for": CLIENT,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "localhost",
            "domainName": DOMAIN,
            "domainPrefix": "localhost",
            "http": about,
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if query:
        made["queryStringParameters"] = parameters(query)
    if body:
        headers["content-length"] = str(len(body))
        headers["content-type"] = "application/json" if is_json(body) else "application/octet-stream"
        try:
            made["body"] = body.decode()
        except UnicodeDecodeError:
            made["body"], made["isBase64Encoded"] = base64.b64encode(body).decode(), True
    return json.dumps(made).encode()


def parameters(query: str) -> dict[str, str]:
    """Return a query by names; the values of one name are joined by commas."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = (unquote(text.replace("+", " ")) for text in part.partition("="))
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def is_json(body: bytes) -> bool:
    """Return whether a body is JSON."""
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def response(ending: Ending) -> Response:
    """Return what the client gets of a function's answer."""
    if ending.content_type == HTTP:
        head, _, body = ending.body.partition(bytes(8))
        fields = json.loads(head)
        return Response(fields.get("statusCode", 200), headers(fields), body)
    if ending.content_type != "application/json":
        return Response(200, [("content-type", ending.content_type)], ending.body)
    fields = json.loads(ending.body)
    if not (isinstance(fields, dict) and "statusCode" in fields):  # it is the body alone
        return Response(200, [("content-type", "application/json")], ending.body)
    text = fields.get("body") or ""
    body = base64.b64decode(text) if fields.get("isBase64Encoded") else str(text).encode()
    return Response(fields["statusCode"], headers(fields), body)


def headers(fields: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the headers in a result, cookies last."""
    cookies = [("set-cookie", str(cookie)) for cookie in fields.get("cookies") or ()]
    return [(name, str(value)) for name, value in (fields.get("headers") or {}).items()] + cookies
