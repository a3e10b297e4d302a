"""Functions that run on uvloop: the real package, set by a policy while the function is imported."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import FUNCTIONS
from tests.support.front_ends import URL, Sent
from tests.support.processes import children, in_time

if TYPE_CHECKING:
    from lambda_bootstrap_dev.testing import Emulator

    from tests.support import Start

pytest.importorskip("uvloop", reason="there is no uvloop for this Python")
# A consumer may connect while the emulator ends; asyncio forgets to close what it has accepted only half.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.parametrize("count", [0, 6]),
]


@pytest.fixture
def transport() -> str:
    """The one that counts."""
    return "socket"


def begun(start: Start, name: str, count: int, **options: Any) -> Emulator:
    """A function that is ready for *count* events at once; 0: for one after the other."""
    environ = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}
    emulator = start(name, folder=FUNCTIONS / "tools", environ=environ, concurrency=count, **options)
    emulator.start()
    emulator.wait_for("next", max(count, 1), timeout=30.0)
    return emulator


def test_handler(start: Start, count: int) -> None:
    """An async handler runs on uvloop; many at once do so side by side."""
    emulator = begun(start, "fast_loop.handler", count, timeout=10.0)
    began = time.monotonic()
    with ThreadPoolExecutor(count or 1) as pool:
        answers = list(pool.map(lambda _: emulator.invoke(b'{"seconds": 0.5}').json(), range(count or 1)))
    took, processes = time.monotonic() - began, len(children(emulator.pid)) or 1

    assert {loop for loop, _, _ in answers} == {"uvloop"}
    assert len({request_id for _, _, request_id in answers}) == (count or 1)
    assert took < 2
    assert emulator.shut_down() == 0
    assert emulator.output.count(b"ended on uvloop") == processes


def test_deadline(start: Start, count: int) -> None:
    """A task that hangs is cancelled by its deadline, and the next one is served."""
    emulator = begun(start, "fast_loop.handler", count, timeout=1.0)
    found = in_time(lambda: emulator.invoke(b'{"seconds": 60}').json(), lambda found: "Sandbox" in str(found))

    assert found["errorType"] == "Runtime.DeadlineExceeded"
    assert emulator.invoke(b"{}").json()[0] == "uvloop"


def test_stream(start: Start, count: int) -> None:
    """An async generator is sent piece by piece."""
    emulator = begun(start, "fast_loop.streams", count)

    assert emulator.invoke(b"{}").body == b"".join(b"%d" % number * 100_000 for number in range(3))


def test_application(start: Start, count: int) -> None:
    """An ASGI application runs on uvloop."""
    emulator = begun(start, "fast_loop.app", count)
    event = json.dumps(URL.event(Sent())).encode()

    assert emulator.invoke(event).json()["body"] == "uvloop"


def test_blocked(start: Start, count: int) -> None:
    """Where many run at once, a task that keeps the others waiting is named."""
    emulator = begun(start, "fast_loop.handler", count, timeout=10.0)
    emulator.invoke(b'{"blocks": 1.5}')

    assert (b"kept all others waiting" in emulator.output) == bool(count)
    assert bool(children(emulator.pid)) == bool(count)
