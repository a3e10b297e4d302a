"""
X-Ray's trace header as W3C's.

Owns: the translation.
Refuses to know: spans, exporters, HTTP, the invocation. `current` keeps X-Ray's header in the environment.

Source: AWS X-Ray concepts, "Tracing header"; W3C Trace Context, "traceparent".
"""

from __future__ import annotations

HEX = "0123456789abcdef"


def traceparent(header: str) -> str | None:
    """Return X-Ray's header as W3C's, or None if it names no trace and parent, as `0` and other placeholders."""
    fields = dict(part.strip().split("=", 1) for part in header.split(";") if "=" in part)
    version, _, rest = fields.get("Root", "").lower().partition("-")
    start, _, unique = rest.partition("-")
    parent = fields.get("Parent", "").lower()
    if version != "1" or not (_is_hex(start, 8) and _is_hex(unique, 24) and _is_id(start + unique, 32)):
        return None
    if not _is_id(parent, 16):
        return None
    return f"00-{start}{unique}-{parent}-{'01' if fields.get('Sampled') == '1' else '00'}"


def _is_hex(text: str, size: int) -> bool:
    return len(text) == size and not text.strip(HEX)


def _is_id(text: str, size: int) -> bool:
    """Return whether *text* is an id of *size* hexadecimal digits, not all of them 0."""
    return _is_hex(text, size) and bool(text.strip("0"))
