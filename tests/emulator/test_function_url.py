"""A Function URL's event and response, as the emulator makes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lambda_bootstrap.web import front_ends
from lambda_bootstrap_dev.emulator import function_url
from lambda_bootstrap_dev.emulator.values import Ending, Kind


def event(method: str, target: str, body: bytes = b"") -> dict[str, Any]:
    """The event of a request."""
    found: dict[str, Any] = json.loads(function_url.event(method, target, body))
    return found


def test_event() -> None:
    """The runtime reads the event as the request that was made."""
    found = front_ends.read(event("PUT", "/a%20b?c=d+e", b"\xff"), None)

    assert found is not None
    assert (found.method, found.path, found.query, found.body) == ("PUT", "/a b", "c=d+e", b"\xff")
    assert (found.server, found.scheme, found.client) == (("localhost", "443"), "https", "127.0.0.1")


@pytest.mark.parametrize(
    ("body", "kind"), [(b"", None), (b'{"a": 1}', "application/json"), (b"text", "application/octet-stream")]
)
def test_content_type(body: bytes, kind: str | None) -> None:
    """A body that is JSON says so; without one, nothing is said."""
    assert event("POST", "/", body)["headers"].get("content-type") == kind


def answered(body: bytes, content_type: str = "application/json") -> function_url.Response:
    """The response for a function's answer."""
    return function_url.response(Ending(Kind.RESPONSE, body, content_type))


@pytest.mark.parametrize(
    ("body", "content_type", "status", "headers", "content"),
    [
        (b'{"statusCode": 404, "body": "no"}', "application/json", 404, [], b"no"),
        (b'{"statusCode": 200, "body": "/w==", "isBase64Encoded": true}', "application/json", 200, [], b"\xff"),
        (
            b'{"statusCode": 200, "headers": {"a": 1}, "cookies": ["c=1"], "body": null}',
            *("application/json", 200, [("a", "1"), ("set-cookie", "c=1")], b""),
        ),
        (b'{"id": 1}', "application/json", 200, [("content-type", "application/json")], b'{"id": 1}'),
        (b"[1]", "application/json", 200, [("content-type", "application/json")], b"[1]"),
        (b"a,b", "text/csv", 200, [("content-type", "text/csv")], b"a,b"),
        (b'{"statusCode": 204}' + bytes(8), function_url.HTTP, 204, [], b""),
        (b"{}" + bytes(8) + b"\0\xff", function_url.HTTP, 200, [], b"\0\xff"),
    ],
)
def test_response(body: bytes, content_type: str, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
    """A client gets what a Function URL makes of an answer: of its own form, of any other JSON, of a stream."""
    found = answered(body, content_type)

    assert (found.status, found.headers, found.body) == (status, headers, content)


def test_head() -> None:
    """The head is shown with the status's phrase, if it has one."""
    assert function_url.Response(299, [("a", "b")]).head == "HTTP/1.1 299\na: b"
    assert function_url.Response(404).head == "HTTP/1.1 404 Not Found"
