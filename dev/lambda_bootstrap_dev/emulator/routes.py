"""
Paths: the endpoint that a method and a target mean.

Owns: the routing table.
Refuses to know: what an endpoint does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Route:
    """The endpoint of a request, or the status that refuses it."""

    endpoint: str = ""
    request_id: str = ""
    refusal: HTTPStatus | None = None


RUNTIME_API = "/2018-06-01"
EXTENSIONS_API = "/2020-01-01"

# The request id is compared as it is in the path: RAPID does not undo percent-encoding.
RUNTIME_ROUTES = (
    ("GET", re.compile(r"/runtime/invocation/next"), "next"),
    ("POST", re.compile(r"/runtime/invocation/([^/]+)/response"), "response"),
    ("POST", re.compile(r"/runtime/invocation/([^/]+)/error"), "error"),
    ("POST", re.compile(r"/runtime/init/error"), "init/error"),
    ("GET", re.compile(r"/runtime/restore/next"), "restore/next"),
    ("POST", re.compile(r"/runtime/restore/error"), "restore/error"),
    ("GET", re.compile(r"/ping"), "ping"),
)
EXTENSION_ROUTES = (
    ("POST", re.compile(r"/extension/register"), "extension/register"),
    ("GET", re.compile(r"/extension/event/next"), "extension/next"),
    ("POST", re.compile(r"/extension/init/error"), "extension/init/error"),
    ("POST", re.compile(r"/extension/exit/error"), "extension/exit/error"),
)
TELEMETRY_API = "/2022-07-01"
TELEMETRY_ROUTES = (("PUT", re.compile(r"/telemetry"), "extension/telemetry"),)
# Here the segment is the function's name.
INVOKE_ROUTES = (
    ("POST", re.compile(r"/2015-03-31/functions/([^/]+)/invocations"), "invoke"),
    ("POST", re.compile(r"/2021-11-15/functions/([^/]+)/response-streaming-invocations"), "invoke/stream"),
)

APIS = ((RUNTIME_API, RUNTIME_ROUTES), (EXTENSIONS_API, EXTENSION_ROUTES), (TELEMETRY_API, TELEMETRY_ROUTES))


def route(method: str, target: str, prefix: str = "") -> Route:
    """Find the route of a request; *prefix* precedes the Runtime API's version in every path."""
    path = target.partition("?")[0]
    table: tuple[tuple[str, re.Pattern[str], str], ...] = INVOKE_ROUTES
    for version, routes in APIS:
        if path.startswith(f"{prefix}{version}/"):
            table, path = routes, path.removeprefix(prefix + version)
            break
    for expected, pattern, endpoint in table:
        if match := pattern.fullmatch(path):
            if method != expected:
                return Route(refusal=HTTPStatus.METHOD_NOT_ALLOWED)
            return Route(endpoint, match[1] if match.groups() else "")
    return Route(refusal=HTTPStatus.NOT_FOUND)
