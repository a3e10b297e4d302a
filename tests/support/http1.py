"""Responses as any HTTP/1.1 server may write them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(["Lambda-Runtime-Trace-Id", "LAMBDA-RUNTIME-DEADLINE-MS", "x", "X-Y"])
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f\x85\xa0"), max_size=8)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=4)
BODIES = st.binary(max_size=40)
INTERIM = st.sampled_from(
    [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" * 2]
)


@st.composite
def chunked(draw: st.DrawFn, body: bytes) -> bytes:
    """The chunked form of *body*, with extensions and trailers."""
    sizes = draw(st.lists(st.integers(1, 20), min_size=len(body), max_size=len(body)))
    out, at = b"", 0
    for size in sizes:
        part = body[at : at + size]
        at += size
        if part:
            digits = draw(st.sampled_from([b"%x", b"%X", b"00%x", b"%x ", b"%x;a=b", b'%x ; name="v;w"'])) % len(part)
            out += digits + b"\r\n" + part + b"\r\n"
    trailers = draw(st.sampled_from([b"", b"X-Check: 1\r\n", b"A: b\r\nC:\r\n"]))
    return out + draw(st.sampled_from([b"0", b"000", b"0;last"])) + b"\r\n" + trailers + b"\r\n"


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, Any, bool]:
    """A valid response: its bytes, what it says, and whether the peer has to close after it."""
    status = draw(st.sampled_from([200, 202, 400, 413, 500]))
    version = draw(st.sampled_from(["HTTP/1.1", "HTTP/1.0"]))
    reason = draw(st.sampled_from([" OK", " ", "", " Non-Authoritative Inf\xf6rmation"]))
    fields, body = draw(HEADERS), draw(BODIES)
    framing = draw(st.sampled_from(["length", "chunked", "close"]))
    connection = draw(st.sampled_from([[], [("Connection", "close")], [("connection", "Keep-Alive")]]))
    content = body
    extra = []
    if framing == "length":
        extra = [("Content-Length", str(len(body)))]
    elif framing == "chunked":
        extra, content = [("transfer-encoding", "Chunked")], draw(chunked(body))
    space = draw(st.sampled_from(["", " ", "\t "]))
    lines = [f"{version} {status}{reason}", *(f"{name}:{space}{value} " for name, value in fields + extra + connection)]
    headers: dict[str, str] = {}
    for name, value in fields + extra + connection:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    closes = connection[0][1] == "close" if connection else version == "HTTP/1.0"
    data = draw(INTERIM) + "\r\n".join([*lines, "", ""]).encode("latin-1") + content
    return data, (status, headers, body, closes or framing == "close"), framing == "close"
