"""
The lines that the platform itself writes to a function's log.

Owns: their texts.
Refuses to know: where they are written.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .values import Kind

if TYPE_CHECKING:
    from .extensions import Extension
    from .function import Function
    from .values import Invocation, Report

STATUS = {
    Kind.TIMEOUT: "timeout",
    Kind.EXIT: "error\tError Type: Runtime.ExitError",
    Kind.INIT_ERROR: "error",
    Kind.REFUSED: "error",
}


def start_line(invocation: Invocation, function: Function) -> bytes:
    """The line that opens an invocation."""
    return f"START RequestId: {invocation.request_id} Version: {function.version}\n".encode()


def extension_line(extension: Extension) -> bytes:
    """The line that names an extension once init is over."""
    events = ", ".join(sorted(extension.events))
    return f"EXTENSION\tName: {extension.name}\tState: Ready\tEvents: [{events}]\n".encode()


def end_line(invocation: Invocation) -> bytes:
    """The line that closes an invocation."""
    return f"END RequestId: {invocation.request_id}\n".encode()


def report_line(report: Report, function: Function) -> bytes:
    """The line with the time and memory of an invocation; OS-only runtimes are billed for their init too."""
    fields = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {math.ceil(report.duration_ms + (report.init_ms or 0))} ms",
        f"Memory Size: {function.memory} MB",
    ]
    if report.memory_mb is not None:
        fields.append(f"Max Memory Used: {report.memory_mb} MB")
    if report.init_ms is not None:
        fields.append(f"Init Duration: {report.init_ms:.2f} ms")
    if report.kind in STATUS:
        fields.append(f"Status: {STATUS[report.kind]}")
    return ("\t".join(fields) + "\n").encode()


def timeout_message(invocation: Invocation, limit: float) -> str:
    """The message to the caller of an invocation that took longer than *limit* seconds."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{now} {invocation.request_id} Task timed out after {limit:.2f} seconds"
