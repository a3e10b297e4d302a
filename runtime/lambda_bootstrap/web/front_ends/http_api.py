"""
API Gateway's HTTP APIs with payload format 2.0, and Function URLs, which share it.

Owns: reading their events. An HTTP API has decoded the path, and put the stage before it; a Function URL leaves it
encoded. Both leave the query as it is, and list the cookies.
Refuses to know: applications.
"""

from __future__ import annotations

from .request import content, is_under, make, mounted, single
from .results import with_cookies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .request import Request


def read(event: Mapping[str, Any], context: Mapping[str, Any], root_path: str | None) -> Request:
    """Return the request that *event* holds; *context* is its `requestContext`."""
    about = context["http"] or {}
    host = context.get("domainName") or ""
    is_url = ".lambda-url." in host
    root, rest = "", event.get("rawPath") or "/"
    if root_path or not is_url:
        stage = "" if is_url else f"/{context.get('stage') or ''}".rstrip("/")
        is_named = is_under(stage, rest)
        root, rest = mounted(rest.removeprefix(stage), stage, root_path) if is_named else mounted(rest, "", root_path)
    return make(
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
