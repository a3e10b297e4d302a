"""
Application Load Balancers.

Owns: reading their events. Path and query are as the client sent them; the client's address is the last that the
headers name. The form of the headers, one value or several, is a setting of the target group, and the result has to
have the same.
Refuses to know: applications.
"""

from __future__ import annotations

from .request import content, last_forwarded, make, mounted, multiple, single
from .results import with_letters, with_lists

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .request import Request


def read(event: Mapping[str, Any], root_path: str | None) -> Request:
    """Return the request that *event* holds."""
    root, rest = mounted(event.get("path") or "/", "", root_path)
    lists = event.get("multiValueHeaders")
    headers: dict[str, str] | list[tuple[str, str]] = single(event.get("headers")) if lists is None else multiple(lists)
    return make(
        event.get("httpMethod") or "GET",
        rest,
        query(event.get("multiValueQueryStringParameters") or event.get("queryStringParameters")),
        headers,
        is_encoded=True,
        root_path=root,
        client=last_forwarded(headers),
        host="",
        body=content(event.get("body"), event.get("isBase64Encoded")),
        answer=single_result if lists is None else multiple_result,
    )


def query(parameters: Mapping[str, Any] | None) -> str:
    """Return the query string: names and values are still as the client encoded them."""
    return "&".join(
        f"{name}={value}"
        for name, values in (parameters or {}).items()
        for value in ([values] if isinstance(values, str) else values or ())
    )


def single_result(status: int, phrase: str, headers: Iterable[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """Return the result for a target group with one value of each header."""
    return {**with_letters(status, phrase, headers, body), **description(status, phrase)}


def multiple_result(status: int, phrase: str, headers: Iterable[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """Return the result for a target group with several values of a header."""
    return {**with_lists(status, phrase, headers, body), **description(status, phrase)}


def description(status: int, phrase: str) -> dict[str, str]:
    """Return the status line, if the application has a phrase for it; the load balancer has one of its own."""
    return {"statusDescription": f"{status} {phrase}"} if phrase else {}
