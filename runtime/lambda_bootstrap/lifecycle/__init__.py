"""
What lives as long as the environment: the event loop, signals, the snapshot, the end.

Owns: how a hook is called that may be `async`.
Refuses to know: when.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def call(hook: Callable[..., Any], *arguments: Any, **named: Any) -> None:
    """Call *hook*, and run what it returns on the event loop of the function's, if that is a coroutine."""
    found = hook(*arguments, **named)
    if hasattr(found, "cr_await"):
        from . import event_loop

        event_loop.run(found)
