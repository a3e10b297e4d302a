"""
What tests import: `LambdaFunction` and `make_context` for functions, and the emulator, a server on a thread of its own.

Owns: the thread and the waiting.
Refuses to know: the Runtime API.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .emulator.callers import RETRY_SECONDS
from .emulator.environment import within
from .emulator.function import Function, environment
from .emulator.instances import Instances
from .emulator.sandbox import Sandbox
from .emulator.server import Server
from .emulator.values import Close, Default, Kind, Outcome, Pause, Raw, Reply, Report, Request, Reset
from .unit import Answer, LambdaFunction, make_context

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from types import TracebackType

    from .emulator.values import Step

__all__ = [
    "Answer",
    "Close",
    "Default",
    "Emulator",
    "Kind",
    "LambdaFunction",
    "Outcome",
    "Pause",
    "Raw",
    "Reply",
    "Report",
    "Request",
    "Reset",
    "make_context",
]

T = TypeVar("T")

STDOUT, STDERR = 1, 2
# A test's call must not hang forever.
CALL_SECONDS = 60.0


class Emulator:
    """
    A Runtime API server, and the runtime under it if there is a *command*; use it in a `with` block.

    The process gets the environment that Lambda would set, and *environ* on top; of the test's own environment, only
    `PATH`. *timeout* is the function's, *init_timeout* limits the time to the first `next`, both in seconds. With
    *merge_output*, all output counts as stdout, in the exact order of writing. Callers may use an address, localhost
    or *host*; *allow_hosts* are more names. *extensions* are executable files, started as those in /opt/extensions.
    With *concurrency*, it is one of Lambda Managed Instances, and that many invocations run at once.
    With *freeze*, the runtime is stopped between invocations, as on Lambda. An asynchronous event that fails is sent
    again after each of *retries*, in seconds.
    With *snapstart*, the runtime is restored from a snapshot before its first invocation, in all copies that forked.
    """

    def __init__(  # noqa: PLR0913 - all by name but the command
        self,
        command: Sequence[str | os.PathLike[str]] = (),
        *,
        environ: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        handler: str = "",
        timeout: float = 3.0,
        memory: int = 128,
        merge_output: bool = False,
        init_timeout: float = 10.0,
        host: str = "127.0.0.1",
        port: int = 0,
        prefix: str = "",
        allow_hosts: Sequence[str] = (),
        extensions: Sequence[str | os.PathLike[str]] = (),
        snapstart: bool = False,
        concurrency: int = 0,
        freeze: bool = False,
        retries: Sequence[float] = RETRY_SECONDS,
    ) -> None:
        folder = os.fspath(cwd) if cwd is not None else None
        task_root = folder or os.fspath(os.getcwd())  # noqa: PTH109 - a string, as configured in Lambda
        function = Function(
            handler=handler,
            task_root=task_root,
            timeout=timeout,
            memory=memory,
            is_from_snapshot=snapstart,
            concurrency=concurrency,
        )
        self._extra = dict(environ or {})
        self._function = function
        self._arrived = threading.Condition()
        self._requests: list[Request] = []
        self._reports: list[Report] = []
        self._written: list[tuple[int, bytes]] = []
        self._thread = threading.Thread(target=self._run, name="emulator")
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None
        words = [os.fspath(word) for word in command]
        self._sandbox = (Instances if concurrency else Sandbox)(
            function,
            words,
            cwd=folder,
            init_timeout=init_timeout,
            merge_output=merge_output,
            extensions=[os.path.abspath(file) for file in extensions],  # noqa: PTH100 - a string, as the command's
            freeze=freeze,
            on_output=lambda fd, data: self._keep(self._written, (fd, data)),
            on_report=lambda report: self._keep(self._reports, report),
        )
        self._server = Server(
            self._sandbox,
            host,
            port,
            prefix=prefix,
            allow_hosts=allow_hosts,
            retries=retries,
            on_request=lambda request: self._keep(self._requests, request),
        )

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._ready.result()
        except BaseException:
            self._thread.join()
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._ready.result().call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        if self._failure:
            raise self._failure

    @property
    def address(self) -> str:
        """The value of `AWS_LAMBDA_RUNTIME_API`."""
        return self._server.address

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of the process."""
        return self._sandbox.environ

    @property
    def requests(self) -> list[Request]:
        """Every request so far, including callers', in the order of their last bytes."""
        return list(self._requests)

    @property
    def reports(self) -> list[Report]:
        """The reports of the invocations that are over."""
        return list(self._reports)

    @property
    def output(self) -> bytes:
        """The output to stdout and stderr, in order of arrival."""
        return b"".join(data for _, data in self._written)

    @property
    def stdout(self) -> bytes:
        """The output to stdout."""
        return b"".join(data for fd, data in self._written if fd == STDOUT)

    @property
    def stderr(self) -> bytes:
        """The output to stderr."""
        return b"".join(data for fd, data in self._written if fd == STDERR)

    @property
    def pid(self) -> int:
        """The process id of the runtime."""
        if self._sandbox.process is None:
            raise AssertionError("no runtime has been started")
        return self._sandbox.process.pid

    @property
    def status(self) -> int | None:
        """The exit status of the runtime, -N for signal N; None while it runs."""
        return self._sandbox.process.status if self._sandbox.process else None

    def script(self, endpoint: str, *answers: Step | Sequence[Step]) -> None:
        """
        Queue answers for "next", "response", "error" or "init/error", one per request.

        An answer is a step or a sequence of steps. When the queue is empty, the emulator answers by its own rules. A
        `next` that is already waiting takes an answer at once.
        """
        self._call(_as_coroutine(lambda: self._server.script(endpoint, *answers)))

    def start(self) -> None:
        """Start the runtime now, rather than with the first invocation."""
        self._call(self._sandbox.start())

    def shut_down(self) -> int:
        """
        End the environment, as Lambda does with one that has been idle for minutes; return the runtime's exit status.

        With an extension registered, the runtime gets SIGTERM and half a second, or 300 ms if one is external, which
        hears of the end after that. Without, the runtime is killed at once.
        """
        process = self._sandbox.process
        if process is None:
            raise AssertionError("no runtime has been started")
        self._call(self._sandbox.shut_down())
        return process.status or 0

    def invoke(self, payload: bytes = b"{}", *, headers: Mapping[str, str] | None = None) -> Outcome:
        """Send an event over HTTP, as a caller would, and wait for the response."""
        given = {"Content-Type": "application/json"} | dict(headers or {})
        patience = CALL_SECONDS + self._function.timeout
        connection = http.client.HTTPConnection(self._server.authority, timeout=patience)
        try:
            connection.request("POST", "/2015-03-31/functions/function/invocations", payload, given)
            response = connection.getresponse()
            return Outcome(response.status, tuple(response.getheaders()), response.read())
        finally:
            connection.close()

    def wait_for(self, endpoint: str, count: int = 1, timeout: float = 5.0) -> list[Request]:
        """
        Wait for *count* requests to an endpoint and return all that have come.

        Raises:
            AssertionError: there are fewer after *timeout* seconds; the text shows all requests and the output.
        """
        return self._wait(lambda: self._to(endpoint), count, timeout, f"requests to {endpoint!r}")

    def wait_exit(self, timeout: float = 5.0) -> int:
        """
        Wait until the runtime has exited and return its exit status, -N for signal N.

        Raises:
            AssertionError: it still runs after *timeout* seconds, or hasn't been started.
        """
        process = self._sandbox.process
        if process is None:
            raise AssertionError("no runtime has been started")
        if not self._call(within(timeout, process.exited)):
            raise AssertionError(f"the runtime still runs after {timeout} seconds\n{self._story()}")
        return process.status or 0

    def wait_report(self, count: int = 1, timeout: float = 5.0) -> list[Report]:
        """
        Wait until *count* invocations are over and return the reports. An invocation is over at the following `next`.

        Raises:
            AssertionError: there are fewer after *timeout* seconds.
        """
        return self._wait(lambda: self.reports, count, timeout, "invocations over")

    def _wait(self, seen: Callable[[], list[T]], count: int, timeout: float, what: str) -> list[T]:
        with self._arrived:
            if self._arrived.wait_for(lambda: len(seen()) >= count, timeout):
                return seen()
        raise AssertionError(f"{len(seen())} of {count} {what} within {timeout} seconds\n{self._story()}")

    def _to(self, endpoint: str) -> list[Request]:
        return [request for request in self.requests if request.endpoint == endpoint]

    def _story(self) -> str:
        lines = [f"  {seen.method} {seen.target} {seen.body[:200]!r}" for seen in self.requests]
        output = self.output.decode(errors="replace")
        return "\n".join(["requests:", *(lines or ["  none"]), "output of the runtime:", output or "  none"])

    def _keep(self, kept: list[T], what: T) -> None:
        with self._arrived:
            kept.append(what)
            self._arrived.notify_all()

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._ready.result()).result(CALL_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 - raised again where the test can see it
            if self._ready.done():
                self._failure = error
            else:
                self._ready.set_exception(error)

    async def _main(self) -> None:
        async with self._server:
            base = {"PATH": os.environ.get("PATH", os.defpath)}
            self._sandbox.environ = environment(self._function, self.address, base) | self._extra
            self._ready.set_result(asyncio.get_running_loop())
            await self._stopping.wait()


async def _as_coroutine(call: Callable[[], None]) -> None:
    call()
