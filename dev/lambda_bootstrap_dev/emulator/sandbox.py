"""
An execution environment: one runtime, one invocation at a time, a clock that kills.

Owns turns, deadlines and restarts. Refuses to know sockets; the server carries requests in and replies out.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from .function import Function, deliver
from .platform_log import end_line, report_line, start_line, timeout_message
from .process import Process, describe_exit
from .rules import Situation, judge
from .states import STUCK, Move, State, advance
from .values import Delivery, Ending, Invocation, Kind, Reply, Report, Request, failure, find_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# A scripted answer with one of these tells the runtime that its invocation is over.
SETTLING = frozenset({202, 403, 410, 413})


class Turn:
    """One invocation on its way: begun when delivered, answered when posted, over at the following `next`."""

    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation
        self.delivery: Delivery | None = None
        self.begun = asyncio.Event()
        self.over = asyncio.Event()
        self.ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.report: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self.begun_at = time.monotonic()

    def end(self, ending: Ending) -> None:
        """Give the caller his answer, unless he has one."""
        if not self.ending.done():
            self.ending.set_result(ending)
        self.begun.set()


class Sandbox:
    """
    The environment of one function.

    Without a *command* it waits for a runtime that somebody else starts. *log* gets the process's output and the
    platform's lines as they come; with *merge_output* stderr shares stdout's pipe, so that their order is exact.
    """

    def __init__(  # noqa: PLR0913, all by name but the first two
        self,
        function: Function,
        command: Sequence[str] = (),
        *,
        cwd: str | None = None,
        init_timeout: float = 10.0,
        merge_output: bool = False,
        log: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self.function = function
        self.environ: Mapping[str, str] = {}
        self.process: Process | None = None
        self.written: list[tuple[int, bytes]] = []
        self.reports: list[Report] = []
        self.changed = asyncio.Event()  # set once, then replaced: whoever waits looks again
        self._command = command
        self._cwd = cwd
        self._init_timeout = init_timeout
        self._merge_output = merge_output
        self._log = log
        self._situation = Situation()
        self._turn: Turn | None = None
        self._starting = asyncio.Lock()
        self._next_in_line = asyncio.Lock()
        self._runs: set[asyncio.Task[None]] = set()
        self._init_ms: float | None = None
        self._memory_mb: int | None = None

    # The caller's side.

    def invoke(self, invocation: Invocation) -> Turn:
        """Queue an invocation; its turn tells the rest."""
        turn = Turn(invocation)
        run = asyncio.create_task(self._run(turn))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        return turn

    async def start(self) -> None:
        """
        Start the process if it is not running; one that can only exit is replaced.

        Raises:
            OSError: the command cannot be executed.

        """
        async with self._starting:
            if self._situation.state in STUCK:
                await self._kill()
            if not self._command or (self.process and not self.process.exited.is_set()):
                return
            process = Process(self._on_output, self._on_exit, merge_output=self._merge_output)
            await process.start(self._command, self.environ, self._cwd)
            self.process = process
            self._init_ms = self._memory_mb = None

    async def stop(self) -> None:
        """Kill the process and drop what is queued."""
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        await self._kill()

    # The runtime's side.

    def take(self, request: Request) -> Reply | None:
        """Judge a call and do what follows from it; None means: hold it, and ask `offer` after each change."""
        was = self._situation.state
        verdict = judge(self._situation, request)
        self._situation = replace(self._situation, state=verdict.state)
        if was is not verdict.state:
            self._note_progress(was)
        if verdict.ending:
            self._end(verdict.ending)
        return verdict.reply

    def offer(self) -> Reply | None:
        """Return the event of the invocation that is due, if the runtime is ready for it."""
        turn = self._turn
        if turn is None or turn.delivery or turn.ending.done() or self._situation.state is not State.READY:
            return None
        deadline_ms = int((time.time() + self.function.timeout) * 1000)
        turn.delivery = self._deliver(deliver(self.function, turn.invocation, deadline_ms))
        turn.begun_at = time.monotonic()
        turn.begun.set()
        self._log(start_line(turn.invocation, self.function))
        return turn.delivery.reply

    def take_scripted(self, request: Request, reply: Reply) -> None:
        """Follow a scripted answer as far as it means something; see `Reply`."""
        request_id = find_header(reply.headers, "Lambda-Runtime-Aws-Request-Id")
        if request.endpoint == "next":
            self.take(request)
            if reply.status == 200 and request_id and self._situation.state is State.READY:  # noqa: PLR2004
                self._deliver(Delivery(request_id, find_header(reply.headers, "Lambda-Runtime-Invocation-Id"), reply))
        elif reply.status in SETTLING:
            self.take(request)

    def detach(self) -> None:
        """Take note that no runtime is connected: one that we did not start and that can only exit has done so."""
        if not self._command and self._situation.state in STUCK:
            self._reset()

    def ring(self) -> None:
        """Let everybody who waits for a change look again."""
        self.changed.set()
        self.changed = asyncio.Event()

    # What happens between them.

    async def _run(self, turn: Turn) -> None:
        async with self._next_in_line:
            try:
                await self.start()
            except OSError as error:
                turn.end(failure(Kind.INIT_ERROR, "Runtime.InvalidEntrypoint", f"Error: {error}"))
                turn.over.set()
            self._turn = turn
            turn.begun_at = time.monotonic()
            self.ring()
            if self.process and self.process.exited.is_set():
                self._on_exit(self.process)  # it did not last until here
            if not await within(self._init_timeout, turn.begun):
                await self._time_out(turn, self._init_timeout)
            elif not await within(self.function.timeout, turn.over):
                await self._time_out(turn, self.function.timeout)
            self._turn = None
            self._close(turn, turn.ending.result())

    async def _time_out(self, turn: Turn, limit: float) -> None:
        self._measure()
        expired = self._situation.expired | {turn.invocation.invocation_id}
        turn.end(failure(Kind.TIMEOUT, "Sandbox.Timedout", timeout_message(turn.invocation, limit)))
        await self._kill()
        self._situation = replace(self._situation, expired=expired)

    def _close(self, turn: Turn, ending: Ending) -> None:
        report = Report(
            turn.invocation.request_id,
            ending.kind,
            (time.monotonic() - turn.begun_at) * 1000,
            self._init_ms,
            self._memory_mb,
        )
        self._init_ms = None
        if turn.delivery is None:
            self._log(start_line(turn.invocation, self.function))
        self.reports.append(report)
        self._log(end_line(turn.invocation) + report_line(report, self.function))
        turn.report.set_result(report)

    def _end(self, ending: Ending) -> None:
        turn = self._turn
        if turn is None or (turn.delivery is not self._situation.delivery and ending.kind is not Kind.INIT_ERROR):
            return
        turn.end(ending)
        if self._situation.state in STUCK and not self._command:
            turn.over.set()

    def _note_progress(self, was: State) -> None:
        self._measure()
        if self._situation.state is State.READY:
            if was is State.STARTED and self.process:
                self._init_ms = (time.monotonic() - self.process.started_at) * 1000
            if self._turn and self._turn.ending.done():
                self._turn.over.set()
        self.ring()

    def _deliver(self, delivery: Delivery) -> Delivery:
        self._situation = replace(
            self._situation, state=advance(self._situation.state, Move.DELIVER), delivery=delivery
        )
        return delivery

    def _measure(self) -> None:
        if self.process:
            self._memory_mb = self.process.peak_memory_mb() or self._memory_mb

    def _on_output(self, fd: int, data: bytes) -> None:
        self.written.append((fd, data))
        self._log(data)

    def _on_exit(self, process: Process) -> None:
        turn = self._turn
        if turn:
            message = f"RequestId: {turn.invocation.request_id} Error: {describe_exit(process.status or 0)}"
            turn.end(failure(Kind.EXIT, "Runtime.ExitError", message))
            turn.over.set()
        self._reset()

    async def _kill(self) -> None:
        if self.process:
            await self.process.kill()
        self._reset()

    def _reset(self) -> None:
        self._situation = Situation(expired=self._situation.expired)
        self.ring()


async def within(seconds: float, event: asyncio.Event) -> bool:
    """Return whether *event* is set before *seconds* have passed."""
    # Not asyncio.wait_for: before Python 3.12 it swallows a cancellation that meets the event.
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
