"""
The function's log.

Owns: where it goes (stdout, or the descriptor that the platform gives for it), and that its records stay whole,
whatever threads, signal handlers and forks do.
Refuses to know: what a record looks like, which library it comes from. `current` knows the invocation it belongs to.
"""

from __future__ import annotations

import sys
from _io import TextIOWrapper  # `io` is no part of Python's own start since 3.14
from _socket import AF_UNIX, SOCK_STREAM, socket  # `socket` imports `enum` and `selectors`
from _thread import RLock, get_ident  # `threading` imports more, and changes how the process ends
from posix import dup2, fstat, register_at_fork, write  # built in: `os` is a file, which a function may have too
from time import sleep, time

from . import current, errors, record, report
from .settings import Settings
from .traces import describe, exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, BinaryIO

    from .current import Nobody
    from .protocol import Invocation
    from .report import ErrorReport

    # What waits to be written: a stream, or None for a record; bytes, and how many of them are written, by write; or
    # text for `Lines`, and the thread that it comes from.
    Piece = tuple[Any, Any, list[int]]

STDOUT, STDERR = 1, 2
LONGEST_LINE = 256 * 1024  # bytes of a line that is printed in pieces; then it is a record
BAD_DESCRIPTOR = 9  # EBADF: `errno` is one module more
HERE = (lambda: None).__code__.co_filename


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
        self.is_writing = False  # by the thread that has the lock
        self.waiting: list[Piece] = []
        self.streams: list[Unbuffered | Lines] = []
        self.stdout: Unbuffered | None = None  # unless its lines are records, too
        self.replaced: list[object] = []
        self.marked: tuple[Invocation | Nobody | None, str] = (None, "")
        if self.is_framed:
            try:
                fstat(self.fd)
            except OSError:  # or the next file that is opened gets the frames
                self.fall_back()

    def __deepcopy__(self, _memo: object) -> Log:
        """The log itself: a copy of a context writes where the context does."""
        return self

    def __reduce__(self) -> tuple[Callable[[], Log], tuple[()]]:
        """A pickle of the log is the stdout of the process that loads it: descriptor and lock stay here."""
        return of_child, ()

    def end(self) -> None:
        """Flush any line that is still open: the invocation is over."""
        for stream in self.streams:
            if stream.is_open:
                stream.end()
        if self.waiting:  # an exception of a signal handler has cut it
            self.put((None, b"", []))

    def ids(self, invocation: Invocation | Nobody) -> str:
        """Return the members that end all JSON records of an *invocation*; they are made for its first record."""
        marked, ids = self.marked  # read and written at once, as threads log too
        if marked is not invocation:
            ids = record.members(self.mark(invocation))
            self.marked = invocation, ids
        return ids

    def mark(self, invocation: Invocation | Nobody) -> dict[str, str | None]:
        """Return what all records say of an *invocation*."""
        return record.ids(invocation.request_id, invocation.tenant_id, invocation.trace_id, self.version)

    def write(self, text: str, level: str = "") -> None:
        """Write a record, or a line of one's own, as one piece: a frame ends it as its newline does elsewhere."""
        if self.is_framed:
            kind = record.frame_type(level, is_json=self.is_json, has_level=bool(self.level))
            self.push(text.removesuffix("\n"), kind)
        else:
            self.put((None, str.encode(text, "utf-8", "backslashreplace"), []))

    def log(self, text: str) -> None:
        """Write *text* as it is: what `context.log` does, and `log_sink.log` of awslambdaric's handler."""
        self.push(text)

    def push(self, text: str, frame_type: int = record.TEXT_FRAME) -> None:
        """Write *text* to the log's descriptor. A log that cannot be written is no reason to fail an invocation."""
        data = str.encode(text, "utf-8", "backslashreplace")  # as of a subclass anything may come
        if self.is_framed:
            data = record.frame(data, frame_type, time())
        self.put((None, data, []))

    def put(self, own: Piece) -> Exception | None:  # noqa: C901 - a call a step costs more than the step
        """
        Write *own*, after the pieces that wait already; return what was wrong with its descriptor, if anything was.

        A signal handler, or a `__del__`, may come here while its own thread writes: what it puts waits until the piece
        that is being written is whole. So does the rest of a piece that an exception of a signal handler has cut; bytes
        are counted in the same step that writes them, where no signal handler comes between.
        """
        problem = None
        with self.lock:
            self.waiting.append(own)
            while self.waiting and not self.is_writing:
                try:
                    self.is_writing = True
                    if not self.waiting:  # a signal handler has been here since
                        continue
                    stream, data, sent = piece = self.waiting[0]
                    if type(data) is str:
                        self.drop(piece)
                        stream.add(data, *sent)
                        continue
                    stdout = None if stream is not None or sent else self.stdout
                    if stdout is not None and stdout.is_open and not self.is_framed:
                        stdout.is_open = False
                        self.waiting.insert(0, (stdout, b"\n", []))  # a record starts on a line of its own
                        continue
                    rest = data[sum(sent) :] if sent else data
                    sent += map(write, (self.fd if stream is None else stream.fd,), (rest,))
                    if sent[-1] == len(rest):
                        if stream is not None:
                            stream.is_open = not data.endswith(b"\n")
                        if self.waiting and self.waiting[0] is piece:  # as `drop` does, without a call
                            del self.waiting[0]
                except (OSError, ValueError) as error:
                    if not errors.is_raised_in(HERE, error):
                        raise
                    if self.is_lost(piece, error) and piece is own:
                        problem = error
                finally:
                    self.is_writing = False
        return problem

    def drop(self, piece: Piece) -> None:
        """Take *piece* from those that wait, unless a child that was forked meanwhile has left them to its parent."""
        if self.waiting and self.waiting[0] is piece:
            del self.waiting[0]

    def is_lost(self, piece: Piece, error: Exception) -> bool:
        """Do what can be done about the *error* of writing a *piece*; drop it and return True if that is nothing."""
        if isinstance(error, BlockingIOError):  # full for a moment: half a frame makes all that follow unreadable
            sleep(0.001)
            return False
        if piece[0] is None and self.is_framed and getattr(error, "errno", 0) == BAD_DESCRIPTOR:
            self.fall_back()
            return False
        self.drop(piece)  # the descriptor is gone; the function has closed its stdout
        return True

    def fall_back(self) -> None:
        """Write to stdout from now on, as the platform's descriptor is not open."""
        message = f"the log's descriptor, {self.fd}, is not open: records go to stdout"
        self.is_framed, self.fd = False, STDOUT
        for at, (stream, data, _) in enumerate(self.waiting):
            if stream is None:
                self.waiting[at] = None, record.unframed(data, is_json=self.is_json), []
        self.problem(message)

    def record(self, level: str, fields: Mapping[str, Any], seconds: float | None = None) -> None:
        """Write a record; *seconds* since the Unix epoch default to now."""
        self.write(self.line(level, fields, time() if seconds is None else seconds), level)

    def line(self, level: str, fields: Mapping[str, Any], seconds: float) -> str:
        """Return a record in the function's format. Of *fields*, text shows `message` only."""
        if self.is_json:
            ids = self.ids(current.get())
            if not record.IDS.isdisjoint(fields):  # they stay where they are
                fields, ids = {**fields, **self.mark(current.get())}, ""
            return record.json_line(level, seconds, fields, ids, is_framed=self.is_framed)
        return self.text(level, describe(fields.get("message", "")), seconds)

    def text(self, level: str, message: str, seconds: float) -> str:
        """Return a record as text."""
        return record.text_line(level, seconds, current.get().request_id, message, is_framed=self.is_framed)

    def error(self, failure: ErrorReport) -> None:
        """Write the one record of a failure that nobody handled."""
        if self.is_json:
            self.record("ERROR", failure.fields(current.get().request_id))
        elif self.is_framed:
            lines = record.error_lines(failure.error_type, failure.message, failure.stack)
            self.push("\n".join(lines), record.ERROR_FRAME)  # whatever the log's level is
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
            stream = Lines(buffer, self, "INFO") if is_records else Unbuffered(buffer, self)
            self.streams.append(stream)
            setattr(sys, name, stream)
            if name == "stdout" and isinstance(stream, Unbuffered):
                self.stdout = stream
        register_at_fork(after_in_child=self.after_fork)

    def after_fork(self) -> None:
        """Begin anew in a child: what waits is its parent's, and so is the thread that has the lock."""
        self.waiting = []
        for stream in self.streams:
            if isinstance(stream, Lines):
                stream.begun.clear()
        if not self.lock._is_owned():  # type: ignore[attr-defined] # noqa: SLF001 - as `threading` asks
            self.lock = RLock()
            self.is_writing = False


def of_child() -> Log:
    """Make the log that a context has in a child process."""
    return Log(Settings({}))


class Unbuffered(TextIOWrapper):
    """
    A text stream without a buffer.

    Args:
        buffer: where the stream went before; functions may ask for it.
        log: whose turn it takes.
    """

    is_open = False  # whether what was written last has not ended its line

    def __init__(self, buffer: BinaryIO, log: Log) -> None:
        super().__init__(buffer, encoding="utf-8", errors="backslashreplace")
        self.log = log
        try:
            self.fd = buffer.fileno()
        except (OSError, ValueError):  # there is no file under it
            self.fd = -1

    def write(self, text: str, /) -> int:
        """As `io.TextIOBase.write`, and flushed."""
        if self.fd < 0:
            super().write(text)
            self.flush()
            return len(exact(text))
        data = str.encode(text, self.encoding, self.errors or "strict")
        try:
            self.buffer.flush()
        except RuntimeError:  # this is a signal handler, and its thread does that already
            pass
        if data and (problem := self.log.put((self, data, []))) is not None:
            raise problem
        return len(exact(text))

    def end(self) -> None:
        """End the line that is open."""
        try:
            self.write("\n")
        except (OSError, ValueError) as error:  # the function has closed it
            self.is_open = False
            if not errors.is_raised_in(HERE, error):
                raise


class Lines(TextIOWrapper):
    """
    A text stream whose lines are records; JSON objects, and what New Relic's agent prints, go out as they are.

    So do bytes that are written to its buffer, at the latest with the next line. What is no JSON object, and what comes
    in pieces, is cut where it is longer than 256 KiB.

    Args:
        buffer: where the stream went before; functions may ask for it.
        log: where the records go.
        level: theirs.
    """

    fd = -1
    is_open = True  # always, perhaps: its buffer may hold something

    def __init__(self, buffer: BinaryIO, log: Log, level: str) -> None:
        self.log = log
        self.level = level
        self.begun: dict[int, bytearray] = {}  # by thread, the line that it has not ended yet, in UTF-8
        super().__init__(buffer, encoding="utf-8", errors="backslashreplace")

    def write(self, text: str, /) -> int:
        """As `io.TextIOBase.write`: each end of a line makes a record."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.log.put((self, exact(text), [get_ident()]))
        return len(exact(text))

    def add(self, text: str, thread: int) -> None:
        """Write the lines that *text* ends, and keep the one that it begins."""
        *lines, rest = text.split("\n")
        for line in lines:
            begun = self.begun.pop(thread, None)
            self.emit(line if begun is None else begun.decode("utf-8", "surrogatepass") + line)
        if rest:
            data = rest.encode("utf-8", "surrogatepass")
            begun = self.begun.get(thread)
            if begun is not None and len(begun) + len(data) <= LONGEST_LINE:
                begun.extend(data)
                return
            self.begun[thread] = bytearray(data)
            if begun is not None:
                self.emit(begun.decode("utf-8", "surrogatepass"))

    def emit(self, line: str) -> None:
        """Write one line, unless it is empty."""
        if line:
            self.drain()
        if record.is_json_object(line) or line.startswith(record.NEW_RELIC):
            self.log.write(f"{line}\n", self.level)
        elif line:
            for piece in record.pieces(line, LONGEST_LINE):
                self.log.record(self.level, {"message": piece})

    def flush(self) -> None:
        """As `io.TextIOBase.flush`: write what this thread has begun, as a line, and what is in the buffer."""
        self.log.put((self, "\n", [get_ident()]))
        if not self.closed:
            super().flush()

    def drain(self) -> None:
        """Write what is in the buffer, if that can be done."""
        try:
            super().flush()
        except (OSError, ValueError, RuntimeError) as error:  # a full disk; closed; a signal handler's within another's
            if not errors.is_raised_in(HERE, error):
                raise

    def end(self) -> None:
        """Write what any thread has begun: the invocation is over."""
        for thread in tuple(self.begun):
            self.log.put((self, "\n", [thread]))
        self.drain()
