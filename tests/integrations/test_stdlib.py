"""A function's `logging`, led into its log."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import threading
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import pytest
from lambda_bootstrap import on_import
from lambda_bootstrap.integrations.stdlib import SET_UPS, set_up, set_up_logging
from lambda_bootstrap.log import Log
from lambda_bootstrap.settings import Settings

from tests.support.models import Unprintable
from tests.support.programs import ran
from tests.support.records import JSON, NEW_YEAR, a_log, enter, misfit, the_one, valid
from tests.support.traces import caught, fail, written

if TYPE_CHECKING:
    from pathlib import Path


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
    _, names = written(folder, "def handler():\n    raise ValueError('boom')\n")
    error = caught(names["handler"])
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
        """A field of `extra` does not take the place of the time or the level, by which the platform filters."""
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
        """A logged error has fields of its own in JSON."""
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
        enter("another", "blue")
        handler.handle(a_record())

        assert capfd.readouterr().out == "id None\nanother blue\n"

    @pytest.mark.usefixtures("root")
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

        reason = re.escape(misfit("%d", "x"))
        assert re.fullmatch(rf"\[ERROR\]\t[-\dT:.]+Z\tid\ta record could not be written: %d \({reason}\)\n", line)

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
        set_up_logging(Log(Settings({"AWS_LAMBDA_LOG_LEVEL": value})), logging)

        assert root.level == level

    def test_one_handler(self, root: logging.Logger) -> None:
        """The root logger gets one handler, beside those that it has."""
        before = root.handlers[:]
        set_up_logging(Log(Settings({})), logging)

        assert root.handlers[:-1] == before

    def test_other_module(self, root: logging.Logger) -> None:
        """A function's own `logging.py` is left alone."""
        before = root.handlers[:]
        own = ModuleType("logging")
        set_up_logging(Log(Settings({})), own)

        assert root.handlers == before
        assert [name for name in vars(own) if not name.startswith("__")] == []

    def test_through_logging(self, capfd: pytest.CaptureFixture[str], root: logging.Logger) -> None:
        """What a function logs arrives."""
        root.setLevel(logging.INFO)
        set_up_logging(a_log(), logging)
        logging.getLogger("a.b").info("hi %s", "you")

        assert re.fullmatch(r"\[INFO\]\t[-\dT:.]+Z\tid\thi you\n", capfd.readouterr().out)


TEXT_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"


def correlate(root: logging.Logger, added: str) -> list[logging.Handler]:
    """Put *added* into the format of the managed runtime's handler, as tools do; return the handlers that have it."""
    found = [
        handler
        for handler in root.handlers
        if handler.__class__.__name__ == "LambdaLoggerHandler" and isinstance(handler.formatter, logging.Formatter)
    ]
    for handler in found:
        assert handler.formatter is not None
        assert handler.formatter._fmt is not None
        form = handler.formatter._fmt.replace("%(message)s", f"{added}%(message)s")
        handler.setFormatter(logging.Formatter(form, handler.formatter.datefmt))
    return found


class TestHandler:
    """The root handler, as tools look at it that were made for awslambdaric's; values are awslambdaric 4.2.2's."""

    @pytest.fixture(autouse=True)
    def _converter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put the formatters' clock back."""
        monkeypatch.setattr(logging.Formatter, "converter", time.localtime)

    def made(self, bare: logging.Logger, environ: dict[str, str] | None = None) -> Any:
        """The handler of a function's root logger, with a formatter."""
        set_up_logging(a_log(environ), logging)
        [handler] = bare.handlers
        return handler

    @pytest.mark.parametrize(
        ("environ", "name"),
        [
            pytest.param({}, "LambdaLoggerHandler", id="no level"),
            pytest.param({"AWS_LAMBDA_LOG_LEVEL": "INFO"}, "LambdaLoggerHandlerWithFrameType", id="level"),
            pytest.param({"AWS_LAMBDA_LOG_LEVEL": "nonsense"}, "LambdaLoggerHandlerWithFrameType", id="no such level"),
        ],
    )
    def test_text(self, bare: logging.Logger, environ: dict[str, str], name: str) -> None:
        """In text, it has the name, the format and the dates of the managed runtime's: another name with a level."""
        handler = self.made(bare, environ)

        assert type(handler).__name__ == name
        assert type(handler.formatter) is logging.Formatter
        assert (handler.formatter._fmt, handler.formatter.datefmt) == (TEXT_FORMAT, "%Y-%m-%dT%H:%M:%S")
        assert handler.formatter.converter is time.gmtime

    def test_json(self, bare: logging.Logger) -> None:
        """In JSON, it is called as awslambdaric's there, so that no tool takes it for the one of text."""
        handler = self.made(bare, JSON)

        assert type(handler).__name__ == "LambdaLoggerHandlerWithFrameType"
        assert isinstance(handler.formatter, logging.Formatter)
        assert (handler.formatter._fmt, handler.formatter.datefmt) == ("%(message)s", "%Y-%m-%dT%H:%M:%SZ")
        assert correlate(bare, "dd ") == []

    def test_format_text(self, bare: logging.Logger) -> None:
        """`format` gives the whole record in text, with the runtime's end, whether or not it went by a filter."""
        whole = "[WARNING]\t2026-01-01T00:00:00.250Z\tid\thi you\n"

        handler = self.made(bare)
        record = a_record(msecs=250.0)
        handler.filter(record)

        assert handler.format(record) == handler.format(a_record(msecs=250.0)) == whole

    def test_format_json(self, bare: logging.Logger) -> None:
        """`format` gives the whole record in JSON, as a line."""
        record = valid(self.made(bare, JSON).format(a_record(order=5)))

        assert (record["message"], record["level"], record["order"], record["requestId"]) == ("hi you", "WARN", 5, "id")

    def test_sink(self, bare: logging.Logger, capfd: pytest.CaptureFixture[str]) -> None:
        """What is written to its `log_sink` is in the log as it is."""
        self.made(bare).log_sink.log("as it is")

        assert capfd.readouterr().out == "as it is"

    @pytest.mark.parametrize("environ", [JSON, {"AWS_LAMBDA_LOG_LEVEL": "INFO"}], ids=["JSON", "level"])
    def test_not_datadog(self, bare: logging.Logger, environ: dict[str, str]) -> None:
        """Under its other name, a tool leaves the handler as it is, as it does on awslambdaric."""
        formatter = self.made(bare, environ).formatter

        assert correlate(bare, "[dd.trace_id=%(dd.trace_id)s]\t") == []
        assert [handler.formatter for handler in bare.handlers] == [formatter]

    def test_datadog(self, bare: logging.Logger, capfd: pytest.CaptureFixture[str]) -> None:
        """A correlation id that a tool puts into the format is in every record, which stays one line."""
        self.made(bare)
        assert len(correlate(bare, "[dd.trace_id=%(dd.trace_id)s]\t")) == 1
        TOP.error("m\nn", exc_info=caught(fail), extra={"dd.trace_id": "7"})
        out = capfd.readouterr().out

        assert re.match(r"\[ERROR\]\t[-\dT:.]+Z\tid\t\[dd\.trace_id=7\]\tm\rn\r+Traceback", out)
        assert out.endswith("\rLookupError: in a thread\n")
        assert out.count("\n") == 1

    @pytest.mark.parametrize(
        "touch",
        [
            pytest.param(lambda handler: handler.setFormatter(None), id="no formatter"),
            pytest.param(lambda handler: setattr(handler, "format", lambda record: record.msg), id="format"),
            pytest.param(lambda handler: setattr(handler.formatter, "format", lambda record: record.msg), id="its own"),
            pytest.param(
                lambda handler: setattr(handler.formatter, "_style", logging.PercentStyle("%(msg)s")), id="style"
            ),
            pytest.param(
                lambda handler: setattr(handler.formatter._style, "_fmt", "%(msg)s"), id="format of the style"
            ),
        ],
    )
    def test_touched(self, bare: logging.Logger, capfd: pytest.CaptureFixture[str], touch: Any) -> None:
        """Whatever somebody changes about the handler's format is what records look like."""
        touch(self.made(bare))
        TOP.warning("m")

        assert capfd.readouterr().out == "m\n"

    def test_touched_class(
        self, bare: logging.Logger, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A patch of `logging.Formatter` itself holds for our handler too."""
        self.made(bare)
        monkeypatch.setattr(logging.Formatter, "formatTime", lambda *_: "now")
        TOP.warning("m")

        assert re.fullmatch(r"\[WARNING\]\tnow\.\d{3}Z\tid\tm\n", capfd.readouterr().out)

    def test_filter(self, bare: logging.Logger, capfd: pytest.CaptureFixture[str]) -> None:
        """A filter that a tool adds changes records, and the format stays."""

        def bracket(record: logging.LogRecord) -> bool:
            record.msg = f"<{record.msg}>"
            return True

        self.made(bare).addFilter(bracket)
        TOP.warning("m")

        assert capfd.readouterr().out.endswith("\tid\t<m>\n")

    def test_own_filter(
        self, bare: logging.Logger, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A handler whose `filter` is another, its own or that of its class, drops what that drops."""
        monkeypatch.setattr(self.made(bare), "filter", lambda record: record.msg != "its own")
        TOP.warning("its own")
        monkeypatch.undo()
        monkeypatch.setattr(logging.Filterer, "filter", lambda _, record: record.msg != "its class's")
        TOP.warning("its class's")
        monkeypatch.undo()
        TOP.warning("m")

        assert capfd.readouterr().out.splitlines()[0].endswith("\tid\tm")

    @pytest.mark.parametrize(
        ("environ", "level", "kind"),
        [
            ({}, 25, "A55A0003"),
            ({"AWS_LAMBDA_LOG_LEVEL": "INFO"}, 25, "A55A000F"),
            ({"AWS_LAMBDA_LOG_LEVEL": "INFO"}, 55, "A55A001B"),
            ({"AWS_LAMBDA_LOG_LEVEL": "INFO"}, 5, "A55A0003"),
            (JSON, 25, "A55A000E"),
        ],
    )
    def test_frame(self, bare: logging.Logger, environ: dict[str, str], level: int, kind: str) -> None:
        """A record's frame has the type of its level, rounded down, whatever the level is called."""
        read, write = os.pipe()
        handler = self.made(bare, {**environ, "_LAMBDA_TELEMETRY_LOG_FD": str(write)})
        handler.handle(a_record(levelno=level, levelname="NOTICE"))
        data = os.read(read, 1000)
        os.close(read)
        os.close(write)

        assert data[:4].hex().upper() == kind


TOP = logging.getLogger()


class TestLoggingAsJson:
    """What a function's `logging` writes in JSON, through `logging` itself."""

    @pytest.fixture(autouse=True)
    def _set_up(self, bare: logging.Logger) -> None:
        """Let all records through."""
        set_up_logging(a_log(JSON, tenant_id="blue", trace_id="Root=1-a-b"), logging)
        bare.setLevel(1)

    @pytest.mark.parametrize(
        ("level", "name"),
        [
            *((1, "TRACE"), (10, "DEBUG"), (15, "DEBUG"), (20, "INFO"), (25, "INFO"), (30, "WARN")),
            *((40, "ERROR"), (49, "ERROR"), (50, "FATAL"), (99, "FATAL")),
        ],
    )
    def test_level(self, capfd: pytest.CaptureFixture[str], level: int, name: str) -> None:
        """A level is rounded down to one that the platform knows, whatever the function calls it."""
        TOP.log(level, "m")

        assert the_one(capfd)["level"] == name

    def test_named_level(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A level that the function has named is rounded down to one that the platform knows."""
        logging.addLevelName(25, "NOTICE")
        TOP.log(25, "m")
        logging.addLevelName(25, "Level 25")

        assert the_one(capfd)["level"] == "INFO"

    @pytest.mark.parametrize(
        ("message", "arguments", "expected"),
        [
            pytest.param("m", (), "m", id="text"),
            pytest.param("%s %d", ("a", 1), "a 1", id="arguments"),
            pytest.param("%(a)s", ({"a": 1},), "1", id="a dict of arguments"),
            pytest.param({"a": [1]}, (), {"a": [1]}, id="dict"),
            pytest.param({}, (), {}, id="empty dict"),
            pytest.param({"a": "%(b)s"}, ({"b": 1},), "{'a': '1'}", id="dict with arguments"),
            pytest.param({"a": object}, (), {"a": "<class 'object'>"}, id="dict without a form"),
            pytest.param([1, 2], (), "[1, 2]", id="list"),
            pytest.param(5, (), "5", id="number"),
            pytest.param(None, (), "None", id="None"),
            pytest.param("", (), "", id="empty"),
            pytest.param("100%", (), "100%", id="percent"),
            pytest.param("a\nb\u2028\ud800", (), "a\nb\u2028\ud800", id="odd text"),
            pytest.param(ValueError("v"), (), "v", id="exception"),
        ],
    )
    def test_message(
        self, capfd: pytest.CaptureFixture[str], message: Any, arguments: tuple[Any, ...], expected: Any
    ) -> None:
        """A message is a text, or the dict that was logged."""
        logging.getLogger("a.b").warning(message, *arguments)
        record = the_one(capfd)

        assert (record["message"], record["logger"]) == (expected, "a.b")

    @pytest.mark.parametrize(
        ("message", "arguments", "told"),
        [
            pytest.param("%d", ("x",), f"%d ({misfit('%d', 'x')})", id="wrong"),
            pytest.param("%s", (), "%s", id="missing"),
            pytest.param("m", (1,), f"m ({misfit('m', 1)})", id="many"),
            pytest.param("%(a)s", ({"b": 1},), "%(a)s (KeyError: 'a')", id="another name"),
            pytest.param("%s", (Unprintable(),), "%s (ValueError: no words)", id="unprintable argument"),
            pytest.param(
                Unprintable(), (), "<unprintable Unprintable object> (ValueError: no words)", id="unprintable"
            ),
        ],
    )
    def test_bad(self, capfd: pytest.CaptureFixture[str], message: Any, arguments: tuple[Any, ...], told: str) -> None:
        """A record that cannot be put into words is not lost, and is the function's to find."""
        TOP.warning(message, *arguments)

        assert the_one(capfd)["message"].removeprefix("a record could not be written: ") == told

    def test_extra(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Fields of the function's own keep their form, and come after ours."""
        TOP.warning("m", extra={"order": 7, "ok": True, "what": Unprintable(), "none": None, "nan": float("nan")})

        assert list(the_one(capfd).items())[2:] == [
            ("message", "m"),
            ("logger", "root"),
            ("order", 7),
            ("ok", True),
            ("what", "<unprintable Unprintable object>"),
            ("nan", "nan"),
            ("requestId", "id"),
            ("tenantId", "blue"),
            ("traceId", "1-a-b"),
        ]

    @pytest.mark.parametrize("name", ["errorType", "errorMessage", "stackTrace", "location"])
    def test_reserved(self, capfd: pytest.CaptureFixture[str], name: str) -> None:
        """A field does not take a name that means something else."""
        TOP.warning("m", extra={name: 5})
        the_one(capfd)

    @pytest.mark.parametrize("exc_info", [True, 1, "error", "triple"])
    def test_exception(self, capfd: pytest.CaptureFixture[str], exc_info: Any) -> None:
        """An exception is told with its type, text and trace, and where it was logged."""
        try:
            fail()
        except LookupError as error:
            forms: dict[Any, Any] = {"error": error, "triple": (type(error), error, None)}
            TOP.log(40, "m", exc_info=forms.get(exc_info, exc_info))
        record = the_one(capfd)

        assert (record["errorType"], record["errorMessage"]) == ("LookupError", "in a thread")
        assert len(record["stackTrace"]) == 2
        assert re.fullmatch(rf"{re.escape(__file__)}:test_exception:\d+", record["location"])

    @pytest.mark.parametrize("exc_info", [False, None, (None, None, None)])
    def test_no_exception(self, capfd: pytest.CaptureFixture[str], exc_info: Any) -> None:
        """A record without an exception tells nothing of one, nor where it was logged."""
        TOP.error("m", exc_info=exc_info)

        assert the_one(capfd).keys() == {
            *("timestamp", "level", "message", "logger"),
            *("requestId", "tenantId", "traceId"),
        }

    def test_group(self, capfd: pytest.CaptureFixture[str]) -> None:
        """An exception group is told with its members, notes and causes."""
        error = ExceptionGroup("several", [ValueError("one"), TypeError("two")])
        error.add_note("a note")
        error.__cause__ = KeyError("k")
        TOP.error("m", exc_info=error)

        assert the_one(capfd)["stackTrace"] == [
            *("  Note: a note\n", "  1 of 2: ValueError: one\n", "  2 of 2: TypeError: two\n"),
            "Caused by KeyError: 'k'\n",
        ]

    def test_stack_info(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A stack that was asked for belongs to the message."""
        TOP.warning("m", stack_info=True)
        message = the_one(capfd)["message"]

        assert message.startswith("m\nStack (most recent call last):\n")
        assert "test_stack_info" in message

    def test_stack_info_of_dict(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A stack that was asked for is told beside a dict, too."""
        TOP.warning({"a": 1}, stack_info=True)

        assert "Stack (most recent call last)" in capfd.readouterr().out

    def test_task_name(self, capfd: pytest.CaptureFixture[str]) -> None:
        """What newer versions of `logging` note of a record is no field of the function's."""
        logging.getLogger().handle(a_record(taskName="Task-1"))

        assert "taskName" not in the_one(capfd)

    def test_own_formatter(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """What a function's own formatter makes of a record is its message."""
        bare.handlers[0].setFormatter(logging.Formatter("%(levelname)s %(message)s %(aws_request_id)s"))
        TOP.warning("m")
        record = the_one(capfd)

        assert (record["level"], record["message"]) == ("WARN", "WARNING m id")

    def test_own_json(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """A record that a function's own formatter has made goes out as it is, as a printed one does."""
        bare.handlers[0].setFormatter(logging.Formatter('{"level": "%(levelname)s", "mine": "%(message)s"}'))
        TOP.warning("m")

        assert capfd.readouterr().out == '{"level": "WARNING", "mine": "m"}\n'

    def test_own_handler(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """A handler of the function's own writes beside ours."""
        stream = io.StringIO()
        bare.addHandler(logging.StreamHandler(stream))
        TOP.warning("m")

        assert stream.getvalue() == "m\n"
        assert the_one(capfd)["message"] == "m"

    def test_levels(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """Levels that a function sets are heeded."""
        bare.setLevel("ERROR")
        logging.getLogger("a.loud").setLevel("DEBUG")
        logging.getLogger("a.quiet").setLevel("CRITICAL")
        TOP.warning("dropped")
        logging.getLogger("a.quiet").error("dropped")
        logging.getLogger("a.loud").debug("m")
        for name in ("a.loud", "a.quiet"):
            logging.getLogger(name).setLevel(logging.NOTSET)

        assert the_one(capfd)["message"] == "m"

    def test_threads(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Records of threads are whole."""
        threads = [threading.Thread(target=lambda: TOP.warning("m" * 10_000)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [len(valid(f"{line}\n")["message"]) for line in capfd.readouterr().out.splitlines()] == [10_000] * 20


class TestLoggingAsText:
    """What a function's `logging` writes as text."""

    @pytest.fixture(autouse=True)
    def _set_up(self, bare: logging.Logger) -> None:
        """Let all records through."""
        set_up_logging(a_log(), logging)
        bare.setLevel(1)

    @pytest.mark.parametrize(("level", "name"), [(5, "Level 5"), (20, "INFO"), (25, "Level 25"), (50, "CRITICAL")])
    def test_level(self, capfd: pytest.CaptureFixture[str], level: int, name: str) -> None:
        """A level has the name that `logging` has for it, in text."""
        TOP.log(level, "m")

        assert re.fullmatch(rf"\[{name}\]\t[-\dT:.]+Z\tid\tm\n", capfd.readouterr().out)

    def test_stack_info(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A stack that was asked for follows on the same line."""
        TOP.warning("m", stack_info=True)
        line = capfd.readouterr().out

        assert "\tm\rStack (most recent call last):\r  File" in line
        assert line.index("\n") == len(line) - 1

    def test_own_formatter(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """What a function's own formatter makes of a record is the record."""
        bare.handlers[0].setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        TOP.warning("m")

        assert capfd.readouterr().out == "WARNING m\n"

    def test_own_formatter_exception(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """The trace that a function's own formatter adds stays on the same line."""
        bare.handlers[0].setFormatter(logging.Formatter("%(message)s"))
        TOP.error("m", exc_info=ValueError("boom"))

        assert capfd.readouterr().out == "m\rValueError: boom\n"


class TestBasicConfig:
    """`logging.basicConfig`."""

    @pytest.fixture(autouse=True)
    def _set_up(self, bare: logging.Logger) -> None:
        """Set `logging` up for text."""
        assert bare.handlers == []
        set_up_logging(a_log(), logging)

    @pytest.mark.parametrize("options", [{"level": "DEBUG"}, {"level": 10}, {"level": 10, "force": False}], ids=repr)
    def test_level(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger, options: dict[str, Any]) -> None:
        """`basicConfig` sets a level, and records look as they did."""
        logging.basicConfig(**options)
        TOP.debug("m")

        assert len(bare.handlers) == 1
        assert re.fullmatch(r"\[DEBUG\]\t[-\dT:.]+Z\tid\tm\n", capfd.readouterr().out)

    def test_nothing(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """`basicConfig` without options changes nothing."""
        logging.basicConfig()
        TOP.warning("m")

        assert (bare.level, len(bare.handlers)) == (logging.WARNING, 1)
        assert capfd.readouterr().out.startswith("[WARNING]\t")

    @pytest.mark.parametrize(
        ("options", "line"),
        [
            pytest.param({"format": "%(levelname)s %(message)s"}, "WARNING m", id="format"),
            pytest.param({"format": "{message}!", "style": "{"}, "m!", id="style"),
            pytest.param({"format": "$message!", "style": "$"}, "m!", id="dollars"),
            pytest.param({"style": "{"}, "WARNING:root:m", id="style alone"),
            pytest.param({"datefmt": "%Y"}, "WARNING:root:m", id="datefmt alone"),
            pytest.param({"format": "%(asctime)s", "datefmt": "day"}, "day", id="datefmt"),
            pytest.param({"format": "%(aws_request_id)s", "level": "INFO"}, "id", id="request id"),
        ],
    )
    def test_format(
        self, capfd: pytest.CaptureFixture[str], bare: logging.Logger, options: dict[str, Any], line: str
    ) -> None:
        """`basicConfig` sets a format, and records still go where ours go."""
        logging.basicConfig(**options)
        TOP.warning("m")

        assert len(bare.handlers) == 1
        assert capfd.readouterr() == (f"{line}\n", "")

    @pytest.mark.parametrize("force", [True, False])
    def test_stream(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger, force: bool) -> None:  # noqa: FBT001 - a column
        """A stream of the function's own takes the place of ours."""
        stream = io.StringIO()
        logging.basicConfig(stream=stream, level="INFO", force=force)
        TOP.info("m")

        assert (bare.level, stream.getvalue()) == (logging.INFO, "INFO:root:m\n")
        assert capfd.readouterr() == ("", "")

    def test_handlers(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """Handlers of the function's own take the place of ours."""
        handler = logging.StreamHandler(io.StringIO())
        logging.basicConfig(handlers=[handler], format="%(message)s!")
        TOP.warning("m")

        assert bare.handlers == [handler]
        assert handler.stream.getvalue() == "m!\n"
        assert capfd.readouterr() == ("", "")

    def test_filename(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """A file of the function's own takes the place of our handler."""
        logging.basicConfig(filename=tmp_path / "log", filemode="w", encoding="utf-8", errors="replace")
        TOP.warning("é")

        assert (tmp_path / "log").read_text(encoding="utf-8") == "WARNING:root:é\n"
        assert capfd.readouterr() == ("", "")

    def test_force(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """`basicConfig(force=True)` starts from nothing: a handler of `logging`'s own, to stderr."""
        logging.basicConfig(force=True)
        TOP.warning("m")

        assert [type(handler) for handler in bare.handlers] == [logging.StreamHandler]
        assert capfd.readouterr() == ("", "WARNING:root:m\n")

    def test_twice(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A second `basicConfig` is heeded, as nobody else has added a handler."""
        logging.basicConfig(format="a %(message)s")
        logging.basicConfig(level="INFO", format="b %(message)s")
        TOP.info("m")

        assert capfd.readouterr().out == "b m\n"

    def test_own_handler_before(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """`basicConfig` does nothing after a handler of the function's own, as ever."""
        bare.addHandler(logging.StreamHandler(io.StringIO()))
        logging.basicConfig(level="DEBUG", format="mine")
        TOP.warning("m")

        assert (bare.level, len(bare.handlers)) == (logging.WARNING, 2)
        assert capfd.readouterr().out.startswith("[WARNING]\t")

    def test_ours_removed(self, capfd: pytest.CaptureFixture[str], bare: logging.Logger) -> None:
        """`basicConfig` is `logging`'s own again where our handler is gone."""
        bare.handlers[:] = []
        logging.basicConfig()
        TOP.warning("m")

        assert capfd.readouterr() == ("", "WARNING:root:m\n")

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            pytest.param({"colour": 1}, r"Unrecognised argument\(s\): colour", id="unknown"),
            pytest.param({"level": "LOUD"}, "Unknown level: 'LOUD'", id="level"),
            pytest.param({"style": "?", "format": "x"}, "Style must be one of: %,{,\\$", id="style"),
            pytest.param({"format": "no field"}, "Invalid format 'no field' for '%' style", id="format"),
        ],
    )
    def test_wrong(self, options: dict[str, Any], message: str) -> None:
        """`basicConfig` refuses wrong options in `logging`'s words."""
        with pytest.raises(ValueError, match=message):
            logging.basicConfig(**options)

    def test_wrong_style(self) -> None:
        """`basicConfig` refuses an unknown style, even without a format."""
        with pytest.raises(ValueError, match="Style must be one of"):
            logging.basicConfig(style=cast("Any", "?"))

    @pytest.mark.parametrize(
        "options", [{"stream": None}, {"handlers": None}, {"filename": None}, {"encoding": "utf-8"}]
    )
    def test_as_if_not_given(self, capfd: pytest.CaptureFixture[str], options: dict[str, Any]) -> None:
        """An option that asks for no handler of the function's own does not cost ours."""
        logging.basicConfig(level="INFO", **options)
        TOP.info("m")

        assert re.fullmatch(r"\[INFO\]\t[-\dT:.]+Z\tid\tm\n", capfd.readouterr().out)

    def test_wrong_and_own(self, bare: logging.Logger) -> None:
        """Wrong options leave our handler where it is."""
        with pytest.raises(ValueError, match="should not be specified together"):
            logging.basicConfig(**cast("Any", {"stream": io.StringIO(), "filename": "x"}))

        assert len(bare.handlers) == 1


class TestDictConfig:
    """`logging.config.dictConfig`."""

    @pytest.mark.parametrize("disable", [True, False])
    def test_without_root(self, disable: bool) -> None:  # noqa: FBT001 - a column
        """A configuration of some loggers leaves the others as they were, and our handler at work."""
        lines, _ = ran(
            f"""
            import logging.config
            loggers = {{"shop": {{"level": "DEBUG"}}}}
            logging.config.dictConfig({{"version": 1, "disable_existing_loggers": {disable}, "loggers": loggers}})
            logging.getLogger("shop").debug("m")
            """,
            JSON,
        )
        [record] = map(valid, lines)

        assert (record["message"], record["logger"], record["level"]) == ("m", "shop", "DEBUG")

    def test_with_root(self) -> None:
        """A configuration of the root logger wins: its handlers are the only ones."""
        lines, errors = ran(
            """
            import logging.config, sys
            logging.config.dictConfig({
                "version": 1,
                "formatters": {"plain": {"format": "own %(message)s"}},
                "handlers": {"own": {"class": "logging.StreamHandler", "formatter": "plain", "stream": sys.stderr}},
                "root": {"level": "INFO", "handlers": ["own"]},
            })
            logging.info("m")
            """
        )

        assert (lines, errors) == ([], "own m\n")

    def test_incremental(self) -> None:
        """An incremental configuration changes levels only."""
        lines, _ = ran(
            """
            import logging.config
            logging.config.dictConfig({"version": 1, "incremental": True, "root": {"level": "DEBUG"}})
            logging.debug("m")
            """
        )

        assert re.fullmatch(r"\[DEBUG\]\t[-\dT:.]+Z\tid\tm\n", "".join(lines))


class TestSetUp:
    """Every library by its name."""

    def test_names(self) -> None:
        """Each library that is set up on import has its own set-up, and `logging`'s are these three."""
        names = ["logging", "sentry_sdk.integrations.aws_lambda", "structlog", "threading", "warnings"]

        assert sorted(on_import.SET_UPS) == names
        assert sorted(SET_UPS) == ["logging", "threading", "warnings"]

    def test_all_at_once(self) -> None:
        """A function that uses every library needs no line of set-up for any of them."""
        lines, errors = ran(
            """
            import logging, structlog, threading, warnings
            print("print")
            logging.warning("logging")
            structlog.get_logger().warning("structlog")
            warnings.warn("warnings")
            thread = threading.Thread(target=lambda: 1 / 0)
            thread.start()
            thread.join()
            print("stderr", file=sys.stderr)
            """,
            JSON,
        )
        records = [valid(line) for line in lines]

        assert errors == "stderr\n"
        assert [record["requestId"] for record in records] == ["id"] * 5
        assert [record["level"] for record in records] == ["INFO", "WARN", "WARN", "WARN", "ERROR"]
        assert [record["message"].rpartition(" ")[2] for record in records] == [
            *("print", "logging", "structlog", "warnings"),
            "(<lambda>)",
        ]

    def test_by_name(self, root: logging.Logger) -> None:
        """`set_up` finds what to do by the module's name."""
        saved = logging.basicConfig
        before = len(root.handlers)
        set_up(a_log(), logging)
        logging.basicConfig = saved

        assert len(root.handlers) == before + 1
