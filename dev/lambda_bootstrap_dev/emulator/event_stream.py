"""
AWS's event stream: the frames that a streamed response travels in.

Owns: the bytes of a frame.
Refuses to know: who sends it.

A frame is its length, the length of its headers, a checksum of these two, the headers, the payload, and a checksum of
all that. Source: "Amazon event stream encoding" in the AWS Transcribe Developer Guide; botocore reads it.
"""

from __future__ import annotations

import json
import struct
from zlib import crc32

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
