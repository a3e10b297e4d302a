"""
A port: listen, accept, and give each connection a task of its own.

Owns: sockets from the moment that they are accepted, and the limit on connections.
Refuses to know: what is said over a connection.

Not `asyncio.start_server`: it accepts by a task that nobody can wait for, and a connection that it has accepted only
half when the loop ends is never closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from .channel import Channel
from .wire import Connection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

MAX_CONNECTIONS = 512
BACKLOG = 512
# Where a client on this machine finds who listens everywhere.
NEAR = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


class Port:
    """
    Listens on *host* and *port* within an `async with` block; *serve* talks over a connection until it is over.

    An error that *serve* raises, other than that of a client that went away, is raised at the end of the block.
    """

    def __init__(self, host: str, port: int, serve: Callable[[Connection], Awaitable[None]]) -> None:
        self._host = host
        self._port = port
        self._serve = serve
        self._listeners: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._counter = 0
        self._failure: BaseException | None = None

    @property
    def authority(self) -> str:
        """Host and port, for a client on this machine."""
        host = NEAR.get(self._host, self._host)
        return f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        kind = socket.SOCK_STREAM
        found = await loop.getaddrinfo(self._host or None, self._port, type=kind, flags=socket.AI_PASSIVE)
        try:
            for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
                listener = socket.socket(family, socket.SOCK_STREAM)
                self._listeners.append(listener)
                listen(listener, (address[0], self._port, *address[2:]))
                self._port = listener.getsockname()[1]  # of the first one for all, if the system has chosen it
        except BaseException:
            self.stop()
            raise
        for listener in self._listeners:
            loop.add_reader(listener, self._accept, listener)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # since Python 3.12, `gather` may be done before what follows from a task's end is
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Take no more connections; those that are open go on."""
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)
            listener.close()
        self._listeners.clear()

    def _accept(self, listener: socket.socket) -> None:
        # OSError: the client has gone, or there are no descriptors left; whoever waits in the backlog is next.
        with contextlib.suppress(OSError):
            accepted, _ = listener.accept()
            self._counter += 1
            task = asyncio.create_task(self._talk(self._counter, accepted))
            self._tasks.add(task)
            # A task that is cancelled before it has begun closes nothing by itself.
            task.add_done_callback(lambda _: accepted.close())
            task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        # Keep an error, such as a script that isn't HTTP, to raise it at the end.
        self._tasks.discard(task)
        if not task.cancelled():
            self._failure = self._failure or task.exception()

    async def _talk(self, number: int, accepted: socket.socket) -> None:
        accepted.setblocking(False)  # noqa: FBT003 - the socket's own signature
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _, channel = await asyncio.get_running_loop().connect_accepted_socket(Channel, accepted)
        connection = Connection(number, channel)
        try:
            # OSError: a client that goes away, whenever it does.
            with contextlib.suppress(OSError):
                if len(self._tasks) > MAX_CONNECTIONS:
                    await connection.refuse(HTTPStatus.SERVICE_UNAVAILABLE)
                else:
                    await self._serve(connection)
        finally:
            connection.close()
            await connection.wait_closed()


class OnPort:
    """What answers at a port for as long as its `async with` block lasts."""

    _port: Port

    @property
    def authority(self) -> str:
        """Host and port, for a client on this machine."""
        return self._port.authority

    async def __aenter__(self) -> Self:
        await self._port.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stop()
        await self._port.__aexit__(kind, value, traceback)

    async def _stop(self) -> None:
        """End what goes on behind the port; its connections end after that."""


def listen(listener: socket.socket, address: tuple[str | int, ...]) -> None:
    """
    Listen on an address, without waiting for anything.

    Raises:
        OSError: it isn't free, or isn't this machine's.
    """
    listener.setblocking(False)  # noqa: FBT003 - the socket's own signature
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(address)
    listener.listen(BACKLOG)
