"""
The runtime's process: start it, collect its output, measure it, kill it with all its children.

Owns: process groups, pipes and /proc.
Refuses to know: HTTP and invocations.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# How long pipes may stay open after the process is dead, as something outside of its group may hold them.
PIPE_SECONDS = 1.0
PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


class Guard:
    """
    A shell that kills a process group if this process dies first, by SIGKILL too.

    Not `PR_SET_PDEATHSIG`: it spares the children of the runtime, and would need Python code between fork and exec.
    """

    SCRIPT = 'read -r group && test "$group" && { read -r word || kill -9 "-$group"; }'

    def __init__(self) -> None:
        self._shell = subprocess.Popen(  # noqa: S603 - a constant
            ["/bin/sh", "-c", self.SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        """Kill *group* as soon as the pipe is closed without another word."""
        self._write(b"%d\n" % group)

    def dismiss(self) -> None:
        """End the shell; the group is gone, and its number may become another's."""
        if self._shell.returncode is None:
            self._write(b"\n")
            self._shell.communicate()

    def _write(self, line: bytes) -> None:
        assert self._shell.stdin  # noqa: S101 - a pipe
        with contextlib.suppress(BrokenPipeError):  # somebody has killed it
            self._shell.stdin.write(line)
            self._shell.stdin.flush()


class Process(asyncio.SubprocessProtocol):
    """
    A running runtime.

    *on_output* is called with the descriptor (1 or 2) and the bytes; *on_exit* with the process, once it is gone and
    all of its output has been read. If the emulator is killed, a guard, a shell, kills the process with its group.
    """

    def __init__(
        self,
        on_output: Callable[[int, bytes], None],
        on_exit: Callable[[Process], None],
        *,
        merge_output: bool,
        stdin: int = subprocess.DEVNULL,
    ) -> None:
        self.started_at = time.monotonic()
        self.exited = asyncio.Event()
        self._on_output = on_output
        self._on_exit = on_exit
        self._merge_output = merge_output
        self._stdin = stdin
        self._transport: asyncio.SubprocessTransport  # from connection_made on
        self._guard: Guard  # from start on

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self._transport.get_pid()

    @property
    def status(self) -> int | None:
        """The exit status; -N for signal N, None while the process runs."""
        return self._transport.get_returncode()

    async def start(self, command: Sequence[str], environ: Mapping[str, str], cwd: str | None) -> None:
        """
        Start *command* as the leader of its own group. Call this once.

        Raises:
            OSError: *command* cannot be executed, or *cwd* doesn't exist.
        """
        self._guard = Guard()
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: self,
                *command,
                env=dict(environ),
                cwd=cwd,
                stdin=self._stdin,
                stderr=subprocess.STDOUT if self._merge_output else subprocess.PIPE,
                start_new_session=True,
            )
        except BaseException:
            self._guard.dismiss()
            raise

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; asyncio calls this."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._guard.watch(self.pid)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Pass the output on; asyncio calls this."""
        self._on_output(fd, data)

    def process_exited(self) -> None:
        """Kill the children, as Lambda does, so that they release the pipes; asyncio calls this."""
        self.kill_group()
        asyncio.get_running_loop().call_later(PIPE_SECONDS, self._transport.close)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Report that process and pipes are done; asyncio calls this."""
        self._transport.close()
        self._guard.dismiss()
        self.exited.set()
        self._on_exit(self)

    def peak_memory_mb(self) -> int | None:
        """Read the peak of the process's memory; None if /proc doesn't have it."""
        try:
            with open(f"/proc/{self.pid}/status", "rb", buffering=0) as status:  # noqa: PTH123 - after each invocation
                found = PEAK.search(status.read())
        except OSError:
            return None
        return -(-int(found[1]) // 1024) if found else None

    async def kill(self) -> None:
        """Kill the process group and wait until it is gone."""
        if self.status is None:
            self.kill_group()
        await self.exited.wait()

    async def end(self, patience: float) -> None:
        """Send SIGTERM to the process group, and kill it unless it is gone after *patience* seconds."""
        if self.status is None:
            self.kill_group(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self.exited.wait()
        await self.kill()

    def kill_group(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the process and all in its group, without waiting; by default the one that kills."""
        # PermissionError: macOS raises it if all processes of the group are dead.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def describe_exit(status: int) -> str:
    """Word an exit status as the platform does."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    return f"Runtime exited with error: signal: {(signal.strsignal(-status) or str(-status)).lower()}"
