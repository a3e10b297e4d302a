"""Which trace an invocation belongs to."""

from __future__ import annotations

import pytest

from runtime.tracing import Tracer

TRACE = "Root=1-6b038200-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1;Lineage=1:abcdef01:0"


class TestBegin:
    """The environment variable where tools look for the trace."""

    @pytest.mark.parametrize(
        ("before", "trace_id", "after"),
        [
            pytest.param({}, TRACE, {"_X_AMZN_TRACE_ID": TRACE}, id="the first"),
            pytest.param({"_X_AMZN_TRACE_ID": "Root=old"}, TRACE, {"_X_AMZN_TRACE_ID": TRACE}, id="another"),
            pytest.param({"_X_AMZN_TRACE_ID": "Root=old"}, "", {}, id="none after one"),
            pytest.param({}, "", {}, id="none at all"),
        ],
    )
    def test_variable(self, before: dict[str, str], trace_id: str, after: dict[str, str]) -> None:
        """The variable holds the invocation's trace, and is gone when it has none."""
        environ = {"PATH": "/bin", **before}
        Tracer(environ).begin(trace_id)

        assert environ == {"PATH": "/bin", **after}
