"""
Response streams: results that are sent while they are made.

Owns: which results those are, what becomes of their pieces, the prelude for HTTP, what is told of an error at the end.
Refuses to know: sockets, and what a stream has to say.

Theory of operation. Nothing is sent before there is a first piece: what fails until then is an ordinary error. Each
piece is one chunk (RFC 9112, 7.1) and leaves at once; the platform takes it as fast as its own reader does, and until
then one waits. An error after the first piece ends the body with trailers, as nothing else can be told any more. For a
caller that did not ask for a stream the platform collects it.

Source: AWS Lambda Developer Guide, "Building a custom runtime", response streaming.
"""

from __future__ import annotations

from binascii import b2a_base64

from .. import codec, http1, protocol
from ..errors import FunctionError
from ..lifecycle import event_loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
    from typing import Any, Protocol

    from ..errors import ErrorReport
    from ..protocol import Invocation, Request

    class Piecewise(Protocol):
        """What a response stream needs of a client; see `protocol.Transport`, and `client.RuntimeClient.end`."""

        def begin(self, request: Request, data: bytes) -> None:
            """Send the head of *request* and the first *data* of its body."""

        def send(self, request: Request, data: bytes) -> None:
            """Send more of it."""

        def end(self, request: Request, data: bytes) -> None:
            """Send the last of it, and see that it has been taken."""

    class Readable(Protocol):
        """A file, or something like it."""

        def read(self, size: int, /) -> bytes | str:
            """Give the next piece, an empty one at the end."""


RAW = "application/octet-stream"
HTTP = "application/vnd.awslambda.http-integration-response"
PRELUDE_END = bytes(8)
READ_SIZE = 1 << 16
STATUSES = range(100, 600)
# Go's HTTP server, which the platform's is, drops a response whose trailers are longer than 4 KiB in all, and these
# are base64.
MAX_TRAILER = 2700
# Kinds of results that are JSON whatever their subclasses can do.
VALUES = (dict, list, tuple, set, frozenset, str, bytes, bytearray, int, float)


class HttpResponse:
    """
    Status, headers and body for a front end that streams: a Function URL or API Gateway, set so.

    A handler returns it with a body; one that yields, yields it first and without: then it leaves at once.

    Args:
        status: the status code.
        headers: by name; a value with several parts has commas between them.
        cookies: whole values of `Set-Cookie`.
        body: bytes, str, or a stream of them: a generator, async too, an iterator, a file.

    Raises:
        ValueError: this is no status code.
        TypeError: headers or cookies are not of strings.

    Source: AWS Lambda Developer Guide, "Invoking a response streaming enabled function using Function URLs".
    """

    def __init__(
        self,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        cookies: Iterable[str] = (),
        body: bytes | str | Iterator[bytes | str] | AsyncIterable[bytes | str] | Readable | None = None,
    ) -> None:
        self.status = status
        self.headers = dict(headers or {})
        self.cookies = list(cookies)
        self.body = body
        if status not in STATUSES:
            raise ValueError(f"an HTTP status is a number from 100 to 599, not {status!r}")
        for text in (*self.headers, *self.headers.values(), *self.cookies):
            if not isinstance(text, str):
                raise TypeError(f"headers and cookies are strings, and {text!r} is none")

    def prelude(self) -> bytes:
        """What comes before the body: JSON, and eight NUL."""
        fields = {"statusCode": self.status, "headers": self.headers, "cookies": self.cookies}
        return codec.encode({name: value for name, value in fields.items() if value}) + PRELUDE_END


def is_stream(result: Any) -> bool:
    """Whether *result*, which has an attribute that streams have, is one. What has a JSON form is none."""
    if isinstance(result, HttpResponse):
        return True
    if isinstance(result, VALUES):
        return False
    try:
        codec.converter(type(result))
    except TypeError:
        return True
    return False


class ResponseStream:
    """
    The answer to one invocation, as it comes.

    Args:
        client: what takes it.
        invocation: what it answers.
        check: called before anything is sent: a function that forks goes on twice.

    Attributes:
        has_begun: whether any of it was sent.
        loss: why there cannot be any more of it, if something stopped it half-way.
        failure: what is to be told of an error at its end.
    """

    __slots__ = ("check", "client", "failure", "has_begun", "invocation", "loss", "prelude", "request")

    def __init__(self, client: Piecewise, invocation: Invocation, check: Callable[[], None]) -> None:
        self.check = check
        self.client = client
        self.invocation = invocation
        self.request = request(invocation, RAW)
        self.prelude = b""
        self.has_begun = False
        self.loss: BaseException | None = None
        self.failure: ErrorReport | None = None

    def pour(self, result: Any) -> None:
        """
        Send all of *result*, and close it, whatever happens.

        Raises:
            FunctionError: it is not made of bytes and str.
            RuntimeApiError: it cannot be sent on; see `loss`.
            BaseException: whatever *result* raises.
        """
        if isinstance(result, HttpResponse):
            self.introduce(result)
            result = b"" if result.body is None else result.body
        if isinstance(result, (bytes, str)):
            self.write(result)
        elif hasattr(result, "__aiter__"):
            event_loop.run(_pour_async(result, self.write))
        else:
            _pour(result, self.write)
        if not self.has_begun:
            self.send(b"")

    def write(self, piece: object) -> None:
        """Send one piece, if there is anything in it: an empty chunk would be the last."""
        if isinstance(piece, HttpResponse):
            if piece.body is not None:
                raise _marshal_error("an HttpResponse that is yielded has no body: that is what is yielded after it")
            self.introduce(piece)
            self.send(b"")
            return
        if not isinstance(piece, (bytes, bytearray, memoryview, str)):
            raise _marshal_error(f"a response stream is made of bytes and str, not of {type(piece).__name__}")
        data = piece.encode("utf-8", "backslashreplace") if isinstance(piece, str) else bytes(piece)
        if data:
            self.send(data)

    def introduce(self, response: HttpResponse) -> None:
        """Put the prelude in front of what will be sent."""
        if self.has_begun or self.prelude:
            raise _marshal_error("an HttpResponse has to be the first that is yielded")
        self.prelude = response.prelude()
        self.request = request(self.invocation, HTTP)

    def send(self, data: bytes) -> None:
        """Send *data* after the head and the prelude, where those have not been sent yet."""
        self.check()
        data = self.prelude + data
        chunk = http1.chunk(data) if data else b""
        try:
            if self.has_begun:
                self.client.send(self.request, chunk)
            else:
                self.has_begun = True
                self.prelude = b""
                self.client.begin(self.request, chunk)
        except BaseException as error:
            self.loss = error
            raise

    def end(self) -> None:
        """
        Send the end, and what is to be told at it.

        Raises:
            RuntimeApiError: the environment is lost.
        """
        found = () if self.failure is None else trailers(self.failure, self.invocation.request_id)
        self.client.end(self.request, http1.last_chunk(found))


def _pour(stream: Any, write: Callable[[object], None]) -> None:
    """Write what a file, a generator or another iterator gives."""
    try:
        if hasattr(stream, "read"):
            read = getattr(stream, "read1", stream.read)  # of a pipe, what there is; not what there will be
            while piece := read(READ_SIZE):
                write(piece)
        elif hasattr(stream, "__next__"):
            for piece in stream:
                write(piece)
        else:
            raise _marshal_error(f"the body of an HttpResponse is bytes, str or a stream, not {type(stream).__name__}")
    finally:
        if hasattr(stream, "close"):
            stream.close()


async def _pour_async(stream: Any, write: Callable[[object], None]) -> None:
    """Write what *stream* gives, all in one task: a timeout or a group of tasks may be open across a `yield`."""
    try:
        async for piece in stream:
            write(piece)
    finally:
        if hasattr(stream, "aclose"):
            await stream.aclose()


def _marshal_error(message: str) -> FunctionError:
    return FunctionError("Runtime.MarshalError", f"Unable to marshal response: {message}")


def request(invocation: Invocation, content_type: str) -> Request:
    """The post that answers *invocation* in chunks."""
    post = protocol.response(invocation, b"", content_type)
    post.body = None
    post.headers += (
        ("Lambda-Runtime-Function-Response-Mode", "streaming"),
        ("Transfer-Encoding", "chunked"),
        ("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"),
    )
    return post


def trailers(failure: ErrorReport, request_id: str) -> tuple[tuple[str, str], ...]:
    """What is told of *failure* at the end of a stream: of a long trace its end."""
    body = protocol.error_body(failure, request_id)
    if len(body) > MAX_TRAILER:
        fields = failure.body(request_id)
        fields.pop("errorData", None)
        fields["errorMessage"], fields["errorType"] = failure.message[:250], failure.error_type[:64]
        while len(body := codec.encode(fields)) > MAX_TRAILER:
            half = len(fields["stackTrace"]) // 2
            fields["stackTrace"] = fields["stackTrace"][-half:] if half else []
    return (
        ("Lambda-Runtime-Function-Error-Type", failure.category),
        ("Lambda-Runtime-Function-Error-Body", b2a_base64(body, newline=False).decode()),
    )
