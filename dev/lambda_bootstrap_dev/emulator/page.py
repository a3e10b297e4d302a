"""
The page that `serve` has at `/`.

Owns: its files, and what it may load: nothing but these.
Refuses to know: how a function runs.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import samples
from .rules import NOT_FOUND
from .values import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .feed import Feed
    from .values import Request
    from .wire import Connection

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SAFE = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
]


class Page:
    """The page, what it asks for, and the feed that it follows. *functions* say what each of them is."""

    def __init__(self, feed: Feed, functions: Sequence[dict[str, Any]]) -> None:
        self._feed = feed
        self._functions = functions

    async def answer(self, connection: Connection, request: Request) -> None:
        """Answer a request that isn't for the Invoke API."""
        path = request.target.partition("?")[0]
        if request.method == "GET" and path == "/feed":
            await self._follow(connection)
            return
        found = self._find(path) if request.method == "GET" else None
        if found is None:
            await connection.send(NOT_FOUND)
            return
        media_type, body = found
        await connection.send(Reply(HTTPStatus.OK, [("Content-Type", media_type), *SAFE], body))

    def _find(self, path: str) -> tuple[str, bytes] | None:
        match path.split("/")[1:]:
            case [""]:
                return "text/html; charset=utf-8", (HERE / "page.html").read_bytes()
            case ["page.js"]:
                return "text/javascript; charset=utf-8", (HERE / "page.js").read_bytes()
            case ["page", "functions"]:
                return "application/json", json.dumps(self._functions).encode()
            case ["page", "samples"]:
                return "application/json", json.dumps(samples.names()).encode()
            case ["page", "samples", name] if samples.is_sample(name):
                return "application/json", samples.read(name)
        return None

    async def _follow(self, connection: Connection) -> None:
        if self._feed.is_full:
            await connection.send(Reply(HTTPStatus.SERVICE_UNAVAILABLE))
            return
        await connection.begin(HTTPStatus.OK, [("Content-Type", "text/event-stream"), *SAFE])
        messages = self._feed.follow()
        try:
            async for message in messages:
                await connection.push(message)
        finally:
            await messages.aclose()  # type: ignore[attr-defined] # it is a generator
        await connection.finish()
