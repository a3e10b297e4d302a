"""
API Gateway's HTTP APIs with payload format 2.0, and Function URLs, which share it.

Owns: reading their events. An HTTP API has decoded the path, and put the stage before it; a Function URL leaves it
encoded. Both leave the query as it is, and list the cookies.
Refuses to know: applications.
"""

from __future__ import annotations

from .request import Request, content, is_under, mounted, single
from .results import with_cookies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def read(event: Mapping[str, Any], context: Mapping[str, Any], root_path: str | None) -> Request:
    """Return the request that *event* holds; *context* is its `requestContext`."""
    about = context["http"] or {}
    host = context.get("domainName") or ""
    is_url = ".lambda-url." in host
    path = event.get("rawPath") or "/"
    stage = "" if is_url else f"/{context.get('stage') or ''}".rstrip("/")
    if is_under(stage, path):
        path = path[len(stage) :]
    else:
        stage = ""
    root, rest = mounted(path, stage, root_path) if stage or root_path else ("", path)
    return Request(
        about.get("method") or "GET",
        rest,
        event.get("rawQueryString") or "",
        single(event.get("headers"), event.get("cookies") or ()),
        is_encoded=is_url,
        root_path=root,
        client=about.get("sourceIp") or "",
        host=host,
        body=content(event.get("body"), event.get("isBase64Encoded")),
        answer=with_cookies,
    )
