"""
Requests as nearly everybody sends them, taken in one piece.

Owns: what of HTTP needs no state: one head of ordinary headers, and a body whose length stands there and which is
whole.
Refuses to know: chunks, trailers, expectations, closing connections, and requests that are wrong or come in pieces. All
that is h11's, which takes anything that is taken here, with the same result.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .values import Headers

# A longer head isn't an ordinary one; each is looked at anew until it is whole.
MAX_HEAD = 16 * 1024
HEAD = re.compile(
    rb"(GET|POST|PUT) ([!-~]++) HTTP/1\.1\r\n((?:[-!#$%&'*+.^_`|~0-9A-Za-z]++:[\t -~\x80-\xff]*+\r\n)++)\r\n"
)
LENGTH = re.compile(r"[0-9]{1,10}")
# What these headers say takes more than reading them.
SPECIAL = frozenset({"connection", "expect", "te", "trailer", "transfer-encoding", "upgrade"})


class Plain(NamedTuple):
    """A request, and where it ends."""

    method: str
    target: str
    headers: Headers
    body: bytes
    end: int


def read(data: bytes) -> Plain | None:
    """Read the request that *data* begins with; None if it isn't a plain one, or isn't whole."""
    found = HEAD.match(data, 0, MAX_HEAD)
    if found is None:
        return None
    lines = found[3].decode("latin-1").split("\r\n")
    headers = tuple([(name, value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines[:-1])])
    names = [name.lower() for name, _ in headers]
    if names.count("host") != 1 or not SPECIAL.isdisjoint(names):
        return None
    start = end = found.end()
    if "content-length" in names:
        length = headers[names.index("content-length")][1]
        if names.count("content-length") != 1 or not LENGTH.fullmatch(length):
            return None
        end += int(length)
    if end > len(data):
        return None
    return Plain(found[1].decode(), found[2].decode(), headers, data[start:end], end)
