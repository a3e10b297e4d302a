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
    from collections.abc import Callable
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
        if isinstance(result, HttpResponse):
            self.introduce(result)
            result = b"" if result.body is None else result.body
        elif isinstance(result, Stream):
            self.request = protocol.stream(self.invocation, result.content_type)
            result = result.parts
        if isinstance(result, Written):
            result.pour(self)
        elif isinstance(result, (bytes, str)):
            self.write(result)
        elif hasattr(result, "__aiter__"):
            with_spare(_open_event_loop).run(_pour_async(result, self.write))
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
        found = () if self.failure is None else self.failure.trailers(self.invocation.request_id)
        try:
            self.client.finish(self.request, http1.last_chunk(found))
        except TransportError as error:
            self.loss = error


class Written:
    """
    A response that a web application writes itself.

    Args:
        pour: writes it to the stream that it is given, and returns once the client has all of it.
    """

    def __init__(self, pour: Callable[[ResponseStream], None]) -> None:
        self.pour = pour

    def prelude(self) -> bytes:
        """Return what comes before it: nothing that is known yet."""
        return b""


def _open_event_loop() -> Any:
    from ..lifecycle import event_loop

    return event_loop


def _pour(stream: Any, write: Callable[[object], None]) -> None:
    """Write what a file, a generator or another iterator yields."""
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
