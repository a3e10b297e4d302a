"""
One request of an ASGI application, and its response.

Owns: what is received and sent.
Refuses to know: when the application runs, front ends.
"""

from __future__ import annotations

from asyncio import CancelledError, Event

from ..lifecycle import event_loop
from .application import RefusedError, exactly
from .front_ends.results import is_bodiless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable, Sequence
    from typing import Any

    from .application import Application
    from .front_ends.request import Request
    from .response import HttpResponse
    from .stream import ResponseStream

EVENTS = "text/event-stream"  # whose head does not wait for the first event
READ_SIZE = 1 << 16


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

    status = 0
    headers: Sequence[tuple[str, str]] = ()
    is_complete = is_over = is_awaited = False
    error: BaseException | None = None
    task: Task[None] | None = None
    completed: Event | None = None
    deadline: event_loop.Deadline | None = None

    def __init__(self, request: Request, stop: Callable[[], None]) -> None:
        self.request = request
        self.stop = stop
        self.body: bytes | None = request.body
        self.pieces: list[bytes] = []

    async def run(self, application: Any, scope: dict[str, Any]) -> None:
        """Call the application, and keep its error."""
        try:
            await application(scope, self.receive, self.send)
        except CancelledError as error:
            self.error = error
            if self.deadline is not None and self.deadline.count:  # the invocation's end, and no answer to the client
                self.error = RefusedError(event_loop.EXCEEDED, str(self.deadline))
                self.error.__cause__ = error
        except BaseException as error:
            self.error = error
        if self.deadline is not None:
            self.deadline.timer.cancel()
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
        self.pieces.append(exactly(piece))

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
        data = exactly(piece)
        if self.head is None:
            super().write(data)
        elif not self.stream.has_begun or (data and self.has_body):
            self.put(data if self.has_body else b"")

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


class StreamedTask(StreamedExchange):
    """Such an exchange in a task: what it sends waits for the platform, and others run meanwhile."""

    async def send(self, message: dict[str, Any]) -> None:
        """As `Exchange.send`."""
        if message["type"] == "http.response.pathsend" and self.status:
            with open(message["path"], "rb") as file:  # noqa: ASYNC230 - a piece of it doesn't take long
                while piece := file.read(READ_SIZE):
                    await self.send({"type": "http.response.body", "body": piece, "more_body": True})
            message = {"type": "http.response.body"}
        await super().send(message)
        await self.drain()

    async def drain(self) -> None:
        """
        Wait until the platform has taken what was sent.

        Raises:
            OSError: the stream is lost.
        """
        try:
            await self.stream.client.drain()  # type: ignore[attr-defined] # a task's client
        except CancelledError as error:  # the application's own affair, which must not look like a client that has gone
            self.stream.loss = error
            raise
        except Exception as error:
            self.stream.loss = error
            raise OSError("the response stream was lost") from error
