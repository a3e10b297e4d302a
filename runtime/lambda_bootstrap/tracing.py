"""
Which trace an invocation belongs to.

Owns: the environment variable `_X_AMZN_TRACE_ID`, where the X-Ray SDK, Powertools and OpenTelemetry look for it, the
contextvar of the same content, and the translation between X-Ray's header and W3C's.
Refuses to know: spans, exporters, HTTP.

Source: AWS Lambda Developer Guide, "Building a custom runtime", propagate the tracing header; AWS X-Ray concepts,
"Tracing header"; W3C Trace Context, "traceparent".
"""

from __future__ import annotations

from _contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

VARIABLE = "_X_AMZN_TRACE_ID"
HEX = "0123456789abcdef"

#: The X-Ray trace header of the current invocation, "" outside of one; right in concurrent invocations too.
trace_id: ContextVar[str] = ContextVar("trace_id", default="")


class Tracer:
    """Sets the trace id of the current invocation in *environ*, and removes it when an invocation has none."""

    __slots__ = ("environ",)

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self.environ = environ

    def begin(self, header: str) -> None:
        """Enter the trace that an X-Ray header names; none if it is empty."""
        trace_id.set(header)
        if header:
            self.environ[VARIABLE] = header
        else:
            self.environ.pop(VARIABLE, None)


def traceparent(header: str) -> str | None:
    """X-Ray's header as W3C's; None if it does not name trace and parent, as `0` and other placeholders do not."""
    fields = dict(part.strip().split("=", 1) for part in header.split(";") if "=" in part)
    version, _, rest = fields.get("Root", "").lower().partition("-")
    start, _, unique = rest.partition("-")
    parent = fields.get("Parent", "").lower()
    if version != "1" or not (_is_hex(start, 8) and _is_hex(unique, 24) and _is_id(start + unique, 32)):
        return None
    if not _is_id(parent, 16):
        return None
    return f"00-{start}{unique}-{parent}-{'01' if fields.get('Sampled') == '1' else '00'}"


def xray(header: str) -> str | None:
    """W3C's `traceparent` as X-Ray's header; None if it is malformed."""
    version, _, rest = header.strip().lower().partition("-")
    trace, _, rest = rest.partition("-")
    parent, _, rest = rest.partition("-")
    flags = rest[:2]
    known = (
        _is_hex(version, 2)
        and version != "ff"
        and _is_hex(flags, 2)
        and (rest[2:] == "" or (version != "00" and rest[2] == "-"))
    )
    if not (known and _is_id(trace, 32) and _is_id(parent, 16)):
        return None
    return f"Root=1-{trace[:8]}-{trace[8:]};Parent={parent};Sampled={int(flags, 16) & 1}"


def _is_hex(text: str, size: int) -> bool:
    return len(text) == size and not text.strip(HEX)


def _is_id(text: str, size: int) -> bool:
    """Whether *text* is an id of *size* hexadecimal digits, not all of them 0."""
    return _is_hex(text, size) and bool(text.strip("0"))
