"""
ASGI applications: the server's side of the protocol.

Owns: `scope`, when an application runs, and what it does after its response.
Refuses to know: front ends, what a lifespan is, what is received and sent.

Theory of operation. Requests, lifespan and whatever else the application starts share the one event loop of the
environment. It runs until a response is complete, and again, once the client has it, until the application is done:
nobody waits for background work. In between and while the environment is frozen, the loop stands still. Where many
requests are served at once, it always runs, and each is served by a task of its own: see `serve_by_task`.

Source: ASGI Documentation, "HTTP & WebSocket ASGI Message Format", version 2.5.
"""

from __future__ import annotations

from asyncio import CancelledError, Event, wait
from contextvars import ContextVar

from .. import current, hooks
from ..lifecycle import event_loop
from .application import EXITS, Application
from .exchange import Exchange, StreamedExchange, StreamedTask
from .lifespan import Lifespan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any

    from ..log import Log
    from ..settings import Settings
    from .front_ends.request import Request
    from .stream import ResponseStream

VERSION = {"version": "3.0", "spec_version": "2.4"}
PATIENCE = 0.02  # seconds that a request has to end which is cancelled
AT_ONCE = 0.001  # seconds within which the deadline of an invocation is its request's as well


class AsgiApplication(Application):
    """An application that takes `scope`, `receive` and `send`."""

    loop: AbstractEventLoop
    lifespan: Lifespan
    is_async = True

    def begin(self, log: Log, settings: Settings) -> None:
        """Start the lifespan; otherwise as `Application.begin`."""
        super().begin(log, settings)
        self.loop = event_loop.loop()
        self.left: list[Exchange] = []  # exchanges that went on after their responses
        self.lifespan = Lifespan(self.function, self.loop, self.record)
        self.lifespan.start()
        if self.lifespan.is_alive:
            hooks.on_shutdown(self.end)

    def answer(self, request: Request, event: Any, context: Any) -> Any:
        """Return the front end's result for *request*."""
        exchange = Exchange(request, self.loop.stop)
        self.run(exchange, event, context)
        return self.answer_of(exchange)

    def answer_of(self, exchange: Exchange) -> Any:
        """Return the front end's result for an *exchange* that is over."""
        request = exchange.request
        if not exchange.is_complete:
            return self.failure(request, exchange.failure())
        try:
            return self.result(request, exchange.status, "", exchange.headers, b"".join(exchange.pieces))
        except Exception as error:  # a body that is not bytes, a header that would end too early
            return self.failure(request, error)

    def pour(self, stream: ResponseStream, request: Request, event: Any, context: Any) -> None:
        """Send the answer to *request* while it is made."""
        exchange = StreamedExchange(request, self.loop.stop, self, stream)
        self.run(exchange, event, context)
        self.end_stream(exchange)

    def end_stream(self, exchange: StreamedExchange) -> None:
        """Send what an *exchange* that is over has left to be sent: the answer for its error."""
        stream, request = exchange.stream, exchange.request
        if not exchange.is_complete or stream.loss is not None:
            self.pour_failure(stream, request, exchange.failure())
        elif exchange.head is None:
            raise self.refusal(request, exchange.status, b"".join(exchange.pieces))

    def end(self) -> None:
        """
        End the lifespan: a hook of `on_shutdown`.

        Raises:
            RuntimeError: the application says that its end has failed.
        """
        reason = self.lifespan.end()
        if reason:
            raise RuntimeError(f"the application could not shut down: {reason}")

    def run(self, exchange: Exchange, event: Any, context: Any) -> None:
        """Run the application until its response is complete, or it has ended without one."""
        self.start(exchange, event, context)
        try:
            self.drive(exchange, to_its_end=False)
        except BaseException:  # a signal handler has stopped it: nothing of it must go on beside the next request
            if exchange.task is not None:
                exchange.task.cancel()
            raise
        if exchange.is_complete and not (exchange.is_over and exchange.error is None):
            self.left.append(exchange)

    def start(self, exchange: Exchange, event: Any, context: Any) -> None:
        """Make the application a task, which is cancelled shortly before the deadline of the current invocation."""
        scope = scope_of(exchange.request, event, context)
        scope["state"] = self.lifespan.state.copy()
        exchange.task = self.loop.create_task(exchange.run(self.function, scope))
        seconds = event_loop.seconds_left(current.get())
        if seconds is not None:
            exchange.deadline = event_loop.Deadline(exchange.task, seconds)

    def drive(self, exchange: Exchange, *, to_its_end: bool) -> None:
        """Run the loop until the application has ended, or its response is complete if that will do."""
        exchange.is_awaited = True
        try:
            while not (exchange.is_over or (exchange.is_complete and not to_its_end)):
                self.loop.run_forever()
        finally:
            exchange.is_awaited = False  # a loop that is stopped while it stands still would stop at its next start

    def finish(self) -> None:
        """Let applications that went on after their responses come to their end, and log their errors."""
        while self.left:
            exchange = self.left[0]
            self.drive(exchange, to_its_end=True)
            del self.left[0]
            if isinstance(exchange.error, EXITS):
                raise exchange.error
            if exchange.error is not None:
                self.record(exchange.error)

    def serve_by_task(self) -> None:
        """From here on, answer requests in the tasks that await the answers: many at once."""
        self.exchange: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
        self.answer = self.answer_by_task  # type: ignore[method-assign] # once for all
        self.pour = self.pour_by_task  # type: ignore[assignment] # as above: who calls it awaits

    async def answer_by_task(self, request: Request, event: Any, context: Any) -> Any:
        """As `answer`."""
        exchange = Exchange(request, self.loop.stop)
        await self.wait_for(exchange, event, context)
        return self.answer_of(exchange)

    async def pour_by_task(self, stream: ResponseStream, request: Request, event: Any, context: Any) -> None:
        """As `pour`."""
        exchange = StreamedTask(request, self.loop.stop, self, stream)
        await self.wait_for(exchange, event, context)
        self.end_stream(exchange)
        await exchange.drain()

    async def wait_for(self, exchange: Exchange, event: Any, context: Any) -> None:
        """Run the application beside others until its response is complete, or it has ended without one."""
        self.exchange.set(exchange)
        progress, exchange.is_awaited = Event(), True
        exchange.stop = progress.set
        self.start(exchange, event, context)
        assert exchange.task is not None
        try:
            await progress.wait()
        except CancelledError:
            await wait((exchange.task,), timeout=AT_ONCE)
            if not exchange.task.cancelling():  # by the deadline: what it does in its `finally` is cancelled by nobody
                exchange.task.cancel()
            await wait((exchange.task,), timeout=PATIENCE)
            if exchange.error is not None and not exchange.is_complete:
                raise exchange.error  # noqa: B904 - which has the place, and its own cause
            if not exchange.is_complete:
                raise

    async def finish_by_task(self) -> None:
        """As `finish`."""
        exchange = self.exchange.get()
        if exchange is None or exchange.task is None:
            return
        await exchange.task
        if exchange.is_complete and exchange.error is not None:
            self.record(exchange.error)


def scope_of(request: Request, event: Any, context: Any) -> dict[str, Any]:
    """Return what the application is told about *request*."""
    host, port = request.server
    return {
        "type": "http",
        "asgi": VERSION.copy(),
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.raw_path,
        "query_string": request.query.encode() if request.is_ascii else in_bytes(request.query),
        "root_path": request.root_path,
        "headers": headers_of(request),
        "client": (request.client, 0) if request.client else None,
        "server": (host.strip("[]"), int(port)),
        "extensions": {"http.response.pathsend": {}},
        "aws.event": event,
        "aws.context": context,
    }


def headers_of(request: Request) -> list[tuple[bytes, bytes]]:
    """Return the headers of *request* as bytes."""
    if request.is_ascii:
        return [(name.encode("latin-1", "replace"), value.encode()) for name, value in request.headers]
    return [(in_bytes(name), in_bytes(value)) for name, value in request.headers]


def in_bytes(text: str) -> bytes:
    """Return *text* in latin-1, or in UTF-8 if that has no byte for one of its characters."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
