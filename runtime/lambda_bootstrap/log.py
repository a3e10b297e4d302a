"""
The function's log.

Owns: where it goes (stdout, or the descriptor that the platform gives for it), and that its records stay whole.
Refuses to know: what a record looks like, which library it comes from. `current` knows the invocation it belongs to.
"""

from __future__ import annotations

import sys
from _io import TextIOWrapper  # `io` is no part of Python's own start since 3.14
from _socket import AF_UNIX, SOCK_STREAM, socket  # `socket` imports `enum` and `selectors`
from _thread import RLock, get_ident  # `threading` imports more, and changes how the process ends
from posix import dup2, write  # built in: `os` is a file, which a function may have too
from time import sleep, time

from . import current, record, report
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, BinaryIO

    from .current import Nobody
    from .protocol import Invocation
    from .report import ErrorReport

STDOUT, STDERR = 1, 2
# Frame types of the platform's descriptor: the base, plus 1 for text, plus the level times 4 (protocol of the managed
# runtimes: type, length, microseconds since the epoch, all big-endian, then the record).
FRAME, TEXT_FRAME = 0xA55A0002, 0xA55A0003
FRAME_LEVELS = {"TRACE": 1, "DEBUG": 2, "INFO": 3, "WARN": 4, "WARNING": 4, "ERROR": 5, "FATAL": 6, "CRITICAL": 6}


class Log:
    """
    Writes records, each of the invocation that is current.

    Args:
        settings: the format, the level, and the descriptor.

    Attributes:
        is_json: whether records are JSON.
        level: the level asked for, in `logging`'s names, or "".
    """

    def __init__(self, settings: Settings) -> None:
        self.is_json = settings.is_json
        self.level = settings.log_level
        self.version = settings.function["function_version"] or None
        self.is_framed = settings.log_fd is not None
        self.fd = STDOUT if settings.log_fd is None else settings.log_fd
        self.lock = RLock()  # a signal handler may log while its thread does
        self.streams: list[Unbuffered | Lines] = []
        self.replaced: list[object] = []
        self.marks: tuple[Invocation | Nobody | None, dict[str, str | None]] = (None, {})

    def __deepcopy__(self, _memo: object) -> Log:
        """The log itself: a copy of a context writes where the context does."""
        return self

    def __reduce__(self) -> tuple[Callable[[], Log], tuple[()]]:
        """A pickle of the log is the stdout of the process that loads it: descriptor and lock stay here."""
        return of_child, ()

    def end(self) -> None:
        """Flush any line that is still open: the invocation is over."""
        for stream in self.streams:
            stream.end()

    def mark(self, invocation: Invocation | Nobody) -> dict[str, str | None]:
        """Return the fields that all records of an *invocation* share; they are made for its first record."""
        marked, marks = self.marks  # read and written at once, as threads log too
        if marked is not invocation:
            root = next((part[5:] for part in invocation.trace_id.split(";") if part.startswith("Root=")), None)
            marks = {
                "tenantId": invocation.tenant_id or None,
                "traceId": root,
                "functionVersion": self.version,
            }
            self.marks = invocation, marks
        return marks

    def write(self, text: str, level: str = "") -> None:
        """Write a record, or a line of one's own, as one piece: a frame ends it as its newline does elsewhere."""
        if self.is_framed:
            self.push(text.removesuffix("\n"), self.frame_type(level))
        else:
            self.push(text)

    def log(self, text: str) -> None:
        """Write *text* as it is: what `context.log` does, and `log_sink.log` of awslambdaric's handler."""
        self.push(text)

    def push(self, text: str, frame_type: int = TEXT_FRAME) -> None:
        """Write *text* to the log's descriptor. A log that cannot be written is no reason to fail an invocation."""
        data = text.encode("utf-8", "backslashreplace")
        try:
            with self.lock:
                if self.is_framed:
                    head = frame_type.to_bytes(4, "big") + len(data).to_bytes(4, "big")
                    data = head + int(time() * 1_000_000).to_bytes(8, "big") + data
                elif self.streams and not self.is_json:
                    self.streams[0].end()  # stdout's: a record starts on a line of its own
                while data:
                    try:
                        data = data[write(self.fd, data) :]
                    except BlockingIOError:  # full for a moment: half a frame makes all that follow unreadable
                        sleep(0.001)
        except (OSError, ValueError):  # the descriptor is gone; the function has closed its stdout
            pass

    def frame_type(self, level: str) -> int:
        """Return the type of a record's frame. Without format or level, all are of one type."""
        if self.is_json or self.level:
            return FRAME + (not self.is_json) + 4 * FRAME_LEVELS.get(level, 0)
        return TEXT_FRAME

    def record(self, level: str, fields: Mapping[str, Any], seconds: float | None = None) -> None:
        """Write a record; *seconds* since the Unix epoch default to now."""
        self.write(self.line(level, fields, time() if seconds is None else seconds), level)

    def line(self, level: str, fields: Mapping[str, Any], seconds: float) -> str:
        """Return a record in the function's format. Of *fields*, text shows `message` only."""
        invocation = current.get()
        if not self.is_json:
            text = record.text_record if self.is_framed else record.text_line  # in a frame, lines are lines
            return text(level, seconds, invocation.request_id, str(fields.get("message", "")))
        return record.json_line(
            level,
            seconds,
            {**fields, "requestId": invocation.request_id, **self.mark(invocation)},
        )

    def error(self, failure: ErrorReport) -> None:
        """Write the one record of a failure that nobody handled."""
        if self.is_json:
            self.record("ERROR", failure.fields(current.get().request_id))
        elif self.is_framed:
            lines = record.error_lines(failure.error_type, failure.message, failure.stack)
            self.push("\n".join(lines), TEXT_FRAME + 4 * FRAME_LEVELS["ERROR"])  # whatever the log's level is
        else:
            self.write(record.text_error(failure.error_type, failure.message, failure.stack), "ERROR")

    def problem(self, message: str, error: BaseException | None = None) -> None:
        """Write a record of something that went wrong beside the function: a hook that failed with *error*, say."""
        if error is None:
            self.record("WARN", {"message": message})
            return
        failure = report.of(error)
        failure.message = f"{message}: {failure.message}"
        self.error(failure)

    def timeout_dump(self, stacks: Mapping[str, Sequence[str]]) -> None:
        """Write a record of what every thread is doing."""
        message = "the deadline is near; this is where every thread and task is"
        if self.is_json:
            self.record("WARN", {"message": message, "stacks": stacks})
            return
        threads = [f"{name}:\n{''.join(lines)}" for name, lines in stacks.items()]
        self.record("WARN", {"message": "\n".join([message, *threads]).rstrip("\n")})

    def connect_streams(self, path: str) -> None:
        """
        Connect stdout and stderr to the platform's log socket at *path*, which makes a pipe of each connection.

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

        What goes to stderr stays as it is in either format: its lines have no level of their own. The streams that are
        replaced, `sys.__stdout__` and `sys.__stderr__`, stay usable.
        """
        for name in ("stdout", "stderr"):
            buffer = getattr(getattr(sys, name), "buffer", None)
            if buffer is None:
                continue
            self.replaced.append(getattr(sys, name))  # or the end of it would close the buffer
            getattr(sys, name).flush()
            is_records = self.is_json and name == "stdout"
            stream = Lines(buffer, self, "INFO") if is_records else Unbuffered(buffer)
            self.streams.append(stream)
            setattr(sys, name, stream)


def of_child() -> Log:
    """Make the log that a context has in a child process."""
    return Log(Settings({}))


class Unbuffered(TextIOWrapper):
    """A text stream without a buffer."""

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

    So do bytes that are written to its buffer, at the latest with the next line.

    Args:
        buffer: where the stream went before; functions may ask for it.
        log: where the records go.
        level: theirs.
    """

    def __init__(self, buffer: BinaryIO, log: Log, level: str) -> None:
        self.log = log
        self.level = level
        self.begun: dict[int, str] = {}  # by thread, the line that it has not ended yet
        super().__init__(buffer, encoding="utf-8", errors="backslashreplace")

    def write(self, text: str, /) -> int:
        """As `io.TextIOBase.write`: each end of a line makes a record."""
        thread = get_ident()
        *lines, rest = (self.begun.get(thread, "") + text).split("\n")
        self.begun.pop(thread, None)
        if rest:
            self.begun[thread] = rest
        for line in lines:
            self.emit(line)
        return len(text)

    def emit(self, line: str) -> None:
        """Write one line, unless it is empty."""
        if line:
            self.drain()
        if record.is_json_object(line):
            self.log.write(f"{line}\n", self.level)
        elif line:
            self.log.record(self.level, {"message": line})

    def flush(self) -> None:
        """As `io.TextIOBase.flush`: write what this thread has begun, as a line, and what is in the buffer."""
        self.emit(self.begun.pop(get_ident(), ""))
        if not self.closed:
            super().flush()

    def drain(self) -> None:
        """Write what is in the buffer, if that can be done."""
        try:
            super().flush()
        except (OSError, ValueError):  # a full disk; the function has closed it
            pass

    def end(self) -> None:
        """Write what any thread has begun: the invocation is over."""
        for thread in tuple(self.begun):
            self.emit(self.begun.pop(thread, ""))
        self.drain()
