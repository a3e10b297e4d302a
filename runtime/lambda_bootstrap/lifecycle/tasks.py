"""
Many invocations at once, for `async` handlers: each is a task of one event loop.

Owns: the polls, what each task has of its own, and the end: what is running is answered, and no poll is cancelled.
Refuses to know: sockets; how many processes there are, see `workers`; what a handler is and how its answer is written,
see `loop`, whose steps these are.

Theory of operation. There are as many consumers as invocations may run at once; each polls over a connection of its
own, and answers over it. An invocation runs in a task and a context of its own: which one is current says a
`ContextVar`. At the end, an idle consumer is left in its poll, as an event may be under way to it; if one comes, it is
answered as well, as long as the process lives.
"""

from __future__ import annotations

from asyncio import CancelledError, current_task, sleep, wait
from contextvars import ContextVar, copy_context
from copy import copy
from threading import get_ident
from time import monotonic

from .. import current, hooks, report
from .. import log as log_module
from ..diagnostics.blocked_loop import BlockedLoop, where
from ..errors import FunctionError, RuntimeApiError
from ..traces import describe
from ..transport import SocketTransport
from ..web.stream import Written, pieces
from . import event_loop
from .connection import Connection, places_of
from .shutdown import MARGIN
from .task_client import TaskClient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future, Task
    from collections.abc import Callable
    from typing import Any

    from ..log import Log
    from ..protocol import Address, Invocation
    from ..web.stream import ResponseStream
    from .polls import Polls

PATIENCE = 3.0  # seconds from the deadline of an invocation until its task is left to itself
GIVEN_UP = (
    "a task goes on {:.0f} seconds after its deadline, at {}: it is left to itself, and can answer nothing any more; "
    "other invocations take its place"
)
MOST_FAILURES = 5  # of the event loop, before any callback has run
TICK, QUIET = 0.005, 3  # seconds between looks at what runs, and how often nothing may be seen
ONCE = 1.0  # seconds for which a warning of one poll stands for the same of all others
BLOCKED = "a task has kept all others waiting for {:.2f} seconds, at {}. Await there, or use asyncio.to_thread"
_invocation: ContextVar[Any] = ContextVar("invocation", default=current.NOBODY)


def set_up(log: Log) -> None:
    """Make what is the process's otherwise the task's: the current invocation, and the line that it prints."""
    current.keep_by_task(_invocation)
    log_module.get_ident = line_owner  # type: ignore[attr-defined] # by which it tells begun lines apart
    log.end = lambda: end_line(log)  # type: ignore[method-assign] # what others have begun goes on
    event_loop.complete = lambda coroutine: coroutine


def line_owner() -> int:
    """Return whose line is begun: an invocation's in one thread; as a number, which is what the log takes for it."""
    return id(_invocation.get()) << 64 | get_ident()


def end_line(log: Log) -> None:
    """End the lines that the current invocation has begun, in whatever thread, if it has."""
    own = id(_invocation.get())
    for stream in log.streams:
        for owner in [owner for owner in [*getattr(stream, "begun", ())] if owner >> 64 == own]:
            log.put((stream, "\n", [owner]))


class Tasks:
    """
    The tasks of one process.

    Args:
        loop: knows the steps of an invocation.
        log: takes what goes wrong.
        address: of the Runtime API.
        polls: as many as invocations may run at once; some may have begun in the process before this one.
        exit_status: says what an error ends the process with, or None.
    """

    def __init__(
        self, loop: Any, log: Log, address: Address, polls: Polls, exit_status: Callable[[BaseException], int | None]
    ) -> None:
        self.loop = loop
        self.log = log
        self.exit_status = exit_status
        self.events = event_loop.loop()
        self.context = copy_context()  # as the import of the function has left it
        self.model, self.places, self.polls = SocketTransport(address), places_of(address), polls
        if loop.handler.application is not None:
            loop.handler.application.serve_by_task()
        self.connections: dict[int, Connection] = {}
        self.running: set[Task[None]] = set()
        self.stoppable: set[Task[None]] = set()  # those that run code of the function's
        self.ending: Future[None] = self.events.create_future()
        self.status = 0
        self.failures = 0  # of the event loop, one after the other
        self.error: BaseException | None = None  # what ends the process
        self.stopped_at: float | None = None  # time is up for what runs; a reading of the monotonic clock
        self.warned: dict[str, float] = {}

    def run(self) -> int:
        """
        Answer invocations until the process has to end, and what runs then; return the exit status.

        Raises:
            RuntimeApiError: the Runtime API is gone.
            SystemExit: a signal handler, or a task that nobody awaits, wants the end.
        """
        BlockedLoop(self.events, get_ident(), self.warn_of_block)
        numbers = range(len(self.polls.waits))
        consumers = [self.events.create_task(self.consume(number)) for number in numbers]
        self.run_until(self.ending)
        self.run_until(self.events.create_task(self.drain()))
        del consumers  # the loop itself holds no task that waits
        if self.error is not None:
            raise self.error
        return self.status

    def run_until(self, future: Future[None]) -> None:
        """
        Run the event loop until *future* is done, whatever interrupts it.

        Raises:
            SystemExit: it cannot run any more; the function has closed its descriptor, say.
        """
        while not future.done():
            try:
                self.events.call_soon(self.take_note)
                self.events.run_until_complete(future)
            except BaseException as error:  # of a signal handler, or a task that exits and that nobody awaits
                self.failures += 1
                if self.failures > MOST_FAILURES:
                    self.log.problem("the event loop cannot run any more, so its process ends", error)
                    raise SystemExit(1) from error
                if issubclass(type(error), (SystemExit, KeyboardInterrupt)):
                    self.end(error)
                elif not future.done():
                    self.log.problem("a signal handler failed", error)

    def take_note(self) -> None:
        """Take note that the event loop runs."""
        self.failures = 0

    async def drain(self) -> None:
        """Wait for what is running, and for what has arrived by then. A poll stays open, see `polls`."""
        quiet = 0
        while quiet < QUIET:
            try:
                quiet = 0 if self.is_busy() else quiet + 1
                await sleep(0 if quiet else TICK)
            except CancelledError:  # the function has cancelled all tasks that there are
                pass

    def is_busy(self) -> bool:
        """Return whether something has to be waited for."""
        if self.is_late():
            return not self.stoppable >= self.running
        return bool(self.running) or any(connection.is_receiving() for connection in self.connections.values())

    def end(self, error: BaseException | None = None) -> None:
        """Begin no poll any more; *error* is what the process ends with."""
        self.error = self.error or error
        if not self.ending.done():
            self.ending.set_result(None)

    def stop(self) -> None:
        """Stop what is running of the function."""
        self.stopped_at = monotonic()
        for task in self.stoppable:
            task.cancel()

    def is_late(self) -> bool:
        """Return whether what has been stopped has had time for its `finally`."""
        return self.stopped_at is not None and monotonic() - self.stopped_at > MARGIN

    async def consume(self, number: int) -> None:
        """Answer one invocation after the other, over the connection with that *number*."""
        loop, error = self.place(number), None
        while error is not None or not self.ending.done():
            try:
                if error is not None:
                    await self.recover(loop.client, error)
                    error = None
                    continue
                invocation = await loop.client.next()
                left = event_loop.seconds_left(invocation)
                if not await self.alone(self.answer(loop, invocation), left and left + PATIENCE):
                    loop.client.connection.give_up()
                    loop = self.place(number)
            except RuntimeApiError as found:
                error = None
                self.end(found)
            except (Exception, CancelledError) as found:  # beside the handler
                error = found

    def place(self, number: int) -> Any:
        """Return what answers invocations one after the other, over a connection of its own."""
        loop = copy(self.loop)
        connection = self.connections[number] = Connection(self.model, self.places, self.polls, number)
        loop.client = TaskClient(connection, self.loop.client.working_directory, self.warn)
        return loop

    async def recover(self, client: TaskClient, error: BaseException) -> None:
        """Log an *error* beside the handler, and answer with it what has no answer yet."""
        client.connection.close()
        failure = report.of(error)
        self.log.error(failure)
        if client.unanswered is not None:
            try:
                await self.alone(client.fail(client.unanswered, failure))
            except Exception:  # it would be the same again
                client.unanswered = None
                raise

    async def alone(self, work: Any, seconds: float | None = None) -> bool:
        """
        Do *work* in a task that the end waits for, and in a context of its own.

        Return whether it was done within so many *seconds*; if not, it is left to itself.
        """
        context = self.context.copy()
        task = self.events.create_task(work, context=context)
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        while not task.done():
            try:
                await wait((task,), timeout=seconds)
            except CancelledError:  # the function has cancelled all tasks that there are
                continue
            if not task.done():
                self.running.discard(task)
                self.stoppable.discard(task)
                context.run(self.log.problem, GIVEN_UP.format(PATIENCE, where(task)))
                return False
        task.result()
        return True

    async def answer(self, loop: Any, invocation: Invocation) -> None:
        """Answer one invocation."""
        current.begin(invocation)
        context = loop.context(invocation)
        stream = None
        try:
            stream, body, content_type = await self.work(loop, invocation, context)
        except BaseException as error:
            loop.end_fork()
            await loop.client.fail(invocation, loop.failure(error, context))
            self.leave(error)
        else:
            loop.end_fork()
            self.log.end()
            if stream is None:
                await loop.client.respond(invocation, body, content_type)
            else:
                await self.finish(loop, stream)
        if loop.handler.application is not None:
            await self.stoppably(loop.handler.application.finish_by_task())
        if hooks.next_:
            hooks.run_before_next(context, self.log.problem)
            loop.end_fork()
            self.log.end()
        current.end()

    async def within_time(self, work: Any) -> Any:
        """Do *work* of the function's, which the deadline or the end of the environment stops."""
        try:
            return await self.stoppably(event_loop.within_deadline(work))
        except CancelledError as error:
            if self.stopped_at is None:
                raise
            message = "the environment is at its end: the invocation has been stopped"
            raise FunctionError("Runtime.Shutdown", message) from error

    async def stoppably(self, work: Any) -> Any:
        """Do *work* of the function's, which the end of the environment stops."""
        task = current_task()
        assert task is not None
        try:
            self.stoppable.add(task)
            return await work
        finally:
            self.stoppable.discard(task)

    async def work(self, loop: Any, invocation: Invocation, context: Any) -> tuple[ResponseStream | None, bytes, str]:
        """Call the handler; return the body of its answer and its type, or the stream that has taken all of it."""
        result = loop.invoke(invocation, context)
        if hasattr(result, "cr_await"):
            result = await self.within_time(result)
        stream = loop.stream(invocation, result)
        if stream is None:
            return (None, *loop.encode(result, context))
        try:
            await self.within_time(self.pour(stream, loop.client, result))
            if hooks.response:
                hooks.run(hooks.response, self.log.problem, result, context)
        except BaseException as error:
            if not stream.has_begun:
                raise
            if stream.loss is None or isinstance(stream.loss, CancelledError):
                stream.failure = loop.failure(error, context)
                self.leave(error)
        return stream, b"", ""

    async def pour(self, stream: ResponseStream, client: TaskClient, result: Any) -> None:
        """Send all of *result* but its end, as fast as the platform takes it."""

        async def drain() -> None:
            try:
                await client.drain()
            except BaseException as error:
                stream.loss = error
                raise

        source = stream.source(result)
        try:
            if isinstance(source, Written):
                await source.pour(stream)
            elif hasattr(source, "__aiter__"):
                async for piece in source:
                    stream.write(piece)
                    await drain()
            else:
                for piece in pieces(source):
                    stream.write(piece)
                    await drain()
        finally:
            if hasattr(source, "aclose"):
                await source.aclose()
            elif hasattr(source, "close"):
                source.close()
        if not stream.has_begun:
            stream.send(b"")
            await drain()

    async def finish(self, loop: Any, stream: ResponseStream) -> None:
        """Send the end of *stream*, or an error in place of what got lost."""
        if stream.loss is None:
            try:
                await loop.client.finish(stream.last_chunk())
            except RuntimeApiError as error:
                stream.loss = error
        if stream.loss is not None:
            reason = f"the response stream was lost: {describe(stream.loss)}"
            self.log.problem(reason)
            lost = report.of(FunctionError("Runtime.ResponseLost", reason))
            await loop.client.fail(stream.invocation, stream.failure or lost)

    def leave(self, error: BaseException) -> None:
        """End the process, if *error* asks for it."""
        status = self.exit_status(error)
        if status is not None:
            self.status = status
            self.end()

    def warn(self, message: str) -> None:
        """Log that a call failed: many polls may say the same."""
        now = monotonic()
        if now - self.warned.get(message, -ONCE) >= ONCE:
            self.warned = {said: at for said, at in self.warned.items() if now - at < ONCE}
            self.warned[message] = now
            self.log.problem(message)

    def warn_of_block(self, task: Task[Any] | None, seconds: float, place: str) -> None:
        """Log, from a thread, that a task blocks the loop; its invocation is known since Python 3.12."""
        context = task.get_context() if task is not None and hasattr(task, "get_context") else self.context
        _invocation.set(context.get(_invocation, current.NOBODY))
        self.log.problem(BLOCKED.format(seconds, place))
