"""
A sitting at work: functions that are served while somebody edits them.

Owns: what runs beside each function, and what is said of it.
Refuses to know: the command line, and how anything is printed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import UsageError
from .debugger import DAY
from .feed import Feed, Watch
from .front import Front
from .function import environment
from .page import Page
from .reload import follow
from .sandbox import Sandbox
from .server import Server
from .session import Watched, catch
from .url_port import UrlPort

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from .debugger import Debugger
    from .projects import Entry
    from .values import Step

HOST = "127.0.0.1"
INIT_SECONDS = 10.0
# Byte code is told from its source by seconds and size: of two saves in a second, the first could be run.
FRESH = {"PYTHONDONTWRITEBYTECODE": "1"}
T = TypeVar("T", Front, UrlPort)


@dataclass(frozen=True)
class Serving:
    """
    What is served: the functions, and on which ports.

    *command* starts the runtime, *variables* are all functions' own, *stdin* is what a single function reads. With a
    *debugger*, deadlines wait while it is attached. *faults* are scripts for the Runtime API, see `Server.script`.
    *log* takes the output, which goes to *pipe* if that is one; *announce* takes lines for people.
    """

    entries: Sequence[Entry]
    command: Sequence[str]
    log: Callable[[bytes], None]
    announce: Callable[[str], None]
    port: int = 9000
    url_port: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    allow_hosts: Sequence[str] = ()
    freeze: bool = False
    debugger: Debugger | None = None
    faults: Mapping[str, Sequence[Sequence[Step]]] = field(default_factory=dict)
    stdin: int = subprocess.DEVNULL
    pipe: int | None = None

    async def run(self) -> None:
        """
        Serve until SIGTERM, SIGINT or SIGHUP.

        Raises:
            UsageError: a port cannot be listened on.
            OSError: the log cannot be written any more.
        """
        caught = catch(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        watched = Watched(self.log, self.pipe)
        async with AsyncExitStack() as stack:
            feed, about = Feed(), [about_function(entry) for entry in self.entries]
            sandboxes = {entry.function.name: self._sandbox(entry, watched, feed) for entry in self.entries}
            for entry in self.entries:  # before anybody can call them
                await self._connect(stack, entry, sandboxes[entry.function.name])
            front = Front(sandboxes, HOST, self.port, Page(feed, about), allow_hosts=self.allow_hosts)
            await open_port(stack, front, self.port, "--port")
            for number, entry in enumerate(self.entries):
                sandbox = sandboxes[entry.function.name]
                about[number]["url"] = await self._open(stack, entry, sandbox, front, number)
            tasks = [asyncio.create_task(self._follow(sandbox, feed)) for sandbox in sandboxes.values()]
            await asyncio.sleep(0)  # each of them has begun: from here on no change is missed
            tasks += [asyncio.create_task(self._try(sandbox.start())) for sandbox in sandboxes.values()]
            if self.debugger:
                self.announce(f"attach a debugger to {HOST}:{self.debugger.port}: the function starts when you have")
            name = self.entries[0].function.name
            self.announce(f"page at http://{front.authority}/")
            self.announce(f"ready: lambda-bootstrap invoke {name} --endpoint http://{front.authority}")
            try:
                await watched.wait_for(caught)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _sandbox(self, entry: Entry, watched: Watched, feed: Feed) -> Sandbox:
        is_only = len(self.entries) == 1
        write = watched.write if is_only else prefixed(entry.function.name, watched.write)
        watch = Watch(feed, entry.function.name)

        def log(data: bytes) -> None:
            write(data)
            watch.log(data)

        return Sandbox(
            entry.function,
            self.command,
            cwd=entry.function.task_root,
            merge_output=True,
            stdin=self.stdin if is_only else subprocess.DEVNULL,
            freeze=self.freeze,
            init_timeout=DAY if self.debugger else INIT_SECONDS,
            is_paused=self.debugger.is_attached if self.debugger else lambda: False,
            log=log,
            on_begin=watch.begin,
            on_report=watch.end,
        )

    async def _connect(self, stack: AsyncExitStack, entry: Entry, sandbox: Sandbox) -> None:
        function = entry.function
        server = await stack.enter_async_context(Server(sandbox, HOST))
        for endpoint, answers in self.faults.items():
            server.script(endpoint, *answers)
        sandbox.environ = (
            FRESH | environment(function, server.address, os.environ) | {**entry.variables, **self.variables}
        )

    async def _open(self, stack: AsyncExitStack, entry: Entry, sandbox: Sandbox, front: Front, number: int) -> str:
        function = entry.function
        self.announce(
            f"{function.handler} at http://{front.authority}/2015-03-31/functions/{function.name}/invocations"
        )
        address = ""
        if self.url_port is not None:
            port = self.url_port + number if self.url_port else 0
            url = await open_port(stack, UrlPort(sandbox, entry.url, HOST, port), port, "--url-port")
            address = f"http://{url.authority}/"
            self.announce(f"{function.handler} as a Function URL at {address}")
        for line in entry.about:
            self.announce(line)
        return address

    async def _follow(self, sandbox: Sandbox, feed: Feed) -> None:
        home = sandbox.function.task_root
        whose = f"{sandbox.function.name}: " if len(self.entries) > 1 else ""

        async def renew(changed: str) -> None:
            news = f"{whose}{changed.removeprefix(home)[1:]} has changed: {sandbox.function.handler} starts anew"
            self.announce(news)
            feed.tell("change", function=sandbox.function.name, text=news)
            await self._try(sandbox.renew())

        try:
            await follow(home, renew)
        except (OSError, RuntimeError) as error:  # watchfiles has either
            self.announce(f"changes in {home} aren't noticed: {error}")

    async def _try(self, start: Awaitable[None]) -> None:
        try:
            await start
        except OSError as error:
            self.announce(f"the runtime doesn't start: {error}")


async def open_port(stack: AsyncExitStack, port: T, number: int, option: str) -> T:
    """
    Listen until the end of *stack*; *option* is where another port is named.

    Raises:
        UsageError: the port isn't free.
    """
    try:
        return await stack.enter_async_context(port)
    except (OSError, OverflowError) as error:
        number_of_error = getattr(error, "errno", None) or 0
        reason = os.strerror(number_of_error) if number_of_error > 0 else error
        raise UsageError(f"cannot listen on {HOST}:{number}: {reason}; choose another with {option}") from error


def about_function(entry: Entry) -> dict[str, Any]:
    """What the page says of a function."""
    function = entry.function
    return {
        "name": function.name,
        "handler": function.handler,
        "timeout": function.timeout,
        "memory": function.memory,
    }


def prefixed(name: str, log: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """A log whose lines begin with a function's name."""
    mark = f"{name} | ".encode()
    is_within = False

    def write(data: bytes) -> None:
        nonlocal is_within
        if not data:
            return
        lines = data.splitlines(keepends=True)
        log(b"".join((b"" if is_within and not number else mark) + line for number, line in enumerate(lines)))
        is_within = not data.endswith(b"\n")

    return write
