"""
The port: accept connections, keep the requests, answer by script or by the rules.

Owns: connections, the list of requests, and scripts.
Refuses to know: what to answer; the sandbox decides, or the script.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any, Self

from .invoke_api import BadInvocationError, answer, invocation_of
from .values import Default, Reply, Request, Step
from .wire import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from types import TracebackType

    from .sandbox import Sandbox

SCRIPTABLE = ("next", "response", "error", "init/error")


class Server:
    """Serves a sandbox on a port; *on_request* is called after each request."""

    def __init__(
        self,
        sandbox: Sandbox,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        prefix: str = "",
        on_request: Callable[[], None] = lambda: None,
    ) -> None:
        self.requests: list[Request] = []
        self._sandbox = sandbox
        self._host = host
        self._port = port
        self._prefix = prefix
        self._on_request = on_request
        self._scripts: dict[str, deque[Sequence[Step]]] = {endpoint: deque() for endpoint in SCRIPTABLE}
        self._tasks: set[asyncio.Task[None]] = set()
        self._counter = 0
        self._runtimes: set[int] = set()
        self._listener: asyncio.Server | None = None
        self._failure: BaseException | None = None

    @property
    def authority(self) -> str:
        """Host and port, for a client on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - compared, not bound
        return f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"

    @property
    def address(self) -> str:
        """The value of `AWS_LAMBDA_RUNTIME_API`: a URL if there is a prefix, else host and port."""
        return f"http://{self.authority}{self._prefix}" if self._prefix else self.authority

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._accept, self._host, self._port)
        self._port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self._listener:
            self._listener.close()
        await self._sandbox.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failure:
            raise self._failure

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

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._counter += 1
        task = asyncio.create_task(self._serve(Connection(self._counter, reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        # Keep an error, such as a script that isn't HTTP, to raise it at the end.
        self._tasks.discard(task)
        if not task.cancelled():
            self._failure = self._failure or task.exception()

    async def _serve(self, connection: Connection) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                while request := await connection.receive(self._prefix):
                    self._keep(request)
                    await self._answer(connection, request)
        finally:
            connection.close()
            self._forget(connection.number)
            await connection.wait_closed()

    def _keep(self, request: Request) -> None:
        self.requests.append(request)
        if request.endpoint != "invoke":
            self._runtimes.add(request.connection)
        self._on_request()

    def _forget(self, number: int) -> None:
        if number in self._runtimes:
            self._runtimes.remove(number)
            if not self._runtimes:
                self._sandbox.detach()

    async def _answer(self, connection: Connection, request: Request) -> None:
        if request.endpoint == "invoke":
            await connection.send(await self._invoke(request))
        elif self._scripts.get(request.endpoint):
            await self._play(connection, request)
        else:
            await self._default(connection, request)

    async def _invoke(self, request: Request) -> Reply:
        try:
            invocation = invocation_of(request)
        except BadInvocationError as error:
            return error.reply
        return answer(invocation, await self._sandbox.invoke(invocation).ending)

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
        while reply is None:
            if self._scripts[request.endpoint]:
                return await self._play(connection, request)
            if (reply := self._sandbox.offer()) is None and await first(
                connection.gone(), self._sandbox.changed.wait()
            ):
                return connection.close()
        return await connection.send(reply)


async def first(one: Coroutine[Any, Any, object], other: Coroutine[Any, Any, object]) -> bool:
    """Run two coroutines until one of them is done; return whether it is the first."""
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].done()
    finally:
        for task in tasks:
            task.cancel()
