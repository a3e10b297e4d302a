"""The event loop of `async` handlers: one turn, and the deadline of what takes more."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import time
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap import current
from lambda_bootstrap.lifecycle import event_loop

from tests.support.loop import an_invocation

if TYPE_CHECKING:
    from collections.abc import Iterator

variable = contextvars.ContextVar("variable", default="")


@pytest.fixture(name="deadline")
def _deadline() -> Iterator[None]:
    """An invocation that has 0.2 seconds."""
    current.begin(an_invocation(lambda_runtime_deadline_ms=str(int(time.time() * 1000) + 200)))
    yield
    current.begin(an_invocation())


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_result(turns: int) -> None:
    """A handler gives its result, however many turns of the loop it takes, in its caller's context and no other."""

    async def handler() -> str:
        for _ in range(turns):
            await asyncio.sleep(0)
        variable.set("handler's")
        return variable.get()

    assert event_loop.run_within_deadline(handler()) == "handler's"
    assert variable.get() == ""


@pytest.mark.usefixtures("deadline")
def test_task_that_is_left() -> None:
    """A task that a handler starts and does not wait for has its first turn before the handler's result is there."""
    begun = []

    async def other() -> None:
        begun.append(True)

    async def handler() -> asyncio.Task[None]:
        return asyncio.create_task(other())

    event_loop.run_within_deadline(handler())

    assert begun == [True]


@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize("kind", [LookupError, asyncio.CancelledError, SystemExit])
def test_error(turns: int, kind: type[BaseException], caplog: pytest.LogCaptureFixture) -> None:
    """A handler's error is its caller's, and asyncio has nothing to say of it; the next one runs."""

    async def handler() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        raise kind("why")

    with pytest.raises(kind, match="why"):
        event_loop.run_within_deadline(handler())
    assert event_loop.run_within_deadline(asyncio.sleep(0, "next")) == "next"
    gc.collect()
    assert caplog.text == ""


@pytest.mark.usefixtures("deadline")
@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_deadline(seconds: float) -> None:
    """A handler that waits is cancelled before its deadline, and as soon as it waits if its first turn took all."""

    async def handler() -> None:
        time.sleep(seconds)  # noqa: ASYNC251 - as a call that blocks
        await asyncio.sleep(5)

    start = time.time()
    with pytest.raises(event_loop.DeadlineError, match=r"before the deadline: it had 0\.1\d seconds") as caught:
        event_loop.run_within_deadline(handler())

    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert time.time() - start < 3
