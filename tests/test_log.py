"""What the runtime and the function write."""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import logging
import os
import re
import runpy
import signal
import sys
import threading
import time
import zipfile
from fcntl import ioctl
from struct import unpack
from termios import FIONREAD
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from runtime.errors import ErrorReport, Frame
from runtime.log import (
    ImportHook,
    Log,
    Unbuffered,
    after_import,
    configure_logging,
    json_line,
    one_line,
    text_error,
    text_line,
    timestamp,
    unbuffer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEW_YEAR = 1_767_225_600.25
JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}


def a_log(environ: dict[str, str] | None = None, request_id: str = "id", tenant_id: str = "") -> Log:
    """Make a log within an invocation."""
    log = Log(environ or {})
    log.begin(request_id, tenant_id)
    return log


class TestTimestamp:
    """Times as the platform reads them."""

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            pytest.param(0, "1970-01-01T00:00:00.000Z", id="epoch"),
            pytest.param(1_767_225_600.25, "2026-01-01T00:00:00.250Z", id="milliseconds"),
            pytest.param(1_767_225_600.9999, "2026-01-01T00:00:00.999Z", id="never rounded up"),
        ],
    )
    def test_text(self, seconds: float, text: str) -> None:
        """A time is UTC with milliseconds, wherever the function runs."""
        assert timestamp(seconds) == text

    def test_zone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The zone of the process plays no part."""
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        text = timestamp(NEW_YEAR)
        monkeypatch.undo()
        time.tzset()

        assert text == "2026-01-01T00:00:00.250Z"


class TestOneLine:
    """Text without newlines."""

    @pytest.mark.parametrize(
        ("text", "line"),
        [("a", "a"), ("a\nb\n", "a\rb\r"), ("a\r\nb", "a\rb"), ("a\rb", "a\rb"), ("\n\r\n", "\r\r"), ("", "")],
        ids=repr,
    )
    def test_line(self, text: str, line: str) -> None:
        """Every line break becomes one carriage return."""
        assert one_line(text) == line


class TestTextLine:
    """A record in text."""

    @pytest.mark.parametrize(
        ("request_id", "message", "line"),
        [
            pytest.param("id", "m", "[INFO]\t2026-01-01T00:00:00.250Z\tid\tm\n", id="plain"),
            pytest.param("", "m", "[INFO]\t2026-01-01T00:00:00.250Z\t\tm\n", id="before the first invocation"),
            pytest.param("id", "a\nb\r\nc", "[INFO]\t2026-01-01T00:00:00.250Z\tid\ta\rb\rc\n", id="several lines"),
        ],
    )
    def test_line(self, request_id: str, message: str, line: str) -> None:
        """A record is exactly this line."""
        assert text_line("INFO", NEW_YEAR, request_id, message) == line


class TestTextError:
    """An unhandled error in text."""

    @pytest.mark.parametrize(
        ("message", "stack", "line"),
        [
            pytest.param("boom", [], "[ERROR] T: boom\rTraceback (most recent call last):\n", id="no trace"),
            pytest.param("", [], "[ERROR] T\rTraceback (most recent call last):\n", id="no message"),
            pytest.param("a\nb", [], "[ERROR] T: a\rb\rTraceback (most recent call last):\n", id="several lines"),
            pytest.param(
                "boom",
                ['  File "/a.py", line 3, in f\n    x = 1  # y\n', '  File "/b.py", line 4, in g\n'],
                '[ERROR] T: boom\rTraceback (most recent call last):\r\xa0\xa0File "/a.py", line 3, in f\r'
                '\xa0\xa0\xa0\xa0x = 1  # y\r\xa0\xa0File "/b.py", line 4, in g\n',
                id="indents",
            ),
            pytest.param(
                "boom",
                ["  a", "b", "\tc"],
                "[ERROR] T: boom\rTraceback (most recent call last):\r\xa0\xa0a\rb\r\tc\n",
                id="entries without an end",
            ),
            pytest.param(
                "boom", ["\n"], "[ERROR] T: boom\rTraceback (most recent call last):\r\n", id="an empty entry"
            ),
        ],
    )
    def test_line(self, message: str, stack: list[str], line: str) -> None:
        """An error is exactly this line: leading spaces survive as non-breaking ones."""
        assert text_error("T", message, stack) == line


class Silent:
    """Something without a JSON form."""

    def __str__(self) -> str:
        """Be recognised."""
        return "silent"


class Mute:
    """Something without a text."""

    def __str__(self) -> str:
        """Refuse."""
        raise ValueError("no words")


class TestJsonLine:
    """A record as JSON."""

    @pytest.mark.parametrize(
        ("level", "name"),
        [
            ("DEBUG", "DEBUG"),
            ("INFO", "INFO"),
            ("WARNING", "WARN"),
            ("ERROR", "ERROR"),
            ("CRITICAL", "FATAL"),
            ("NOTSET", "TRACE"),
            ("NOTICE", "NOTICE"),
        ],
    )
    def test_level(self, level: str, name: str) -> None:
        """Levels have the names that the platform filters by."""
        assert json_line(level, NEW_YEAR, {}) == f'{{"timestamp":"2026-01-01T00:00:00.250Z","level":"{name}"}}\n'

    def test_line(self) -> None:
        """A record is one line of compact JSON."""
        line = json_line("INFO", NEW_YEAR, {"message": "é\n", "n": 1, "o": {"a": [None]}})

        assert line == (
            '{"timestamp":"2026-01-01T00:00:00.250Z","level":"INFO","message":"é\\n","n":1,"o":{"a":[null]}}\n'
        )

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param(Silent(), "silent", id="object"),
            pytest.param(float("nan"), "nan", id="NaN"),
            pytest.param(Mute(), "<unprintable Mute object>", id="without a text"),
            pytest.param({(1,): 2}, "{(1,): 2}", id="keys"),
        ],
    )
    def test_no_form(self, value: object, text: str) -> None:
        """What has no JSON form becomes its text."""
        assert json.loads(json_line("INFO", NEW_YEAR, {"v": value}))["v"] == text

    @pytest.mark.xfail(strict=True, reason="one value without a form makes texts of all the others")
    def test_others_keep_their_form(self) -> None:
        """What has a JSON form keeps it, whatever stands beside it."""
        record = json.loads(json_line("INFO", NEW_YEAR, {"v": Silent(), "n": 1, "stackTrace": ["a"]}))

        assert (record["v"], record["n"], record["stackTrace"]) == ("silent", 1, ["a"])


class TestLog:
    """The function's log."""

    @pytest.mark.parametrize(
        ("value", "is_json"),
        [("JSON", True), ("json", True), ("Json", True), ("Text", False), ("", False), ("JSONL", False)],
    )
    def test_format(self, value: str, is_json: bool) -> None:  # noqa: FBT001 - a column of the table
        """The format is JSON if that is what the variable says, in any case of letters."""
        assert Log({"AWS_LAMBDA_LOG_FORMAT": value}).is_json is is_json

    def test_defaults(self) -> None:
        """Without variables the format is text, and no invocation is current."""
        log = Log({})

        assert (log.is_json, log.level, log.request_id, log.tenant_id) == (False, "", "", "")

    @pytest.mark.parametrize(
        ("text", "data"),
        [
            pytest.param("as it is", b"as it is", id="no newline added"),
            pytest.param("é\U0001f600\n", "é\U0001f600\n".encode(), id="UTF-8"),
            pytest.param("a\ud800b", b"a\\ud800b", id="lone surrogate"),
            pytest.param("", b"", id="nothing"),
        ],
    )
    def test_write(self, capfdbinary: pytest.CaptureFixture[bytes], text: str, data: bytes) -> None:
        """Text goes to stdout as these bytes."""
        a_log().write(text)

        assert capfdbinary.readouterr() == (data, b"")

    @pytest.mark.parametrize(
        ("environ", "tenant_id", "pattern"),
        [
            pytest.param({}, "blue", r"\[WARN\]\t{time}\tid\ta\rb\n", id="text"),
            pytest.param(
                JSON, "", r'{{"timestamp":"{time}","level":"WARN","message":"a\\nb","requestId":"id"}}\n', id="JSON"
            ),
            pytest.param(
                JSON,
                "blue",
                r'{{"timestamp":"{time}","level":"WARN","message":"a\\nb","requestId":"id","tenantId":"blue"}}\n',
                id="JSON with a tenant",
            ),
        ],
    )
    def test_record(
        self, capfd: pytest.CaptureFixture[str], environ: dict[str, str], tenant_id: str, pattern: str
    ) -> None:
        """A record of the runtime's own is one line in the function's format."""
        a_log(environ, tenant_id=tenant_id).record("WARN", "a\nb")

        time_of_day = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
        assert re.fullmatch(pattern.format(time=time_of_day), capfd.readouterr().out)

    def test_error_as_text(self, capfd: pytest.CaptureFixture[str]) -> None:
        """An error is one record: type, message, trace."""
        a_log().error(ErrorReport("ValueError", "boom", [Frame("/a.py", 3, "f", "x")]))

        assert capfd.readouterr().out == (
            "[ERROR] ValueError: boom\rTraceback (most recent call last):\r"
            '\xa0\xa0File "/a.py", line 3, in f\r\xa0\xa0\xa0\xa0x\n'
        )

    def test_error_as_json(self, capfd: pytest.CaptureFixture[str]) -> None:
        """In JSON it has the keys of the error body, in their order."""
        a_log(JSON).error(ErrorReport("ValueError", "boom", [Frame("/a.py", 3, "f", "x")]))
        out = capfd.readouterr().out

        assert out.count("\n") == 1
        assert list(json.loads(out)) == ["timestamp", "level", "errorMessage", "errorType", "requestId", "stackTrace"]
        assert out.partition('"level"')[2] == (
            ':"ERROR","errorMessage":"boom","errorType":"ValueError","requestId":"id",'
            '"stackTrace":["  File \\"/a.py\\", line 3, in f\\n    x\\n"]}\n'
        )

    @pytest.mark.parametrize("environ", [{}, JSON], ids=["text", "JSON"])
    def test_surrogates(self, capfdbinary: pytest.CaptureFixture[bytes], environ: dict[str, str]) -> None:
        """A message that is no UTF-8 is logged all the same."""
        a_log(environ).error(ErrorReport("ValueError", "\ud800", []))

        assert b"\\ud800" in capfdbinary.readouterr().out

    def test_no_reader(self) -> None:
        """A log that nobody reads any more is no reason to fail."""
        read, write = os.pipe()
        os.close(read)
        with stdout(write):
            a_log().write("lost\n")
            a_log().error(ErrorReport("T", "m", []))

    def test_interrupted(self) -> None:
        """A write that a signal cuts short goes on where it stopped."""
        read, write = os.pipe()
        parts: list[bytes] = []

        def drain() -> None:
            while unpack("i", ioctl(read, FIONREAD, b"\0" * 4))[0] < 65_536:
                time.sleep(0.001)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
            time.sleep(0.05)
            parts.extend(iter(lambda: os.read(read, 65_536), b""))

        before = signal.signal(signal.SIGUSR1, lambda *_: None)
        reader = threading.Thread(target=drain)
        reader.start()
        text = "".join(str(number) for number in range(50_000))
        with stdout(write):
            a_log().write(text)
        reader.join()
        os.close(read)
        signal.signal(signal.SIGUSR1, before)

        assert b"".join(parts).decode() == text


class stdout:  # noqa: N801 - reads as what it is
    """File descriptor 1, for a while another one, which is closed afterwards."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __enter__(self) -> None:
        """Put the other one in its place."""
        self.saved = os.dup(1)
        os.dup2(self.descriptor, 1)
        os.close(self.descriptor)

    def __exit__(self, *_: object) -> None:
        """Put it back."""
        os.dup2(self.saved, 1)
        os.close(self.saved)


class TestUnbuffer:
    """Printing."""

    @pytest.mark.parametrize("name", ["stdout", "stderr"])
    def test_at_once(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """What is printed is written at once, as UTF-8 whatever the locale says."""
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="ascii")
        monkeypatch.setattr(sys, name, stream)
        unbuffer()
        print("é", end="", file=getattr(sys, name))
        print("\ud800", file=getattr(sys, name))
        getattr(sys, name).writelines(["a", "b"])
        seen = raw.getvalue()
        monkeypatch.undo()

        assert seen == "é\\ud800\nab".encode()

    @pytest.mark.xfail(strict=True, reason="the stream that is replaced closes the bytes under both when it goes")
    def test_nobody_else_holds_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A stream that a program put in the place of stdout may go once it is replaced."""
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stderr", None)
        monkeypatch.setattr(sys, "stdout", None)
        sys.stdout = io.TextIOWrapper(raw, encoding="utf-8")
        unbuffer()
        closed = raw.closed
        monkeypatch.undo()

        assert not closed

    def test_count(self) -> None:
        """A write gives the number of characters, as any other."""
        assert Unbuffered(io.BytesIO(), encoding="utf-8").write("é\n") == 2

    @pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["none", "without a buffer"])
    def test_left_alone(self, monkeypatch: pytest.MonkeyPatch, stream: object) -> None:
        """A stream without bytes under it stays what it is."""
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        unbuffer()
        same = sys.stdout is stream is sys.stderr
        monkeypatch.undo()

        assert same


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that can be imported from; what it leaves in the interpreter is undone."""
    path, finders, modules = sys.path[:], sys.meta_path[:], set(sys.modules)
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path[:] = path
    sys.meta_path[:] = finders
    for name in set(sys.modules) - modules:
        if name.startswith("throw_away"):
            del sys.modules[name]


class TestAfterImport:
    """Something to do right after a module's first import."""

    def watch(self, name: str) -> list[dict[str, Any]]:
        """What the module called *name* holds each time the hook is called."""
        seen: list[dict[str, Any]] = []
        after_import(name, lambda module: seen.append(dict(vars(module))))
        return seen

    def test_already_imported(self) -> None:
        """With a module that has been imported it is done now, and no finder stays behind."""
        finders = sys.meta_path[:]

        assert [fields["__name__"] for fields in self.watch("json")] == ["json"]
        assert sys.meta_path == finders

    def test_first_import(self, folder: Path) -> None:
        """It is done once, after the module was executed, and before its importer goes on."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        (folder / "throw_away_importer.py").write_text("import throw_away\nseen = throw_away.value\n", encoding="utf-8")
        finders = sys.meta_path[:]
        seen = self.watch("throw_away")
        assert isinstance(sys.meta_path[0], ImportHook)
        importlib.import_module("throw_away_importer")
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]
        assert sys.meta_path == finders

    def test_may_change_it(self, folder: Path) -> None:
        """What is done then, whoever imports the module sees."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        after_import("throw_away", lambda module: setattr(module, "value", 6))

        assert importlib.import_module("throw_away").value == 6

    def test_other_modules(self, folder: Path) -> None:
        """Other modules are nothing to it, also those within it."""
        (folder / "throw_away_other.py").write_text("", encoding="utf-8")
        seen = self.watch("throw_away")
        importlib.import_module("throw_away_other")

        assert seen == []

    def test_package(self, folder: Path) -> None:
        """With a package it is done when that is ready, not when its parts are."""
        (folder / "throw_away").mkdir()
        (folder / "throw_away" / "__init__.py").write_text("from . import part\nready = 1\n", encoding="utf-8")
        (folder / "throw_away" / "part.py").write_text("", encoding="utf-8")
        seen = self.watch("throw_away")
        importlib.import_module("throw_away.part")

        assert [fields["ready"] for fields in seen] == [1]

    def test_missing(self, folder: Path) -> None:
        """A module that there is not stays missing."""
        assert folder.is_dir()
        seen = self.watch("throw_away_missing")
        with pytest.raises(ModuleNotFoundError, match="No module named 'throw_away_missing'"):
            importlib.import_module("throw_away_missing")

        assert seen == []

    def test_failing(self, folder: Path) -> None:
        """With a module that fails it is not done, and the failure is the module's."""
        (folder / "throw_away.py").write_text("1 / 0\n", encoding="utf-8")
        seen = self.watch("throw_away")
        with pytest.raises(ZeroDivisionError):
            importlib.import_module("throw_away")

        assert seen == []

    def test_folder(self, folder: Path) -> None:
        """A folder without code has nothing to be executed."""
        (folder / "throw_away").mkdir()
        seen = self.watch("throw_away")

        assert list(importlib.import_module("throw_away").__path__) == [str(folder / "throw_away")]
        assert seen == []

    @pytest.mark.xfail(strict=True, reason="find_spec() gives up the hook before anything is imported")
    def test_looked_for(self, folder: Path) -> None:
        """Looking whether there is such a module is not importing it."""
        (folder / "throw_away.py").write_text("value = 5\n", encoding="utf-8")
        seen = self.watch("throw_away")
        assert importlib.util.find_spec("throw_away") is not None
        importlib.import_module("throw_away")

        assert [fields["value"] for fields in seen] == [5]

    @pytest.mark.xfail(strict=True, reason="a zip has one loader for all its modules, which is changed for good")
    def test_zip(self, folder: Path) -> None:
        """In a zip, too, it is done for the one module only."""
        with zipfile.ZipFile(folder / "lib.zip", "w") as archive:
            archive.writestr("throw_away.py", "value = 5\n")
            archive.writestr("throw_away_other.py", "value = 6\n")
        sys.path.insert(0, str(folder / "lib.zip"))
        seen = self.watch("throw_away")
        importlib.import_module("throw_away")
        importlib.import_module("throw_away_other")

        assert [fields["value"] for fields in seen] == [5]


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
    error = raised.value
    assert error.__traceback__ is not None
    return type(error), error, error.__traceback__.tb_next


class TestConfigureLogging:
    """What a function's `logging` writes."""

    def written(self, capfd: pytest.CaptureFixture[str], log: Log, record: logging.LogRecord) -> str:
        """What *record* becomes in *log*."""
        configure_logging(log, logging)
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
                {"exc_info": (None, None, None), "levelname": "CRITICAL", "name": "root"},
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
    @pytest.mark.xfail(strict=True, reason="json_line() lets fields take the place of timestamp and level")
    def test_extra_level(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Nor does it take the place of the time or the level, by which the platform filters."""
        fields = json.loads(self.written(capfd, a_log(JSON), a_record(level="no", timestamp="no")))

        assert (fields["timestamp"], fields["level"]) == ("2026-01-01T00:00:00.250Z", "WARN")

    @pytest.mark.usefixtures("root")
    def test_error_as_text(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """A logged error has its trace on the same line."""
        line = self.written(capfd, a_log(), a_record(exc_info=failed(tmp_path)))

        assert line == (
            "[WARNING]\t2026-01-01T00:00:00.250Z\tid\thi you\rTraceback (most recent call last):\r"
            f'  File "{tmp_path}/app.py", line 2, in handler\r'
            "    raise ValueError('boom')\rValueError: boom\n"
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
    @pytest.mark.xfail(strict=True, reason="record_fields() asks for str(error); errors.describe() is safe")
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
        configure_logging(log, logging)
        handler = logging.getLogger().handlers[-1]
        handler.setFormatter(logging.Formatter("%(aws_request_id)s %(tenant_id)s"))
        handler.handle(a_record())
        log.begin("another", "blue")
        handler.handle(a_record())

        assert capfd.readouterr().out == "id None\nanother blue\n"

    @pytest.mark.usefixtures("root")
    def test_own_formatter(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A formatter that ends its lines gets no second end."""
        configure_logging(a_log(), logging)
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
        """A record whose arguments do not fit is complained about on stderr, as always."""
        configure_logging(a_log(), logging)
        logging.getLogger().handlers[-1].handle(a_record(msg="%d", args=("x",)))
        out, err = capfd.readouterr()

        assert out == ""
        assert err.startswith("--- Logging error ---\n")

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
        configure_logging(Log({"AWS_LAMBDA_LOG_LEVEL": value}), logging)

        assert root.level == level

    def test_one_handler(self, root: logging.Logger) -> None:
        """The root logger gets one handler, beside those that it has."""
        before = root.handlers[:]
        configure_logging(Log({}), logging)

        assert root.handlers[:-1] == before

    def test_other_module(self, root: logging.Logger) -> None:
        """A function's own `logging.py` is left alone."""
        before = root.handlers[:]
        own = ModuleType("logging")
        configure_logging(Log({}), own)

        assert root.handlers == before
        assert [name for name in vars(own) if not name.startswith("__")] == []

    def test_through_logging(self, capfd: pytest.CaptureFixture[str], root: logging.Logger) -> None:
        """What a function logs arrives."""
        root.setLevel(logging.INFO)
        configure_logging(a_log(), logging)
        logging.getLogger("a.b").info("hi %s", "you")

        assert re.fullmatch(r"\[INFO\]\t[-\dT:.]+Z\tid\thi you\n", capfd.readouterr().out)
