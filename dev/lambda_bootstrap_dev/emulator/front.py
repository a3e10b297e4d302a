"""
The port of those who invoke functions.

Owns: which request is for the Invoke API, and which for the page; neither is answered to other sites.
Refuses to know: how a function runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .body import Intake
from .callers import Callers
from .invoke_api import BadInvocationError
from .port import OnPort, Port
from .rules import limit_of
from .sites import Sites

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .page import Page
    from .sandbox import Sandbox
    from .values import Request
    from .wire import Connection

# How long a connection may be silent.
IDLE_SECONDS = 60.0


class Front(OnPort):
    """The Invoke API of functions, by their names, and the page."""

    def __init__(
        self,
        functions: Mapping[str, Sandbox],
        host: str,
        port: int,
        page: Page,
        *,
        allow_hosts: Iterable[str] = (),
    ) -> None:
        self._port = Port(host, port, self._serve)
        self._sites = Sites.of(host, allow_hosts)
        self._callers = Callers(functions, self._sites)
        self._page = page

    async def _stop(self) -> None:
        self._callers.stop()

    async def _serve(self, connection: Connection) -> None:
        while request := await connection.receive("", self._take_in, IDLE_SECONDS):
            if request.endpoint.startswith("invoke"):
                await self._callers.answer(connection, request)
                continue
            try:
                self._sites.check(request)
            except BadInvocationError as error:
                await connection.send(error.reply)
            else:
                await self._page.answer(connection, request)

    def _take_in(self, request: Request) -> Intake:
        return Intake(limit_of(request) if self._callers.may_send(request) else 0)
