"""
API Gateway's REST APIs, and HTTP APIs with payload format 1.0.

Owns: reading their events. A REST API leaves the path encoded and the stage out of it; an HTTP API has decoded the
path, and put the stage before it. Both have decoded the query, once.
Refuses to know: applications.
"""

from __future__ import annotations

from urllib.parse import urlencode

from .request import content, is_under, make, mounted, multiple, single
from .results import with_lists

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .request import Request


def read(event: Mapping[str, Any], context: Mapping[str, Any], root_path: str | None) -> Request:
    """Return the request that *event* holds; *context* is its `requestContext`."""
    path = event.get("path") or "/"
    stage = f"/{context.get('stage') or ''}".rstrip("/")
    is_rest = "version" not in event
    if is_rest:
        is_named = (context.get("path") or "").rstrip("/") == (stage + path).rstrip("/")
    else:
        is_named = is_under(stage, path)
        path = path.removeprefix(stage) if is_named else path
    root, rest = mounted(path, stage if is_named else "", root_path)
    lists = event.get("multiValueHeaders")
    return make(
        event.get("httpMethod") or "GET",
        rest,
        query(event),
        multiple(lists) if lists else single(event.get("headers")),
        is_encoded=is_rest,
        root_path=root,
        client=(context.get("identity") or {}).get("sourceIp") or "",
        host=context.get("domainName") or "",
        body=content(event.get("body"), event.get("isBase64Encoded")),
        answer=with_lists,
    )


def query(event: Mapping[str, Any]) -> str:
    """Return the query string, encoded again."""
    lists = event.get("multiValueQueryStringParameters")
    return urlencode(lists, doseq=True) if lists else urlencode(event.get("queryStringParameters") or {})
