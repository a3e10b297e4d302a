"""
The lifespan of an ASGI application: its start and its end.

Owns: that protocol, and that an application without it is none the worse.
Refuses to know: requests; when the environment begins and ends.

Source: ASGI Documentation, "Lifespan Protocol", version 2.0.
"""

from __future__ import annotations

from ..errors import InitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future, Task
    from collections.abc import Callable
    from typing import Any

VERSION = {"version": "3.0", "spec_version": "2.0"}


class Lifespan:
    """
    The lifespan of one application.

    Args:
        application: takes `scope`, `receive` and `send`.
        loop: the event loop that it lives on; it does not run between `start` and `end` but for requests.
        record: takes an error that ends it between these, or at the end without a word.

    Attributes:
        state: what the application has put there; each request gets a copy.
    """

    def __init__(self, application: Any, loop: AbstractEventLoop, record: Callable[[BaseException], None]) -> None:
        self.application = application
        self.loop = loop
        self.record = record
        self.has_started = False
        self.state: dict[str, Any] = {}
        self.phases = iter(("startup", "shutdown"))
        self.shutdown: Future[None] = loop.create_future()
        self.answer = ""
        self.message = ""
        self.task: Task[None] | None = None
        self.is_over = False
        self.is_awaited = False

    def start(self) -> None:
        """
        Start the application; one that raises an error without any answer has no lifespan.

        Raises:
            InitError: it says that its start has failed.
        """
        scope = {"type": "lifespan", "asgi": VERSION.copy(), "state": self.state}
        self.task = self.loop.create_task(self.run(scope))
        self.wait()
        if self.answer == "lifespan.startup.failed":
            reason = self.message or "it gave no reason"
            raise InitError("Runtime.LifespanFailed", f"the application could not start: {reason}")
        self.has_started = bool(self.answer)

    @property
    def is_alive(self) -> bool:
        """Whether the application has started, and waits for its end."""
        return self.task is not None and not self.is_over

    def end(self) -> str:
        """Let the application shut down; return what it says went wrong, or ""."""
        if not self.is_alive:
            return ""
        self.answer = ""
        self.shutdown.set_result(None)
        self.wait()
        return (self.message or "it gave no reason") if self.answer == "lifespan.shutdown.failed" else ""

    def wait(self) -> None:
        """Run the loop until the application has answered or ended."""
        self.is_awaited = True
        try:
            while not (self.answer or self.is_over):
                self.loop.run_forever()
        finally:
            self.is_awaited = False  # a loop that is stopped while it stands still would stop at its next start

    async def run(self, scope: dict[str, Any]) -> None:
        """Call the application; an error before any answer means that it has no lifespan, by the specification."""
        try:
            await self.application(scope, self.receive, self.send)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            if self.has_started and not self.answer.endswith(".failed"):  # which has said why
                self.record(error)
        finally:
            self.is_over = True
            self.wake()

    async def receive(self) -> dict[str, str]:
        """Return that the environment begins, then, when it does, that it ends."""
        phase = next(self.phases, "")
        if phase != "startup":
            await self.shutdown
        return {"type": f"lifespan.{phase or 'shutdown'}"}

    async def send(self, message: dict[str, Any]) -> None:
        """Take the application's answer."""
        self.answer = message["type"]
        self.message = message.get("message", "")
        self.wake()

    def wake(self) -> None:
        """Stop the loop, if it runs for this."""
        if self.is_awaited:
            self.loop.stop()
