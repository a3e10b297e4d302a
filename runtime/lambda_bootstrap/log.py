"""
The function's log.

Owns: where it goes (stdout, or the descriptor that the platform gives for it), whole records of it, and which
invocation they belong to.
Refuses to know: what a record looks like, which library it comes from.
"""

from __future__ import annotations

import sys
from _socket import AF_UNIX, SOCK_STREAM, socket
from _thread import RLock, get_ident
from io import TextIOWrapper
from posix import dup2, write
from time import sleep, time

from . import record
from .errors import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence
    from typing import Any, BinaryIO

    from .errors import ErrorReport

STDOUT, STDERR = 1, 2
TELEMETRY = "_LAMBDA_TELEMETRY_LOG_FD"
# Frame types of the platform's descriptor: the base, plus 1 for text, plus the level times 4 (protocol of the managed
# runtimes: type, length, microseconds since the epoch, all big-endian, then the record).
FRAME, TEXT_FRAME = 0xA55A0002, 0xA55A0003
FRAME_LEVELS = {"TRACE": 1, "DEBUG": 2, "INFO": 3, "WARN": 4, "WARNING": 4, "ERROR": 5, "FATAL": 6, "CRITICAL": 6}


class Log:
    """
    The log, and the ids of the current invocation.

    Args:
        environ: read for `AWS_LAMBDA_LOG_FORMAT`, `AWS_LAMBDA_LOG_LEVEL` and `AWS_LAMBDA_FUNCTION_VERSION`;
            `_LAMBDA_TELEMETRY_LOG_FD` is taken out of it, as it is nobody else's.

    Attributes:
        is_json: whether records are JSON.
        level: the level asked for, in `logging`'s names, or "".
        request_id: of the current invocation, "" before the first.
        tenant_id: of the current invocation, or "".
        trace_id: its X-Ray trace header, or "".
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self.is_json = environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        level = environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        self.level = {"TRACE": "DEBUG"}.get(level, level)
        self.version = environ.get("AWS_LAMBDA_FUNCTION_VERSION") or None
        descriptor = environ.pop(TELEMETRY, "")
        self.is_framed = descriptor.isascii() and descriptor.isdigit() and len(descriptor) < 8  # noqa: PLR2004 - a descriptor
        self.fd = int(descriptor) if self.is_framed else STDOUT
        self.lock = RLock()  # a signal handler may log while its thread does
        self.streams: list[Unbuffered | Lines] = []
        self.replaced: list[object] = []
        self.begin("", "", "")

    def begin(self, request_id: str, tenant_id: str, trace_id: str) -> None:
        """From here on, records belong to this invocation."""
        self.request_id = request_id
        self.tenant_id = tenant_id
        self.trace_id = trace_id
        self.marks: dict[str, str | None] | None = None

    def end(self) -> None:
        """What was begun is written, as the invocation ends here."""
        for stream in self.streams:
            stream.end()

    def mark(self) -> dict[str, str | None]:
        """What all records of an invocation have in common, made when the first one needs it."""
        self.marks = marks = {
            "tenantId": self.tenant_id or None,
            "traceId": self.trace_root,
            "functionVersion": self.version,
        }
        return marks

    @property
    def trace_root(self) -> str | None:
        """What all parts of a trace have in common."""
        return next((part[5:] for part in self.trace_id.split(";") if part.startswith("Root=")), None)

    def write(self, text: str, level: str = "") -> None:
        """Write *text* as one piece. A log that cannot be written is no reason to fail an invocation."""
        data = text.encode("utf-8", "backslashreplace")
        try:
            with self.lock:
                if self.is_framed:
                    data = self.frame(data.removesuffix(b"\n"), level)
                elif self.streams and not self.is_json:
                    self.streams[0].end()  # stdout's: a record starts on a line of its own
                while data:
                    try:
                        data = data[write(self.fd, data) :]
                    except BlockingIOError:  # full for a moment: half a frame makes all that follow unreadable
                        sleep(0.001)
        except (OSError, ValueError):  # the descriptor is gone; the function has closed its stdout
            pass

    def frame(self, data: bytes, level: str) -> bytes:
        """*data* as the platform's descriptor takes it. Without format or level it is all one kind of frame."""
        kind = TEXT_FRAME
        if self.is_json or self.level:
            kind = FRAME + (not self.is_json) + 4 * FRAME_LEVELS.get(level, 0)
        moment = int(time() * 1_000_000)
        return kind.to_bytes(4, "big") + len(data).to_bytes(4, "big") + moment.to_bytes(8, "big") + data

    def record(
        self, level: str, fields: Mapping[str, Any], seconds: float | None = None, request_id: str | None = None
    ) -> None:
        """One record, of now and of the current invocation if nothing else is said."""
        moment = time() if seconds is None else seconds
        self.write(self.line(level, fields, moment, self.request_id if request_id is None else request_id), level)

    def line(self, level: str, fields: Mapping[str, Any], seconds: float, request_id: str) -> str:
        """One record in the function's format. Of *fields*, text shows `message` only."""
        if not self.is_json:
            return record.text_line(level, seconds, request_id, str(fields.get("message", "")))
        return record.json_line(
            level,
            seconds,
            {**fields, "requestId": request_id, **(self.marks or self.mark())},
        )

    def error(self, failure: ErrorReport) -> None:
        """The one record of a failure that nobody handled."""
        if self.is_json:
            self.record("ERROR", failure.body(self.request_id))
        else:
            self.write(record.text_error(failure.error_type, failure.message, failure.stack), "ERROR")

    def complain(self, message: str, error: BaseException | None) -> None:
        """One record of something that failed beside the function: a hook, for one."""
        if error is None:
            self.record("WARN", {"message": message})
            return
        failure = report(error)
        failure.message = f"{message}: {failure.message}"
        self.error(failure)

    def autopsy(self, stacks: Mapping[str, Sequence[str]]) -> None:
        """One record of what every thread was doing."""
        message = "the deadline is near; this is where every thread and task is"
        if self.is_json:
            self.record("WARN", {"message": message, "stacks": stacks})
            return
        threads = [f"{name}:\n{''.join(lines)}" for name, lines in stacks.items()]
        self.record("WARN", {"message": "\n".join([message, *threads]).rstrip("\n")})

    def connect_streams(self, path: str) -> None:
        """
        Let stdout and stderr go to pipes of the platform's, one for each connection to its socket at *path*.

        Raises:
            OSError: nobody serves it.
        """
        for descriptor in (STDOUT, STDERR):
            pipe = socket(AF_UNIX, SOCK_STREAM)
            try:
                pipe.connect(path)
                dup2(pipe.fileno(), descriptor)
            finally:
                pipe.close()

    def open_streams(self) -> None:
        """
        Make `print` appear at once, since what a killed process had buffered is lost; as records in JSON format.

        What they replace, `sys.__stdout__` and `sys.__stderr__`, stays usable.
        """
        for name, level in (("stdout", "INFO"), ("stderr", "ERROR")):
            buffer = getattr(getattr(sys, name), "buffer", None)
            if buffer is None:
                continue
            self.replaced.append(getattr(sys, name))  # or the end of it would close the buffer
            getattr(sys, name).flush()
            stream = Lines(buffer, self, level) if self.is_json else Unbuffered(buffer)
            self.streams.append(stream)
            setattr(sys, name, stream)


class Unbuffered(TextIOWrapper):
    """A text stream without a memory."""

    is_open = False  # whether what was written last has not ended its line

    def __init__(self, buffer: BinaryIO) -> None:
        super().__init__(buffer, encoding="utf-8", errors="backslashreplace")

    def write(self, text: str, /) -> int:
        """As `io.TextIOBase.write`, and flushed."""
        count = super().write(text)
        self.flush()
        self.is_open = text[-1:] != "\n" if text else self.is_open
        return count

    def end(self) -> None:
        """End the line that is open, if one is."""
        if self.is_open:
            try:
                self.write("\n")
            except (OSError, ValueError):  # the function has closed it
                self.is_open = False


class Lines(TextIOWrapper):
    """
    A text stream of which every line is a record; a line that is a JSON object already goes out as it is.

    Args:
        buffer: where the stream went before; kept for who asks for it.
        log: where the records go.
        level: theirs.
    """

    def __init__(self, buffer: BinaryIO, log: Log, level: str) -> None:
        self.log = log
        self.level = level
        self.begun: dict[int, str] = {}  # by thread, the line that it has not ended yet
        super().__init__(buffer, encoding="utf-8", errors="backslashreplace")

    def write(self, text: str, /) -> int:
        """As `io.TextIOBase.write`: what ends a line makes a record."""
        thread = get_ident()
        *lines, rest = (self.begun.get(thread, "") + text).split("\n")
        self.begun.pop(thread, None)
        if rest:
            self.begun[thread] = rest
        for line in lines:
            self.emit(line)
        return len(text)

    def emit(self, line: str) -> None:
        """Write one line, unless there is nothing on it."""
        if record.is_json_object(line):
            self.log.write(f"{line}\n", self.level)
        elif line:
            self.log.record(self.level, {"message": line})

    def flush(self) -> None:
        """As `io.TextIOBase.flush`: what this thread has begun is a line."""
        self.emit(self.begun.pop(get_ident(), ""))

    def end(self) -> None:
        """What any thread has begun is a line."""
        for thread in tuple(self.begun):
            self.emit(self.begun.pop(thread, ""))
