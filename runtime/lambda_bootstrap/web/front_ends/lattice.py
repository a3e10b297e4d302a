"""
VPC Lattice, both of its event structures.

Owns: reading their events. Path and query are as the client sent them; the client's address is the last that the
headers name.
Refuses to know: applications.
"""

from __future__ import annotations

from .alb import query, single_result
from .request import content, last_forwarded, make, mounted, multiple, single

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .request import Request


def read_1(event: Mapping[str, Any], root_path: str | None) -> Request:
    """Return the request that an event of version 1 holds."""
    headers = single(event.get("headers"))
    parameters, body = event.get("query_string_parameters"), content(event.get("body"), event.get("is_base64_encoded"))
    return request(event, event["raw_path"] or "/", parameters, headers, body, root_path)


def read_2(event: Mapping[str, Any], _context: Mapping[str, Any], root_path: str | None) -> Request:
    """Return the request that an event of version 2 holds."""
    raw = event.get("headers") or {}
    headers = multiple({name: [value] if isinstance(value, str) else value for name, value in raw.items()})
    parameters, body = event.get("queryStringParameters"), content(event.get("body"), event.get("isBase64Encoded"))
    return request(event, event.get("path") or "/", parameters, headers, body, root_path)


def request(  # noqa: PLR0913, PLR0917 - what both versions have, under names of their own
    event: Mapping[str, Any],
    path: str,
    parameters: Mapping[str, Any] | None,
    headers: dict[str, str] | list[tuple[str, str]],
    body: bytes,
    root_path: str | None,
) -> Request:
    """Return the request; *path* has the query in it, and *parameters* count where it has not."""
    path, mark, text = path.partition("?")
    root, rest = mounted(path, "", root_path)
    return make(
        event.get("method") or "GET",
        rest,
        text if mark else query(parameters),
        headers,
        is_encoded=True,
        root_path=root,
        client=last_forwarded(headers),
        host="",
        body=body,
        answer=single_result,
    )
