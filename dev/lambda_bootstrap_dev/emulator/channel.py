"""
Bytes between this process and a peer.

Owns: a socket once it is connected, and who waits for it.
Refuses to know: what the bytes mean.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import cast

from .bell import Bell

# What has come in and isn't read holds up to so much; then the peer has to wait.
MOST_UNREAD = 256 * 1024
LINGER_ZERO = struct.pack("ii", 1, 0)


class Channel(asyncio.Protocol):
    """A connected socket. Not asyncio's streams: what cannot be awaited twice there costs a task for each read."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport  # from connection_made on
        self._inbox: list[bytes] = []
        self._unread = 0
        self._is_ended = False
        self._is_held = False
        self._lost: OSError | None = None
        self.news = Bell()  # that bytes have come, or the end
        self._room: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; asyncio calls this."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what has come; asyncio calls this."""
        self._inbox.append(data)
        self._unread += len(data)
        if self._unread > MOST_UNREAD and not self._is_held:
            self._is_held = True
            self._transport.pause_reading()
        self.news.ring()

    def eof_received(self) -> bool:
        """Note that the peer sends no more; it may still read. asyncio calls this."""
        self._is_ended = True
        self.news.ring()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone; asyncio calls this."""
        self._is_ended = True
        self._lost = exc if isinstance(exc, OSError) else ConnectionResetError("the connection is gone")
        self.news.ring()
        self.resume_writing()
        if not self._closed.done():
            self._closed.set_result(None)

    def pause_writing(self) -> None:
        """Note that the peer doesn't read; asyncio calls this."""
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Let who writes go on; asyncio calls this."""
        room, self._room = self._room, None
        if room and not room.done():
            room.set_result(None)

    # What we call.

    @property
    def has_news(self) -> bool:
        """Whether `read` returns at once."""
        return bool(self._inbox) or self._is_ended

    async def read(self) -> bytes:
        """Wait for bytes and return all that have come; none if there will be no more."""
        await self.news.wait_until(lambda: self.has_news)
        data, self._inbox, self._unread = b"".join(self._inbox), [], 0
        if self._is_held:
            self._is_held = False
            self._transport.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """
        Send bytes, as soon as there is room for them.

        Raises:
            OSError: the connection is gone.
        """
        if self._lost:
            raise self._lost
        self._transport.write(data)
        if self._room:
            await asyncio.shield(self._room)
            if self._lost:
                raise self._lost

    def write_eof(self) -> None:
        """Say that nothing more will be sent."""
        if not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Close the connection normally, once all has been sent."""
        self._transport.close()

    def reset(self) -> None:
        """Reset the connection: the peer loses what it hasn't read."""
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the socket is released; if that is cut short, what has not been sent is lost."""
        try:
            await asyncio.shield(self._closed)
        finally:
            self._transport.abort()
