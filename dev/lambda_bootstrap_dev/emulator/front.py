"""
The port of those who invoke functions.

Owns: which request is for the Invoke API.
Refuses to know: how a function runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .callers import Callers
from .port import Port
from .rules import NOT_FOUND, limit_of
from .sites import Sites
from .wire import Intake

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from .sandbox import Sandbox
    from .values import Request
    from .wire import Connection

# How long a connection may be silent.
IDLE_SECONDS = 60.0


class Front:
    """The Invoke API of several functions, by their names."""

    def __init__(
        self, functions: Mapping[str, Sandbox], host: str, port: int, *, allow_hosts: Iterable[str] = ()
    ) -> None:
        self._port = Port(host, port, self._serve)
        self._callers = Callers(functions, Sites.of(host, allow_hosts))

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
        self._callers.stop()
        await self._port.__aexit__(kind, value, traceback)

    async def _serve(self, connection: Connection) -> None:
        while request := await connection.receive("", self._take_in, IDLE_SECONDS):
            if request.endpoint.startswith("invoke"):
                await self._callers.answer(connection, request)
            else:
                await connection.send(NOT_FOUND)

    def _take_in(self, request: Request) -> Intake:
        return Intake(limit_of(request) if self._callers.may_send(request) else 0)
