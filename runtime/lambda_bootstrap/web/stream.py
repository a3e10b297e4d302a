"""
Response streams: results that are sent while they are made.

Owns: which results those are, what becomes of their pieces, and how they end.
Refuses to know: sockets, what a stream contains, what a report of its failure looks like.

Theory of operation. Nothing is sent before there is a first piece: what fails until then is an ordinary error. Each
piece is one chunk (RFC 9112, 7.1) and leaves at once; the platform takes it as fast as its own reader does, and the
function waits meanwhile. An error after the first piece ends the body with trailers: nothing else can be sent any more.
For a caller that did not ask for a stream the platform collects it.

Source: AWS Lambda Developer Guide, "Building a custom runtime", response streaming.
"""

from __future__ import annotations

from .. import codec, http1, protocol
from ..errors import FunctionError, TransportError
from ..spare import with_spare
from .response import HttpResponse, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..contracts import RuntimeApi
    from ..protocol import Invocation
    from ..report import ErrorReport

RAW = "application/octet-stream"
HTTP = "application/vnd.awslambda.http-integration-response"
READ_SIZE = 1 << 16
# Results of these types are JSON, and so are those of their subclasses, whatever else these can do.
VALUES = (dict, list, tuple, set, frozenset, str, bytes, bytearray, int, float)
GENERATOR = type(_ for _ in ())


def is_stream(result: Any) -> bool:
    """Return whether *result*, which has an attribute that streams have, is a stream. What has a JSON form is not."""
    if isinstance(result, (GENERATOR, HttpResponse, Stream, Written)):
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
    The answer to one invocation, sent as it is made.

    Args:
        client: what takes it.
        invocation: what it answers.
        check: called before anything is sent: a function that forks goes on twice.

    Attributes:
        has_begun: whether any of it was sent.
        loss: the error that stopped it half-way, or at its end; after it nothing more can be sent.
        failure: what goes into the trailers.
    """

    __slots__ = ("check", "client", "failure", "has_begun", "invocation", "loss", "prelude", "request")

    def __init__(self, client: RuntimeApi, invocation: Invocation, check: Callable[[], None]) -> None:
        self.check = check
        self.client = client
        self.invocation = invocation
        self.request = protocol.stream(invocation, RAW)
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
        source = self.source(result)
        if isinstance(source, Written):
            source.pour(self)
        elif hasattr(source, "__aiter__"):
            with_spare(_open_event_loop).run_within_deadline(_pour_async(source, self.write))
        else:
            _pour(source, self.write)
        if not self.has_begun:
            self.send(b"")

    def source(self, result: Any) -> Any:
        """Return what the body is made of; what *result* says besides goes before it."""
        if isinstance(result, HttpResponse):
            self.introduce(result)
            return b"" if result.body is None else result.body
        if isinstance(result, Stream):
            self.request = protocol.stream(self.invocation, result.content_type)
            return result.parts
        return result

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
        data = str.encode(piece, "utf-8", "backslashreplace") if isinstance(piece, str) else bytes(piece)
        if data:
            self.send(data)

    def introduce(self, response: HttpResponse) -> None:
        """Put the prelude in front of what will be sent."""
        if self.has_begun or self.prelude:
            raise _marshal_error("an HttpResponse has to be the first that is yielded")
        self.prelude = response.prelude()
        self.request = protocol.stream(self.invocation, HTTP)

    def send(self, data: bytes) -> None:
        """Send *data* after the head and the prelude, where those have not been sent yet."""
        self.check()
        data = self.prelude + data
        chunk = http1.chunk(data) if data else b""
        try:
            if self.has_begun:
                self.client.push(self.request, chunk)
            else:
                self.has_begun = True
                self.prelude = b""
                self.client.open(self.request, chunk)
        except BaseException as error:
            self.loss = error
            raise

    def finish(self) -> None:
        """
        Send the end, with the failure's trailers if there is one; it may be lost, too: see `loss`.

        Raises:
            RuntimeApiError: the environment is lost.
        """
        if self.loss is not None:
            return
        try:
            self.client.finish(self.request, self.last_chunk())
        except TransportError as error:
            self.loss = error

    def last_chunk(self) -> bytes:
        """Return the end of the body, with the failure's trailers if there is one."""
        return http1.last_chunk(() if self.failure is None else self.failure.trailers(self.invocation.request_id))


class Written:
    """
    A response that a web application writes itself.

    Args:
        pour: writes it to the stream that it is given, and returns, or has been awaited by a task, once the client has
            all of it.
    """

    def __init__(self, pour: Callable[[ResponseStream], Any]) -> None:
        self.pour = pour

    def prelude(self) -> bytes:
        """Return what comes before it: nothing that is known yet."""
        return b""


def _open_event_loop() -> Any:
    from ..lifecycle import event_loop

    return event_loop


def _pour(source: Any, write: Callable[[object], None]) -> None:
    """Write what *source* has, and close it."""
    try:
        for piece in pieces(source):
            write(piece)
    finally:
        if hasattr(source, "close"):
            source.close()


def pieces(source: Any) -> Iterator[Any]:
    """
    Return what bytes, text, a file, a generator or another iterator has.

    Raises:
        FunctionError: it is nothing of these.
    """
    if isinstance(source, (bytes, str)):
        return iter((source,))
    if hasattr(source, "read"):
        read = getattr(source, "read1", source.read)  # of a pipe, what there is; not what there will be
        return iter(lambda: read(READ_SIZE) or None, None)
    if hasattr(source, "__next__"):
        return source  # type: ignore[no-any-return] # it looks like one
    raise _marshal_error(f"the body of an HttpResponse is bytes, str or a stream, not {type(source).__name__}")


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
