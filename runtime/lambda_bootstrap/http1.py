"""
HTTP/1.1 for one peer: requests out, responses in (RFC 9112).

Owns: the bytes. `encode` writes a request, `chunk` a piece of one that is sent in pieces; `whole` reads a response that
came in one piece, and a `Reader` is fed what arrived and gives the response once it is whole.
Refuses to know: sockets, the Runtime API, what a status means.
"""

from __future__ import annotations

from .errors import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# The platform itself refuses more than about 1 MiB of headers; twice that is nobody's response.
MAX_HEAD = 2 << 20
# The control characters but TAB: in a head these only end lines (RFC 9110, 5.5).
CONTROLS = bytes([*range(0x09), *range(0x0A, 0x20), 0x7F])
MAX_DIGITS = 16  # of a length: petabytes
NO_BODY = {204, 304}
WITH_BODY = {200, 202}
# Most answers begin with one of these.
STATUS_LINES = {"HTTP/1.1 200 OK": ("HTTP/1.1", 200), "HTTP/1.1 202 Accepted": ("HTTP/1.1", 202)}


class Response:
    """
    One whole response.

    Attributes:
        status: the status code.
        headers: values by lower-case name; repeated ones are joined by `, ` (RFC 9110, 5.3).
        body: the content, without its framing.
        closes: whether the peer ends the connection after it.
    """

    __slots__ = ("body", "closes", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes, *, closes: bool = False) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.closes = closes


def encode(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes | None, host: str = "") -> bytes:
    """
    Return the head of a request; *body* is sent after it, as it is. All text has to be latin-1.

    *host* are the lines that all requests to a peer share, *headers* those of this one.
    """
    lines = host
    for name, value in headers:
        lines += f"{name}: {value}\r\n"
    if body is not None:
        lines += f"Content-Length: {len(body)}\r\n"
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


def chunk(data: bytes) -> bytes:
    """Return *data* as a chunk of a body (RFC 9112, 7.1). It must not be empty: an empty chunk ends the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: Iterable[tuple[str, str]]) -> bytes:
    """Return the end of a body in chunks, with *trailers* (RFC 9112, 7.1.2); all of them have to be latin-1."""
    return ("0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in trailers) + "\r\n").encode("latin-1")


class Reader:
    """One response from the bytes that arrive, however they are cut."""

    buffer: bytes | bytearray = b""
    at = 0  # what lies before it has been understood
    head: tuple[int, dict[str, str], bool] | None = None
    length: int | None = None  # of the body, if the head has it
    pieces: list[bytes] | None = None  # of the body, as they arrived, if its length is known
    chunks: list[bytes] | None = None  # of the body, if it comes in chunks
    size = 0  # of all that has arrived

    @property
    def wanted(self) -> int:
        """How many bytes of the body are still missing; 0 if that is unknown."""
        return 0 if self.length is None else self.at + self.length - self.size

    @property
    def is_blank(self) -> bool:
        """Whether not a single byte has arrived."""
        return self.size == 0

    def feed(self, data: bytes) -> Response | None:
        """
        Take in *data*; return the response if that completes it, else None.

        Raises:
            TransportError: this is not HTTP/1.1.
        """
        self.size += len(data)
        if self.pieces is not None:
            self.pieces.append(data)
        elif not self.buffer:
            self.buffer = data
        else:
            if isinstance(self.buffer, bytes):
                self.buffer = bytearray(self.buffer)
            self.buffer += data
        while self.head is None:
            end = self.buffer.find(b"\r\n\r\n", self.at)
            if end < 0:
                if len(self.buffer) > MAX_HEAD:
                    raise malformed("a head without an end", self.buffer)
                return None
            self.read_head(end)
        if self.length is not None:
            self.pieces = self.pieces or [self.slice(len(self.buffer) - self.at)]
            return self.finish(b"".join(self.pieces)[: self.length]) if self.wanted <= 0 else None
        return self.finish(b"".join(self.chunks)) if self.chunks is not None and self.read_chunks(self.chunks) else None

    def end(self) -> Response:
        """
        Return the response that only the peer's closing could complete.

        Raises:
            TransportError: the response was cut short.
        """
        if self.head is None or self.chunks is not None or self.length is not None:
            raise TransportError(f"the Runtime API closed the connection after {self.size} bytes of a response")
        response = self.finish(self.slice(len(self.buffer) - self.at))
        response.closes = True
        return response

    def read_head(self, end: int) -> None:
        """Parse the head that ends at *end* and learn how the body is framed (RFC 9112, 6.3)."""
        version, status, headers = parse_head(self.slice(end - self.at))
        self.at = end + 4
        if 100 <= status < 200:  # noqa: PLR2004 - an interim response: the real one follows
            return
        self.head = (status, headers, closes(version, headers))
        if status in NO_BODY:
            self.length = 0
        elif "transfer-encoding" in headers:
            if "chunked" in headers["transfer-encoding"].lower():
                self.chunks = []
        elif (length := headers.get("content-length")) is not None:
            if not (length.isascii() and length.isdigit() and len(length) < MAX_DIGITS):
                raise malformed("a Content-Length that is no number", length.encode())
            self.length = int(length)

    def read_chunks(self, chunks: list[bytes]) -> bool:
        """Take every whole chunk; return whether the last one and the trailers have been seen (RFC 9112, 7.1)."""
        while (line_end := self.buffer.find(b"\r\n", self.at)) >= 0:
            size = chunk_size(self.slice(line_end - self.at))
            if size == 0:
                return self.buffer.find(b"\r\n\r\n", line_end) >= 0
            start = line_end + 2
            if len(self.buffer) < start + size + 2:
                return False
            self.at = start
            chunks.append(self.slice(size))
            self.at += size
            if not self.buffer.startswith(b"\r\n", self.at):
                raise malformed("a chunk longer than its size", self.slice(80))
            self.at += 2
        return False

    def slice(self, size: int) -> bytes:
        """Return the next *size* bytes, copied once."""
        if isinstance(self.buffer, bytes):
            return self.buffer[self.at : self.at + size]
        return bytes(memoryview(self.buffer)[self.at : self.at + size])

    def finish(self, body: bytes) -> Response:
        """Return the response, now that its body is whole."""
        assert self.head is not None
        status, headers, closes = self.head
        return Response(status, headers, body, closes=closes)


def whole(data: bytes) -> Response | None:
    """
    Return the response that *data* is, if it is one in one piece, with a length: nearly all are. Else None.

    Raises:
        TransportError: this is not HTTP/1.1.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return None
    version, status, headers = parse_head(head)
    if status not in WITH_BODY or version != "HTTP/1.1" or "connection" in headers or "transfer-encoding" in headers:
        return None  # what is unusual, or tells how it ends
    return Response(status, headers, body) if headers.get("content-length") == str(len(body)) else None


def parse_head(head: bytes) -> tuple[str, int, dict[str, str]]:
    """Return version, status and headers; values are latin-1, so that they can be echoed byte for byte."""
    lines = head.decode("latin-1").split("\r\n")
    version, status = STATUS_LINES.get(lines[0]) or status_line(lines[0], head)
    del lines[0]
    if len(head) - len(head.translate(None, CONTROLS)) != 2 * len(lines):
        raise malformed("a control character in a header", head)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.lower()] = value.strip(" \t")
    return version, status, headers if len(headers) == len(lines) else joined(lines)


def joined(lines: list[str]) -> dict[str, str]:
    """Return the headers on *lines* of which two have the same name, or which are no headers."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise malformed("a header without a colon", name.encode())
        before = f"{headers[name.lower()]}, " if name.lower() in headers else ""
        headers[name.lower()] = before + value.strip(" \t")
    return headers


def status_line(line: str, head: bytes) -> tuple[str, int]:
    """Return version and status of a response's first *line* (RFC 9112, 4)."""
    version, _, rest = line.partition(" ")
    status = rest.partition(" ")[0]
    is_status = status.isascii() and status.isdigit() and "100" <= status <= "999" and len(status) == 3  # noqa: PLR2004 - digits
    if not (version.startswith("HTTP/1.") and is_status):
        raise malformed("no status line", head)
    return version, int(status)


def closes(version: str, headers: dict[str, str]) -> bool:
    """Return whether the peer ends the connection after its response (RFC 9112, 9.3)."""
    connection = headers.get("connection")
    return version == "HTTP/1.0" if connection is None else "close" in connection.lower()


def chunk_size(line: bytes) -> int:
    """Return the size on a chunk's first line; its extensions are ignored."""
    digits = line.partition(b";")[0].strip(b" \t")
    if not 0 < len(digits) < MAX_DIGITS or digits.strip(b"0123456789abcdefABCDEF"):
        raise malformed("a chunk without a size", line)
    return int(digits, 16)


def malformed(what: str, data: bytes | bytearray) -> TransportError:
    """Return the error for bytes that are not HTTP/1.1."""
    return TransportError(f"the Runtime API sent {what}: {bytes(data[:80])!r}")
