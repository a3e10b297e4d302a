"""Every variable that the runtime reads: its values, its default, and what is said of a wrong one."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from typing import Any

import pytest
from lambda_bootstrap import settings
from lambda_bootstrap.errors import ConfigError
from lambda_bootstrap.settings import Settings

from tests.support import ROOT

PACKAGE = ROOT / "runtime" / "lambda_bootstrap"
PAGE = ROOT / "docs" / "reference" / "options.md"
VARIABLE = re.compile(r"_?(?:AWS_LAMBDA|AWS_LWA|BOOTSTRAP|LAMBDA)_[A-Z_]+|_HANDLER")


def strings(source: str) -> set[str]:
    """The string constants of a module that are names of variables, docstrings aside."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return {node.value for node in nodes if isinstance(node.value, str) and VARIABLE.fullmatch(node.value)}


class TestTable:
    """The table that the page of options is made of."""

    def test_only_here(self) -> None:
        """No other module of the package has the name of one of the runtime's variables to look it up."""
        files = [path for path in PACKAGE.rglob("*.py") if path.name != "settings.py"]
        # Spans have attributes of the function's name and the like; what asks for spans is `OTEL_*`.
        found = {path.relative_to(PACKAGE).as_posix(): strings(path.read_text()) for path in files}
        described = {f"integrations/{name}.py" for name in ("opentelemetry", "spans")}

        assert len(files) > 40
        assert {name for name, names in found.items() if names} - described == set()

    def test_all_in_it(self) -> None:
        """Every variable that `settings` reads is a row of the table, but for the mark of our own second start."""
        names = strings((PACKAGE / "settings.py").read_text())

        assert {setting.name for setting in settings.TABLE} == names - {"_LAMBDA_BOOTSTRAP_WRAPPED"}

    def test_rows(self) -> None:
        """Every row says what the variable means and what it may be, in sentences that end."""
        assert [row.name for row in settings.TABLE if not row.meaning.endswith(".")] == []
        assert [row.name for row in settings.TABLE if not (row.values or row.choices)] == []

    def test_page(self) -> None:
        """docs/reference/options.md is what `make options` makes of the table."""
        code = "import runpy; print(end=runpy.run_path('docs/options.py')['page']())"
        made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

        assert made.stdout == PAGE.read_text()


class TestValues:
    """What an environment asks for."""

    def test_nothing(self) -> None:
        """An environment without variables asks for the defaults."""
        assert vars(Settings({})) == {
            "handler": "",
            "runtime_api": "",
            "transport": "socket",
            "codec": "json",
            "events": [],
            "is_from_snapshot": False,
            "concurrency": 1,
            "imports_in_workers": False,
            "wants_lazy_imports": False,
            "wants_sigterm": False,
            "http": [],
            "http_errors": frozenset(),
            "http_events": "/events",
            "http_root_path": None,
            "http_streams": False,
            "timeout_dump_ms": 0,
            "is_json": False,
            "log_level": "",
            "log_fd": None,
            "log_socket": "",
            "function": {
                "function_name": None,
                "function_version": None,
                "memory_limit_in_mb": None,
                "log_group_name": None,
                "log_stream_name": None,
            },
        }

    def test_everything(self) -> None:
        """Each variable has its attribute."""
        found = Settings(
            {
                "_HANDLER": "app.handler",
                "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
                "BOOTSTRAP_TRANSPORT": "urllib3",
                "BOOTSTRAP_CODEC": "orjson",
                "BOOTSTRAP_EVENTS": "use_decimal,,strict",
                "BOOTSTRAP_HTTP": "wsgi,stream",
                "BOOTSTRAP_HTTP_ERROR_STATUS": "500, 502-504",
                "BOOTSTRAP_HTTP_EVENTS": "/jobs",
                "BOOTSTRAP_HTTP_ROOT_PATH": "/api/",
                "BOOTSTRAP_TIMEOUT_DUMP_MS": "0150",
                "AWS_LAMBDA_LOG_FORMAT": "json",
                "AWS_LAMBDA_LOG_LEVEL": "trace",
                "_LAMBDA_TELEMETRY_LOG_FD": "62",
                "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET": "/s",
                "AWS_LAMBDA_FUNCTION_NAME": "f",
                "AWS_LAMBDA_FUNCTION_VERSION": "7",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
                "AWS_LAMBDA_LOG_STREAM_NAME": "s",
            }
        )

        assert (found.handler, found.runtime_api, found.transport) == ("app.handler", "127.0.0.1:9001", "urllib3")
        assert (found.codec, found.events, found.timeout_dump_ms) == ("orjson", ["use_decimal", "strict"], 150)
        assert (found.http, found.http_streams) == (["wsgi", "stream"], True)
        assert sorted(found.http_errors) == [500, 502, 503, 504]
        assert (found.http_events, found.http_root_path) == ("/jobs", "/api")
        assert (found.is_json, found.log_level, found.log_fd, found.log_socket) == (True, "DEBUG", 62, "/s")
        assert list(found.function.values()) == ["f", "7", "128", "/aws/lambda/f", "s"]

    @pytest.mark.parametrize("name", [setting.name for setting in settings.TABLE])
    def test_empty(self, name: str) -> None:
        """An empty variable counts as an unset one, but for the function's own values, which are passed on."""
        unset, empty = vars(Settings({})), vars(Settings({name: ""}))
        if name in {"BOOTSTRAP_HTTP_EVENTS", "BOOTSTRAP_HTTP_ROOT_PATH"}:  # see below
            return

        assert {key: value for key, value in empty.items() if key != "function"} == {
            key: value for key, value in unset.items() if key != "function"
        }
        assert [value or None for value in empty["function"].values()] == [None] * 5

    def test_empty_paths(self) -> None:
        """An empty path turns off what it stands for."""
        found = Settings({"BOOTSTRAP_HTTP_EVENTS": "", "BOOTSTRAP_HTTP_ROOT_PATH": ""})

        assert (found.http_events, found.http_root_path) == ("", "")

    @pytest.mark.parametrize(
        ("value", "streams"),
        [("response_stream", True), ("RESPONSE_STREAM", True), ("buffered", False), ("else", False)],
    )
    def test_lambda_web_adapter(self, value: str, *, streams: bool) -> None:
        """A function that comes from Lambda Web Adapter keeps its variable for the mode."""
        assert Settings({"AWS_LWA_INVOKE_MODE": value}).http_streams is streams

    def test_one_kind(self) -> None:
        """BOOTSTRAP_HTTP says one thing of the handler."""
        for value in ("asgi,wsgi", "off,asgi"):
            with pytest.raises(ConfigError, match=f"BOOTSTRAP_HTTP is '{value}': it can say one of asgi, wsgi and off"):
                Settings({"BOOTSTRAP_HTTP": value})

    def test_taken_out(self) -> None:
        """Variables that are nobody else's are taken out of the environment, so no child process gets them."""
        environ = {"_LAMBDA_TELEMETRY_LOG_FD": "3", "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET": "/s", "PATH": "/bin"}
        Settings(environ)

        assert environ == {"PATH": "/bin"}

    @pytest.mark.parametrize(
        ("name", "value", "wanted"),
        [
            ("BOOTSTRAP_TRANSPORT", "pigeon", "socket or urllib3"),
            ("BOOTSTRAP_TRANSPORT", "socket,urllib3", "socket or urllib3"),
            ("BOOTSTRAP_CODEC", "JSON", "json, orjson or msgspec"),
            ("BOOTSTRAP_EVENTS", "strict,loose", "strict, use_decimal or both"),
            ("BOOTSTRAP_EVENTS", "strict, use_decimal", "strict, use_decimal or both"),
            ("BOOTSTRAP_HTTP", "cgi", "asgi, wsgi, off, stream or several with commas"),
            ("BOOTSTRAP_HTTP_ERROR_STATUS", "5xx", "statuses and ranges, like 500,502-504"),
            ("BOOTSTRAP_HTTP_ERROR_STATUS", "500-", "statuses and ranges, like 500,502-504"),
            ("BOOTSTRAP_HTTP_EVENTS", "events", "a path that begins with /, or empty"),
            ("BOOTSTRAP_HTTP_ROOT_PATH", "/a b", "a path that begins with /, or empty"),
            ("BOOTSTRAP_TIMEOUT_DUMP_MS", "-1", "a number of milliseconds, 0 for off"),
            ("BOOTSTRAP_TIMEOUT_DUMP_MS", "1.5", "a number of milliseconds, 0 for off"),
            ("BOOTSTRAP_TIMEOUT_DUMP_MS", "9" * 10, "a number of milliseconds, 0 for off"),
            ("BOOTSTRAP_TIMEOUT_DUMP_MS", "9" * 5000, "a number of milliseconds, 0 for off"),
            ("BOOTSTRAP_TIMEOUT_DUMP_MS", "\u0663", "a number of milliseconds, 0 for off"),
        ],
    )
    def test_wrong(self, name: str, value: str, wanted: str) -> None:
        """A value that isn't allowed is refused with the variable, the value, and what it has to be."""
        with pytest.raises(ConfigError) as raised:
            Settings({name: value})

        assert str(raised.value) == f"{name} is {value!r}: it has to be {wanted}"


class TestWrapper:
    """The program that runs in front of the runtime, once."""

    @pytest.mark.parametrize(
        ("environ", "wrapper", "left"),
        [
            pytest.param({}, "", {}, id="none"),
            pytest.param({"AWS_LAMBDA_EXEC_WRAPPER": ""}, "", {"AWS_LAMBDA_EXEC_WRAPPER": ""}, id="empty"),
            pytest.param(
                {"AWS_LAMBDA_EXEC_WRAPPER": "/w"},
                "/w",
                {"AWS_LAMBDA_EXEC_WRAPPER": "/w", "_LAMBDA_BOOTSTRAP_WRAPPED": "1"},
                id="first start",
            ),
            pytest.param(
                {"AWS_LAMBDA_EXEC_WRAPPER": "/w", "_LAMBDA_BOOTSTRAP_WRAPPED": "1"},
                "",
                {"AWS_LAMBDA_EXEC_WRAPPER": "/w"},
                id="second start",
            ),
        ],
    )
    def test_once(self, environ: dict[str, str], wrapper: str, left: dict[str, Any]) -> None:
        """The wrapper is named at the first start only, and the mark between the two is taken away again."""
        assert settings.take_wrapper(environ) == wrapper
        assert environ == left


class TestConcurrency:
    """How many invocations run at once."""

    @pytest.mark.parametrize(
        ("environ", "concurrency", "imports_in_workers"),
        [
            ({}, 1, False),
            ({"BOOTSTRAP_IMPORT": "worker"}, 1, False),
            ({"AWS_LAMBDA_MAX_CONCURRENCY": "1"}, 1, False),
            ({"AWS_LAMBDA_MAX_CONCURRENCY": "16"}, 16, False),
            ({"AWS_LAMBDA_MAX_CONCURRENCY": "9999", "BOOTSTRAP_IMPORT": "worker"}, 9999, True),
        ],
        ids=["one", "one, imported in none", "said to be one", "many", "many, imported in each"],
    )
    def test_said(self, environ: dict[str, str], concurrency: int, imports_in_workers: bool) -> None:  # noqa: FBT001 - a column
        """One at a time, unless Lambda says how many; only then are there workers who could import the function."""
        found = Settings(environ)

        assert (found.concurrency, found.imports_in_workers) == (concurrency, imports_in_workers)

    @pytest.mark.parametrize("many", ["many", "0", "0000", "-1", "1.5", "\u00b2", "10000", "12345"])
    def test_malformed(self, many: str) -> None:
        """Whatever is no number from 1 to 9999 is refused with the variable's name and what it has to be."""
        with pytest.raises(ConfigError, match=r"^AWS_LAMBDA_MAX_CONCURRENCY is '.+': it has to be a number from 1 to"):
            Settings({"AWS_LAMBDA_MAX_CONCURRENCY": many})
