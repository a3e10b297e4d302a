"""What the runtime and the function write."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from fcntl import F_SETPIPE_SZ, fcntl, ioctl
from struct import unpack
from termios import FIONREAD
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_bootstrap import current
from lambda_bootstrap.log import Lines, Log, Unbuffered
from lambda_bootstrap.report import ErrorReport
from lambda_bootstrap.settings import Settings
from lambda_bootstrap.traces import Frame

from tests.support.records import JSON, NEW_YEAR, a_log, enter, stdout, valid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType


class TestLog:
    """The function's log."""

    @pytest.mark.parametrize(
        ("value", "is_json"),
        [("JSON", True), ("json", True), ("Json", True), ("Text", False), ("", False), ("JSONL", False)],
    )
    def test_format(self, value: str, is_json: bool) -> None:  # noqa: FBT001 - a column of the table
        """The format is JSON if that is what the variable says, in any case of letters."""
        assert Log(Settings({"AWS_LAMBDA_LOG_FORMAT": value})).is_json is is_json

    def test_defaults(self) -> None:
        """A log without variables writes text, and no invocation is current."""
        log = Log(Settings({}))

        assert (log.is_json, log.level) == (False, "")
        assert (current.get().request_id, current.get().tenant_id, current.get().trace_id) == ("", "", "")

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
        a_log(environ, tenant_id=tenant_id).record("WARN", {"message": "a\nb"})

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
        """An error in JSON has the keys of the error body, in their order."""
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
        Log(Settings({})).open_streams()
        print("é", end="", file=getattr(sys, name))
        print("\ud800", file=getattr(sys, name))
        getattr(sys, name).writelines(["a", "b"])
        seen = raw.getvalue()
        monkeypatch.undo()

        assert seen == "é\\ud800\nab".encode()

    def test_nobody_else_holds_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A stream that a program put in the place of stdout may go once it is replaced."""
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stderr", None)
        monkeypatch.setattr(sys, "stdout", None)
        sys.stdout = io.TextIOWrapper(raw, encoding="utf-8")
        log = Log(Settings({}))
        log.open_streams()
        closed = raw.closed
        monkeypatch.undo()

        assert log.replaced
        assert not closed

    def test_count(self) -> None:
        """A write gives the number of characters, as any other."""
        assert Unbuffered(io.BytesIO(), a_log()).write("é\n") == 2

    @pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["none", "without a buffer"])
    def test_left_alone(self, monkeypatch: pytest.MonkeyPatch, stream: object) -> None:
        """A stream without bytes under it stays what it is."""
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        Log(Settings({})).open_streams()
        same = sys.stdout is stream is sys.stderr
        monkeypatch.undo()

        assert same


class Pipe:
    """The descriptor that the platform gives, read as the platform reads it."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()

    def environ(self, **more: str) -> dict[str, str]:
        """The environment that names it."""
        return {"_LAMBDA_TELEMETRY_LOG_FD": str(self.write), **more}

    def data(self) -> bytes:
        """All that was written; nothing can be afterwards."""
        os.close(self.write)
        with open(self.read, "rb", closefd=False) as file:
            return file.read()

    def frames(self) -> list[tuple[str, bytes]]:
        """The frames that were written: type and payload of each."""
        data, found = self.data(), []
        now = time.time() * 1_000_000
        while data:
            kind, size, moment = unpack(">IIQ", data[:16])
            assert now - 60_000_000 < moment <= now
            assert len(data) >= 16 + size
            found.append((f"{kind:08X}", data[16 : 16 + size]))
            data = data[16 + size :]
        return found


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A descriptor, closed in the end."""
    made = Pipe()
    yield made
    for descriptor in (made.read, made.write):
        with suppress(OSError):
            os.close(descriptor)


TEXT_LEVEL = {"AWS_LAMBDA_LOG_LEVEL": "INFO"}


class TestFrames:
    """`_LAMBDA_TELEMETRY_LOG_FD`."""

    @pytest.mark.parametrize(
        ("environ", "level", "kind"),
        [
            *((JSON, "", "A55A0002"), (JSON, "TRACE", "A55A0006"), (JSON, "DEBUG", "A55A000A")),
            *((JSON, "INFO", "A55A000E"), (JSON, "WARN", "A55A0012"), (JSON, "WARNING", "A55A0012")),
            *((JSON, "ERROR", "A55A0016"), (JSON, "FATAL", "A55A001A"), (JSON, "CRITICAL", "A55A001A")),
            *((TEXT_LEVEL, "", "A55A0003"), (TEXT_LEVEL, "TRACE", "A55A0007"), (TEXT_LEVEL, "DEBUG", "A55A000B")),
            *((TEXT_LEVEL, "INFO", "A55A000F"), (TEXT_LEVEL, "WARN", "A55A0013"), (TEXT_LEVEL, "WARNING", "A55A0013")),
            *((TEXT_LEVEL, "ERROR", "A55A0017"), (TEXT_LEVEL, "FATAL", "A55A001B")),
            *((TEXT_LEVEL, "CRITICAL", "A55A001B"), (TEXT_LEVEL, "NOTICE", "A55A0003")),
            *(({}, "", "A55A0003"), ({}, "INFO", "A55A0003"), ({}, "ERROR", "A55A0003"), ({}, "FATAL", "A55A0003")),
        ],
    )
    def test_kind(self, pipe: Pipe, environ: dict[str, str], level: str, kind: str) -> None:
        """Format and level make the frame's type; without either there is but one."""
        a_log(pipe.environ(**environ)).write("m\n", level)

        assert pipe.frames() == [(kind, b"m")]

    def test_bytes(self, pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
        """A frame is exactly these bytes."""
        monkeypatch.setattr("lambda_bootstrap.log.time", lambda: 1_700_000_000.5)
        a_log(pipe.environ(**JSON)).write('{"é":1}\n', "INFO")

        assert pipe.data() == bytes.fromhex("a55a000e 00000008 00060a241825e120") + '{"é":1}'.encode()

    @pytest.mark.parametrize(
        ("text", "payload"),
        [
            pytest.param("a\n", b"a", id="one end"),
            pytest.param("a\n\n", b"a\n", id="two ends"),
            pytest.param("a", b"a", id="no end"),
            pytest.param("", b"", id="empty"),
            pytest.param("a\rb\n", b"a\rb", id="lines"),
            pytest.param("\ud800", b"\\ud800", id="lone surrogate"),
        ],
    )
    def test_payload(self, pipe: Pipe, text: str, payload: bytes) -> None:
        """A record ends where its frame does: its newline is left out."""
        a_log(pipe.environ()).write(text)

        assert pipe.frames() == [("A55A0003", payload)]

    @pytest.mark.parametrize(
        ("level", "kind", "name"),
        [
            ("WARNING", "A55A0012", "WARNING"),
            ("WARN", "A55A0012", "WARNING"),
            ("CRITICAL", "A55A001A", "CRITICAL"),
            ("FATAL", "A55A001A", "CRITICAL"),
            ("TRACE", "A55A0006", "NOTSET"),
            ("INFO", "A55A000E", "INFO"),
        ],
    )
    def test_record(self, pipe: Pipe, level: str, kind: str, name: str) -> None:
        """A record in a frame has `logging`'s name of the level, as awslambdaric's; the frame has the platform's."""
        a_log(pipe.environ(**JSON)).record(level, {"message": "m"}, NEW_YEAR)
        [(found, payload)] = pipe.frames()

        assert found == kind
        assert valid(payload + b"\n") == {
            "timestamp": "2026-01-01T00:00:00.250Z",
            "level": name,
            "message": "m",
            "requestId": "id",
        }

    @pytest.mark.parametrize("environ", [{}, TEXT_LEVEL, JSON], ids=["text", "level", "JSON"])
    @pytest.mark.parametrize("text", ["a\n", "a", "a\n\n", "a\nb\n"])
    def test_as_it_is(self, pipe: Pipe, environ: dict[str, str], text: str) -> None:
        """What `context.log` writes is in a frame of the plain type, with every newline, in either format."""
        a_log(pipe.environ(**environ)).log(text)

        assert pipe.frames() == [("A55A0003", text.encode())]

    @pytest.mark.parametrize("environ", [{}, TEXT_LEVEL], ids=["no level", "level"])
    def test_error(self, pipe: Pipe, environ: dict[str, str]) -> None:
        """An unhandled error in text has an error's frame whatever the level is, and lines that end as lines."""
        a_log(pipe.environ(**environ)).error(ErrorReport("T", "m\nn", [], ['  File "a", line 1, in f\n    f()\n']))
        lines = (
            '[ERROR] T: m\nn\nTraceback (most recent call last):\n\xa0\xa0File "a", line 1, in f\n\xa0\xa0\xa0\xa0f()'
        )

        assert pipe.frames() == [("A55A0017", lines.encode())]

    @pytest.mark.parametrize("environ", [{}, TEXT_LEVEL], ids=["no level", "level"])
    def test_error_without_trace(self, pipe: Pipe, environ: dict[str, str]) -> None:
        """An unhandled error without trace or message is two lines of a frame."""
        a_log(pipe.environ(**environ)).error(ErrorReport("T", "", []))

        assert pipe.frames() == [("A55A0017", b"[ERROR] T\nTraceback (most recent call last):")]

    def test_error_as_json(self, pipe: Pipe) -> None:
        """An unhandled error in JSON has an error's frame without a newline at its end."""
        a_log(pipe.environ(**JSON)).error(ErrorReport("T", "m", []))
        [(kind, payload)] = pipe.frames()

        assert (kind, valid(payload + b"\n")["errorType"]) == ("A55A0016", "T")

    def test_lines_of_a_record(self, pipe: Pipe) -> None:
        """The lines of a record are lines in a frame, where nobody cuts at them."""
        a_log(pipe.environ()).record("INFO", {"message": "a\nb"}, NEW_YEAR)

        assert pipe.frames() == [("A55A0003", b"[INFO]\t2026-01-01T00:00:00.250Z\tid\ta\nb")]

    def test_stdout_is_free(self, pipe: Pipe, capfd: pytest.CaptureFixture[str]) -> None:
        """What goes into frames does not go to stdout."""
        log = a_log(pipe.environ())
        log.write("m")
        log.error(ErrorReport("T", "m", []))

        assert capfd.readouterr() == ("", "")
        assert len(pipe.frames()) == 2

    def test_taken(self) -> None:
        """The variable is taken out of the environment: no child process writes into our frames."""
        environ = {"_LAMBDA_TELEMETRY_LOG_FD": "250", "PATH": "/bin"}
        Log(Settings(environ))

        assert environ == {"PATH": "/bin"}

    @pytest.mark.parametrize("value", ["", "x", "-1", "3.5", " 3", "3 ", "+3", "²", "٣", "0x3", "1_0"])
    def test_garbage(self, capfd: pytest.CaptureFixture[str], value: str) -> None:
        """What is no descriptor is as none."""
        environ = {"_LAMBDA_TELEMETRY_LOG_FD": value}
        Log(Settings(environ)).write("m\n")

        assert capfd.readouterr().out == "m\n"
        assert environ == {}

    @pytest.mark.parametrize("value", ["2147483648", "99999999999999999999", "9" * 5000], ids=len)
    def test_too_large(self, value: str) -> None:
        """A number that no descriptor can have does no harm."""
        Log(Settings({"_LAMBDA_TELEMETRY_LOG_FD": value})).write("m\n")

    def test_closed(self, pipe: Pipe) -> None:
        """A descriptor that is not open does no harm."""
        log = a_log(pipe.environ())
        os.close(pipe.write)
        log.write("lost")

    def test_larger_than_the_pipe(self, pipe: Pipe) -> None:
        """A frame that the pipe takes piece by piece is whole."""
        fcntl(pipe.write, F_SETPIPE_SZ, 4096)
        log = a_log(pipe.environ())
        parts: list[bytes] = []
        reader = threading.Thread(target=lambda: parts.extend(iter(lambda: os.read(pipe.read, 1000), b"")))
        reader.start()
        log.write("x" * 50_000)
        os.close(pipe.write)
        reader.join()
        data = b"".join(parts)

        assert data[:8] == bytes.fromhex("a55a0003 0000c350")
        assert data[16:] == b"x" * 50_000

    def test_full_for_a_moment(self, pipe: Pipe) -> None:
        """A non-blocking pipe that is full is waited for: half a frame makes all that follow unreadable."""
        fcntl(pipe.write, F_SETPIPE_SZ, 4096)
        os.set_blocking(pipe.write, False)
        parts: list[bytes] = []
        reader = threading.Thread(target=lambda: parts.extend(iter(lambda: os.read(pipe.read, 1000), b"")))
        log = a_log(pipe.environ())
        log.write("x" * 4000)
        reader.start()
        log.write("y" * 50_000)
        os.close(pipe.write)
        reader.join()

        assert len(b"".join(parts)) == 16 + 4000 + 16 + 50_000

    @pytest.mark.parametrize("environ", [{}, JSON], ids=["text", "JSON"])
    def test_threads(self, pipe: Pipe, environ: dict[str, str]) -> None:
        """Records of many threads, each larger than the pipe takes at once, never mix."""
        fcntl(pipe.write, F_SETPIPE_SZ, 4096)
        log = a_log(pipe.environ(**environ))
        parts: list[bytes] = []
        reader = threading.Thread(target=lambda: parts.extend(iter(lambda: os.read(pipe.read, 65_536), b"")))
        writers = [threading.Thread(target=write_many, args=(log, letter)) for letter in "abcdefgh"]
        for thread in (reader, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        os.close(pipe.write)
        reader.join()
        data, found = b"".join(parts), []
        while data:
            size = int.from_bytes(data[4:8], "big")
            found.append(data[16 : 16 + size].decode())
            data = data[16 + size :]

        assert sorted(found) == sorted(letter * 5000 for letter in "abcdefgh" for _ in range(20))


def write_many(log: Log, letter: str) -> None:
    """Write twenty records that are larger than a page."""
    for _ in range(20):
        log.write(letter * 5000)


def record_many(log: Log) -> None:
    """Write twenty records that are larger than a page."""
    for _ in range(20):
        log.record("INFO", {"message": "m" * 5000})


class TestPlainThreads:
    """Threads that write to stdout at once."""

    def test_lines(self) -> None:
        """Records of many threads never mix on stdout either."""
        read, write = os.pipe()
        fcntl(write, F_SETPIPE_SZ, 4096)
        parts: list[bytes] = []
        reader = threading.Thread(target=lambda: parts.extend(iter(lambda: os.read(read, 65_536), b"")))
        log = a_log(JSON)
        writers = [threading.Thread(target=record_many, args=(log,)) for _ in range(8)]
        with stdout(write):
            for thread in (reader, *writers):
                thread.start()
            for thread in writers:
                thread.join()
        reader.join()
        os.close(read)
        lines = b"".join(parts).splitlines(keepends=True)

        assert [valid(line)["message"] for line in lines] == ["m" * 5000] * 160


class TestIds:
    """What every record says of its invocation."""

    @pytest.mark.parametrize(
        ("trace_id", "root"),
        [
            pytest.param("Root=1-a-b;Parent=c;Sampled=1", "1-a-b", id="first"),
            pytest.param("Parent=c;Root=1-a-b", "1-a-b", id="last"),
            pytest.param("Root=1;Root=2", "1", id="two"),
            pytest.param("", None, id="none"),
            pytest.param("0", None, id="zero"),
            pytest.param("root=1", None, id="lower case"),
            pytest.param("Self=Root=1", None, id="not at the start"),
        ],
    )
    def test_trace_root(self, trace_id: str, root: str | None) -> None:
        """A record names the root of its trace."""
        assert a_log(JSON, trace_id=trace_id).mark(current.get())["traceId"] == root

    def test_all(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A JSON record has all the ids there are, in this order, after what it says."""
        environ = {**JSON, "AWS_LAMBDA_FUNCTION_VERSION": "7"}
        a_log(environ, tenant_id="blue", trace_id="Root=1-a-b;Parent=c").record("INFO", {"message": "m", "n": 1})

        assert list(valid(capfd.readouterr().out).items())[1:] == [
            ("level", "INFO"),
            ("message", "m"),
            ("n", 1),
            ("requestId", "id"),
            ("tenantId", "blue"),
            ("traceId", "1-a-b"),
            ("functionVersion", "7"),
        ]

    def test_not_replaced(self, capfd: pytest.CaptureFixture[str]) -> None:
        """What a function calls by the name of an id does not take its place, nor that of one that is missing."""
        names = ("requestId", "tenantId", "traceId", "functionVersion")
        a_log(JSON).record("INFO", {"message": "m", **dict.fromkeys(names, "mine")})

        assert valid(capfd.readouterr().out).keys() == {"timestamp", "level", "message", "requestId"}

    def test_given(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A record of another time and invocation says so."""
        as_json, as_text = a_log(JSON), a_log({})
        enter("another")
        as_json.record("INFO", {"message": "m"}, NEW_YEAR)
        current.begin(current.NOBODY)  # type: ignore[arg-type] # as before the first
        as_text.record("INFO", {"message": "m"}, NEW_YEAR)
        first, second = capfd.readouterr().out.splitlines(keepends=True)

        assert (valid(first)["timestamp"], valid(first)["requestId"]) == ("2026-01-01T00:00:00.250Z", "another")
        assert second == "[INFO]\t2026-01-01T00:00:00.250Z\t\tm\n"

    def test_no_message(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A record of text without a message is an empty one."""
        a_log().record("INFO", {}, NEW_YEAR)

        assert capfd.readouterr().out == "[INFO]\t2026-01-01T00:00:00.250Z\tid\t\n"


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Descriptors 1 and 2 are put back as they were."""
    saved = os.dup(1), os.dup(2)
    yield
    for descriptor, copy in enumerate(saved, 1):
        os.dup2(copy, descriptor)
        os.close(copy)


@pytest.mark.usefixtures("descriptors")
class TestConnectStreams:
    """The platform's socket for stdout and stderr."""

    def test_pipes(self, tmp_path: Path) -> None:
        """Stdout and stderr are connections of their own, in this order."""
        with socket.create_server(str(tmp_path / "s"), family=socket.AF_UNIX) as server:
            a_log().connect_streams(str(tmp_path / "s"))
            os.write(1, b"out")
            os.write(2, b"err")
            with server.accept()[0] as out, server.accept()[0] as err:
                assert (out.recv(100), err.recv(100)) == (b"out", b"err")

    def test_nobody_there(self, tmp_path: Path) -> None:
        """A socket that nobody serves is an error, and the streams stay where they were."""
        before = os.fstat(1), os.fstat(2)
        with pytest.raises(FileNotFoundError):
            a_log().connect_streams(str(tmp_path / "s"))

        assert (os.fstat(1), os.fstat(2)) == before


class TestProblem:
    """What fails beside the function."""

    @pytest.mark.parametrize(
        ("environ", "line"),
        [({}, r"\[WARN\]\t[-\dT:.]+Z\tid\tno time\n"), (JSON, r'.*"level":"WARN","message":"no time",.*\n')],
        ids=["text", "JSON"],
    )
    def test_without_error(self, capfd: pytest.CaptureFixture[str], environ: dict[str, str], line: str) -> None:
        """A problem without an exception is a warning."""
        a_log(environ).problem("no time")

        assert re.fullmatch(line, capfd.readouterr().out)

    def test_as_text(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A problem with an exception is the record of that, and says what it was about."""
        a_log().problem("the hook app.flush failed", ValueError("boom"))

        assert capfd.readouterr().out == (
            "[ERROR] ValueError: the hook app.flush failed: boom\rTraceback (most recent call last):\n"
        )

    def test_as_json(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A problem with an exception is the record of that in JSON, too."""
        a_log(JSON).problem("the hook app.flush failed", ValueError("boom"))
        record = valid(capfd.readouterr().out)

        assert (record["level"], record["errorType"], record["errorMessage"]) == (
            "ERROR",
            "ValueError",
            "the hook app.flush failed: boom",
        )


class TestTimeoutDump:
    """The stacks of all threads."""

    def test_as_text(self, capfd: pytest.CaptureFixture[str]) -> None:
        """The stacks of all threads are one record on one line of text."""
        a_log().timeout_dump({"thread a": ["  File 1\n", "  File 2\n"], "task b": ["  File 3\n"], "thread c": []})

        assert re.fullmatch(
            r"\[WARN\]\t[-\dT:.]+Z\tid\tthe deadline is near; this is where every thread and task is\r"
            r"thread a:\r  File 1\r  File 2\r\rtask b:\r  File 3\r\rthread c:\n",
            capfd.readouterr().out,
        )

    def test_as_json(self, capfd: pytest.CaptureFixture[str]) -> None:
        """The stacks of all threads are one JSON record, by name."""
        a_log(JSON).timeout_dump({"thread a": ["x\n"]})

        assert valid(capfd.readouterr().out)["stacks"] == {"thread a": ["x\n"]}


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, str]], Log]]:
    """Opens the streams of a log that is made of an environment; stdout and stderr are put back afterwards."""

    def opened(environ: dict[str, str]) -> Log:
        monkeypatch.setattr(sys, "stdout", open(1, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - the log's
        monkeypatch.setattr(sys, "stderr", open(2, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - the log's
        log = a_log(environ)
        log.open_streams()
        return log

    yield opened
    monkeypatch.undo()


Streams = Callable[[dict[str, str]], Log]


class TestPrintAsText:
    """`print` in text format."""

    def test_end(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A line that is open is ended before a record, and at the end of the invocation, but not twice."""
        log = streams({})
        sys.stdout.write("open")
        log.write("[record]\n")
        log.write("[record]\n")
        sys.stdout.write("open again")
        log.end()
        log.end()
        sys.stdout.write("ended\n")
        sys.stdout.write("")
        log.end()

        assert capfd.readouterr().out == "open\n[record]\n[record]\nopen again\nended\n"

    def test_nothing_after_open(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """An empty write leaves an open line open."""
        log = streams({})
        sys.stdout.write("open")
        sys.stdout.write("")
        log.end()

        assert capfd.readouterr().out == "open\n"

    def test_stderr(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A line that is open on stderr is no concern of a record on stdout, but ends with the invocation."""
        log = streams({})
        sys.stderr.write("open")
        log.write("[record]\n")
        assert capfd.readouterr() == ("[record]\n", "open")
        log.end()

        assert capfd.readouterr() == ("", "\n")

    def test_framed(self, capfd: pytest.CaptureFixture[str], pipe: Pipe, streams: Streams) -> None:
        """What is printed goes to stdout as it is, even with a descriptor for records."""
        log = streams(pipe.environ())
        sys.stdout.write("open")
        log.write("record\n")

        assert capfd.readouterr().out == "open"
        assert pipe.frames() == [("A55A0003", b"record")]

    def test_closed(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A stdout that the function has closed takes no record with it."""
        log = streams({})
        sys.stdout.write("ended\n")
        sys.stdout.close()
        log.write("[record]\n")
        log.end()

        assert capfd.readouterr().out == "ended\n[record]\n"

    def test_closed_while_open(self, streams: Streams) -> None:
        """A stdout that was closed within a line does not fail the end of the invocation."""
        log = streams({})
        sys.stdout.write("open")
        sys.stdout.close()
        log.end()

    def test_record_after_closed(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A record after a stdout that was closed within a line is not lost."""
        log = streams({})
        sys.stdout.write("open")
        sys.stdout.close()
        log.write("[record]\n")

        assert capfd.readouterr().out.endswith("[record]\n")

    def test_before(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """What a program has printed before its streams are replaced comes out first."""
        early = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - the log's
        monkeypatch.setattr(sys, "stdout", early)
        monkeypatch.setattr(sys, "stderr", None)
        sys.stdout.write("early\n")
        log = Log(Settings({}))
        log.open_streams()
        sys.stdout.write("late\n")
        out = capfd.readouterr().out
        monkeypatch.undo()
        early.flush()

        assert log.replaced == [early]
        assert out == "early\nlate\n"

    def test_original(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """The streams that were replaced stay usable."""
        log = streams({})
        [original, _] = log.replaced
        assert isinstance(original, io.TextIOBase)
        original.write("by the original\n")
        original.flush()
        sys.stdout.write("by ours\n")

        assert capfd.readouterr().out == "by the original\nby ours\n"

    def test_full_disk(self, streams: Streams) -> None:
        """A disk that is full is no reason to fail: neither for a record nor for the end of an invocation."""
        with stdout(os.open("/dev/full", os.O_WRONLY)):
            log = streams({})
            log.write("lost\n")
            log.record("INFO", {"message": "lost"})
            log.error(ErrorReport("T", "m", []))
            log.end()


class TestPrintAsJson:
    """`print` in JSON format."""

    def messages(self, capfd: pytest.CaptureFixture[str]) -> list[Any]:
        """The messages that stdout got, each in a record of its own."""
        out, err = capfd.readouterr()
        assert err == ""
        return [valid(line)["message"] for line in re.findall(r"[^\n]*\n", out)]

    @pytest.mark.parametrize(
        ("pieces", "messages"),
        [
            pytest.param(["a\n"], ["a"], id="a line"),
            pytest.param(["a", "b", "\n"], ["ab"], id="pieces"),
            pytest.param(["a\nb\nc\n"], ["a", "b", "c"], id="lines"),
            pytest.param(["a\nb", "c\nd\n"], ["a", "bc", "d"], id="across"),
            pytest.param(["\n", "\n\n", "a\n\n"], ["a"], id="empty lines"),
            pytest.param([" \n"], [" "], id="blank"),
            pytest.param(["a"], ["a"], id="open"),
            pytest.param(["", ""], [], id="nothing"),
            pytest.param(["é\ud800\r\x00\u2028\n"], ["é\ud800\r\x00\u2028"], id="odd text"),
            pytest.param(["{not JSON}\n"], ["{not JSON}"], id="no object"),
            pytest.param(["[1]\n"], ["[1]"], id="array"),
        ],
    )
    def test_lines(
        self, capfd: pytest.CaptureFixture[str], streams: Streams, pieces: list[str], messages: list[str]
    ) -> None:
        """A line is a record, in whatever pieces it comes; the end of the invocation ends one that is open."""
        log = streams(JSON)
        for piece in pieces:
            assert sys.stdout.write(piece) == len(piece)
        log.end()
        log.end()

        assert self.messages(capfd) == messages

    @pytest.mark.parametrize("line", ['{"level": "INFO", "a": 1}', ' {"a":\t"\\ud800"} ', "{}"])
    def test_object(self, capfd: pytest.CaptureFixture[str], streams: Streams, line: str) -> None:
        """A JSON object goes out as it is."""
        streams(JSON)
        sys.stdout.write(line[:3])
        sys.stdout.write(f"{line[3:]}\n")

        assert capfd.readouterr().out == f"{line}\n"

    def test_level(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """What is printed is information."""
        streams(JSON)
        sys.stdout.write("m\n")
        record = valid(capfd.readouterr().out)

        assert (record["level"], record["message"]) == ("INFO", "m")

    @pytest.mark.parametrize("framed", [False, True], ids=["stdout", "descriptor"])
    def test_stderr(self, capfd: pytest.CaptureFixture[str], pipe: Pipe, streams: Streams, *, framed: bool) -> None:
        """What goes to stderr goes out as it is, at once, as awslambdaric has it: its lines have no level."""
        streams(pipe.environ(**JSON) if framed else JSON)
        sys.stderr.write("m\n")
        sys.stderr.write("open")

        assert capfd.readouterr() == ("", "m\nopen")

    def test_own_handler_on_stderr(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A line that a function's own StreamHandler writes at INFO is that line, and no record of an error."""
        streams(JSON)
        handler = logging.StreamHandler()
        handler.handle(logging.makeLogRecord({"msg": "fine", "levelno": logging.INFO, "levelname": "INFO"}))

        assert capfd.readouterr() == ("", "fine\n")

    def test_traceback(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A traceback that is printed is whole, line by line."""
        streams(JSON)
        traceback.print_exception(ValueError("boom\nin two lines"))
        lines = capfd.readouterr().err.splitlines()

        assert lines == ["ValueError: boom", "in two lines"]

    @pytest.mark.parametrize(
        ("line", "frame"), [("m", "A55A000E"), ('{"level":"FATAL"}', "A55A000E")], ids=["text", "object"]
    )
    def test_framed(
        self, capfd: pytest.CaptureFixture[str], pipe: Pipe, streams: Streams, line: str, frame: str
    ) -> None:
        """Lines that are printed go to the descriptor for records, if there is one."""
        streams(pipe.environ(**JSON))
        sys.stdout.write(f"{line}\n")

        assert capfd.readouterr() == ("", "")
        assert [kind for kind, _ in pipe.frames()] == [frame]

    def test_flush(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A flush ends the line."""
        streams(JSON)
        sys.stdout.write("a")
        sys.stdout.flush()
        sys.stdout.write("b\n")
        sys.stdout.flush()

        assert self.messages(capfd) == ["a", "b"]

    def test_writelines(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """`writelines` writes its lines one after the other."""
        streams(JSON)
        sys.stdout.writelines(["a", "b\n", "c\n"])

        assert self.messages(capfd) == ["ab", "c"]

    def test_threads(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """Each thread has its own open line, and the end of the invocation ends them all."""
        log = streams(JSON)
        ready, go_on = threading.Event(), threading.Event()

        def worker() -> None:
            sys.stdout.write("from ")
            ready.set()
            go_on.wait(10)
            sys.stdout.write("a thread\nopen")

        thread = threading.Thread(target=worker)
        thread.start()
        assert ready.wait(10)
        sys.stdout.write("from main\nopen too")
        go_on.set()
        thread.join()
        log.end()
        first, second, *rest = self.messages(capfd)

        assert (first, second, sorted(rest)) == ("from main", "from a thread", ["open", "open too"])

    def test_end_while_another_ends(self, streams: Streams) -> None:
        """A line that its thread ends while the invocation ends is no reason to fail."""

        class Vanishing(dict[int, bytearray]):
            def __len__(self) -> int:
                return 1

        log = streams(JSON)
        [ours, _] = log.streams
        assert isinstance(ours, Lines)
        ours.begun = Vanishing()
        log.end()

    def test_no_text(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A write of something other than text is an error, and costs nothing of the line."""
        log = streams(JSON)
        sys.stdout.write("begun")
        with pytest.raises(TypeError):
            sys.stdout.write(cast("str", 5))
        log.end()

        assert self.messages(capfd) == ["begun"]

    def test_buffer(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """Bytes that are written to the buffer go to stdout as they are."""
        streams(JSON)
        sys.stdout.buffer.write(b"raw\n")
        sys.stdout.buffer.flush()

        assert (sys.stdout.encoding, sys.stdout.fileno(), sys.stdout.isatty()) == ("utf-8", 1, False)
        assert capfd.readouterr().out == "raw\n"

    def test_buffer_flushed_by_stream(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """Bytes in the buffer are in the log once the stream is flushed, after the line that was open."""
        streams(JSON)
        sys.stdout.write("open")
        sys.stdout.buffer.write(b"raw\n")
        sys.stdout.flush()
        out = capfd.readouterr().out

        assert sorted(out.splitlines()) == sorted(["raw", out.splitlines()[-1]])
        assert valid(out.removeprefix("raw\n"))["message"] == "open"

    def test_buffer_before_line(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """Bytes in the buffer come out before a line that is printed after them."""
        streams(JSON)
        sys.stdout.buffer.write(b"raw\n")
        sys.stdout.write("m\n")
        first, second = capfd.readouterr().out.splitlines()

        assert (first, valid(f"{second}\n")["message"]) == ("raw", "m")

    def test_buffer_at_the_end(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """Bytes in the buffer are in the log at the end of the invocation."""
        log = streams(JSON)
        sys.stdout.buffer.write(b"raw\n")
        log.end()

        assert capfd.readouterr().out == "raw\n"

    def test_wrapped_buffer(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A text stream of the function's own over the buffer writes as it is."""
        streams(JSON)
        own = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", write_through=True)
        own.write("é\n")
        sys.stdout.flush()
        own.detach()

        assert capfd.readouterr().out == "é\n"

    def test_closed(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A stdout that the function has closed takes nothing with it."""
        log = streams(JSON)
        sys.stdout.write("open")
        sys.stdout.close()
        log.record("INFO", {"message": "record"})
        log.end()

        assert self.messages(capfd) == ["open", "record"]

    def test_full_disk(self, streams: Streams) -> None:
        """A disk that is full is no reason to fail."""
        with stdout(os.open("/dev/full", os.O_WRONLY)):
            log = streams(JSON)
            sys.stdout.write("lost\n")
            sys.stdout.write("lost")
            log.record("INFO", {"message": "lost"})
            log.end()

    @given(pieces=st.lists(st.text(st.sampled_from("ab\n\r \ud800"))))
    def test_nothing_is_lost(self, pieces: list[str]) -> None:
        """However text is cut, its lines come out, but for empty ones."""
        written: list[str] = []

        class Memory(Log):
            def write(self, text: str, level: str = "") -> None:
                written.append(valid(text)["message"])
                assert level == "INFO"

        stream = Lines(io.BytesIO(), Memory(Settings(dict(JSON))), "INFO")
        for piece in pieces:
            stream.write(piece)
        stream.end()

        assert written == [line for line in "".join(pieces).split("\n") if line]


class Alarms:
    """Signals at moments of all kinds within the runtime, each of which runs *do* in this thread, as a handler."""

    def __init__(self, do: Callable[[], object], number: int = 300) -> None:
        self.do = do
        self.left = number

    def __enter__(self) -> None:
        """Begin."""
        self.before = signal.signal(signal.SIGALRM, self.ring)
        signal.setitimer(signal.ITIMER_REAL, 0.0005)

    def ring(self, _number: int, frame: FrameType | None) -> None:
        """Ask for the next one, and run it if this one came within the runtime."""
        is_within = frame is not None and "/lambda_bootstrap/" in frame.f_code.co_filename
        self.left -= is_within
        signal.setitimer(signal.ITIMER_REAL, 0.0003 + 0.0001 * (self.left % 7) if self.left else 0)
        if is_within:
            self.do()

    def __exit__(self, *_: object) -> None:
        """End."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.before)


@pytest.fixture
def slow_pipe() -> Iterator[tuple[int, Callable[[], bytes]]]:
    """A pipe that takes a page at a time, and what gives all that was written to it, once it is closed."""
    read, write = os.pipe()
    fcntl(write, F_SETPIPE_SZ, 4096)
    parts: list[bytes] = []
    reader = threading.Thread(target=lambda: parts.extend(iter(lambda: os.read(read, 1000), b"")))
    reader.start()

    def whole() -> bytes:
        reader.join()
        return b"".join(parts)

    yield write, whole
    with suppress(OSError):
        os.close(write)
    reader.join()
    os.close(read)


def frames_in(data: bytes) -> list[str]:
    """The text of the frames that *data* consists of."""
    found, at = [], 0
    while at < len(data):
        assert data[at : at + 4] == bytes.fromhex("a55a0003")
        end = at + 16 + int.from_bytes(data[at + 4 : at + 8], "big")
        found.append(data[at + 16 : end].decode())
        at = end
    return found


def count_of(error: BaseException | None) -> int:
    """How many exceptions of signal handlers *error* is: one may come while another is on its way."""
    return 0 if error is None else 1 + count_of(error.__context__)


class RaisedError(Exception):
    """What a signal handler raises."""


class TestReentry:
    """A signal handler that logs while its own thread does."""

    def write_until_done(self, alarms: Alarms, do: Callable[[], object]) -> int:
        """Do it until no alarm is left; return how often."""
        count = 0
        with alarms:
            while alarms.left > 0:
                do()
                count += 1
        return count

    def test_frames(self, slow_pipe: tuple[int, Callable[[], bytes]]) -> None:
        """The record of a signal handler waits until the frame that its thread writes is whole."""
        descriptor, whole = slow_pipe
        log = a_log({"_LAMBDA_TELEMETRY_LOG_FD": str(descriptor)})
        count = self.write_until_done(Alarms(lambda: log.write("handler" * 100)), lambda: log.write("x" * 9000))
        os.close(descriptor)

        assert sorted(frames_in(whole())) == ["handler" * 100] * 300 + ["x" * 9000] * count

    def test_json(self, slow_pipe: tuple[int, Callable[[], bytes]], streams: Streams) -> None:
        """In JSON format, what a signal handler logs or prints waits until the record that is written is whole."""
        descriptor, whole = slow_pipe
        with stdout(descriptor):
            log = streams(JSON)

            def handle() -> None:
                log.record("INFO", {"message": "handler" * 100})
                sys.stdout.write("printed" * 100 + "\n")

            count = self.write_until_done(Alarms(handle), lambda: sys.stdout.write("x" * 9000 + "\n"))
        messages = sorted(valid(line)["message"] for line in whole().splitlines(keepends=True))

        assert messages == ["handler" * 100] * 300 + ["printed" * 100] * 300 + ["x" * 9000] * count

    def test_text(self, slow_pipe: tuple[int, Callable[[], bytes]], streams: Streams) -> None:
        """In text format, what a signal handler logs or prints waits until the line that is printed is whole."""
        descriptor, whole = slow_pipe
        with stdout(descriptor):
            log = streams({})

            def handle() -> None:
                log.write("handler" * 100 + "\n")
                sys.stdout.write("printed" * 100 + "\n")

            count = self.write_until_done(Alarms(handle), lambda: sys.stdout.write("x" * 9000 + "\n"))
        lines = sorted(whole().decode().splitlines())

        assert lines == ["handler" * 100] * 300 + ["printed" * 100] * 300 + ["x" * 9000] * count

    @pytest.mark.parametrize("kind", [RaisedError, TimeoutError, BlockingIOError, ValueError])
    def test_exception(self, slow_pipe: tuple[int, Callable[[], bytes]], kind: type[Exception]) -> None:
        """An exception of a signal handler gets to the function, and what it cut is finished before all else."""
        descriptor, whole = slow_pipe
        log = a_log({"_LAMBDA_TELEMETRY_LOG_FD": str(descriptor)})
        raised = 0

        def fail() -> None:
            raise kind

        alarms = Alarms(fail)
        with alarms:
            while alarms.left > 0:
                try:
                    log.write("x" * 9000)
                except kind as error:
                    raised += count_of(error)
        log.end()
        os.close(descriptor)

        assert raised == 300
        assert set(frames_in(whole())) == {"x" * 9000}

    def test_printed_exception(self, slow_pipe: tuple[int, Callable[[], bytes]], streams: Streams) -> None:
        """A printed line that an exception of a signal handler cut is finished by the end of the invocation."""
        descriptor, whole = slow_pipe
        raised = 0

        def fail() -> None:
            raise TimeoutError

        with stdout(descriptor):
            log = streams({})
            alarms = Alarms(fail)
            with alarms:
                while alarms.left > 0:
                    try:
                        sys.stdout.write("x" * 9000 + "\n")
                    except TimeoutError as error:
                        raised += count_of(error)
            log.end()

        assert raised == 300
        assert set(whole().decode().splitlines()) == {"x" * 9000}

    def test_closed_disk(self, streams: Streams) -> None:
        """A print that the disk has no room for is the function's error, as it is in Python."""
        with stdout(os.open("/dev/full", os.O_WRONLY)):
            streams({})
            with pytest.raises(OSError, match="No space left"):
                sys.stdout.write("lost\n")


def in_child(do: Callable[[], object]) -> int:
    """Do it in a child that is forked; return its exit status, or -9 if it hangs."""
    child = os.fork()
    if not child:
        try:
            signal.alarm(0)
            do()
            os._exit(0)
        finally:
            os._exit(1)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class TestFork:
    """A child that the function forks while the log is in use."""

    @pytest.mark.parametrize("environ", [{}, JSON], ids=["text", "JSON"])
    @pytest.mark.parametrize("way", ["record", "print"])
    def test_while_written(self, streams: Streams, environ: dict[str, str], way: str) -> None:
        """A child logs and prints, although another thread was doing so as it was forked."""
        read, write = os.pipe()
        fcntl(write, F_SETPIPE_SZ, 4096)
        child_read, child_write = os.pipe()

        def log_own() -> None:
            os.dup2(child_write, 1)
            log.record("INFO", {"message": "by the child"})
            sys.stdout.write("by the child\n")

        with stdout(os.dup(write)):
            log = streams(environ)
            text = "x" * 50_000
            target = (lambda: log.write(text)) if way == "record" else (lambda: sys.stdout.write(f"{text}\n"))
            writer = threading.Thread(target=target)
            writer.start()
            while unpack("i", ioctl(read, FIONREAD, b"\0" * 4))[0] < 4096:
                time.sleep(0.001)
            status = in_child(log_own)
        os.close(write)
        os.close(child_write)
        data = b"".join(iter(lambda: os.read(read, 65_536), b""))
        writer.join()
        seen = os.read(child_read, 65_536)
        os.close(child_read)
        os.close(read)

        assert status == 0
        assert data.count(b"x") == 50_000
        assert seen.count(b"by the child") == 2

    def test_open_line(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A line that the parent has begun is the parent's, and a child's own line begins anew."""
        log = streams(JSON)
        sys.stdout.write("begun ")

        def go_on() -> None:
            sys.stdout.write("by the child\n")
            log.end()

        status = in_child(go_on)
        sys.stdout.write("by the parent\n")
        messages = [valid(line)["message"] for line in capfd.readouterr().out.splitlines(keepends=True)]

        assert (status, messages) == (0, ["by the child", "begun by the parent"])

    def test_within_a_record(self, slow_pipe: tuple[int, Callable[[], bytes]], streams: Streams) -> None:
        """A child that a signal handler forks within a record leaves the rest of the record to its parent."""
        descriptor, whole = slow_pipe
        statuses: list[int] = []
        with stdout(descriptor):
            log = streams({})
            parent = os.getpid()

            def fork() -> None:
                if not statuses:
                    child = os.fork()
                    if child:
                        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

            alarms = Alarms(fork, 1)
            with alarms:
                while not statuses:
                    log.write("x" * 9000 + "\n")
                    if os.getpid() != parent:
                        os._exit(0)
        lines = whole().decode().splitlines()

        assert statuses == [0]
        assert set(lines) == {"x" * 9000}


class TestLongLines:
    """Printed text without an end, in JSON format."""

    def messages(self, capfd: pytest.CaptureFixture[str]) -> list[str]:
        """The messages of what was written."""
        return [valid(line)["message"] for line in capfd.readouterr().out.splitlines(keepends=True)]

    def test_pieces(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A line in 200,000 pieces is a matter of a second, and one record."""
        log = streams(JSON)
        started = time.process_time()
        for _ in range(200_000):
            sys.stdout.write(".")
        log.end()
        taken = time.process_time() - started

        assert self.messages(capfd) == ["." * 200_000]
        assert taken < 4

    @pytest.mark.parametrize("piece", ["." * 1000, "é" * 1000, "\U0001f600" * 1000, "\ud800" * 1000], ids=ascii)
    def test_bound(self, capfd: pytest.CaptureFixture[str], streams: Streams, piece: str) -> None:
        """A line that comes in pieces is a record once it has 256 KiB of UTF-8."""
        log = streams(JSON)
        for _ in range(600):
            sys.stdout.write(piece)
        log.end()
        messages = self.messages(capfd)
        sizes = [len(message.encode("utf-8", "surrogatepass")) for message in messages]

        assert "".join(messages) == piece * 600
        assert max(sizes) <= 262_144
        assert min(sizes[:-1]) > 250_000

    @pytest.mark.parametrize("letter", [".", "é", "\U0001f600"])
    def test_at_once(self, capfd: pytest.CaptureFixture[str], streams: Streams, letter: str) -> None:
        """A line that is printed at once is cut into records of 256 KiB of UTF-8, between characters."""
        streams(JSON)
        sys.stdout.write("a" + letter * 700_000 + "\n")
        messages = self.messages(capfd)
        sizes = [len(message.encode()) for message in messages]

        assert "".join(messages) == "a" + letter * 700_000
        assert max(sizes) <= 262_144
        assert min(sizes[:-1]) > 262_140

    def test_object(self, capfd: pytest.CaptureFixture[str], streams: Streams) -> None:
        """A JSON object of any length, which `print` writes in two pieces, goes out whole."""
        streams(JSON)
        text = json.dumps({"message": "m" * 500_000})
        sys.stdout.write(text)
        sys.stdout.write("\n")

        assert capfd.readouterr().out == f"{text}\n"


class TestDescriptorThatIsNotOpen:
    """A platform's descriptor that is not open, or no more."""

    @pytest.fixture
    def gone(self) -> int:
        """The number of a descriptor that is not open."""
        gone = os.open("/dev/null", os.O_RDONLY)
        os.close(gone)
        return gone

    def test_text(self, capfd: pytest.CaptureFixture[str], gone: int) -> None:
        """Without the platform's descriptor records go to stdout, and one record says so."""
        log = a_log({"_LAMBDA_TELEMETRY_LOG_FD": str(gone)})
        log.record("INFO", {"message": "a\nb"}, NEW_YEAR)
        log.record("INFO", {"message": "c"}, NEW_YEAR)
        warning, first, second = capfd.readouterr().out.split("\n")[:-1]

        assert warning.startswith("[WARN]\t")
        assert warning.endswith(f"\tid\tthe log's descriptor, {gone}, is not open: records go to stdout")
        assert first == "[INFO]\t2026-01-01T00:00:00.250Z\tid\ta\rb"
        assert second == "[INFO]\t2026-01-01T00:00:00.250Z\tid\tc"

    def test_json(self, capfd: pytest.CaptureFixture[str], gone: int, streams: Streams) -> None:
        """In JSON format, what is printed and what is logged goes to stdout after one warning."""
        log = streams({"_LAMBDA_TELEMETRY_LOG_FD": str(gone), **JSON})
        log.record("INFO", {"message": "logged"})
        sys.stdout.write("printed\n")
        records = [valid(line) for line in capfd.readouterr().out.splitlines(keepends=True)]

        assert [(one["level"], one["message"].partition(",")[0]) for one in records] == [
            ("WARN", "the log's descriptor"),
            ("INFO", "logged"),
            ("INFO", "printed"),
        ]

    @pytest.mark.parametrize("environ", [{}, JSON], ids=["text", "JSON"])
    @pytest.mark.parametrize("way", ["record", "print", "error"])
    def test_closed_later(
        self, capfd: pytest.CaptureFixture[str], pipe: Pipe, streams: Streams, environ: dict[str, str], way: str
    ) -> None:
        """A descriptor that the function closes takes no record with it, and one warning says so."""
        log = streams(pipe.environ(**environ))
        os.close(pipe.write)
        for _ in range(2):
            if way == "record":
                log.record("INFO", {"message": "m1\nm2"})
            elif way == "print":
                sys.stdout.write("m1 m2\n")
                log.write("m1 m2\n")
            else:
                log.error(ErrorReport("T", "m1\nm2", []))
        lines = capfd.readouterr().out.split("\n")[:-1]

        assert sum("is not open" in line for line in lines) == 1
        assert sum("m1" in line and "m2" in line for line in lines) == len(lines) - 1 == (4 if way == "print" else 2)

    def test_open_line(self, capfd: pytest.CaptureFixture[str], pipe: Pipe, streams: Streams) -> None:
        """Records that come to stdout after all begin on a line of their own, as they always do there."""
        log = streams(pipe.environ())
        os.close(pipe.write)
        log.write("one\n")
        sys.stdout.write("open")
        log.write("two\n")

        assert capfd.readouterr().out.splitlines()[-2:] == ["open", "two"]
