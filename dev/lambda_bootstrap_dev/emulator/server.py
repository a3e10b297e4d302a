"""
What a runtime and its callers connect to: answer by script or by the rules.

Owns: scripts, and how long who may be silent.
Refuses to know: what to answer; the sandbox decides, or the script.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .body import Intake
from .callers import RETRY_SECONDS, Callers
from .port import OnPort, Port
from .rules import is_stream, limit_of
from .sites import Sites
from .values import Default, Reply, Request, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .sandbox import Sandbox
    from .wire import Connection

SCRIPTABLE = (
    *("next", "response", "error", "init/error", "restore/next", "restore/error"),
    *("extension/register", "extension/next", "extension/telemetry"),
)
# How long a connection may be silent; a runtime's may be for ever.
IDLE_SECONDS = 60.0


class Server(OnPort):
    """
    Serves a sandbox on a port; *on_request* is called with each request, and nothing here keeps it.

    Callers may call this machine by an address, as localhost or by *host*; *allow_hosts* are more names.
    """

    def __init__(  # noqa: PLR0913 - all by name but the first three
        self,
        sandbox: Sandbox,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        prefix: str = "",
        allow_hosts: Iterable[str] = (),
        retries: Sequence[float] = RETRY_SECONDS,
        on_request: Callable[[Request], None] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._port = Port(host, port, self._serve)
        self._prefix = prefix
        self._callers = Callers({sandbox.function.name: sandbox}, Sites.of(host, allow_hosts), retries=retries)
        self._on_request = on_request
        self._scripts: dict[str, deque[Sequence[Step]]] = {endpoint: deque() for endpoint in SCRIPTABLE}
        self._runtimes: set[int] = set()

    @property
    def address(self) -> str:
        """The value of `AWS_LAMBDA_RUNTIME_API`: a URL if there is a prefix, else host and port."""
        return f"http://{self.authority}{self._prefix}" if self._prefix else self.authority

    async def _stop(self) -> None:
        self._port.stop()
        self._callers.stop()
        await self._sandbox.stop()

    def script(self, endpoint: str, *answers: Step | Sequence[Step]) -> None:
        """
        Queue answers for an endpoint, one per request; each is a step or a sequence of steps.

        Raises:
            ValueError: *endpoint* cannot be scripted.
        """
        if endpoint not in self._scripts:
            raise ValueError(f"no endpoint {endpoint!r}; there are {', '.join(SCRIPTABLE)}")
        as_steps = [[given] if isinstance(given, Step) else given for given in answers]
        self._scripts[endpoint].extend(as_steps)
        self._sandbox.ring()

    async def _serve(self, connection: Connection) -> None:
        try:
            while await self._serve_one(connection):
                pass
        finally:
            connection.close()
            self._forget(connection.number)

    async def _serve_one(self, connection: Connection) -> bool:
        # A function of its own, as a silent connection shall not hold the last request that it made.
        patience = None if connection.number in self._runtimes else IDLE_SECONDS
        request = await connection.receive(self._prefix, self._take_in, patience)
        if request is None:
            return False
        if request.endpoint and not request.endpoint.startswith("invoke"):
            self._runtimes.add(request.connection)
        if self._on_request:
            self._on_request(request)
        self._sandbox.talk.hear(request.connection)
        await self._answer(connection, request)
        return True

    def _take_in(self, request: Request) -> Intake:
        if request.endpoint.startswith("invoke") and not self._callers.may_send(request):
            return Intake(0)
        most = limit_of(request)
        is_judged = request.endpoint == "response" and not self._scripts["response"]
        stream = self._sandbox.open_stream(request) if is_judged and is_stream(request) else None
        if stream is None:
            return Intake(most)
        return Intake(most, stream.put, keeps=self._on_request is not None)

    def _forget(self, number: int) -> None:
        self._sandbox.talk.lose(number)
        if number in self._runtimes:
            self._runtimes.remove(number)
            if not self._runtimes:
                self._sandbox.detach()

    async def _answer(self, connection: Connection, request: Request) -> None:
        if request.endpoint.startswith("invoke"):
            await self._callers.answer(connection, request)
        elif self._scripts.get(request.endpoint):
            await self._play(connection, request)
        else:
            await self._default(connection, request)

    async def _play(self, connection: Connection, request: Request) -> None:
        for step in self._scripts[request.endpoint].popleft():
            if isinstance(step, Default):
                await self._default(connection, request)
                continue
            if isinstance(step, Reply):
                self._sandbox.take_scripted(request, step)
            await connection.send(step)

    async def _default(self, connection: Connection, request: Request) -> None:
        reply = self._sandbox.take(request)
        try:
            while reply is None:
                if self._scripts.get(request.endpoint):
                    self._sandbox.withdraw(request)
                    return await self._play(connection, request)
                reply = self._sandbox.offer(request)
                if reply is None and not await self._hold(connection, request):
                    return connection.close()
        finally:
            self._sandbox.withdraw(request)
        return await connection.send(reply)

    async def _hold(self, connection: Connection, request: Request) -> bool:
        # Wait for a change; whether the call still counts.
        is_gone = await connection.is_gone_before(self._sandbox.bell)
        if is_gone and self._sandbox.has_command:
            await self._sandbox.bell.wait()
            is_gone = False
        return not is_gone and self._sandbox.holds(request)
