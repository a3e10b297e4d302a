"""
The composition root: the phases of a runtime, and its exit statuses.

Owns: which part gets what, which rooms the settings open, and what happens when init fails.
Refuses to know: how any part does its work.

Exit statuses: 0 after SIGTERM, if the function asks for it; 64 and 65 after a failed hook of SnapStart; 1 after an init
error, a wrong configuration, or when the Runtime API is gone; 126 and 127 for a wrapper that cannot be run; a function
that calls `sys.exit(n)` ends its environment with n, or with 1 for n = 0, since a runtime that leaves without a reason
failed.
"""

from __future__ import annotations

import sys
from atexit import _run_exitfuncs  # what `sys.exit` runs: `leave` skips the rest of a shutdown, which waits for threads
from posix import _exit, execv, getcwd, getpid  # built in, see `environ`; `_exit` waits for no thread, see `leave`

from . import current, hooks, loader, report, settings, spare
from .client import RuntimeClient
from .codec import DEFAULTS
from .environ import environ
from .errors import ConfigError, RuntimeApiError
from .log import Log
from .loop import InvokeLoop, child_status, exit_code, exit_status
from .on_import import SET_UPS, OnImport
from .protocol import Address
from .settings import Settings
from .signature import adapt
from .transport import SocketTransport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from .codec import Name, Options
    from .contracts import Transport
    from .lifecycle.signals import Signals
    from .lifecycle.workers import Workers
    from .signature import Handler

NO_API = (
    "AWS_LAMBDA_RUNTIME_API is not set, so this is not AWS Lambda. "
    "To run a function here, start it under the emulator: lambda-bootstrap run path/to/app.handler"
)

NOT_LAZY = (
    f"BOOTSTRAP_LAZY_IMPORTS has no effect on Python {sys.version_info[0]}.{sys.version_info[1]}: "
    "lazy imports begin with Python 3.15"
)

TOO_LATE = (
    "the hook {} of on_shutdown comes after init, too late to have Lambda announce the end of the environment: "
    "register it while the function is imported, or set BOOTSTRAP_SIGTERM=1"
)


def run(argv: list[str], home: str, lazy: str = "") -> NoReturn:
    """Run `main`, then end the process: what `bootstrap` and `python -m lambda_bootstrap` come down to."""
    try:
        status = main(argv, home, lazy)
    except BaseException:  # whatever it is: a thread of the function's must not keep the process
        sys.excepthook(*sys.exc_info())
        status = 1
    leave(status)


def main(argv: list[str], home: str, lazy: str = "") -> int:
    """
    Run the handler named by `argv[1]`, else by `_HANDLER`, until the environment ends; return the exit status.

    The frames from `bootstrap` to the handler neither keep nor name the process's environment, which has credentials:
    loguru and Sentry write down the variables of every frame.

    Args:
        argv: the command line.
        home: the folder of `bootstrap`; packages that a function may use without bringing them lie in it.
        lazy: the mode of lazy imports that the function is to have, "" before Python 3.15; until then there are none.

    Source of the search order: AWS Lambda Developer Guide, "Search path" in "Working with .zip file archives for
    Python".
    """
    status = wrap(argv)
    if status is not None:
        return status
    packages = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    task_root = environ.get(settings.TASK_ROOT.name) or getcwd()
    function = [task_root, f"/opt/python/{packages}", "/opt/python"]
    ours = [folder for folder in (f"{home}/{packages}", f"{home}/site-packages") if folder not in sys.path]
    try:
        found = Settings(environ)
        transport = connect(found, function, ours)
        options = options_of(found)
    except ConfigError as error:
        return fail(error)
    name = argv[1] if len(argv) > 1 else found.handler
    environ[settings.HANDLER.name] = name
    environ.setdefault(settings.TASK_ROOT.name, task_root)
    if lazy:
        loader.set_lazy_imports("all" if found.wants_lazy_imports else lazy)
    loader.process_pth(function + ours)
    return serve(transport, lambda: loader.load(name, options, found.http), found)


def wrap(argv: list[str]) -> int | None:
    """
    Become the program that `AWS_LAMBDA_EXEC_WRAPPER` names, once: it runs what its arguments say, which is us again.

    Return None if there is none, or if it has run, and the shell's exit status for a program that cannot be run.
    """
    wrapper = settings.take_wrapper(environ)
    if not wrapper:
        return None
    try:
        execv(wrapper, [wrapper, sys.executable, *argv])  # the operator's own program
    except OSError as error:
        fail(ConfigError(f"AWS_LAMBDA_EXEC_WRAPPER is {wrapper!r}, which cannot be run: {error.strerror}"))
        return 127 if isinstance(error, FileNotFoundError) else 126


def start(
    handler: Callable[..., Any], *, codec: Name = "", strict: bool = False, use_decimal: bool = False
) -> NoReturn:
    """
    Run *handler* until the environment ends: aws-lambda-go's `lambda.Start`, for programs with their own entry point.

    Args:
        handler: takes (), (event), (context) or (event, context); may be `async`.
        codec: what reads and writes JSON, "json", "orjson" or "msgspec"; default: `BOOTSTRAP_CODEC`, else "json".
        strict: whether a field that a typed event does not have is refused.
        use_decimal: whether numbers with a point or an exponent are read as `Decimal`.
    """
    name = getattr(handler, "__qualname__", type(handler).__name__)
    words = [word for word, is_on in (("strict", strict), ("use_decimal", use_decimal)) if is_on]
    try:
        found = Settings(environ)
        transport = connect(found, [], [])
        options = options_of(found, codec, *words)
    except ConfigError as error:
        leave(fail(error))
    load = lambda: adapt(handler, name, options, http=found.http)  # noqa: E731 - as in `main`
    leave(serve(transport, load, found, is_program=True))


def options_of(found: Settings, codec: str = "", *words: str) -> Options:
    """
    Return how events and results are read and written: as *codec* and *words* say, else as the settings do.

    Raises:
        ConfigError: there is no such codec or word, or the function has not brought the codec's library.
    """
    name, every = codec or found.codec, [*words, *found.events]
    if name == settings.CODEC.default and not every:
        return DEFAULTS
    from .integrations import fast_json

    return fast_json.options(name, every)


def connect(found: Settings, function: list[str], ours: list[str]) -> Transport:
    """
    Return a transport to the Runtime API; put the folders of *function* and *ours* on the import path.

    Raises:
        ConfigError: no Runtime API is named, or its transport cannot be imported.
    """
    if not found.runtime_api:
        raise ConfigError(NO_API)
    address = Address(found.runtime_api)
    sys.path += ours
    if found.transport == "socket":
        sys.path[:0] = function
        return SocketTransport(address)
    before = set(sys.modules)
    try:
        from .integrations.urllib3 import Aside, Urllib3Transport
    except ImportError as error:
        raise ConfigError(f"BOOTSTRAP_TRANSPORT is urllib3, which cannot be imported: {error}") from error
    sys.path[:0] = function
    return Aside(Urllib3Transport(address), set(sys.modules) - before)


def serve(transport: Transport, load: Callable[[], Handler], found: Settings, *, is_program: bool = False) -> int:
    """Initialise, then answer invocations; return the exit status."""
    log = Log(found)
    client = RuntimeClient(transport, getcwd(), log.problem)
    prepare(log, client, found)
    workers = open_workers(log, client, found, is_program=is_program) if found.concurrency > 1 else None
    pid = getpid()
    try:
        try:
            handler = load()
            init(handler, log)
            if workers is not None and getpid() == pid:
                workers.enter(handler)
                pid = getpid()
                workers.open_own()
            if handler.application is not None:
                handler.application.begin(log, found)
            if getpid() != pid:  # the function forked while it was imported: it is the parent that polls
                return 0
        except BaseException as error:
            if getpid() != pid:
                return child_status(error, log)
            failure = report.of(error)
            log.error(failure)
            log.end()
            hooks.run(hooks.init_error, log.problem, error)
            if getpid() != pid:  # a hook forked
                return 0
            client.fail_init(failure)
            return 1
        return answer(InvokeLoop(client, handler, log, found.function), workers, client, log, found)
    except RuntimeApiError as error:
        return fail(error)
    except (SystemExit, KeyboardInterrupt) as error:  # by a signal handler, while no invocation was under way
        code = exit_code(error) if issubclass(type(error), SystemExit) else 130
        return code if type(code) is int else int(code is not None)


def answer(loop: InvokeLoop, workers: Workers | None, client: RuntimeClient, log: Log, found: Settings) -> int:
    """Answer invocations until the environment ends, in the way that the settings ask for; return the exit status."""
    if found.is_from_snapshot:
        begin_from_snapshot(loop, client, log)
    is_told = hooks.shutdown or found.wants_sigterm
    if not is_told:
        hooks.take_late = lambda hook: log.problem(TOO_LATE.format(hooks.name(hook)))
    if workers is not None:
        return workers.run(loop, open_signals(log, client), exit_status)
    return run_until_sigterm(loop, client, log, found) if is_told else loop.run()


def init(handler: Handler, log: Log) -> None:
    """Do what comes between the import of the function and its first invocation."""
    for warning in handler.warnings:
        log.problem(warning)
    hooks.run(hooks.init, log.problem)
    for wrapped in hooks.around:
        handler.call = wrapped(handler.call)


def prepare(log: Log, client: RuntimeClient, found: Settings) -> None:
    """Set up what has to be there before the function is imported, and open the rooms that the settings ask for."""
    spare.keep()
    if found.log_socket:
        try:
            log.connect_streams(found.log_socket)
            for number, name in enumerate(("stdout", "stderr"), 1):
                if getattr(sys, name) is not None:  # and was a file perhaps, which can seek
                    setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - for good
        except OSError as error:
            log.problem(f"the log socket {found.log_socket} cannot be used", error)
    log.open_streams()
    if found.wants_lazy_imports and not hasattr(sys, "set_lazy_imports"):
        log.problem(NOT_LAZY)
    current.beginnings.append(current.trace_keeper(environ))
    OnImport(log, {**SET_UPS, "signal": lambda log, module: open_signals(log, client).set_up(module)}).begin()
    if found.timeout_dump_ms:
        from .diagnostics.timeout_dump import TimeoutDump

        dump = TimeoutDump(found.timeout_dump_ms, log.timeout_dump)
        current.beginnings.append(dump.begin)
        current.endings.append(dump.end)
    if any(name.startswith("OTEL_") for name in environ):
        from .integrations import opentelemetry

        try:
            opentelemetry.set_up(environ)
        except Exception as error:
            log.problem("OpenTelemetry cannot be set up", error)


def open_signals(log: Log, client: RuntimeClient) -> Signals:
    """Return what keeps that which signal handlers raise away from the Runtime API."""
    from .lifecycle.signals import Signals

    found: Signals = client.signals or Signals(log, client)
    client.signals = found
    return found


def open_workers(log: Log, client: RuntimeClient, found: Settings, *, is_program: bool) -> Workers:
    """Return what has many invocations answered at once."""
    from .lifecycle.workers import Workers

    workers = Workers(log, client, found, Address(found.runtime_api), is_program=is_program)
    workers.begin()
    return workers


def begin_from_snapshot(loop: InvokeLoop, client: RuntimeClient, log: Log) -> None:
    """Let a snapshot be taken before *loop* runs."""
    from .lifecycle.snapstart import SnapStart

    loop.run = SnapStart(client, log, loop).then(loop.run)  # type: ignore[method-assign] # it runs once


def run_until_sigterm(loop: InvokeLoop, client: RuntimeClient, log: Log, found: Settings) -> int:
    """Run *loop*, in an environment that is told of its end."""
    from .lifecycle.shutdown import Shutdown

    return Shutdown(log, client, open_signals(log, client)).run(loop, Address(found.runtime_api))


def leave(status: int) -> NoReturn:
    """End the process now: a thread that the function left running must not hold up the end of its environment."""
    _run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: S110 - the stream is the function's, and so is its failure
            pass
    _exit(status)


def fail(error: Exception) -> int:
    """Print on stderr, in one line, why there is nothing to run; return the exit status."""
    sys.stderr.write(f"bootstrap: {error}\n")
    return 1
