"""
The event loop of functions that are `async`.

Owns: the one loop, which lives as long as the environment, so that clients may live in it.
Refuses to know: what runs on it, invocations.
"""

from __future__ import annotations

from asyncio import Runner, all_tasks, wait
from contextvars import copy_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    T = TypeVar("T")

_runner = Runner()
_latest: Coroutine[Any, Any, Any] | None = None  # what has been run, to its end or not


def loop() -> AbstractEventLoop:
    """Return the loop, for a room that runs it by itself."""
    return _runner.get_loop()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run *coroutine* as one task that sees the `contextvars` of its caller, and return its result."""
    global _latest  # noqa: PLW0603 - one runs at a time
    _latest = coroutine
    loop = _runner.get_loop()  # and not `run`, which sets a handler of SIGINT each time
    return loop.run_until_complete(loop.create_task(coroutine, context=copy_context()))


def cancel(seconds: float) -> None:
    """Cancel the latest task, which a signal handler has left behind half-way, and give it *seconds* to end."""
    left = {task for task in all_tasks(_runner.get_loop()) if task.get_coro() is _latest}
    for task in left:
        task.cancel()
    if left:
        run(wait(left, timeout=seconds))


def run_to_completion(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return an `async def` handler as a plain one. All invocations share one event loop, so clients may live in it."""

    def call(*arguments: Any) -> Any:
        result = function(*arguments)
        # A decorator may have run the coroutine itself.
        return run(result) if hasattr(result, "cr_await") else result

    return call
