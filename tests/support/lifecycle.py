"""
How an environment ends, as a table: the exit status, and a function that ends so.

Owns: the rows. docs/reference/lifecycle.md is made of them, and `tests/lifecycle/test_page.py` runs each.
Refuses to know: how a function is started.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class End:
    """
    One way to end.

    Args:
        status: the exit status.
        state: where in the life it happens, in the Runtime API's word.
        reason: in words, for the page.
        handler: a function of tests/functions that ends so.
        environ: what it needs of its environment.
        event: what it is invoked with.
    """

    status: int
    state: str
    reason: str
    handler: str
    environ: dict[str, str] = field(default_factory=dict)
    event: bytes = b"{}"
    is_from_snapshot: bool = False
    is_shut_down: bool = False


ENDS = [
    End(1, "InitError", "the function could not be loaded", "raises_at_import.handler"),
    End(
        64,
        "InitError",
        "a hook of `before_snapshot` has failed",
        "snapshots.handler",
        {"HOOKS": "before_2"},
        is_from_snapshot=True,
    ),
    End(
        65,
        "RestoreError",
        "a hook of `after_restore` has failed",
        "snapshots.handler",
        {"HOOKS": "after_2"},
        is_from_snapshot=True,
    ),
    End(
        0,
        "Ready",
        "SIGTERM, and the function has hooks of `on_shutdown`, or `BOOTSTRAP_SIGTERM=1`",
        "shutdowns.handler",
        {"HOOKS": "last"},
        is_shut_down=True,
    ),
    End(-9, "Ready", "SIGKILL: the function has neither", "shutdowns.handler", is_shut_down=True),
    End(
        9,
        "Ready",
        "SIGTERM, and a handler of the function's own exits with 9",
        "shutdowns.handler",
        {"HOOKS": "own_exit", "BOOTSTRAP_SIGTERM": "1"},
        is_shut_down=True,
    ),
    End(3, "RuntimeResponseSentState", "the function called `sys.exit(3)`, and was answered", "errors.exits"),
]
