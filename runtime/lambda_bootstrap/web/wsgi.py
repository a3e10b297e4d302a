"""
WSGI applications: PEP 3333, the server's side.

Owns: `environ`, `start_response`, what is done with the iterable, and its end.
Refuses to know: front ends, asyncio.

Source: PEP 3333, "Python Web Server Gateway Interface v1.0.1".
"""

from __future__ import annotations

import sys
from io import BytesIO

from .application import Application, exactly
from .front_ends.request import Learned
from .front_ends.results import is_bodiless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from .front_ends.request import Request
    from .response import HttpResponse
    from .stream import ResponseStream


DIGITS = 3  # of a status


class WsgiApplication(Application):
    """An application that takes `environ` and `start_response`."""

    def answer(self, request: Request, event: Any, context: Any) -> Any:
        """Return the front end's result for *request*."""
        response = Response()
        try:
            parts = self.function(environ(request, event, context), response.start)
            try:
                for piece in parts:
                    response.pieces.append(piece if type(piece) is bytes else exactly(piece))
            finally:
                if hasattr(parts, "close"):
                    self.close(parts)
            return self.result(request, *response.head(), b"".join(response.pieces))
        except BaseException as error:
            return self.failure(request, error)

    def pour(self, stream: ResponseStream, request: Request, event: Any, context: Any) -> None:
        """Send the answer to *request* while it is made."""
        response = StreamedResponse(self, stream, request)
        try:
            parts = self.function(environ(request, event, context), response.start)
            try:
                for piece in parts:
                    response.write(piece)
            finally:
                self.close(parts)
            response.finish()
        except BaseException as error:
            self.pour_failure(stream, request, error)

    def close(self, parts: Any) -> None:
        """Close what the application has returned; an error of that comes too late for the client."""
        close = getattr(parts, "close", None)
        if close is not None:
            try:
                close()
            except Exception as error:
                self.record(error)


class Response:
    """
    What the application says by `start_response` and `write`.

    Attributes:
        pieces: of the body, so far.
    """

    line = ""
    headers: Sequence[tuple[str, str]] = ()
    is_sent = False

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        """
        Take status and headers, and return `write`; with *exc_info*, in place of whatever has not been sent.

        Raises:
            BaseException: the error in *exc_info*, if it is too late.
        """
        if exc_info:
            try:
                if self.is_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # or there would be a circle, through the frame that it holds
            self.pieces.clear()
        elif self.line:
            raise AssertionError("start_response was called a second time without exc_info")
        self.line = status
        self.headers = list(headers)
        return self.write

    def write(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self.pieces.append(exactly(piece))

    def head(self) -> tuple[int, str, Sequence[tuple[str, str]]]:
        """
        Return status, phrase and headers.

        Raises:
            RuntimeError: the application has given none.
            ValueError: it has given a status that is none.
        """
        if not self.line:
            raise RuntimeError("the application sent no response: it never called start_response")
        return *STATUSES[self.line], self.headers


class StreamedResponse(Response):
    """A response that leaves while it is made: its head goes with the first piece that has something in it."""

    def __init__(self, application: Application, stream: ResponseStream, request: Request) -> None:
        super().__init__()
        self.application = application
        self.stream = stream
        self.request = request
        self.is_refused = False

    def write(self, piece: bytes) -> None:
        """Send a piece of the body."""
        data = exactly(piece)
        if self.is_sent:
            if self.has_body and data:
                self.stream.send(data)
        elif self.is_refused:
            self.pieces.append(data)
        elif data:
            self.send_head(data)

    def send_head(self, data: bytes) -> None:
        """Send the head, and *data* with it."""
        status, _, headers = self.head()
        head: HttpResponse | None = self.application.head(status, headers)
        if head is None:
            self.is_refused = True
            self.pieces.append(data)
            return
        self.is_sent = True
        self.has_body = not is_bodiless(self.request.method, status)
        self.stream.introduce(head)
        self.stream.send(data if self.has_body else b"")

    def finish(self) -> None:
        """
        Make sure that the head is sent.

        Raises:
            RefusedError: it is one that fails the invocation.
        """
        if not (self.is_sent or self.is_refused):
            self.send_head(b"")
        if self.is_refused:
            raise self.application.refusal(self.request, self.head()[0], b"".join(self.pieces))


class FileWrapper:
    """PEP 3333's `wsgi.file_wrapper`: a file, as an iterable of its blocks."""

    def __init__(self, file: Any, size: int = 8192) -> None:
        self.file = file
        self.size = size
        if hasattr(file, "close"):
            self.close = file.close

    def __iter__(self) -> Iterator[bytes]:
        while block := self.file.read(self.size):
            yield block


def environ(request: Request, event: Any, context: Any) -> dict[str, Any]:
    """Return what the application is told about *request*."""
    host, port = request.server
    root = request.root_path
    found = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": root if root.isascii() else root.encode().decode("latin-1"),
        "PATH_INFO": request.path_info,
        "QUERY_STRING": request.query if request.is_ascii else latin_1(request.query),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
        "aws.event": event,
        "aws.context": context,
    }
    fields, variables = request.fields, VARIABLES
    if request.is_ascii:
        for name, value in fields.items():
            found[variables[name]] = value
    else:
        for name, value in fields.items():
            found[variables[name]] = latin_1(value)
    return found


def variable(name: str) -> str:
    """Return the name of a header's variable."""
    key = name.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


VARIABLES = Learned(variable)


def status_of(line: str) -> tuple[int, str]:
    """
    Return status and phrase.

    Raises:
        ValueError: they are not in *line*.
    """
    code, _, phrase = line.partition(" ")
    if len(code) != DIGITS or not (code.isascii() and code.isdecimal() and phrase.isprintable()):
        raise ValueError(f"a status is three digits and a phrase, not {line!r}")
    return int(code), phrase


STATUSES = Learned(status_of)


def latin_1(text: str) -> str:
    """Return *text* as a native string of PEP 3333: a character for a byte, of UTF-8 if latin-1 has none."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("latin-1")
    return text
