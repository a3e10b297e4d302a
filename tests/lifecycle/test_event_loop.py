"""The event loop of `async` handlers: one turn, and the deadline of what takes more."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import os
import selectors
import time
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap import current
from lambda_bootstrap.lifecycle import event_loop

from tests.support.loop import an_invocation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def after_pipe(callback: Callable[[], object]) -> None:
    """Have a callback run once a pipe has something to read, which it has."""
    loop = asyncio.get_running_loop()
    reader, writer = os.pipe()

    def read() -> None:
        loop.remove_reader(reader)
        os.close(reader)
        callback()

    loop.add_reader(reader, read)
    os.write(writer, b"now")
    os.close(writer)


@pytest.mark.usefixtures("deadline")
@pytest.mark.parametrize(
    "leave",
    [
        after_pipe,
        lambda callback: asyncio.get_running_loop().call_soon(callback),
        lambda callback: asyncio.get_running_loop().call_later(0, callback),
    ],
    ids=["descriptor", "callback", "timer"],
)
def test_what_is_due(leave: Callable[[Callable[[], object]], object]) -> None:
    """What is due when a handler returns has its turn before the handler's result is there."""
    begun = []

    async def handler() -> None:
        leave(lambda: begun.append(True))

    event_loop.run_within_deadline(handler())

    assert begun == [True]


@pytest.mark.usefixtures("deadline")
def test_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that waits for nothing and leaves nothing behind takes one turn of the loop."""
    event_loop.run_within_deadline(asyncio.sleep(0))  # and whatever tests have left
    turns = []
    selector = event_loop.loop()._selector  # type: ignore[attr-defined]

    def select(timeout: float | None) -> Any:
        turns.append(timeout)
        return selectors.DefaultSelector.select(selector, timeout)

    monkeypatch.setattr(selector, "select", select)

    assert event_loop.run_within_deadline(asyncio.sleep(0, "result")) == "result"
    assert len(turns) == 3  # a wait takes one more, and its end another
    assert event_loop.run_within_deadline(handler_of_one_turn()) == "result"
    assert len(turns) == 4


async def handler_of_one_turn() -> str:
    """As most handlers of a bench are."""
    return "result"


@pytest.mark.usefixtures("deadline")
def test_cancelled_before_it_begins() -> None:
    """A handler that another task cancels before its first turn is cancelled, and the next one runs."""
    event_loop.loop().call_soon(lambda: [task.cancel() for task in asyncio.all_tasks(event_loop.loop())])

    with pytest.raises(asyncio.CancelledError):
        event_loop.run_within_deadline(handler_of_one_turn())
    assert event_loop.run_within_deadline(handler_of_one_turn()) == "result"


@pytest.mark.usefixtures("deadline")
def test_stopped() -> None:
    """A handler that stops the loop itself has no result."""

    async def handler() -> None:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="stopped before"):
        event_loop.run_within_deadline(handler())
    assert event_loop.run_within_deadline(handler_of_one_turn()) == "result"


@pytest.mark.usefixtures("deadline")
def test_left_half_way() -> None:
    """A handler that an exit has left half-way does not stop the loop when it ends beside the next one."""

    def leave() -> None:
        raise SystemExit

    async def handler(turns: int) -> str:
        for _ in range(turns):
            await asyncio.sleep(0)
        return "result"

    first = handler(3)
    event_loop.loop().call_soon(lambda: event_loop.loop().call_soon(leave))
    with pytest.raises(SystemExit):
        event_loop.run_within_deadline(first)

    assert event_loop.run_within_deadline(handler(9)) == "result"
    assert inspect.getcoroutinestate(first) == inspect.CORO_CLOSED


@pytest.mark.usefixtures("deadline")
@pytest.mark.parametrize("kind", [SystemExit, None], ids=["exit", "stop"])
def test_deadline_of_what_is_left(kind: type[BaseException] | None, caplog: pytest.LogCaptureFixture) -> None:
    """A handler that is left half-way is cancelled at its deadline, once: it does not stay for as long as the loop."""

    def leave() -> None:
        if kind is not None:
            raise kind
        event_loop.loop().stop()

    first = asyncio.sleep(60)
    event_loop.loop().call_soon(lambda: event_loop.loop().call_soon(leave))
    with pytest.raises(kind or RuntimeError):
        event_loop.run_within_deadline(first)

    assert inspect.getcoroutinestate(first) == inspect.CORO_SUSPENDED
    event_loop.run(asyncio.sleep(0.25))
    assert inspect.getcoroutinestate(first) == inspect.CORO_CLOSED
    assert not event_loop.loop()._scheduled  # type: ignore[attr-defined]
    assert not caplog.records


@pytest.mark.parametrize("has_deadline", [True, False])
@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize("kind", [LookupError, asyncio.CancelledError, SystemExit])
def test_error(
    turns: int, kind: type[BaseException], *, has_deadline: bool, caplog: pytest.LogCaptureFixture, request: Any
) -> None:
    """A handler's error is its caller's, and asyncio has nothing to say of it; the next one runs."""
    if has_deadline:
        request.getfixturevalue("deadline")

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
