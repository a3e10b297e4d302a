"""
The composition root: the phases of a runtime, and its exit statuses.

Owns: reading the environment, once; which part gets what; what happens when init fails.
Refuses to know: how any part does its work.

Exit statuses: 1 after an init error, a wrong configuration, or when the Runtime API is gone; 126 and 127 for a wrapper
that cannot be run; a function that calls `sys.exit(n)` ends its environment with n, or with 1 for n = 0, since a
runtime that leaves without a reason failed.
"""

from __future__ import annotations

import gc
import sys
from atexit import _run_exitfuncs
from os import _exit, execv, getcwd, getpid
from os import environ as process_environ

from . import loader
from .client import RuntimeClient, SocketTransport
from .codec import DEFAULTS
from .errors import ConfigError, RuntimeApiError, report
from .log import Log
from .loop import InvokeLoop
from .on_import import Watch
from .protocol import Address
from .signature import adapt
from .tracing import Tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping
    from types import ModuleType
    from typing import Any, NoReturn

    from .codec import Name, Options
    from .diagnostics.timeout_dump import Autopsy
    from .errors import ErrorReport
    from .protocol import Transport
    from .signature import Handler

WRAPPED = "_LAMBDA_BOOTSTRAP_WRAPPED"  # in the environment between the wrapper and our second start
OTLP_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NO_API = (
    "AWS_LAMBDA_RUNTIME_API is not set, so this is not AWS Lambda. "
    "To run a function here, start it under the emulator: make run HANDLER=path/to/app.handler"
)


def main(argv: list[str], environ: MutableMapping[str, str], function: list[str], ours: list[str]) -> int:
    """
    Run the handler named by `argv[1]`, else by `_HANDLER`, until the environment ends; give the exit status.

    Args:
        argv: the command line.
        environ: the process's environment; `_X_AMZN_TRACE_ID` is kept up to date in it.
        function: the folders that imports are looked for in first: the function's own, then those of its layers.
        ours: folders of packages that a function may use without bringing them, looked into last.

    Source of the order: AWS Lambda Developer Guide, "Search path" in "Working with .zip file archives for Python".
    """
    status = wrap(argv, environ)
    if status is not None:
        return status
    name = argv[1] if len(argv) > 1 else environ.get("_HANDLER", "")
    ours = [folder for folder in ours if folder not in sys.path]

    try:
        transport = connect(environ, function, ours)
        options = options_of(environ)
    except ConfigError as error:
        return complain(error)
    environ["_HANDLER"] = name
    environ.setdefault("LAMBDA_TASK_ROOT", function[0])
    loader.heed_pth(function + ours)
    gc.freeze()  # what there is stays: no collection has to look at it
    gc.enable()  # off since `bootstrap` began
    return serve(transport, lambda: loader.load(name, options), environ)


def wrap(argv: list[str], environ: MutableMapping[str, str]) -> int | None:
    """
    Become the program that `AWS_LAMBDA_EXEC_WRAPPER` names, once: it runs what its arguments say, which is us again.

    Give None when there is none (left), or the shell's exit status for a program that cannot be run.

    Source: AWS Lambda Developer Guide, "Modifying the runtime environment", wrapper scripts.
    """
    wrapper = environ.get("AWS_LAMBDA_EXEC_WRAPPER")
    if environ.pop(WRAPPED, None) or not wrapper:
        return None
    environ[WRAPPED] = "1"
    try:
        execv(wrapper, [wrapper, sys.executable, *argv])  # noqa: S606 - the operator's own program
    except OSError as error:
        complain(ConfigError(f"AWS_LAMBDA_EXEC_WRAPPER is {wrapper!r}, which cannot be run: {error.strerror}"))
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
        transport = connect(process_environ, [], [])
        options = options_of(process_environ, codec, *words)
    except ConfigError as error:
        leave(complain(error))
    leave(serve(transport, lambda: adapt(handler, name, options), process_environ))


def options_of(environ: Mapping[str, str], codec: str = "", *words: str) -> Options:
    """How events and results are read and written: as *codec* and *words* say, else *environ*; may be a ConfigError."""
    if not (codec or words or environ.get("BOOTSTRAP_CODEC") or environ.get("BOOTSTRAP_EVENTS")):
        return DEFAULTS
    from .integrations.fast_json import chosen

    return chosen(environ, codec, words)


def connect(environ: Mapping[str, str], function: list[str], ours: list[str]) -> Transport:
    """
    A transport to the Runtime API that *environ* names; puts the folders of *function* and *ours* on the import path.

    Raises:
        ConfigError: it names no Runtime API, or a transport that there is not.
    """
    place = environ.get("AWS_LAMBDA_RUNTIME_API")
    if not place:
        raise ConfigError(NO_API)
    address = Address(place)
    name = environ.get("BOOTSTRAP_TRANSPORT") or "socket"
    if name not in {"socket", "urllib3"}:
        raise ConfigError(f"BOOTSTRAP_TRANSPORT is {name!r}: it has to be socket or urllib3")
    sys.path += ours
    if name == "socket":
        sys.path[:0] = function
        return SocketTransport(address)
    before = set(sys.modules)
    try:
        from .integrations.urllib3 import Aside, Urllib3Transport
    except ImportError as error:
        raise ConfigError(f"BOOTSTRAP_TRANSPORT is urllib3, which cannot be imported: {error}") from error
    sys.path[:0] = function
    return Aside(Urllib3Transport(address), set(sys.modules) - before)


def serve(transport: Transport, load: Callable[[], Handler], environ: MutableMapping[str, str]) -> int:
    """Init, then invocations; give the exit status."""
    log, pid = Log(environ), getpid()
    try:
        autopsy = autopsy_for(environ, log)
    except ConfigError as error:
        return complain(error)
    client = RuntimeClient(transport, getcwd(), lambda reason: log.complain(reason, None))
    connect_log(environ, log)
    log.open_streams()
    watch(log)
    trace(environ, log)
    try:
        try:
            handler = load()
            init(handler, log)
            if getpid() != pid:  # the function forked while it was imported: it is the parent that polls
                return 0
        except BaseException as error:
            if getpid() != pid:
                return 0
            failure = report(error)
            log.error(failure)
            log.end()
            fail_init(failure)
            client.fail_init(failure)
            return 1
        return InvokeLoop(client, handler, log, Tracer(environ), function_values(environ), autopsy).run()
    except RuntimeApiError as error:
        return complain(error)
    except (SystemExit, KeyboardInterrupt) as error:  # by a signal handler, while no invocation was under way
        code = getattr(error, "code", 130)
        return code if isinstance(code, int) else int(code is not None)


def connect_log(environ: MutableMapping[str, str], log: Log) -> None:
    """Lead the log to where a platform with concurrent workers wants it; it stays on stdout if that is not there."""
    path = environ.pop("_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET", "")
    try:
        if path:
            log.connect_streams(path)
    except OSError as error:
        log.complain(f"the log socket {path} cannot be used", error)


def watch(log: Log) -> None:
    """Have libraries that write to *log*, and tools that look for awslambdaric, set up when they are imported."""

    def set_up(module: ModuleType) -> None:
        from .integrations import stdlib

        stdlib.set_up(log, module)

    def offer(_module: ModuleType) -> None:
        from .integrations import awslambdaric

        awslambdaric.offer()

    libraries = ("logging", "structlog", "threading", "warnings")
    Watch({**dict.fromkeys(libraries, set_up), "sentry_sdk.integrations.aws_lambda": offer}).begin()


def trace(environ: MutableMapping[str, str], log: Log) -> None:
    """Give every invocation an OpenTelemetry span, where `OTEL_*` says that somebody is to get it."""
    exporter = environ.get("OTEL_TRACES_EXPORTER") or ("otlp" if any(map(environ.get, OTLP_ENDPOINTS)) else "none")
    # A layer that has put its own handler in front, as their scripts do, makes its own spans.
    is_taken = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("ORIG_HANDLER")
    if exporter != "otlp" or is_taken:
        return
    try:
        from .integrations.opentelemetry import set_up

        set_up(environ)
    except ImportError:
        pass  # the function has not brought the packages: then the variables are for somebody else
    except Exception as error:
        log.complain("OpenTelemetry cannot be set up", error)


def init(handler: Handler, log: Log) -> None:
    """What comes between the import of the function and its first invocation."""
    hooks = sys.modules.get(f"{__package__}.hooks")
    if hooks is not None:
        hooks.run(hooks.init, log.complain)
    ric = sys.modules.get(f"{__package__}.integrations.awslambdaric")
    if ric is not None:
        handler.call = ric.handle_event_request(ric.client, handler.call)


def fail_init(failure: ErrorReport) -> None:
    """Tell the tools that look for awslambdaric of an init error, while it is being handled."""
    ric = sys.modules.get(f"{__package__}.integrations.awslambdaric")
    if ric is not None:
        ric.client.post_init_error(failure.body(""))


def autopsy_for(environ: Mapping[str, str], log: Log) -> Autopsy | None:
    """
    Who writes the stacks of an invocation shortly before its deadline, if that was asked for.

    Raises:
        ConfigError: `BOOTSTRAP_TIMEOUT_DUMP_MS` is no number of milliseconds.
    """
    margin = environ.get("BOOTSTRAP_TIMEOUT_DUMP_MS") or "0"
    if not (margin.isascii() and margin.isdigit()):
        raise ConfigError(f"BOOTSTRAP_TIMEOUT_DUMP_MS is {margin!r}: it has to be a number of milliseconds, 0 for off")
    if not int(margin):
        return None
    from .diagnostics.timeout_dump import Autopsy

    return Autopsy(int(margin), log.autopsy)


def function_values(environ: Mapping[str, str]) -> dict[str, str | None]:
    """The attributes of `Context` that Lambda tells in the environment."""
    return {
        "function_name": environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        "function_version": environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
        "memory_limit_in_mb": environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        "log_group_name": environ.get("AWS_LAMBDA_LOG_GROUP_NAME"),
        "log_stream_name": environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
    }


def leave(status: int) -> NoReturn:
    """End the process now: a thread that the function left running must not hold up the end of its environment."""
    _run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: S110 - the stream is the function's, and so is its failure
            pass
    _exit(status)


def complain(error: Exception) -> int:
    """Say on stderr, in one line, why there is nothing to run; give the exit status."""
    sys.stderr.write(f"bootstrap: {error}\n")
    return 1
