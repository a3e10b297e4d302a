"""
The processes of an execution environment: the runtime, and the external extensions beside it.

Owns: how they start, what an extension's failure means, and the end: who gets SIGTERM, the event SHUTDOWN, and how
much time.
Refuses to know: invocations; the sandbox hears what becomes of the processes.
"""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .extensions import Extensions
from .function import extension_environment
from .process import Process, describe_exit
from .rules import ACCEPTED, RefusalError
from .telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .bell import Bell
    from .function import Function
    from .values import Invocation, Reply, Request

# At the end the runtime has so long between SIGTERM and SIGKILL; with external extensions, all together have this.
RUNTIME_SECONDS = 0.5
RUNTIME_SHARE = 0.3
END_SECONDS = 2.0


class Environment:
    """
    The processes, at most one runtime among them; `Sandbox` says what its arguments mean.

    *on_exit* gets the runtime's process when it is gone, *on_failure* the error type and the reason when an extension
    has failed, after which the environment is of no use.
    """

    def __init__(  # noqa: PLR0913 - all by name but the first two
        self,
        function: Function,
        command: Sequence[str],
        *,
        cwd: str | None,
        init_timeout: float,
        merge_output: bool,
        stdin: int,
        extensions: Sequence[str],
        bell: Bell,
        on_output: Callable[[int, bytes], None],
        on_exit: Callable[[Process], None],
        on_failure: Callable[[str, str], None],
    ) -> None:
        self.command = command
        self.environ: Mapping[str, str] = {}
        self.process: Process | None = None
        self.is_ending = False
        self.telemetry = Telemetry()
        self._function = function
        self._cwd = cwd
        self._init_timeout = init_timeout
        self._merge_output = merge_output
        self._stdin = stdin
        self._files = {Path(file).name: file for file in extensions}
        self.extensions = Extensions(function, self._files)
        self._externals: list[Process] = []
        self._bell = bell
        self._on_output = on_output
        self._on_exit = on_exit
        self._on_failure = on_failure

    @property
    def is_running(self) -> bool:
        """Whether there is a runtime, and it hasn't exited."""
        return self.process is not None and not self.process.exited.is_set()

    @property
    def has_externals(self) -> bool:
        """Whether external extensions have been started."""
        return bool(self._externals)

    def peak_memory_mb(self) -> int | None:
        """The most memory that the runtime has had; None if nobody knows."""
        return self.process.peak_memory_mb() if self.process else None

    async def start(self) -> None:
        """
        Start the extensions, and the runtime as soon as all of them have registered.

        Raises:
            OSError: a program cannot be executed, or an extension has exited instead.
        """
        await self._start_extensions()
        process = Process(self._take_output, self._on_exit, merge_output=self._merge_output, stdin=self._stdin)
        await process.start(self.command, self.environ, self._cwd)
        self.process = process

    async def end(self, reason: str) -> None:
        """
        End all processes. With an extension registered, the runtime gets SIGTERM and some time.

        External extensions that want to hear of the end do so after that; *reason* is what they are told.
        """
        self.is_ending = True
        try:
            began = time.monotonic()
            self.thaw()
            if self.process and self.extensions.has_any:
                await self.process.end(RUNTIME_SHARE if self.extensions.has_external else RUNTIME_SECONDS)
            elif self.process:
                await self.process.kill()
            await self._end_extensions(reason, END_SECONDS - (time.monotonic() - began))
        finally:
            self.is_ending = False

    def freeze(self) -> None:
        """Stop the runtime and its children, as Lambda does between invocations, until `thaw`."""
        if self.is_running and self.process:
            self.process.kill_group(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the runtime go on."""
        if self.is_running and self.process:
            self.process.kill_group(signal.SIGCONT)

    def renew(self) -> None:
        """Forget who was registered: what starts next is another environment."""
        if self.command:
            self._externals.clear()
        self.extensions = Extensions(self._function, self._files)
        self.telemetry.close()
        self.telemetry = Telemetry()

    def tell_begin(self, invocation: Invocation, deadline_ms: int, init_ms: float | None) -> None:
        """Report to the extensions that an invocation begins, the first one after *init_ms* of init."""
        if init_ms is not None:
            self.telemetry.tell("platform.initReport", phase="init", metrics={"durationMs": round(init_ms, 3)})
        self.telemetry.tell_start(invocation.request_id, self._function.version, invocation.trace_id)
        self.extensions.tell(
            "INVOKE",
            deadlineMs=deadline_ms,
            requestId=invocation.request_id,
            invokedFunctionArn=self._function.arn,
            tracing={"type": "X-Amzn-Trace-Id", "value": invocation.trace_id},
        )

    def take(self, request: Request, *, is_open: bool) -> Reply | None:
        """Judge a call of an extension; None means: hold it. With *is_open*, extensions may register."""
        if request.endpoint == "extension/telemetry":
            return self._take_subscription(request)
        reply = self.extensions.take(request, is_open=is_open)
        if request.endpoint not in {"extension/next", "extension/register"} and reply is ACCEPTED:
            self._on_failure(request.header("Lambda-Extension-Function-Error-Type"), request.body.decode("latin-1"))
        return reply

    def _take_subscription(self, request: Request) -> Reply:
        try:
            return self.telemetry.subscribe(self.extensions.find(request), request)
        except RefusalError as refusal:
            return refusal.reply

    def _take_output(self, fd: int, data: bytes) -> None:
        self.telemetry.tell_output("function", data)
        self._on_output(fd, data)

    def _take_extension_output(self, fd: int, data: bytes) -> None:
        self.telemetry.tell_output("extension", data)
        self._on_output(fd, data)

    async def _start_extensions(self) -> None:
        self.extensions = Extensions(self._function, self._files)
        for file in self._files.values():
            process = Process(self._take_extension_output, self._on_extension_exit, merge_output=self._merge_output)
            await process.start([file], extension_environment(self.environ), "/")
            self._externals.append(process)
        async with asyncio.timeout(self._init_timeout):
            while not self.extensions.are_started:
                if any(process.exited.is_set() for process in self._externals):
                    raise OSError("an extension has exited before it registered")
                await self._bell.wait()

    def _on_extension_exit(self, process: Process) -> None:
        if not self.is_ending and process in self._externals:
            self._on_failure("Extension.Crash", describe_exit(process.status or 0).replace("Runtime", "Extension"))
        self._bell.ring()

    async def _end_extensions(self, reason: str, seconds: float) -> None:
        await self.telemetry.flush()
        self.extensions.tell("SHUTDOWN", shutdownReason=reason, deadlineMs=int((time.time() + seconds) * 1000))
        self._bell.ring()
        ends = time.monotonic() + seconds
        for process in self._externals:
            if self.extensions.are_to_hear_the_end:
                await within(max(0.0, ends - time.monotonic()), process.exited)
            await process.kill()


async def within(seconds: float, event: asyncio.Event) -> bool:
    """Wait for *event*, at most *seconds*; return whether it is set."""
    # Not asyncio.wait_for: before Python 3.12 it swallows a cancellation that comes with the event.
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
