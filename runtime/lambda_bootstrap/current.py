"""
The invocation that is under way.

Owns: which one that is, and who follows its begin and end: the environment variable `_X_AMZN_TRACE_ID` does, where the
X-Ray SDK, Powertools and OpenTelemetry look for the trace. The log takes its ids from here.
Refuses to know: what an invocation is for, and when one begins.

It belongs to the process, not to a thread: one invocation runs at a time, so a thread of a pool, or one that was
started three invocations ago, logs with the ids of the one that is running now, as under awslambdaric. Where tasks run
side by side, each has its own: see `keep_by_task`.

Source: AWS Lambda Developer Guide, "Building a custom runtime", propagate the tracing header.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from typing import Any

    from .protocol import Invocation


VARIABLE = "_X_AMZN_TRACE_ID"


class Nobody:
    """The stand-in for an invocation before the first one."""

    request_id = ""
    tenant_id = ""
    trace_id = ""
    deadline_ms: int | None = None


NOBODY = Nobody()
_invocation: Invocation | Nobody = NOBODY
beginnings: list[Callable[[Invocation], object]] = []
endings: list[Callable[[], object]] = []
is_by_task = False  # many may run at once
_keeper: Callable[[Invocation], None] | None = None  # of the trace


def get() -> Invocation | Nobody:
    """Return the invocation that is running, or the last one between two of them."""
    return _invocation


def begin(invocation: Invocation) -> None:
    """Make *invocation* the current one, and notify the followers."""
    global _invocation  # noqa: PLW0603 - this is the one place
    _invocation = invocation
    for follow in beginnings:
        follow(invocation)


def end() -> None:
    """Notify the followers that the invocation is over: the environment may be frozen next."""
    for follow in endings:
        follow()


def keep_by_task(variable: Any) -> None:
    """
    Have *variable*, a `ContextVar`, say which invocation is current.

    The environment, of which a process has only one, then says nothing of its trace.
    """
    global get, begin, is_by_task

    def begin_in_task(invocation: Invocation) -> None:
        variable.set(invocation)
        for follow in beginnings:
            follow(invocation)

    get, begin, is_by_task = variable.get, begin_in_task, True
    beginnings[:] = [follow for follow in beginnings if follow is not _keeper]


def trace_keeper(environ: MutableMapping[str, str]) -> Callable[[Invocation], None]:
    """Return a follower that keeps the trace of the current invocation in *environ*."""

    def keep(invocation: Invocation) -> None:
        if invocation.trace_id:
            environ[VARIABLE] = invocation.trace_id
        else:
            environ.pop(VARIABLE, None)

    global _keeper  # noqa: PLW0603 - there is one a process
    _keeper = keep
    return keep
