"""
An execution environment: one runtime, one invocation at a time, a deadline that kills.

Owns: turns, deadlines, restarts, and the end: who gets SIGTERM, the event SHUTDOWN, and how much time.
Refuses to know: sockets; the server carries requests in and replies out.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .extensions import Extensions
from .function import Function, deliver, extension_environment
from .platform_log import end_line, extension_line, report_line, start_line, timeout_message
from .process import Process, describe_exit
from .rules import ACCEPTED, RefusalError, Situation, judge
from .states import STUCK, Move, State, advance
from .telemetry import Telemetry
from .values import Delivery, Ending, Invocation, Kind, Reply, Report, Request, find_header, platform_ending

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

# So many invocations that timed out are remembered, for posts that come late.
KEPT_NONCES = 100
# A scripted reply with one of these statuses ends the runtime's invocation.
SETTLING = frozenset({202, 403, 410, 413})
RESTORED = Reply(200)
# At the end the runtime has so long between SIGTERM and SIGKILL; with external extensions, all together have this.
RUNTIME_SECONDS = 0.5
RUNTIME_SHARE = 0.3
END_SECONDS = 2.0


class Turn:
    """One invocation: begun when it is delivered, answered when it is posted, over at the following `next`."""

    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation
        self.delivery: Delivery | None = None
        self.begun = asyncio.Event()
        self.over = asyncio.Event()
        self.ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.report: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self.begun_at = time.monotonic()

    def end(self, ending: Ending) -> None:
        """Answer the caller, unless that has been done."""
        if not self.ending.done():
            self.ending.set_result(ending)
        self.begun.set()


class Sandbox:
    """
    The environment of one function.

    Without a *command*, it waits for a runtime that is started elsewhere. *log* gets the process's output and the
    platform's lines as they come, *on_output* the output alone with its descriptor, *on_report* each report; nothing
    here keeps them. With *merge_output*, stderr shares stdout's pipe, so that their order is exact. The
    runtime reads from *stdin*. *extensions* are
    executable files, each an external extension that is started before the runtime.
    """

    def __init__(  # noqa: PLR0913 - all by name but the first two
        self,
        function: Function,
        command: Sequence[str] = (),
        *,
        cwd: str | None = None,
        init_timeout: float = 10.0,
        merge_output: bool = False,
        stdin: int = subprocess.DEVNULL,
        extensions: Sequence[str] = (),
        log: Callable[[bytes], None] = lambda _: None,
        on_output: Callable[[int, bytes], None] = lambda _fd, _data: None,
        on_report: Callable[[Report], None] = lambda _: None,
    ) -> None:
        self.function = function
        self.environ: Mapping[str, str] = {}
        self.process: Process | None = None
        self.changed = asyncio.Event()  # set once, then replaced: waiters look again
        self.extensions = Extensions(function)
        self._telemetry = Telemetry()
        self._files = {Path(file).name: file for file in extensions}
        self._externals: list[Process] = []
        self._is_ending = False
        self._failure: tuple[str, str] | None = None  # of an extension, before there was an invocation
        self._command = command
        self._cwd = cwd
        self._init_timeout = init_timeout
        self._merge_output = merge_output
        self._stdin = stdin
        self._log = log
        self._report_output = on_output
        self._on_report = on_report
        self._polls: list[Request] = []  # calls to `next` that are held, the oldest first
        self._served_to = 0  # the connection that got the event, until it says more
        self._expired: deque[str] = deque(maxlen=KEPT_NONCES)
        self._situation = Situation()
        self._turn: Turn | None = None
        self._starting = asyncio.Lock()
        self._next_in_line = asyncio.Lock()
        self._runs: set[asyncio.Task[None]] = set()
        self._init_ms: float | None = None
        self._memory_mb: int | None = None

    # The caller's side.

    def invoke(self, invocation: Invocation) -> Turn:
        """Queue an invocation; its turn reports how it goes on."""
        turn = Turn(invocation)
        run = asyncio.create_task(self._run(turn))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        return turn

    async def start(self) -> None:
        """
        Start the process if it isn't running; replace it if it can only exit.

        Raises:
            OSError: the command cannot be executed.
        """
        async with self._starting:
            if self._situation.state in STUCK:
                await self._kill()
            if not self._command or (self.process and not self.process.exited.is_set()):
                return
            await self._start_extensions()
            process = Process(self._on_output, self._on_exit, merge_output=self._merge_output, stdin=self._stdin)
            await process.start(self._command, self.environ, self._cwd)
            self.process = process
            self._init_ms = self._memory_mb = None

    async def stop(self) -> None:
        """End the environment and drop queued invocations."""
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        await self._kill()

    async def shut_down(self) -> None:
        """End the environment as Lambda does when it has been idle for minutes; the next invocation gets a new one."""
        await self._kill()

    # The runtime's side.

    def take(self, request: Request) -> Reply | None:
        """Judge a call and carry the verdict out. None means: hold the call, and ask `offer` after each change."""
        if request.endpoint.startswith("extension/"):
            return self._take_of_extension(request)
        was = self._situation.state
        verdict = judge(self._situation, request)
        self._situation = replace(self._situation, state=verdict.state)
        if was is not verdict.state:
            self._note_progress(was)
        if verdict.ending:
            self._end(verdict.ending)
        if verdict.reply is None:
            self._polls.append(request)
        elif request.endpoint == "next" and verdict.state is State.RUNNING:
            self._served_to = request.connection
        return verdict.reply

    def offer(self, request: Request) -> Reply | None:
        """
        Deliver the event that is due, if the runtime is ready for it.

        The oldest call that is held gets it. As on the platform, that may be one whose connection has died, if the
        process is ours, and so is known to live.
        """
        if request.endpoint == "extension/next":
            return self.extensions.offer(request)
        if request.endpoint == "restore/next":
            return self._restore(request)
        turn = self._turn
        if turn is None or turn.delivery or turn.ending.done() or self._situation.state is not State.READY:
            return None
        if not self.extensions.are_ready:
            return None
        if not self._polls or self._polls[0] is not request:
            return None
        del self._polls[0]
        self._served_to = request.connection
        deadline_ms = int((time.time() + self.function.timeout) * 1000)
        turn.delivery = self._deliver(deliver(self.function, turn.invocation, deadline_ms))
        turn.begun_at = time.monotonic()
        turn.begun.set()
        if self._init_ms is not None:
            self._log(b"".join(map(extension_line, self.extensions.registered)))
            self._telemetry.tell("platform.initReport", phase="init", metrics={"durationMs": round(self._init_ms, 3)})
        self._log(start_line(turn.invocation, self.function))
        version = self.function.version
        self._telemetry.tell_start(turn.invocation.request_id, version, turn.invocation.trace_id)
        tracing = {"type": "X-Amzn-Trace-Id", "value": turn.invocation.trace_id}
        arn = self.function.arn
        self.extensions.tell(
            "INVOKE",
            deadlineMs=deadline_ms,
            requestId=turn.invocation.request_id,
            invokedFunctionArn=arn,
            tracing=tracing,
        )
        self.ring()
        return turn.delivery.reply

    def _restore(self, request: Request) -> Reply | None:
        # The copies go on as soon as there is something to do.
        if self._turn is None or self._situation.state not in {State.RESTORE_READY, State.RESTORING, State.READY}:
            return None
        self._polls = [held for held in self._polls if held is not request]
        if self._situation.state is not State.READY:  # another copy was faster
            self._situation = replace(self._situation, state=advance(self._situation.state, Move.RESTORE))
        return RESTORED

    def take_scripted(self, request: Request, reply: Reply) -> None:
        """Change the state as a scripted reply implies; see `Reply`."""
        request_id = find_header(reply.headers, "Lambda-Runtime-Aws-Request-Id")
        if request.endpoint == "next":
            self.take(request)
            self.withdraw(request)
            if reply.status == 200 and request_id and self._situation.state is State.READY:  # noqa: PLR2004 - HTTP's OK
                self._deliver(Delivery(request_id, find_header(reply.headers, "Lambda-Runtime-Invocation-Id"), reply))
                self._served_to = request.connection
        elif reply.status in SETTLING and not request.endpoint.startswith("extension/"):
            self.take(request)

    @property
    def has_command(self) -> bool:
        """Whether the runtime is started here."""
        return bool(self._command)

    def holds(self, request: Request) -> bool:
        """Whether a call to `next` is held; one of a runtime that has been killed isn't."""
        return any(held is request for held in self._polls) or self.extensions.holds(request)

    def withdraw(self, request: Request) -> None:
        """Hold a call no more; the next oldest one may get the event."""
        if self.holds(request):
            self._polls = [held for held in self._polls if held is not request]
            self.extensions.withdraw(request)
            self.ring()

    def hear(self, connection: int) -> None:
        """Note that a connection has more to say: an event that was served to it has arrived."""
        if connection == self._served_to:
            self._served_to = 0

    def lose(self, connection: int) -> None:
        """Note that a connection has died: an event that was the last that it got isn't served again."""
        if connection == self._served_to and self._situation.state is State.RUNNING:
            self._situation = replace(self._situation, is_lost=True)

    def detach(self) -> None:
        """Note that no runtime is connected: one that was started elsewhere and can only exit has exited."""
        if not self._command and self._situation.state in STUCK:
            self._reset()

    def ring(self) -> None:
        """Wake those that wait for a change."""
        self.changed.set()
        self.changed = asyncio.Event()

    # Between the two.

    async def _run(self, turn: Turn) -> None:
        async with self._next_in_line:
            try:
                await self.start()
            except OSError as error:
                turn.end(platform_ending(Kind.INIT_ERROR, "Runtime.InvalidEntrypoint", f"Error: {error}"))
                turn.over.set()
            self._turn = turn
            if self._failure:
                self._fail_turn(*self._failure)
                self._failure = None
            turn.begun_at = time.monotonic()
            self.ring()
            if self.process and self.process.exited.is_set():
                self._on_exit(self.process)  # it has exited already
            if not await within(self._init_timeout, turn.begun):
                await self._time_out(turn, self._init_timeout)
            elif not await within(self.function.timeout, turn.over):
                await self._time_out(turn, self.function.timeout)
            self._turn = None
            self._close(turn, turn.ending.result())

    async def _time_out(self, turn: Turn, limit: float) -> None:
        self._measure()
        self._expired.append(turn.invocation.invocation_id)
        turn.end(platform_ending(Kind.TIMEOUT, "Sandbox.Timedout", timeout_message(turn.invocation, limit)))
        await self._kill("timeout")

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
        self._log(end_line(turn.invocation) + report_line(report, self.function))
        self._telemetry.tell_report(report, self.function.memory)
        self._on_report(report)
        turn.report.set_result(report)

    def _end(self, ending: Ending) -> None:
        turn = self._turn
        if turn is None or turn.delivery is not self._situation.delivery:
            return  # it belongs to a scripted event
        turn.end(ending)
        if self._situation.state in STUCK and not self._command:
            turn.over.set()

    def _note_progress(self, was: State) -> None:
        self._measure()
        if self._situation.state is State.READY:
            if was is State.STARTED and self.process:
                self._init_ms = (time.monotonic() - self.process.started_at) * 1000
            self._close_turn()
        self.ring()

    def _close_turn(self) -> None:
        is_idle = self._situation.state is State.READY and self.extensions.are_idle
        if is_idle and self._turn and self._turn.ending.done():
            self._turn.over.set()

    def _deliver(self, delivery: Delivery) -> Delivery:
        self._situation = replace(
            self._situation, state=advance(self._situation.state, Move.DELIVER), delivery=delivery, is_lost=False
        )
        return delivery

    def _measure(self) -> None:
        if self.process:
            self._memory_mb = self.process.peak_memory_mb() or self._memory_mb

    def _on_output(self, fd: int, data: bytes) -> None:
        self._report_output(fd, data)
        self._telemetry.tell_output("function", data)
        self._log(data)

    def _on_extension_output(self, fd: int, data: bytes) -> None:
        self._report_output(fd, data)
        self._telemetry.tell_output("extension", data)
        self._log(data)

    def _on_exit(self, process: Process) -> None:
        if self._turn:
            self._fail_turn("Runtime.ExitError", describe_exit(process.status or 0))
        if self._is_ending:
            return
        if self._externals:
            self._later(self._replace())
        else:
            self._reset()

    def _fail_turn(self, error_type: str, reason: str) -> None:
        turn = self._turn
        if turn is None:
            self._failure = error_type, reason
        else:
            message = f"RequestId: {turn.invocation.request_id} Error: {reason}"
            turn.end(platform_ending(Kind.EXIT, error_type, message))
            turn.over.set()

    # Extensions.

    async def _start_extensions(self) -> None:
        self.extensions, self._failure = Extensions(self.function, self._files), None
        for file in self._files.values():
            process = Process(self._on_extension_output, self._on_extension_exit, merge_output=self._merge_output)
            await process.start([file], extension_environment(self.environ), "/")
            self._externals.append(process)
        async with asyncio.timeout(self._init_timeout):
            while not self.extensions.are_started:
                if any(process.exited.is_set() for process in self._externals):
                    raise OSError("an extension has exited before it registered")
                await self.changed.wait()

    def _on_extension_exit(self, process: Process) -> None:
        if not self._is_ending and process in self._externals:
            self._fail_turn("Extension.Crash", describe_exit(process.status or 0).replace("Runtime", "Extension"))
            self._later(self._replace())
        self.ring()

    def _take_of_extension(self, request: Request) -> Reply | None:
        if request.endpoint == "extension/telemetry":
            return self._take_subscription(request)
        reply = self.extensions.take(request, is_open=self._situation.state is State.STARTED)
        if request.endpoint == "extension/next":
            self._close_turn()
        elif request.endpoint != "extension/register" and reply is ACCEPTED:
            self._fail_turn(request.header("Lambda-Extension-Function-Error-Type"), request.body.decode("latin-1"))
            self._later(self._replace())
        self.ring()
        return reply

    def _take_subscription(self, request: Request) -> Reply:
        try:
            return self._telemetry.subscribe(self.extensions.find(request), request)
        except RefusalError as refusal:
            return refusal.reply

    async def _replace(self) -> None:
        # After a failure: the next invocation gets a new environment.
        async with self._starting:
            await self._kill("failure")

    def _later(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._runs.add(task)
        task.add_done_callback(self._runs.discard)

    async def _kill(self, reason: str = "spindown") -> None:
        self._is_ending = True
        try:
            began = time.monotonic()
            if self.process and self.extensions.has_any:
                await self.process.end(RUNTIME_SHARE if self.extensions.has_external else RUNTIME_SECONDS)
            elif self.process:
                await self.process.kill()
            await self._end_extensions(reason, END_SECONDS - (time.monotonic() - began))
        finally:
            self._is_ending = False
        self._reset()

    async def _end_extensions(self, reason: str, seconds: float) -> None:
        await self._telemetry.flush()
        self.extensions.tell("SHUTDOWN", shutdownReason=reason, deadlineMs=int((time.time() + seconds) * 1000))
        self.ring()
        ends = time.monotonic() + seconds
        for process in self._externals:
            if self.extensions.are_to_hear_the_end:
                await within(max(0.0, ends - time.monotonic()), process.exited)
            await process.kill()

    def _reset(self) -> None:
        if self._command:
            self._polls.clear()
            self._externals.clear()
        self.extensions = Extensions(self.function, self._files)
        self._telemetry.close()
        self._telemetry = Telemetry()
        # A runtime from elsewhere that waits is ready still.
        state = State.READY if self._polls else State.STARTED
        self._situation = Situation(state, expired=frozenset(self._expired))
        self.ring()


async def within(seconds: float, event: asyncio.Event) -> bool:
    """Wait for *event*, at most *seconds*; return whether it is set."""
    # Not asyncio.wait_for: before Python 3.12 it swallows a cancellation that comes with the event.
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
