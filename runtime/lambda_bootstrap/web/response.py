"""
Responses that are sent while they are made.

Owns: `Stream`, a stream with a content type; `HttpResponse`, status, headers and body for front ends that stream, and
the prelude that carries its head.
Refuses to know: how a stream is sent.

Source: AWS Lambda Developer Guide, "Building a custom runtime", response streaming.
"""

from __future__ import annotations

from .. import codec
from ..traces import describe, exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
    from typing import Protocol

    class Readable(Protocol):
        """A file, or something like it."""

        def read(self, size: int, /) -> bytes | str:
            """Return the next piece, an empty one at the end."""


PRELUDE_END = bytes(8)
FORBIDDEN = frozenset("\r\n\0")
STATUSES = range(100, 1000)


class Stream:
    """
    A stream with a content type, which its caller gets: `return Stream(rows(), content_type="text/csv")`.

    Args:
        parts: a stream of bytes and str: a generator, async too, an iterator, a file; or all of it at once.
        content_type: its media type.

    Raises:
        ValueError: the content type has a line break or NUL, or characters that no header has.

    Source: AWS Lambda Developer Guide, "Response streaming for Lambda functions", `setContentType`.
    """

    def __init__(
        self,
        parts: bytes | str | Iterator[bytes | str] | AsyncIterable[bytes | str] | Readable,
        *,
        content_type: str = "application/octet-stream",
    ) -> None:
        if not (content_type.isascii() and content_type.isprintable()):
            raise ValueError(f"a content type is printable ASCII, not {content_type!r}")
        self.parts = parts
        self.content_type = content_type

    def prelude(self) -> bytes:
        """Return what comes before the parts: nothing."""
        return b""


class HttpResponse:
    """
    Status, headers and body for a front end that streams: a Function URL or API Gateway, set so.

    A handler returns it with a body, or yields it first and without one: then it leaves at once.

    Args:
        status: the status code.
        headers: by name; the parts of a value that has several are separated by commas.
        cookies: whole values of `Set-Cookie`.
        body: bytes, str, or a stream of them: a generator, async too, an iterator, a file.

    Raises:
        ValueError: *status* is not a status code; a header or cookie has a line break or NUL.
        TypeError: a header or cookie is not a string.

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
        self.check()

    def check(self) -> None:
        """
        Refuse what is no head of an HTTP response, or would end it before its end.

        Raises:
            ValueError: *status* is not a status code; a header or cookie has a line break or NUL.
            TypeError: a header or cookie is not a string.
        """
        if not isinstance(self.status, int) or self.status not in STATUSES:
            raise ValueError(f"an HTTP status is an integer from 100 to 999, not {self.status!r}")
        named = [(f"header {describe(name)!r}", text) for name, value in self.headers.items() for text in (name, value)]
        named += [(f"cookie {describe(text).partition('=')[0]!r}", text) for text in self.cookies]
        for name, text in named:
            if not isinstance(text, str):
                raise TypeError(f"headers and cookies are strings, and {text!r} is none")
            if not FORBIDDEN.isdisjoint(exact(text)):
                raise ValueError(f"the {name} has a line break or NUL")

    def prelude(self) -> bytes:
        """
        Return what comes before the body: JSON, and eight NUL.

        Raises:
            ValueError, TypeError: as `check`, of what was put in since.
        """
        self.check()
        fields = {"statusCode": self.status, "headers": self.headers, "cookies": self.cookies}
        return codec.encode({name: value for name, value in fields.items() if value}) + PRELUDE_END
