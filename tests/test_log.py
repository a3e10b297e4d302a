"""What the runtime and the function write."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
import threading
import time
from fcntl import ioctl
from struct import unpack
from termios import FIONREAD

import pytest

from runtime.errors import ErrorReport
from runtime.log import Log, Unbuffered
from runtime.stack import Frame
from tests.records import JSON, a_log, stdout


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
        Log({}).open_streams()
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
        log = Log({})
        log.open_streams()
        closed = raw.closed
        monkeypatch.undo()

        assert log.replaced
        assert not closed

    def test_count(self) -> None:
        """A write gives the number of characters, as any other."""
        assert Unbuffered(io.BytesIO()).write("é\n") == 2

    @pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["none", "without a buffer"])
    def test_left_alone(self, monkeypatch: pytest.MonkeyPatch, stream: object) -> None:
        """A stream without bytes under it stays what it is."""
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        Log({}).open_streams()
        same = sys.stdout is stream is sys.stderr
        monkeypatch.undo()

        assert same
