"""
ASGI applications: the server's side of the protocol.

Owns: `scope`, `receive` and `send` of a request, and what an application does after its response.
Refuses to know: front ends, what a lifespan is.

Theory of operation. Requests, lifespan and whatever else the application starts share the one event loop of the
environment. It runs until a response is complete, and again, once the client has it, until the application is done:
nobody waits for background work. In between and while the environment is frozen, the loop stands still.

Source: ASGI Documentation, "HTTP & WebSocket ASGI Message Format", version 2.5.
"""

from __future__ import annotations

from asyncio import Event

from .. import hooks
from ..lifecycle import event_loop
from .application import Application
from .front_ends.results import is_bodiless
from .lifespan import Lifespan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from collections.abc import Awaitable, Callable
    from typing import Any

    from ..log import Log
    from ..settings import Settings
    from .front_ends.request import Request
    from .response import HttpResponse
    from .stream import ResponseStream

VERSION = {"version": "3.0", "spec_version": "2.4"}
EVENTS = "text/event-stream"  # whose head does not wait for the first event
READ_SIZE = 1 << 16


class AsgiApplication(Application):
    """An application that takes `scope`, `receive` and `send`."""

    loop: AbstractEventLoop
    lifespan: Lifespan

    def begin(self, log: Log, settings: Settings) -> None:
        """Start the lifespan; otherwise as `Application.begin`."""
        super().begin(log, settings)
        self.loop = event_loop.loop()
        self.left: list[Exchange] = []  # exchanges that went on after their responses
        self.lifespan = Lifespan(self.function, self.loop)
        self.lifespan.start()
        if self.lifespan.is_alive:
            hooks.on_shutdown(self.end)

    def answer(self, request: Request, event: Any, context: Any) -> Any:
        """Return the front end's result for *request*."""
        exchange = Exchange(request, self.loop.stop)
        self.run(exchange, event, context)
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
        scope = scope_of(exchange.request, event, context)
        scope["state"] = self.lifespan.state.copy()
        exchange.task = self.loop.create_task(exchange.run(self.function, scope))
        try:
            self.drive(exchange, to_its_end=False)
        except BaseException:  # a signal handler has stopped it: nothing of it must go on beside the next request
            exchange.task.cancel()
            raise
        if exchange.is_complete and not (exchange.is_over and exchange.error is None):
            self.left.append(exchange)

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
            if isinstance(exchange.error, Exception):
                self.record(exchange.error)
            elif exchange.error is not None:
                raise exchange.error


class Exchange:
    """
    One request and its response, as an application receives and sends them.

    Args:
        request: the request.
        stop: stops the loop; called when the response is complete, and when the application has ended.

    Attributes:
        status, headers, pieces: of the response, so far; status 0 before its start.
        is_complete: whether all of it has been sent.
        is_over: whether the application has ended.
        error: what it ended with, or None.
        is_awaited: whether somebody runs the loop for it.
    """

    def __init__(self, request: Request, stop: Callable[[], None]) -> None:
        self.request = request
        self.stop = stop
        self.is_awaited = False
        self.body: bytes | None = request.body
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.pieces: list[bytes] = []
        self.is_complete = False
        self.is_over = False
        self.error: BaseException | None = None
        self.task: Task[None] | None = None
        self.completed: Event | None = None

    async def run(self, application: Any, scope: dict[str, Any]) -> None:
        """Call the application, and keep its error."""
        try:
            call: Awaitable[object] = application(scope, self.receive, self.send)
            await call
        except BaseException as error:
            self.error = error
        self.is_over = True
        self.wake()

    async def receive(self) -> dict[str, Any]:
        """Return the request's body, then that the client has gone: once it has the whole response."""
        if self.body is not None:
            body, self.body = self.body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self.is_complete:
            if self.completed is None:
                self.completed = Event()
            await self.completed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """
        Take a part of the response.

        Raises:
            RuntimeError: it is not its turn.
        """
        kind = message["type"]
        is_open = self.status and not self.is_complete
        if kind == "http.response.body" and is_open:
            self.write(message.get("body", b""))
            if not message.get("more_body"):
                self.complete()
        elif kind == "http.response.start" and not self.status:
            headers = [(str(name, "latin-1"), str(value, "latin-1")) for name, value in message.get("headers", ())]
            self.start(int(message["status"]), headers)
        elif kind == "http.response.pathsend" and is_open:
            self.write_file(message["path"])
            self.complete()
        else:
            when = "after the response was complete" if self.is_complete else "during" if self.status else "before"
            what = when if self.is_complete else f"{when} the response"
            raise RuntimeError(f"the application sent {kind!r} {what}")

    def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Take the head."""
        self.status = status
        self.headers = headers

    def write(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self.pieces.append(piece)

    def write_file(self, path: str) -> None:
        """Take a file for the body; nothing else is served that could wait for it meanwhile."""
        with open(path, "rb") as file:
            while piece := file.read(READ_SIZE):
                self.write(piece)

    def complete(self) -> None:
        """Take the end."""
        self.is_complete = True
        if self.completed is not None:
            self.completed.set()
        self.wake()

    def wake(self) -> None:
        """Stop the loop, if it runs for this."""
        if self.is_awaited:
            self.stop()

    def failure(self) -> BaseException:
        """Return what is wrong with a response that did not come to its end."""
        if self.error is not None:
            return self.error
        if self.status:
            return RuntimeError("the application ended before its response did: the last piece says more_body")
        return RuntimeError("the application sent no response")


class StreamedExchange(Exchange):
    """An exchange whose response leaves while it is made."""

    def __init__(
        self, request: Request, stop: Callable[[], None], application: Application, stream: ResponseStream
    ) -> None:
        super().__init__(request, stop)
        self.application = application
        self.stream = stream
        self.head: HttpResponse | None = None
        self.has_body = True

    def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Take the head; it leaves with the first piece, or at once where the client waits for it."""
        self.head = self.application.head(status, headers)
        self.has_body = not is_bodiless(self.request.method, status)
        super().start(status, headers)
        if self.head is not None and self.head.headers.get("content-type", "").startswith(EVENTS):
            self.put(b"")

    def write(self, piece: bytes) -> None:
        """Send a piece of the body."""
        if self.head is None:
            super().write(piece)
        elif not self.stream.has_begun or (piece and self.has_body):
            self.put(bytes(piece) if self.has_body else b"")

    def complete(self) -> None:
        """Take the end; a file with nothing in it has not even sent the head."""
        self.write(b"")
        super().complete()

    def put(self, data: bytes) -> None:
        """
        Send *data*, and the head before it if that has not been sent yet.

        Raises:
            OSError: the stream is lost.
        """
        if self.stream.loss is not None:
            raise OSError("the response stream was lost")
        assert self.head is not None
        if not self.stream.has_begun:
            self.stream.introduce(self.head)
        try:
            self.stream.send(data)
        except Exception as error:
            raise OSError("the response stream was lost") from error


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
        "query_string": in_bytes(request.query),
        "root_path": request.root_path,
        "headers": [(name.encode("latin-1", "replace"), in_bytes(value)) for name, value in request.headers],
        "client": (request.client, 0) if request.client else None,
        "server": (host.strip("[]"), int(port)),
        "extensions": {"http.response.pathsend": {}},
        "aws.event": event,
        "aws.context": context,
    }


def in_bytes(text: str) -> bytes:
    """Return *text* in latin-1, or in UTF-8 if that has no byte for one of its characters."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
