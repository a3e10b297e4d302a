"""
Paths: the endpoint that a method and a target mean.

Owns: the routing table.
Refuses to know: what an endpoint does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Route:
    """The endpoint of a request, or the status that refuses it."""

    endpoint: str = ""
    request_id: str = ""
    refusal: HTTPStatus | None = None
    allowed: str = ""  # the method, if it is another


@dataclass(frozen=True)
class Table:
    """The routes of an API: by their path, or by a pattern in whose place an id or a name stands."""

    paths: Mapping[str, tuple[str, str]]
    patterns: Sequence[tuple[re.Pattern[str], str, str]] = ()

    def find(self, path: str) -> tuple[str, str, str]:
        """Return the method and the endpoint of a path, and what stands in the place; empty texts if there is none."""
        if path in self.paths:
            return *self.paths[path], ""
        for pattern, method, endpoint in self.patterns:
            if found := pattern.fullmatch(path):
                return method, endpoint, found[1]
        return "", "", ""


# The request id is compared as it is in the path: RAPID does not undo percent-encoding.
RUNTIME_API = Table(
    {
        "/runtime/invocation/next": ("GET", "next"),
        "/runtime/init/error": ("POST", "init/error"),
        "/runtime/restore/next": ("GET", "restore/next"),
        "/runtime/restore/error": ("POST", "restore/error"),
        "/ping": ("GET", "ping"),
    },
    [
        (re.compile(r"/runtime/invocation/([^/]+)/response"), "POST", "response"),
        (re.compile(r"/runtime/invocation/([^/]+)/error"), "POST", "error"),
    ],
)
EXTENSIONS_API = Table(
    {
        "/extension/register": ("POST", "extension/register"),
        "/extension/event/next": ("GET", "extension/next"),
        "/extension/init/error": ("POST", "extension/init/error"),
        "/extension/exit/error": ("POST", "extension/exit/error"),
    }
)
TELEMETRY_API = Table({"/telemetry": ("PUT", "extension/telemetry")})
# Here it is the function's name.
INVOKE_API = Table(
    {},
    [
        (re.compile(r"/2015-03-31/functions/([^/]+)/invocations"), "POST", "invoke"),
        (re.compile(r"/2021-11-15/functions/([^/]+)/response-streaming-invocations"), "POST", "invoke/stream"),
    ],
)
VERSIONS = {"/2018-06-01": RUNTIME_API, "/2020-01-01": EXTENSIONS_API, "/2022-07-01": TELEMETRY_API}


def route(method: str, target: str, prefix: str = "") -> Route:
    """Find the route of a request; *prefix* precedes the Runtime API's version in every path."""
    path = target.partition("?")[0]
    start, end = len(prefix), len(prefix) + len("/2018-06-01")
    table = VERSIONS.get(path[start:end]) if path.startswith(prefix) else None
    expected, endpoint, segment = table.find(path[end:]) if table else INVOKE_API.find(path)
    if not endpoint:
        return Route(refusal=HTTPStatus.NOT_FOUND)
    if method != expected:
        return Route(refusal=HTTPStatus.METHOD_NOT_ALLOWED, allowed=expected)
    return Route(endpoint, segment)
