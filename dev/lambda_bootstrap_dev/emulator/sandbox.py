"""
An execution environment: one runtime, one invocation at a time, a deadline that kills.

Owns: turns, deadlines and restarts.
Refuses to know: sockets, which are the server's, and how processes start and end, which is the environment's.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from typing import TYPE_CHECKING

from .bell import Bell
from .conversation import Conversation
from .debugger import DAY
from .environment import Environment, within
from .function import Function, deliver
from .platform_log import end_line, extension_line, report_line, start_line, timeout_message
from .process import Process, describe_exit
from .rules import content_type
from .states import State
from .turn import Stream, Turn
from .values import Ending, Kind, Reply, Report, Request, platform_ending

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from .extensions import Extensions
    from .values import Invocation

# A scripted reply with one of these statuses ends the runtime's invocation.
SETTLING = frozenset({202, 403, 410, 413})
RESTORED = Reply(200)


class Sandbox:
    """
    The environment of one function.

    Without a *command*, it waits for a runtime that is started elsewhere. *log* gets the process's output and the
    platform's lines as they come, *on_output* the output alone with its descriptor, *on_begin* each invocation that is
    the next, *on_report* each report; nothing here keeps them. With *merge_output*, stderr shares stdout's pipe, so
    that their order is exact. The runtime reads from *stdin*. *extensions* are executable files, each an external
    extension that is started before the runtime. With *freeze*, the runtime is stopped between invocations. No
    deadline passes while *is_paused*.
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
        freeze: bool = False,
        is_paused: Callable[[], bool] = lambda: False,
        log: Callable[[bytes], None] = lambda _: None,
        on_output: Callable[[int, bytes], None] = lambda _fd, _data: None,
        on_begin: Callable[[Turn], None] = lambda _: None,
        on_report: Callable[[Report], None] = lambda _: None,
    ) -> None:
        self.function = function
        self._bell = Bell()
        self._environment = Environment(
            function,
            command,
            cwd=cwd,
            init_timeout=init_timeout,
            merge_output=merge_output,
            stdin=stdin,
            extensions=extensions,
            bell=self._bell,
            on_output=self._on_output,
            on_exit=self._on_exit,
            on_failure=self._on_failure,
        )
        self._init_timeout = init_timeout
        self._freeze = freeze
        self._is_paused = is_paused
        self._write_log = log
        self._report_output = on_output
        self._on_begin = on_begin
        self._on_report = on_report
        self._failure: tuple[str, str] | None = None  # of an extension, before there was an invocation
        self.talk = Conversation()
        self._turn: Turn | None = None
        self._is_stale = False
        self._starting = asyncio.Lock()
        self._next_in_line = asyncio.Lock()
        self._runs: set[asyncio.Task[None]] = set()
        self._init_ms: float | None = None
        self._memory_mb: int | None = None

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of the process; set it before the start."""
        return self._environment.environ

    @environ.setter
    def environ(self, variables: Mapping[str, str]) -> None:
        self._environment.environ = variables

    @property
    def process(self) -> Process | None:
        """The runtime's process, the last one if it has exited."""
        return self._environment.process

    @property
    def bell(self) -> Bell:
        """What rings at each change."""
        return self._bell

    @property
    def extensions(self) -> Extensions:
        """Who has registered."""
        return self._environment.extensions

    # The caller's side.

    def invoke(self, invocation: Invocation, stream: Stream | None = None) -> Turn:
        """Queue an invocation; its turn reports how it goes on."""
        turn = Turn(invocation, stream)
        self._later(self._run(turn))
        return turn

    async def start(self) -> None:
        """
        Start the process if it isn't running; replace it if it can only exit.

        Raises:
            OSError: the command cannot be executed.
        """
        async with self._starting:
            if self.talk.is_stuck:
                await self._kill()
            if not self.has_command or self._environment.is_running:
                return
            self._failure = None
            await self._environment.start()
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

    async def renew(self) -> None:
        """
        Replace the environment by a new one, as the function has changed, once it isn't in use.

        Raises:
            OSError: the command cannot be executed.
        """
        self._is_stale = True
        async with self._next_in_line:
            await self._renew()
        await self.start()

    async def _renew(self) -> None:
        if self._is_stale:
            self._is_stale = False
            await self._kill()

    # The runtime's side.

    def take(self, request: Request) -> Reply | None:
        """Judge a call and carry the verdict out. None means: hold the call, and ask `offer` after each change."""
        if request.endpoint.startswith("extension/"):
            return self._take_of_extension(request)
        was = self.talk.state
        verdict = self.talk.take(request)
        if was is not verdict.state:
            self._note_progress(was)
        if verdict.ending:
            self._end(verdict.ending)
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
            # The copies go on as soon as there is something to do.
            return RESTORED if self._turn and self.talk.restore(request) else None
        turn = self._turn
        if turn is None or turn.delivery or turn.ending.done() or not self.talk.is_next(request):
            return None
        if not self.extensions.are_ready:
            return None
        seconds = DAY if self._is_paused() else self.function.timeout
        deadline_ms = int((time.time() + seconds) * 1000)
        turn.delivery = self.talk.deliver(deliver(self.function, turn.invocation, deadline_ms), request)
        turn.begun_at = time.monotonic()
        turn.begun.set()
        if self._init_ms is not None:
            self._log(b"".join(map(extension_line, self.extensions.registered)))
        self._log(start_line(turn.invocation, self.function))
        self._environment.tell_begin(turn.invocation, deadline_ms, self._init_ms)
        self.ring()
        return turn.delivery.reply

    def open_stream(self, request: Request) -> Stream | None:
        """Return where the pieces of a response go whose head has come, if somebody waits for them."""
        turn = self._turn_of(request)
        if turn is None or turn.stream is None or turn.ending.done():
            return None
        turn.stream.begin(content_type(request))
        return turn.stream

    def _turn_of(self, request: Request) -> Turn | None:
        turn = self._turn if self.talk.awaits(request) else None
        return turn if turn and turn.delivery is self.talk.situation.delivery else None

    def take_scripted(self, request: Request, reply: Reply) -> None:
        """Change the state as a scripted reply implies; see `Reply`."""
        if request.endpoint == "next":
            self.take(request)
            self.withdraw(request)
            self.talk.deliver_scripted(reply, request)
        elif reply.status in SETTLING and not request.endpoint.startswith("extension/"):
            self.take(request)

    @property
    def has_command(self) -> bool:
        """Whether the runtime is started here."""
        return bool(self._environment.command)

    def holds(self, request: Request) -> bool:
        """Whether a call to `next` is held; one of a runtime that has been killed isn't."""
        return self.talk.holds(request) or self.extensions.holds(request)

    def withdraw(self, request: Request) -> None:
        """Hold a call no more; the next oldest one may get the event."""
        if self.holds(request):
            self.talk.drop(request)
            self.extensions.withdraw(request)
            self.ring()

    def detach(self) -> None:
        """Note that no runtime is connected: one that was started elsewhere and can only exit has exited."""
        if not self.has_command and self.talk.is_stuck:
            self._reset()

    def ring(self) -> None:
        """Wake those that wait for a change."""
        self._bell.ring()

    # Between the two.

    async def _run(self, turn: Turn) -> None:
        async with self._next_in_line:
            await self._renew()
            try:
                await self.start()
            except OSError as error:
                turn.end(platform_ending(Kind.INIT_ERROR, "Runtime.InvalidEntrypoint", f"Error: {error}"))
                turn.over.set()
            self._turn = turn
            self._on_begin(turn)
            if self._freeze:
                self._environment.thaw()
            if self._failure:
                self._fail_turn(*self._failure)
                self._failure = None
            turn.begun_at = time.monotonic()
            self.ring()
            if self.process and self.process.exited.is_set():
                self._on_exit(self.process)  # it has exited already
            if not await self._within(self._init_timeout, turn.begun):
                await self._time_out(turn, self._init_timeout)
            elif not await self._within(self.function.timeout, turn.over):
                await self._time_out(turn, self.function.timeout)
            self._turn = None
            self._close(turn)

    async def _within(self, seconds: float, event: asyncio.Event) -> bool:
        while not (is_set := await within(seconds, event)) and self._is_paused():
            pass
        return is_set

    async def _time_out(self, turn: Turn, limit: float) -> None:
        self._memory_mb = self._environment.peak_memory_mb() or self._memory_mb
        self.talk.expired.append(turn.invocation.invocation_id)
        turn.end(platform_ending(Kind.TIMEOUT, "Sandbox.Timedout", timeout_message(turn.invocation, limit)))
        await self._kill("timeout")

    def _close(self, turn: Turn) -> None:
        report = turn.report_with(self._init_ms, self._memory_mb)
        self._init_ms = None
        begin = b"" if turn.delivery else start_line(turn.invocation, self.function)
        lines = begin + end_line(turn.invocation) + report_line(report, self.function)
        turn.note(lines)
        self._write_log(lines)
        self._environment.telemetry.tell_report(report, self.function.memory)
        self._on_report(report)
        turn.report.set_result(report)

    def _end(self, ending: Ending) -> None:
        turn = self._turn
        if turn is None or turn.delivery is not self.talk.situation.delivery:
            return  # it belongs to a scripted event
        turn.end(ending)
        if self.talk.is_stuck and not self.has_command:
            turn.over.set()

    def _note_progress(self, was: State) -> None:
        if self.talk.state is State.SENT:
            self._memory_mb = self._environment.peak_memory_mb() or self._memory_mb
        if self.talk.state is State.READY:
            if was is State.STARTED and self.process:
                self._init_ms = (time.monotonic() - self.process.started_at) * 1000
            self._close_turn()
        self.ring()

    def _close_turn(self) -> None:
        if self.talk.state is not State.READY or not self.extensions.are_idle:
            return
        if self._turn and self._turn.ending.done():
            self._turn.over.set()
        if self._freeze and (self._turn is None or self._turn.over.is_set()):
            self._environment.freeze()

    def _log(self, data: bytes) -> None:
        if self._turn:
            self._turn.note(data)
        self._write_log(data)

    def _on_output(self, fd: int, data: bytes) -> None:
        self._report_output(fd, data)
        self._log(data)

    def _on_exit(self, process: Process) -> None:
        if self._turn:
            self._fail_turn("Runtime.ExitError", describe_exit(process.status or 0))
        if self._environment.is_ending:
            return
        if self._environment.has_externals:
            self._later(self._replace())
        else:
            self._reset()

    def _on_failure(self, error_type: str, reason: str) -> None:
        # Of an extension. The next invocation gets a new environment.
        self._fail_turn(error_type, reason)
        self._later(self._replace())

    def _fail_turn(self, error_type: str, reason: str) -> None:
        turn = self._turn
        if turn is None:
            self._failure = error_type, reason
        else:
            message = f"RequestId: {turn.invocation.request_id} Error: {reason}"
            turn.end(platform_ending(Kind.EXIT, error_type, message))
            turn.over.set()

    def _take_of_extension(self, request: Request) -> Reply | None:
        reply = self._environment.take(request, is_open=self.talk.state is State.STARTED)
        if request.endpoint == "extension/next":
            self._close_turn()
        self.ring()
        return reply

    async def _replace(self) -> None:
        async with self._starting:
            await self._kill("failure")

    def _later(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._runs.add(task)
        task.add_done_callback(self._runs.discard)

    async def _kill(self, reason: str = "spindown") -> None:
        await self._environment.end(reason)
        self._reset()

    def _reset(self) -> None:
        self._environment.renew()
        self.talk.restart(keeps_polls=not self.has_command)
        self.ring()
