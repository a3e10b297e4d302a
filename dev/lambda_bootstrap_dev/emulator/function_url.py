"""
A Function URL: one request as its event, and what its client gets of the answer.

Owns: both forms, whole and streamed.
Refuses to know: the function, and how anything is printed.

Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs", request and response payload format.
"""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .values import Ending

HTTP = "application/vnd.awslambda.http-integration-response"
DOMAIN = "localhost.lambda-url.us-east-1.on.aws"
CLIENT = "127.0.0.1"
# Media types of bodies that an event has as they are.
TEXTS = re.compile(r"text/|application/(json|javascript|xml|[\w.-]+\+(json|xml))\b", re.IGNORECASE)


@dataclass(frozen=True)
class Cors:
    """Which other sites' pages may call; an asterisk stands for all."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age: int = 0

    def headers(self, origin: str) -> list[tuple[str, str]]:
        """The headers of a response to a page of *origin*; none if it isn't allowed."""
        if not origin or not {"*", origin} & set(self.allow_origins):
            return []
        found = [("Access-Control-Allow-Origin", origin if self.allow_credentials else self._named(origin))]
        if self.allow_credentials:
            found.append(("Access-Control-Allow-Credentials", "true"))
        if self.expose_headers:
            found.append(("Access-Control-Expose-Headers", ",".join(self.expose_headers)))
        return [*found, ("Vary", "Origin")]

    def preflight(self, origin: str) -> list[tuple[str, str]]:
        """The headers of the answer to a browser that asks whether a page of *origin* may call."""
        found = self.headers(origin)
        if found and self.allow_methods:
            found.append(("Access-Control-Allow-Methods", ",".join(self.allow_methods)))
        if found and self.allow_headers:
            found.append(("Access-Control-Allow-Headers", ",".join(self.allow_headers)))
        if found and self.max_age:
            found.append(("Access-Control-Max-Age", str(self.max_age)))
        return found

    def _named(self, origin: str) -> str:
        return "*" if "*" in self.allow_origins else origin


@dataclass(frozen=True)
class Url:
    """
    The settings of a Function URL.

    With mode `BUFFERED` a stream is sent whole, with `RESPONSE_STREAM` a result is sent as it stands; without a mode,
    streams are sent as they come, and results are read.
    """

    mode: str = ""
    cors: Cors | None = None


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


def event(method: str, target: str, body: bytes = b"", given: Mapping[str, str] | None = None) -> bytes:
    """Return the event of a request for *target*, a path with or without a query, with the headers *given*."""
    path, _, query = target.partition("?")
    now = time.time()
    headers = own_headers(body) if given is None else {**given}
    if given is None:
        headers |= {"x-forwarded-for": CLIENT, "x-forwarded-port": "443", "x-forwarded-proto": "https"}
    about = {
        "method": method,
        "path": unquote(path),
        "protocol": "HTTP/1.1",
        "sourceIp": CLIENT,
        "userAgent": headers.get("user-agent", ""),
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
    if cookies := headers.get("cookie"):
        made["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    if query:
        made["queryStringParameters"] = parameters(query)
    if body:
        text = text_of(body, headers.get("content-type", ""), is_ours=given is None)
        made["body"] = base64.b64encode(body).decode() if text is None else text
        made["isBase64Encoded"] = text is None
    return json.dumps(made).encode()


def own_headers(body: bytes) -> dict[str, str]:
    """The headers of a request that a command makes."""
    headers = {"accept": "*/*", "host": "localhost", "user-agent": "lambda-bootstrap"}
    if body:
        headers["content-length"] = str(len(body))
        headers["content-type"] = "application/json" if is_json(body) else "application/octet-stream"
    return headers


def text_of(body: bytes, content_type: str, *, is_ours: bool) -> str | None:
    """A body as text; None if it is sent as base64, as anything but text is whose client is another's."""
    if not is_ours and not TEXTS.match(content_type):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


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
