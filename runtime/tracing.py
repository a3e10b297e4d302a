"""
Which trace an invocation belongs to.

Owns: the environment variable `_X_AMZN_TRACE_ID`, where the X-Ray SDK, Powertools and OpenTelemetry look for it.
Refuses to know: spans, exporters, HTTP.

Source: AWS Lambda Developer Guide, "Building a custom runtime", propagate the tracing header.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

VARIABLE = "_X_AMZN_TRACE_ID"


class Tracer:
    """Sets the trace id of the current invocation in *environ*, and removes it when an invocation has none."""

    __slots__ = ("environ",)

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self.environ = environ

    def begin(self, trace_id: str) -> None:
        """Enter the trace that an X-Ray header names; none if it is empty."""
        if trace_id:
            self.environ[VARIABLE] = trace_id
        else:
            self.environ.pop(VARIABLE, None)
