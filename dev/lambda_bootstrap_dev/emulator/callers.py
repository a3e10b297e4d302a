"""
Those who invoke functions: which function a call is for, how it is made, and what its caller gets.

Owns: the Invoke API's three ways to wait (for the response, for its pieces, not at all), and how many may wait.
Refuses to know: how a function runs.

Source: AWS Lambda API Reference, Invoke and InvokeWithResponseStream; AWS Lambda Developer Guide, "How Lambda handles
errors and retries with asynchronous invocation".
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import uuid4

from . import event_stream
from .invoke_api import (
    BadInvocationError,
    answer,
    base_headers,
    check_choices,
    error_of,
    invocation_of,
    resource_not_found,
)
from .turn import Stream
from .values import Kind, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .sandbox import Sandbox
    from .sites import Sites
    from .turn import Turn
    from .values import Invocation, Request
    from .wire import Connection

# Callers that wait for their answers: half of the connections, so that the runtime always finds room.
MAX_CALLS = 256
# Asynchronous events that wait for their function, a retry included, and the most bytes of one.
MAX_EVENTS = 100
MAX_EVENT = 1024 * 1024
# Lambda waits a minute before the first retry, and two before the second.
RETRY_SECONDS = (60.0, 120.0)


class Callers:
    """
    The Invoke API of *functions*, by their names. A single function answers to any name.

    Calls from other sites than *sites* are refused. An asynchronous event that fails is sent again after each of
    *retries*, in seconds.
    """

    def __init__(
        self, functions: Mapping[str, Sandbox], sites: Sites, *, retries: Sequence[float] = RETRY_SECONDS
    ) -> None:
        self._functions = functions
        self._sites = sites
        self._retries = retries
        self._calls = 0
        self._events: set[asyncio.Task[None]] = set()

    def may_send(self, request: Request) -> bool:
        """Whether a body is worth reading."""
        try:
            self._sites.check(request)
        except BadInvocationError:
            return False
        return True

    def stop(self) -> None:
        """Drop the events that wait."""
        for event in self._events:
            event.cancel()

    async def answer(self, connection: Connection, request: Request) -> None:
        """Carry out a call, and answer it."""
        try:
            self._sites.check(request)
            sandbox = self.find(request.request_id)
            check_choices(request)
            invocation = invocation_of(request)
            kind = request.header("X-Amz-Invocation-Type")
            if kind == "DryRun":
                return await connection.send(Reply(HTTPStatus.NO_CONTENT, base_headers(invocation)))
            if kind == "Event":
                self._accept(sandbox, invocation)
                return await connection.send(Reply(HTTPStatus.ACCEPTED, base_headers(invocation)))
            if self._calls >= MAX_CALLS:
                message = f"Rate exceeded: {MAX_CALLS} callers are waiting already"
                raise BadInvocationError(HTTPStatus.TOO_MANY_REQUESTS, message)  # noqa: TRY301 - one way to refuse
        except BadInvocationError as error:
            return await connection.send(error.reply)
        self._calls += 1
        try:
            wants_log = request.header("X-Amz-Log-Type") == "Tail"
            if request.endpoint == "invoke/stream":
                return await stream(connection, sandbox, invocation, wants_log=wants_log)
            return await connection.send(await respond(sandbox, invocation, wants_log=wants_log))
        finally:
            self._calls -= 1

    def find(self, name: str) -> Sandbox:
        """
        Return the function that a path names: by its name, `name:version`, or its ARN.

        Raises:
            BadInvocationError: there is none of this name.
        """
        if len(self._functions) == 1:
            return next(iter(self._functions.values()))
        found = self._functions.get(plain_name(name))
        if found is None:
            raise resource_not_found(plain_name(name), list(self._functions))
        return found

    def _accept(self, sandbox: Sandbox, invocation: Invocation) -> None:
        if len(invocation.payload) > MAX_EVENT:
            message = f"{len(invocation.payload)} byte payload is too large for the Event invocation type"
            raise BadInvocationError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{message} (limit {MAX_EVENT} bytes)")
        if len(self._events) >= MAX_EVENTS:
            raise BadInvocationError(HTTPStatus.TOO_MANY_REQUESTS, f"Rate exceeded: {MAX_EVENTS} events wait already")
        event = asyncio.create_task(self._retry(sandbox, invocation))
        self._events.add(event)
        event.add_done_callback(self._events.discard)

    async def _retry(self, sandbox: Sandbox, invocation: Invocation) -> None:
        # The request id stays, the attempt is another.
        for seconds in (*self._retries, None):
            ending = await sandbox.invoke(replace(invocation, invocation_id=str(uuid4()))).ending
            if ending.kind is Kind.RESPONSE or seconds is None:
                return
            await asyncio.sleep(seconds)


def plain_name(name: str) -> str:
    """The name of a function in `name`, `name:version`, `account:name`, or an ARN, percent-encoded or not."""
    parts = unquote(name).split(":")
    return parts[parts.index("function") + 1] if "function" in parts[:-1] else parts[0]


async def respond(sandbox: Sandbox, invocation: Invocation, *, wants_log: bool) -> Reply:
    """Invoke a function, and return the answer to a caller that wants it whole."""
    turn = sandbox.invoke(invocation)
    ending = await turn.ending
    return answer(invocation, ending, log=await tail(turn) if wants_log else None)


async def stream(connection: Connection, sandbox: Sandbox, invocation: Invocation, *, wants_log: bool) -> None:
    """Invoke a function, and send the response to a caller piece by piece, in frames."""
    turn = sandbox.invoke(invocation, pieces := Stream())
    try:
        await connection.begin(HTTPStatus.OK, [("Content-Type", event_stream.MEDIA_TYPE), *base_headers(invocation)])
        async for piece in pieces.pieces():
            await connection.push(event_stream.chunk(piece))
        ending = await turn.ending
        if ending.kind is Kind.RESPONSE and ending.body and pieces.content_type is None:
            await connection.push(event_stream.chunk(ending.body))
        error_type, details = error_of(ending)
        log = await tail(turn) if wants_log else ""
        await connection.push(event_stream.complete(error_type, details, log))
        await connection.finish()
    finally:
        pieces.close()


async def tail(turn: Turn) -> str:
    """The end of an invocation's log, in base64, once it is over."""
    await asyncio.wait([turn.report])
    return base64.b64encode(turn.log).decode()
