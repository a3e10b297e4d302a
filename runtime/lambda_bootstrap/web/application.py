"""
A web application as a handler: what ASGI and WSGI have in common.

Owns: which events reach the application, as what request, and what becomes of its answers and failures.
Refuses to know: how an application is called; what an event of any front end looks like.

An exception of the application is an ERROR record and an answer with status 500, as with a server. Statuses that
`BOOTSTRAP_HTTP_ERROR_STATUS` lists fail the invocation. Events that are no HTTP requests are posted to a path of the
application; its answer is the result, and there any error fails the invocation: a queue has to deliver again.
"""

from __future__ import annotations

from .. import codec, report
from ..errors import FunctionError
from . import front_ends
from .front_ends.request import make
from .front_ends.results import is_bodiless, joined
from .response import STATUSES, HttpResponse
from .stream import Written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..log import Log
    from ..settings import Settings
    from .front_ends.request import Request
    from .stream import ResponseStream

TEXT = ("content-type", "text/plain; charset=utf-8")
SERVER_ERROR = b"Internal Server Error"
EXITS = (SystemExit, KeyboardInterrupt)  # which end the environment; whatever else is raised is answered
ERRORS = 400  # the first of the statuses that are errors
LONGEST_BODY = 200  # characters of it, in a message


class RefusedError(FunctionError):
    """A response that fails the invocation."""


class Application:
    """
    A web application, which `call` makes a handler.

    Args:
        function: the application, as the function names it.
        name: that name, for messages.

    Attributes:
        streams: whether answers leave while they are made.
        root_path: where it is mounted, or None: where the stage says.
        events: the path that other events are posted to, or "".
        errors: statuses that fail an invocation.
        is_async: whether requests can be tasks side by side.
    """

    is_async = False

    def __init__(self, function: Any, name: str) -> None:
        self.function = function
        self.name = name
        self.streams = False
        self.root_path: str | None = None
        self.events = "/events"
        self.errors: frozenset[int] = frozenset()
        self.log: Log | None = None

    def begin(self, log: Log, settings: Settings) -> None:
        """
        Get ready for the first request.

        Raises:
            InitError: the application cannot start.
        """
        self.log = log
        self.streams = settings.http_streams
        self.root_path = settings.http_root_path
        self.events = settings.http_events
        self.errors = settings.http_errors

    def call(self, event: Any, context: Any) -> Any:
        """Answer *event*: this is the handler."""
        request = self.request(event)
        if self.streams and request.is_http:
            return Written(lambda stream: self.pour(stream, request, event, context))
        return self.answer(request, event, context)

    def answer(self, request: Request, event: Any, context: Any) -> Any:
        """Return the front end's result for *request*."""
        raise NotImplementedError

    def pour(self, stream: ResponseStream, request: Request, event: Any, context: Any) -> None:
        """Send the answer to *request* while it is made."""
        raise NotImplementedError

    def finish(self) -> None:
        """Do what is left to be done once the client has its answer."""

    def request(self, event: Any) -> Request:
        """
        Return the request that *event* is.

        Raises:
            FunctionError: it is none, and other events are turned off.
        """
        found = front_ends.read(event, self.root_path)
        if found is not None:
            return found
        if not self.events:
            raise FunctionError(
                "Function.UnknownEvent",
                f"the event is from none of the front ends that '{self.name}' is served behind: {front_ends.NAMES}. "
                "BOOTSTRAP_HTTP_EVENTS=/path posts other events to that path of the application",
            )
        is_raw = isinstance(event, bytes)
        headers = [("content-type", "application/octet-stream" if is_raw else "application/json")]
        body = event if is_raw else codec.encode(event)
        request = make(
            *("POST", self.events, "", headers),
            is_encoded=True,
            root_path="",
            client="",
            host="localhost",
            body=body,
            answer=as_result,
        )
        request.is_http = False
        return request

    def result(
        self, request: Request, status: int, phrase: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Any:
        """
        Return what the front end is to get of a whole response.

        Raises:
            RefusedError: it is one that fails the invocation.
            ValueError: it is no response.
        """
        if status not in STATUSES:
            raise ValueError(f"an HTTP status is an integer from 100 to 999, not {status!r}")
        if status in self.errors or (status >= ERRORS and not request.is_http):
            raise self.refusal(request, status, body)
        if is_bodiless(request.method, status):
            body = b""
        return request.answer(status, phrase, headers, body)

    def head(self, status: int, headers: Iterable[tuple[str, str]]) -> HttpResponse | None:
        """
        Return the head of a response that is streamed, or None if it is one that fails the invocation.

        Raises:
            ValueError: it is no head of an HTTP response.
        """
        if status in self.errors:
            return None
        found, cookies = joined(headers)
        return HttpResponse(status, found, cookies=cookies)

    def refusal(self, request: Request, status: int, body: bytes) -> RefusedError:
        """Return the error for a response that fails the invocation."""
        text = body.decode("utf-8", "replace")
        start = text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}…"
        answered = f"{request.method} {request.path} was answered {status}"
        return RefusedError("Function.HttpError", f"{answered}: {start}" if start else answered)

    def failed(self, request: Request, error: BaseException) -> None:
        """
        Record an *error* of the application, which has sent nothing yet.

        Raises:
            BaseException: *error* itself, where it fails the invocation.
        """
        if isinstance(error, (RefusedError, *EXITS)) or not request.is_http or 500 in self.errors:  # noqa: PLR2004 - a status
            raise error
        self.record(error)

    def record(self, error: BaseException) -> None:
        """Log an *error* that nobody else gets to see."""
        if self.log is not None:
            self.log.error(report.of(error))

    def failure(self, request: Request, error: BaseException) -> Any:
        """Return the result for an *error* of the application; otherwise as `failed`."""
        self.failed(request, error)
        return request.answer(500, "Internal Server Error", [TEXT], b"" if request.method == "HEAD" else SERVER_ERROR)

    def pour_failure(self, stream: ResponseStream, request: Request, error: BaseException) -> None:
        """
        Send the answer for an *error* of the application.

        Raises:
            BaseException: *error* itself, where something was sent before; otherwise as `failed`.
        """
        if stream.loss is not None:
            raise stream.loss
        if stream.has_begun:
            raise error
        self.failed(request, error)
        stream.introduce(HttpResponse(500, dict([TEXT])))
        stream.send(b"" if request.method == "HEAD" else SERVER_ERROR)


def exactly(piece: Any) -> bytes:
    """
    Return the bytes that a *piece* of a body has now: the application may use its buffer again.

    Raises:
        TypeError: it is nothing that has bytes.
    """
    if type(piece) is bytes:
        return piece
    try:
        return memoryview(piece).tobytes()
    except TypeError:
        raise TypeError(
            f"a body is made of bytes: expected a bytes-like object, {type(piece).__name__} found"
        ) from None


def as_result(_status: int, _phrase: str, _headers: Iterable[tuple[str, str]], body: bytes) -> Any:
    """Return the result for an event that is no HTTP request: the body's value, if it is JSON, else its text."""
    if not body:
        return None
    text = body.decode("utf-8", "replace")
    try:
        return codec.loads(text)
    except (ValueError, RecursionError):
        return text
