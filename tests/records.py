"""What the tests of the log share: a log within an invocation, a stdout to look into, odd values."""

from __future__ import annotations

import os

from runtime.log import Log

NEW_YEAR = 1_767_225_600.25
JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}


def a_log(environ: dict[str, str] | None = None, *, tenant_id: str = "", trace_id: str = "") -> Log:
    """Make a log within an invocation, `id`."""
    log = Log(dict(environ or {}))
    log.begin("id", tenant_id, trace_id)
    return log


class stdout:  # noqa: N801 - reads as what it is
    """File descriptor 1, for a while another one, which is closed afterwards."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __enter__(self) -> None:
        """Put the other one in its place."""
        self.saved = os.dup(1)
        os.dup2(self.descriptor, 1)
        os.close(self.descriptor)

    def __exit__(self, *_: object) -> None:
        """Put it back."""
        os.dup2(self.saved, 1)
        os.close(self.saved)


class Silent:
    """Something without a JSON form."""

    def __str__(self) -> str:
        """Be recognised."""
        return "silent"


class Mute:
    """Something without a text."""

    def __str__(self) -> str:
        """Refuse."""
        raise ValueError("no words")

    __repr__ = __str__
