"""The platform's own lines in a function's log."""

from __future__ import annotations

import pytest
from lambda_bootstrap_dev.emulator.function import Function
from lambda_bootstrap_dev.emulator.platform_log import report_line
from lambda_bootstrap_dev.emulator.values import Kind, Report


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (Kind.RESPONSE, ""),
        (Kind.ERROR, ""),
        (Kind.INIT_ERROR, "\tStatus: error"),
        (Kind.REFUSED, "\tStatus: error"),
        (Kind.EXIT, "\tStatus: error\tError Type: Runtime.ExitError"),
        (Kind.TIMEOUT, "\tStatus: timeout"),
    ],
)
def test_status(kind: Kind, end: str) -> None:
    """A report says how an invocation ended, unless the function itself answered."""
    assert report_line(Report("id-1", kind, 1.0), Function()) == (
        f"REPORT RequestId: id-1\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB{end}\n".encode()
    )


@pytest.mark.parametrize(
    ("duration", "init", "billed"), [(1.0, None, 1), (1.01, None, 2), (1.2, 2.2, 4), (0.4, 0.6, 1)]
)
def test_billed(duration: float, init: float | None, billed: int) -> None:
    """Every millisecond that has begun is billed, init included."""
    line = report_line(Report("id-1", Kind.RESPONSE, duration, init), Function())

    assert f"\tBilled Duration: {billed} ms\t".encode() in line
