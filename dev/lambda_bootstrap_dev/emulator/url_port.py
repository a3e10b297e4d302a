"""
A function's own URL: any request to its port is an event.

Owns: who answers a browser's question about CORS, and when a response is whole, streamed or broken off.
Refuses to know: the form of event and response; `function_url` has it.

Pages of other sites may call, as on Lambda, if `Cors` allows them.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from . import function_url
from .body import Intake
from .invoke_api import new_invocation, new_trace_id
from .port import OnPort, Port
from .rules import MAX_PAYLOAD
from .turn import Stream
from .values import Kind, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .function_url import Url
    from .sandbox import Sandbox
    from .turn import Turn
    from .values import Request
    from .wire import Connection

IDLE_SECONDS = 60.0
# Requests that wait for the function.
MAX_CALLS = 256
# What no head of a response that is streamed is longer than.
MAX_PRELUDE = 1024 * 1024
END_OF_PRELUDE = bytes(8)
# Between two hops, not between function and client.
HOP_BY_HOP = frozenset({"connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})


class UrlPort(OnPort):
    """Serves the URL of one function."""

    def __init__(self, sandbox: Sandbox, url: Url, host: str, port: int) -> None:
        self._sandbox = sandbox
        self._url = url
        self._port = Port(host, port, self._serve)
        self._calls = 0

    async def _serve(self, connection: Connection) -> None:
        while request := await connection.receive("", lambda _: Intake(MAX_PAYLOAD), IDLE_SECONDS):
            await self._answer(connection, request)

    async def _answer(self, connection: Connection, request: Request) -> None:
        origin, cors = request.header("Origin"), self._url.cors
        if cors and origin and request.method == "OPTIONS" and request.header("Access-Control-Request-Method"):
            return await connection.send(Reply(HTTPStatus.OK, cors.preflight(origin)))
        common = cors.headers(origin) if cors else []
        if request.is_oversized:
            return await connection.send(message(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Too Long", common))
        if self._calls >= MAX_CALLS:
            return await connection.send(message(HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests", common))
        self._calls += 1
        try:
            await self._invoke(connection, request, common)
        finally:
            self._calls -= 1

    async def _invoke(self, connection: Connection, request: Request, common: list[tuple[str, str]]) -> None:
        event = function_url.event(request.method, request.target, request.body, headers_of(request))
        trace_id = request.header("X-Amzn-Trace-Id") or new_trace_id()
        invocation = new_invocation(event, trace_id=trace_id)
        stream = None if self._url.mode == "BUFFERED" else Stream()
        turn = self._sandbox.invoke(invocation, stream)
        common = [*common, ("x-amzn-RequestId", invocation.request_id), ("x-amzn-Trace-Id", trace_id)]
        if stream is None or not await stream.wait_begun():
            return await connection.send(await self._whole(turn, common))
        try:
            return await pass_on(connection, turn, stream, common)
        finally:
            stream.close()

    async def _whole(self, turn: Turn, common: list[tuple[str, str]]) -> Reply:
        ending = await turn.ending
        if ending.kind is not Kind.RESPONSE:
            return message(HTTPStatus.BAD_GATEWAY, "Internal Server Error", common)
        if self._url.mode == "RESPONSE_STREAM":
            return Reply(HTTPStatus.OK, [("content-type", ending.content_type), *common], ending.body)
        try:
            found = function_url.response(ending)
            return Reply(int(found.status), merge(found.headers, common), found.body)
        except (ValueError, TypeError, AttributeError):
            return message(HTTPStatus.BAD_GATEWAY, "Internal Server Error", common)


async def pass_on(connection: Connection, turn: Turn, stream: Stream, common: list[tuple[str, str]]) -> None:
    """Pass a streamed response on as it comes; one that fails is broken off, as its head has been sent."""
    pieces = stream.pieces()
    if stream.content_type == function_url.HTTP:
        head, rest = await read_prelude(pieces)
        if head is None:
            return await connection.send(message(HTTPStatus.BAD_GATEWAY, "Internal Server Error", common))
        status, headers = int(head.get("statusCode", 200)), function_url.headers(head)
    else:
        status, headers, rest = 200, [("content-type", str(stream.content_type))], b""
    await connection.begin(status, merge(headers, common))
    if rest:
        await connection.push(rest)
    async for piece in pieces:
        await connection.push(piece)
    if (await turn.ending).kind is Kind.RESPONSE:
        return await connection.finish()
    return connection.close()


async def read_prelude(pieces: AsyncIterator[bytes]) -> tuple[dict[str, Any] | None, bytes]:
    """Read the head of a stream for HTTP; return it, or None if it isn't one, and what comes after it."""
    data = b""
    async for piece in pieces:
        data += piece
        if END_OF_PRELUDE in data or len(data) > MAX_PRELUDE:
            break
    head, _, rest = data.partition(END_OF_PRELUDE)
    try:
        found = json.loads(head)
    except ValueError:
        return None, rest
    return (found if isinstance(found, dict) else None), rest


def headers_of(request: Request) -> dict[str, str]:
    """The headers of a request as an event has them: in lower case, several of one name joined."""
    found: dict[str, str] = {}
    for name, value in request.headers:
        key = name.lower()
        separator = "; " if key == "cookie" else ","
        found[key] = f"{found[key]}{separator}{value}" if key in found else value
    host = found.get("host", "")
    port = host.rpartition(":")[2] if ":" in host.rpartition("]")[2] else "80"
    forwarded = {"x-forwarded-for": function_url.CLIENT, "x-forwarded-port": port, "x-forwarded-proto": "http"}
    return found | forwarded


def merge(headers: list[tuple[str, str]], common: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The function's headers, without those that are the connection's, and ours, which win."""
    taken = HOP_BY_HOP | {name.lower() for name, _ in common}
    return [(name, value) for name, value in headers if name.lower() not in taken] + common


def message(status: HTTPStatus, text: str, common: list[tuple[str, str]]) -> Reply:
    """A response of the URL's own."""
    return Reply(status, [("Content-Type", "application/json"), *common], json.dumps({"Message": text}).encode())
