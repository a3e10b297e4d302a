"""
The event loop of functions that are `async`.

Owns: the one loop, which lives as long as the environment, so that clients may live in it.
Refuses to know: what runs on it, invocations.
"""

from __future__ import annotations

from asyncio import Runner
from contextvars import copy_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    T = TypeVar("T")

_runner = Runner()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run *coroutine* as one task that sees the `contextvars` of its caller, and return its result."""
    return _runner.run(coroutine, context=copy_context())


def run_to_completion(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return an `async def` handler as a plain one. All invocations share one event loop, so clients may live in it."""

    def call(*arguments: Any) -> Any:
        result = function(*arguments)
        # A decorator may have run the coroutine itself.
        return run(result) if hasattr(result, "cr_await") else result

    return call
