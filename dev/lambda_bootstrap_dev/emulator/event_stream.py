"""
AWS's event stream: the frames that a streamed response travels in.

Owns: the bytes of a frame, both ways.
Refuses to know: who sends it.

A frame is its length, the length of its headers, a checksum of these two, the headers, the payload, and a checksum of
all that. Source: "Amazon event stream encoding" in the AWS Transcribe Developer Guide; botocore reads it.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEDIA_TYPE = "application/vnd.amazon.eventstream"
TEXT = 7  # the type of a header's value


def frame(event_type: str, content_type: str, payload: bytes) -> bytes:
    """Return the frame of an event."""
    named = {":message-type": "event", ":event-type": event_type, ":content-type": content_type}
    headers = b"".join(
        struct.pack(f">B{len(name)}sBH{len(value)}s", len(name), name.encode(), TEXT, len(value), value.encode())
        for name, value in named.items()
    )
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return message + struct.pack(">I", crc32(message))


def chunk(data: bytes) -> bytes:
    """Return the frame of a piece of a response."""
    return frame("PayloadChunk", "application/octet-stream", data)


def complete(error_type: str = "", details: str = "", log: str = "") -> bytes:
    """Return the last frame, which says how a response ended; *log* is base64."""
    named = {"ErrorCode": error_type, "ErrorDetails": details, "LogResult": log}
    told = {name: value for name, value in named.items() if value}
    return frame("InvokeComplete", "application/json", json.dumps(told).encode())


def read(source: Callable[[int], bytes]) -> Iterator[tuple[str, bytes]]:
    """
    Yield the events of a stream, each with its type; *source* reads at most so many bytes, none at the end.

    Raises:
        ValueError: it isn't a stream of events, or is cut.
    """
    while prelude := exactly(source, 12):
        if len(prelude) < 12 or struct.unpack_from(">I", prelude, 8)[0] != crc32(prelude[:8]):  # noqa: PLR2004 - its length
            raise ValueError("it isn't a stream of events")
        size, headers_size = struct.unpack_from(">II", prelude)
        rest = exactly(source, size - 12)
        if len(rest) < size - 12 or struct.unpack(">I", rest[-4:])[0] != crc32(prelude + rest[:-4]):
            raise ValueError("the stream of events is cut")
        yield headers_of(rest[:headers_size]).get(":event-type", ""), rest[headers_size:-4]


def exactly(source: Callable[[int], bytes], size: int) -> bytes:
    """Read *size* bytes, fewer at the end."""
    found = b""
    while len(found) < size and (more := source(size - len(found))):
        found += more
    return found


def headers_of(data: bytes) -> dict[str, str]:
    """The headers of a frame, all of which are texts."""
    found = {}
    while data:
        end = 1 + data[0]
        (size,) = struct.unpack_from(">H", data, end + 1)
        found[data[1:end].decode()] = data[end + 3 : end + 3 + size].decode()
        data = data[end + 3 + size :]
    return found


def ending(payload: bytes) -> dict[str, Any]:
    """What the last frame says: nothing, or an error's code and details."""
    said: dict[str, Any] = json.loads(payload or b"{}")
    return said
