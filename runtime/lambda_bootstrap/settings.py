"""
Every environment variable that the runtime reads, in one table.

Owns: their names, values, defaults and meanings, and the error for a value that isn't allowed.
docs/reference/options.md is generated from it.
Refuses to know: what a setting changes; `OTEL_*`, which belong to OpenTelemetry's own packages.
"""

from __future__ import annotations

from .errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping


class Setting:
    """
    One variable.

    Args:
        name: of the variable.
        meaning: one sentence, for the page of options.
        values: what it may be, in words, for a setting without *choices*.
        default: what an unset or empty variable counts as.
        unset: what an unset variable means, in words, for a setting without a *default*.
        choices: every value that is allowed, if they can be listed.
        is_list: whether several of *choices* may be given, with commas between them.
    """

    __slots__ = ("choices", "default", "is_list", "meaning", "name", "unset", "values")

    def __init__(  # noqa: PLR0913 - a row of a table
        self,
        name: str,
        meaning: str,
        values: str = "",
        *,
        default: str = "",
        unset: str = "",
        choices: tuple[str, ...] = (),
        is_list: bool = False,
    ) -> None:
        self.name = name
        self.meaning = meaning
        self.values = values
        self.default = default
        self.unset = unset
        self.choices = choices
        self.is_list = is_list

    def read(self, environ: Mapping[str, str]) -> str:
        """
        Return the variable's value, or the default if it is unset or empty.

        Raises:
            ConfigError: it is not one of the choices.
        """
        value = environ.get(self.name) or self.default
        if self.choices:
            self.check(value)
        return value

    def words(self, environ: Mapping[str, str]) -> list[str]:
        """Return the parts of a list; otherwise as `read`."""
        return list(filter(None, self.read(environ).split(",")))

    def check(self, value: str) -> None:
        """
        Refuse a *value* that is not one of the choices.

        Raises:
            ConfigError: it is not.
        """
        for part in filter(None, value.split(",")) if self.is_list else [value]:
            if part not in self.choices:
                raise self.wrong(value)

    def wrong(self, value: str) -> ConfigError:
        """Return the error for a *value* that isn't allowed."""
        several = "both" if len(self.choices) < 3 else "several with commas"  # noqa: PLR2004 - two are both
        *others, last = [*self.choices, several] if self.is_list else self.choices or [self.values]
        wanted = f"{', '.join(others)} or {last}" if others else last
        return ConfigError(f"{self.name} is {value!r}: it has to be {wanted}")


HANDLER = Setting("_HANDLER", "The handler, unless the command line names one.", "a name like app.handler")
RUNTIME_API = Setting(
    "AWS_LAMBDA_RUNTIME_API",
    "Where invocations come from; Lambda sets it.",
    "host:port, [IPv6]:port or http://host:port/prefix",
)
TASK_ROOT = Setting("LAMBDA_TASK_ROOT", "Where the function is.", "a folder", unset="the working directory")
EXEC_WRAPPER = Setting(
    "AWS_LAMBDA_EXEC_WRAPPER",
    "Is run once in place of the runtime, with the runtime's command line as its arguments.",
    "a program",
)
WRAPPED = "_LAMBDA_BOOTSTRAP_WRAPPED"  # set between the wrapper and our second start
LOG_FORMAT = Setting("AWS_LAMBDA_LOG_FORMAT", "The form of log records.", "`Text`, `JSON`", default="Text")
LOG_LEVEL = Setting(
    "AWS_LAMBDA_LOG_LEVEL",
    "The level of `logging`'s root and of structlog.",
    "`TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL`",
    unset="their own",
)
LOG_FD = Setting(
    "_LAMBDA_TELEMETRY_LOG_FD",
    "Takes log records in frames; removed from the environment once read.",
    "a descriptor",
    unset="stdout, without frames",
)
LOG_SOCKET = Setting(
    "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET",
    "Gives stdout and stderr to an environment with concurrent workers; removed from the environment once read.",
    "the path of a socket",
)
FUNCTION_NAME = Setting("AWS_LAMBDA_FUNCTION_NAME", "`context.function_name`.", "text")
FUNCTION_VERSION = Setting("AWS_LAMBDA_FUNCTION_VERSION", "`context.function_version`, and in JSON records.", "text")
MEMORY_SIZE = Setting("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "`context.memory_limit_in_mb`.", "megabytes")
LOG_GROUP = Setting("AWS_LAMBDA_LOG_GROUP_NAME", "`context.log_group_name`.", "text")
LOG_STREAM = Setting("AWS_LAMBDA_LOG_STREAM_NAME", "`context.log_stream_name`.", "text")
CODEC = Setting(
    "BOOTSTRAP_CODEC",
    "What reads and writes JSON; the function brings the library.",
    default="json",
    choices=("json", "orjson", "msgspec"),
)
EVENTS = Setting(
    "BOOTSTRAP_EVENTS",
    "`strict` refuses fields that a typed event does not have; `use_decimal` reads fractions as `Decimal`.",
    choices=("strict", "use_decimal"),
    is_list=True,
)
HTTP = Setting(
    "BOOTSTRAP_HTTP",
    "`asgi` or `wsgi` says that the handler is such an application, where its parameters don't; `off` says that it "
    "isn't; `stream` sends its answers while they are made.",
    choices=("asgi", "wsgi", "off", "stream"),
    is_list=True,
)
HTTP_ERROR_STATUS = Setting(
    "BOOTSTRAP_HTTP_ERROR_STATUS",
    "An application's answers with these statuses fail the invocation.",
    "statuses and ranges, like 500,502-504",
    unset="none",
)
HTTP_EVENTS = Setting(
    "BOOTSTRAP_HTTP_EVENTS",
    "Events that are no HTTP requests are posted to this path of the application; if it is empty, they fail.",
    "a path",
    default="/events",
)
HTTP_ROOT_PATH = Setting(
    "BOOTSTRAP_HTTP_ROOT_PATH",
    "Where the application is mounted; if it is empty, the application doesn't see the stage.",
    "a path",
    unset="the stage of the API, where clients have to name it",
)
INVOKE_MODE = Setting(
    "AWS_LWA_INVOKE_MODE",
    "`response_stream` means the same as `BOOTSTRAP_HTTP=stream`, for functions that come from Lambda Web Adapter.",
    "`buffered`, `response_stream`",
    unset="`buffered`",
)
TIMEOUT_DUMP_MS = Setting(
    "BOOTSTRAP_TIMEOUT_DUMP_MS",
    "Logs the stacks of all threads and tasks this many milliseconds before the deadline.",
    "a number of milliseconds, 0 for off",
    default="0",
)
INITIALIZATION = Setting(
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "How environments begin; with `snap-start`, from a snapshot: hooks of `before_snapshot` and `after_restore` run.",
    "`on-demand`, `provisioned-concurrency`, `snap-start`, `lambda-managed-instances`",
)
MAX_CONCURRENCY = Setting(
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "How many invocations run at once: in a worker process each, or as tasks if the handler is `async`; Lambda Managed "
    "Instances set it.",
    "a number from 1 to 9999",
    default="1",
)
LAZY_IMPORTS = Setting(
    "BOOTSTRAP_LAZY_IMPORTS",
    "With 1, what a function imports is loaded when it is used first, as by Python's `-X lazy_imports=all`. Needs "
    "Python 3.15; before, one warning says that it has no effect.",
    default="0",
    choices=("0", "1"),
)
IMPORT = Setting(
    "BOOTSTRAP_IMPORT",
    "Whether the function is imported `once`, before the worker processes are forked, or in each `worker`.",
    default="once",
    choices=("once", "worker"),
)
SIGTERM = Setting(
    "BOOTSTRAP_SIGTERM",
    "With 1, Lambda sends SIGTERM before it ends the environment: for `atexit`, or a handler of the function's own. "
    "Hooks of `on_shutdown` ask for it themselves.",
    default="0",
    choices=("0", "1"),
)
TRANSPORT = Setting(
    "BOOTSTRAP_TRANSPORT",
    "What carries requests; urllib3 is for comparing.",
    default="socket",
    choices=("socket", "urllib3"),
)

TABLE = (
    *(HANDLER, RUNTIME_API, TASK_ROOT, EXEC_WRAPPER, INITIALIZATION),
    *(MAX_CONCURRENCY, IMPORT, LAZY_IMPORTS),
    *(CODEC, EVENTS, SIGTERM, TIMEOUT_DUMP_MS, TRANSPORT),
    *(HTTP, HTTP_ERROR_STATUS, HTTP_EVENTS, HTTP_ROOT_PATH, INVOKE_MODE),
    *(LOG_FORMAT, LOG_LEVEL, LOG_FD, LOG_SOCKET),
    *(FUNCTION_NAME, FUNCTION_VERSION, MEMORY_SIZE, LOG_GROUP, LOG_STREAM),
)


class Settings:
    """
    What the environment asks for.

    Args:
        environ: the log's descriptor and socket are taken out of it, as child processes must not use them.

    Attributes:
        handler: the handler's name, or "".
        runtime_api: its address as written, or "".
        transport: what carries requests.
        codec: what reads and writes JSON.
        events: words of `BOOTSTRAP_EVENTS`.
        is_from_snapshot: whether environments begin from a snapshot.
        concurrency: how many invocations run at once.
        imports_in_workers: whether each worker imports the function.
        wants_lazy_imports: whether what the function imports is loaded when it is used first.
        wants_sigterm: whether Lambda is asked for SIGTERM, hooks or not.
        http: words of `BOOTSTRAP_HTTP`.
        http_streams: whether a web application's answers are streamed.
        http_errors: statuses of answers that fail the invocation.
        http_events: the path that other events are posted to, or "".
        http_root_path: where the application is mounted, "" for nowhere, or None.
        timeout_dump_ms: milliseconds before the deadline, 0 for never.
        is_json: whether log records are JSON.
        log_level: a level in `logging`'s names, or "".
        log_fd: the descriptor that takes records in frames, or None.
        log_socket: the path of the socket that stdout and stderr connect to, or "".
        function: the attributes of `Context` that are the same for every invocation.

    Raises:
        ConfigError: a variable has a value that isn't allowed.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self.handler = HANDLER.read(environ)
        self.runtime_api = RUNTIME_API.read(environ)
        self.transport = TRANSPORT.read(environ)
        self.codec = CODEC.read(environ)
        self.events = EVENTS.words(environ)
        self.is_from_snapshot = environ.get(INITIALIZATION.name) == "snap-start"
        self.concurrency, self.imports_in_workers = 1, False
        if MAX_CONCURRENCY.name in environ:
            many = MAX_CONCURRENCY.read(environ)
            if not (many.isascii() and many.isdigit() and len(many) < 5 and int(many)):  # noqa: PLR2004 - digits
                raise MAX_CONCURRENCY.wrong(many)
            self.concurrency = int(many)
            self.imports_in_workers = IMPORT.read(environ) == "worker"
        self.wants_lazy_imports = LAZY_IMPORTS.read(environ) == "1"
        self.wants_sigterm = SIGTERM.read(environ) == "1"
        self.http = HTTP.words(environ)
        if len({"asgi", "wsgi", "off"}.intersection(self.http)) > 1:
            raise ConfigError(f"{HTTP.name} is {environ[HTTP.name]!r}: it can say one of asgi, wsgi and off")
        self.http_streams = "stream" in self.http or environ.get(INVOKE_MODE.name, "").lower() == "response_stream"
        self.http_errors = statuses(HTTP_ERROR_STATUS.read(environ))
        self.http_events = path(HTTP_EVENTS, environ.get(HTTP_EVENTS.name, HTTP_EVENTS.default))
        mount = environ.get(HTTP_ROOT_PATH.name)
        self.http_root_path = None if mount is None else path(HTTP_ROOT_PATH, mount).rstrip("/")
        margin = TIMEOUT_DUMP_MS.read(environ)
        if not (margin.isascii() and margin.isdigit() and len(margin) < 10):  # noqa: PLR2004 - digits
            raise TIMEOUT_DUMP_MS.wrong(margin)
        self.timeout_dump_ms = int(margin)
        self.is_json = LOG_FORMAT.read(environ).upper() == "JSON"
        level = environ.get(LOG_LEVEL.name, "").upper()
        self.log_level = {"TRACE": "DEBUG"}.get(level, level)
        descriptor = environ.pop(LOG_FD.name, "")
        is_descriptor = descriptor.isascii() and descriptor.isdigit() and len(descriptor) < 8  # noqa: PLR2004 - digits
        self.log_fd = int(descriptor) if is_descriptor else None
        self.log_socket = environ.pop(LOG_SOCKET.name, "")
        self.function = {
            "function_name": environ.get(FUNCTION_NAME.name),
            "function_version": environ.get(FUNCTION_VERSION.name),
            "memory_limit_in_mb": environ.get(MEMORY_SIZE.name),
            "log_group_name": environ.get(LOG_GROUP.name),
            "log_stream_name": environ.get(LOG_STREAM.name),
        }


def path(setting: Setting, value: str) -> str:
    """
    Return *value*, if it is empty or an absolute path.

    Raises:
        ConfigError: it isn't.
    """
    if value and not (value.startswith("/") and value.isascii() and value.isprintable() and " " not in value):
        raise ConfigError(f"{setting.name} is {value!r}: it has to be a path that begins with /, or empty")
    return value


def statuses(value: str) -> frozenset[int]:
    """
    Return the statuses that *value* lists.

    Raises:
        ConfigError: it isn't a list of statuses and ranges.
    """
    found: set[int] = set()
    for part in filter(None, value.replace(" ", "").split(",")):
        first, dash, last = part.partition("-")
        ends = [first, last if dash else first]
        if not all(end.isascii() and end.isdigit() and len(end) == 3 for end in ends):  # noqa: PLR2004 - digits
            raise HTTP_ERROR_STATUS.wrong(value)
        found.update(range(int(first), int(ends[1]) + 1))
    return frozenset(found)


def take_wrapper(environ: MutableMapping[str, str]) -> str:
    """
    Return the program to become, or "" if there is none or it has run already; mark in *environ* that it runs now.

    Source: AWS Lambda Developer Guide, "Modifying the runtime environment", wrapper scripts.
    """
    wrapper = "" if environ.pop(WRAPPED, None) else EXEC_WRAPPER.read(environ)
    if wrapper:
        environ[WRAPPED] = "1"
    return wrapper
