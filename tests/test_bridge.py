"""The logging libraries of a function, led into its log."""

from __future__ import annotations

import json
import logging
import re
import runpy
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from runtime.bridge import set_up_logging
from runtime.log import Log
from tests.records import JSON, NEW_YEAR, a_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    logger = logging.getLogger()
    level, handlers = logger.level, logger.handlers[:]
    yield logger
    logger.setLevel(level)
    logger.handlers[:] = handlers


def a_record(**fields: Any) -> logging.LogRecord:
    """Make a record of a fixed time."""
    return logging.makeLogRecord(
        {
            "name": "app",
            "levelno": 30,
            "levelname": "WARNING",
            "msg": "hi %s",
            "args": ("you",),
            "created": NEW_YEAR,
            "pathname": "/var/task/app.py",
            "funcName": "handler",
            "lineno": 7,
            **fields,
        }
    )


def failed(folder: Path) -> Any:
    """What `sys.exc_info()` says of an error in a user's module."""
    path = folder / "app.py"
    path.write_text("def handler():\n    raise ValueError('boom')\n", encoding="utf-8")
    with pytest.raises(ValueError, match="boom") as raised:
        runpy.run_path(str(path))["handler"]()
    traceback = raised.value.__traceback__
    assert traceback is not None
    assert traceback.tb_next is not None
    error = raised.value.with_traceback(traceback.tb_next)
    return type(error), error, error.__traceback__


class TestLogging:
    """What a function's `logging` writes."""

    def written(self, capfd: pytest.CaptureFixture[str], log: Log, record: logging.LogRecord) -> str:
        """What *record* becomes in *log*."""
        set_up_logging(log, logging)
        logging.getLogger().handlers[-1].handle(record)
        return capfd.readouterr().out

    @pytest.mark.parametrize(
        ("environ", "fields", "line"),
        [
            pytest.param({}, {}, "[WARNING]\t2026-01-01T00:00:00.250Z\tid\thi you\n", id="text"),
            pytest.param(
                {}, {"msg": "a\nb\n", "args": ()}, "[WARNING]\t2026-01-01T00:00:00.250Z\tid\ta\rb\r\n", id="text lines"
            ),
            pytest.param(
                {},
                {"msg": {"a": 1}, "args": ()},
                "[WARNING]\t2026-01-01T00:00:00.250Z\tid\t{'a': 1}\n",
                id="text of a dict",
            ),
            pytest.param({}, {"more": 1}, "[WARNING]\t2026-01-01T00:00:00.250Z\tid\thi you\n", id="text and extra"),
            pytest.param(
                {},
                {"exc_info": (None, None, None)},
                "[WARNING]\t2026-01-01T00:00:00.250Z\tid\thi you\n",
                id="text without an error",
            ),
            pytest.param(
                JSON,
                {},
                '{"timestamp":"2026-01-01T00:00:00.250Z","level":"WARN","message":"hi you","logger":"app",'
                '"requestId":"id"}\n',
                id="JSON",
            ),
            pytest.param(
                JSON,
                {"msg": {"a": [1]}, "args": None},
                '{"timestamp":"2026-01-01T00:00:00.250Z","level":"WARN","message":{"a":[1]},"logger":"app",'
                '"requestId":"id"}\n',
                id="JSON of a dict",
            ),
            pytest.param(
                JSON,
                {"exc_info": (None, None, None), "levelno": 50, "levelname": "CRITICAL", "name": "root"},
                '{"timestamp":"2026-01-01T00:00:00.250Z","level":"FATAL","message":"hi you","logger":"root",'
                '"requestId":"id"}\n',
                id="JSON without an error",
            ),
        ],
    )
    def test_record(
        self,
        capfd: pytest.CaptureFixture[str],
        root: logging.Logger,
        environ: dict[str, str],
        fields: dict[str, Any],
        line: str,
    ) -> None:
        """A record is exactly this line."""
        assert root is logging.getLogger()
        assert self.written(capfd, a_log(environ), a_record(**fields)) == line

    @pytest.mark.usefixtures("root")
    def test_extra(self, capfd: pytest.CaptureFixture[str]) -> None:
        """What came in by `extra` is a field of its own, but never takes a field's place."""
        record = a_record(order=5, tags={"b"}, logger="no", requestId="no", message="no")
        fields = json.loads(self.written(capfd, a_log(JSON), record))

        assert fields == {
            "timestamp": "2026-01-01T00:00:00.250Z",
            "level": "WARN",
            "message": "hi you",
            "logger": "app",
            "requestId": "id",
            "order": 5,
            "tags": ["b"],
        }

    @pytest.mark.usefixtures("root")
    def test_extra_level(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Nor does it take the place of the time or the level, by which the platform filters."""
        fields = json.loads(self.written(capfd, a_log(JSON), a_record(level="no", timestamp="no")))

        assert (fields["timestamp"], fields["level"]) == ("2026-01-01T00:00:00.250Z", "WARN")

    @pytest.mark.usefixtures("root")
    def test_error_as_text(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """A logged error has its trace on the same line."""
        line = self.written(capfd, a_log(), a_record(exc_info=failed(tmp_path)))

        assert line == (
            "[WARNING]\t2026-01-01T00:00:00.250Z\tid\thi you\rValueError: boom\rTraceback (most recent call last):\r"
            f'  File "{tmp_path}/app.py", line 2, in handler\r'
            "    raise ValueError('boom')\n"
        )

    @pytest.mark.usefixtures("root")
    def test_error_as_json(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """In JSON it has fields of its own."""
        fields = json.loads(self.written(capfd, a_log(JSON), a_record(exc_info=failed(tmp_path))))

        assert fields == {
            "timestamp": "2026-01-01T00:00:00.250Z",
            "level": "WARN",
            "message": "hi you",
            "logger": "app",
            "stackTrace": [f"  File \"{tmp_path}/app.py\", line 2, in handler\n    raise ValueError('boom')\n"],
            "errorType": "ValueError",
            "errorMessage": "boom",
            "location": "/var/task/app.py:handler:7",
            "requestId": "id",
        }

    @pytest.mark.usefixtures("root")
    def test_unprintable_error(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """An error that cannot say what it is is logged too."""

        class MuteError(Exception):
            def __str__(self) -> str:
                raise ValueError

        monkeypatch.setattr(logging, "raiseExceptions", False)
        line = self.written(capfd, a_log(JSON), a_record(exc_info=(MuteError, MuteError(), None)))

        assert '"errorMessage":"<unprintable MuteError object>"' in line

    @pytest.mark.usefixtures("root")
    def test_ids(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A record belongs to the invocation that is current when it is written, and a function's formatter may ask."""
        log = a_log()
        set_up_logging(log, logging)
        handler = logging.getLogger().handlers[-1]
        handler.setFormatter(logging.Formatter("%(aws_request_id)s %(tenant_id)s"))
        handler.handle(a_record())
        log.begin("another", "blue", "")
        handler.handle(a_record())

        assert capfd.readouterr().out == "id None\nanother blue\n"

    @pytest.mark.usefixtures("root")
    @pytest.mark.xfail(strict=True, reason="emit() adds a newline to one that is there: an empty line in the log")
    def test_own_formatter(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A formatter that ends its lines gets no second end."""
        set_up_logging(a_log(), logging)
        handler = logging.getLogger().handlers[-1]
        handler.setFormatter(logging.Formatter("%(levelname)s\n"))
        handler.handle(a_record())

        assert capfd.readouterr().out == "WARNING\n"

    @pytest.mark.usefixtures("root")
    def test_tenant(self, capfd: pytest.CaptureFixture[str]) -> None:
        """The tenant is a field where there is one."""
        line = self.written(capfd, a_log(JSON, tenant_id="blue"), a_record())

        assert line.endswith('"requestId":"id","tenantId":"blue"}\n')

    @pytest.mark.usefixtures("root")
    def test_bad_arguments(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A record whose arguments do not fit is not lost: its message stands in the complaint."""
        line = self.written(capfd, a_log(), a_record(msg="%d", args=("x",)))

        assert re.fullmatch(
            r"\[ERROR\]\t[-\dT:.]+Z\tid\ta record could not be written: %d "
            r"\(TypeError: %d format: a real number is required, not str\)\n",
            line,
        )

    @pytest.mark.parametrize(
        ("value", "level"),
        [
            ("DEBUG", logging.DEBUG),
            ("info", logging.INFO),
            ("TRACE", logging.DEBUG),
            ("WARN", logging.WARNING),
            ("FATAL", logging.CRITICAL),
            ("verbose", 17),
            ("", 17),
        ],
    )
    def test_level(self, root: logging.Logger, value: str, level: int) -> None:
        """The root logger has the level of the variable, if that is one."""
        root.setLevel(17)
        set_up_logging(Log({"AWS_LAMBDA_LOG_LEVEL": value}), logging)

        assert root.level == level

    def test_one_handler(self, root: logging.Logger) -> None:
        """The root logger gets one handler, beside those that it has."""
        before = root.handlers[:]
        set_up_logging(Log({}), logging)

        assert root.handlers[:-1] == before

    def test_other_module(self, root: logging.Logger) -> None:
        """A function's own `logging.py` is left alone."""
        before = root.handlers[:]
        own = ModuleType("logging")
        set_up_logging(Log({}), own)

        assert root.handlers == before
        assert [name for name in vars(own) if not name.startswith("__")] == []

    def test_through_logging(self, capfd: pytest.CaptureFixture[str], root: logging.Logger) -> None:
        """What a function logs arrives."""
        root.setLevel(logging.INFO)
        set_up_logging(a_log(), logging)
        logging.getLogger("a.b").info("hi %s", "you")

        assert re.fullmatch(r"\[INFO\]\t[-\dT:.]+Z\tid\thi you\n", capfd.readouterr().out)
