"""
An extension as `client` has it, for tasks of asyncio.

Owns: its connection.
Refuses to know: paths and bodies, see `api`; what an extension is for.
"""

from __future__ import annotations

import asyncio

from .. import http1, protocol, settings
from ..environ import environ
from ..errors import TransportError
from . import api
from .telemetry import AsyncReceiver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from typing import Self


class AsyncExtension:
    """
    An extension that has registered; see `register_async`. Use it in an `async with` block.

    Attributes:
        identifier: what the platform knows it by.
    """

    identifier = ""

    def __init__(self, address: protocol.Address) -> None:
        self.address = address
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.close()

    async def next(self) -> api.Event:
        """
        Wait for the next event; the environment may be frozen for hours meanwhile. Do not cancel it: the event is lost.

        Raises:
            ExtensionError: the platform refuses.
            RuntimeApiError: there is no platform any more.
        """
        return api.event_of(await self.exchange(api.poll(self.identifier)))

    async def events(self) -> AsyncIterator[api.Event]:
        """Wait for events, to the last, which is SHUTDOWN; otherwise as `next`."""
        event = None
        while event is None or event.type != "SHUTDOWN":
            event = await self.next()
            yield event

    async def subscribe(
        self,
        types: Sequence[str] = ("platform", "function"),
        *,
        max_items: int | None = None,
        max_bytes: int | None = None,
        timeout_ms: int | None = None,
    ) -> AsyncReceiver:
        """As `client.Extension.subscribe`."""
        receiver = AsyncReceiver()
        await receiver.open()
        try:
            how = api.buffering(max_items, max_bytes, timeout_ms)
            await self.post(api.subscription(self.identifier, types, receiver.port, how))
        except BaseException:
            receiver.close()
            raise
        return receiver

    async def fail_init(self, error_type: str, message: str) -> None:
        """Report that the extension cannot start; its process has to exit after it. Otherwise as `next`."""
        await self.post(api.failure(self.identifier, "init", error_type, message))

    async def fail_exit(self, error_type: str, message: str) -> None:
        """Report that the extension cannot go on; its process has to exit after it. Otherwise as `next`."""
        await self.post(api.failure(self.identifier, "exit", error_type, message))

    async def post(self, request: protocol.Request) -> None:
        """Send *request*, whose answer says nothing but yes."""
        api.check(request, await self.exchange(request))

    async def exchange(self, request: protocol.Request) -> http1.Response:
        """
        Send *request* and return its answer.

        Raises:
            TransportError: there was none.
        """
        host = (("Host", self.address.authority), ("User-Agent", protocol.USER_AGENT))
        head = http1.encode(request.method, self.address.prefix + request.path, host + request.headers, request.body)
        try:
            if self.streams is None:
                self.streams = await asyncio.open_connection(self.address.host, self.address.port)
            reader, writer = self.streams
            writer.write(head + (request.body or b""))
            return await self.read(reader)
        except OSError as error:
            self.close()
            raise TransportError(f"failed to {request.method} {self.address.url(request)}: {error}") from error
        except BaseException:  # a cancelled poll: what comes next on the connection is its answer
            self.close()
            raise

    async def read(self, reader: asyncio.StreamReader) -> http1.Response:
        """Return the response that comes, once it is whole."""
        parser, answer = http1.Reader(), None
        while answer is None:
            data = await reader.read(1 << 16)
            if not data and parser.is_blank:
                raise ConnectionResetError("the connection was closed instead of an answer")
            answer = parser.feed(data) if data else parser.end()
        if answer.closes:
            self.close()
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


async def register_async(name: str, events: Sequence[str] = ()) -> AsyncExtension:
    """Register an extension for tasks of asyncio; otherwise as `client.register`."""
    extension = AsyncExtension(protocol.Address(settings.RUNTIME_API.read(environ)))
    try:
        extension.identifier = api.identifier_of(await extension.exchange(api.registration(name, events)))
    except BaseException:
        extension.close()
        raise
    return extension
