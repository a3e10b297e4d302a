"""What every thread and task was doing shortly before the deadline."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
import tracemalloc
from _thread import get_ident, start_new_thread
from contextlib import contextmanager
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap import current
from lambda_bootstrap.diagnostics import timeout_dump
from lambda_bootstrap.diagnostics.timeout_dump import TimeoutDump, stacks

from tests.support import ROOT
from tests.support.loop import OverError, Script, a_loop, an_invocation
from tests.support.records import a_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lambda_bootstrap.protocol import Invocation

Stacks = dict[str, list[str]]


class Desk:
    """Where the stacks are handed in."""

    def __init__(self) -> None:
        self.found: list[Stacks] = []
        self.arrived = threading.Event()

    def take(self, found: Stacks) -> None:
        """Take one in."""
        self.found.append(found)
        self.arrived.set()


def soon(milliseconds: int) -> int:
    """Give a deadline."""
    return int(time.time() * 1000) + milliseconds


def due(deadline_ms: int | None) -> Invocation:
    """Make an invocation that ends, at the latest, at *deadline_ms* since the Unix epoch."""
    return an_invocation(lambda_runtime_deadline_ms="" if deadline_ms is None else str(deadline_ms))


@contextmanager
def waiting(name: str = "worker", wait: Callable[[threading.Event], Any] = threading.Event.wait) -> Iterator[Any]:
    """Have a thread that waits."""
    event = threading.Event()
    thread = threading.Thread(target=wait, args=(event,), name=name, daemon=True)
    thread.start()
    time.sleep(0.01)
    try:
        yield thread
    finally:
        event.set()
        thread.join(5)


def wait_here(event: threading.Event) -> None:
    """Wait, in a frame that can be recognised."""
    event.wait(5)


def watching() -> set[int]:
    """The threads that wait for a moment, those of other tests too: they never end."""
    return {ident for ident, frame in sys._current_frames().items() if frame.f_code.co_name == "watch"}


@pytest.fixture(autouse=True)
def _traceable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let coverage see the thread: it is blind for those that `threading` does not know."""

    def start(target: Callable[[], None], arguments: tuple[()]) -> None:
        threading.Thread(target=target, args=arguments, daemon=True).start()

    monkeypatch.setattr(timeout_dump, "start_new_thread", start)


class TestMoment:
    """When it fires."""

    def test_near_the_deadline(self) -> None:
        """The dump fires once, and not before the margin begins."""
        desk = Desk()
        begun = time.time()
        TimeoutDump(60_000, desk.take).begin(due(soon(60_100)))

        assert desk.arrived.wait(5)
        assert 0.09 < time.time() - begun < 1
        time.sleep(0.15)
        assert len(desk.found) == 1

    def test_in_time(self) -> None:
        """The dump does not fire when the invocation ends before the margin begins."""
        desk = Desk()
        watcher = TimeoutDump(50, desk.take)
        watcher.begin(due(soon(400)))
        watcher.end()

        assert not desk.arrived.wait(0.5)

    def test_no_deadline(self) -> None:
        """The dump does not fire for an invocation without a deadline."""
        desk = Desk()
        TimeoutDump(10_000, desk.take).begin(due(None))

        assert not desk.arrived.wait(0.05)

    @pytest.mark.parametrize("left", [50, 0, -60_000], ids=["within the margin", "at the deadline", "after it"])
    def test_late(self, left: int) -> None:
        """An invocation that begins within the margin is told at once."""
        desk = Desk()
        TimeoutDump(1000, desk.take).begin(due(soon(left)))

        assert desk.arrived.wait(1)

    def test_next_invocation(self) -> None:
        """The dump fires for each invocation that comes near its deadline, and for none between them."""
        desk = Desk()
        watcher = TimeoutDump(1000, desk.take)
        for number in (1, 2):
            watcher.begin(due(soon(0)))
            assert desk.arrived.wait(1)
            desk.arrived.clear()
            watcher.end()
            watcher.begin(due(soon(60_000)))
            watcher.end()
            assert len(desk.found) == number

    def test_ended_twice(self) -> None:
        """To end a dump that has not begun, or has ended, does no harm."""
        desk = Desk()
        watcher = TimeoutDump(1000, desk.take)
        for _ in range(3):
            watcher.end()
        watcher.begin(due(soon(0)))

        assert desk.arrived.wait(1)

    def test_new_deadline(self) -> None:
        """A later deadline takes the place of an earlier one."""
        desk = Desk()
        watcher = TimeoutDump(10, desk.take)
        watcher.begin(due(soon(400)))
        watcher.begin(due(soon(60_000)))

        assert not desk.arrived.wait(0.5)

    def test_far(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A deadline that is further away than a lock can wait is waited for in steps."""
        monkeypatch.setattr(timeout_dump, "LONGEST_WAIT", 0.01)
        desk = Desk()
        TimeoutDump(0, desk.take).begin(due(soon(400)))

        assert not desk.arrived.wait(0.1)
        assert desk.arrived.wait(1)

    def test_thousands(self) -> None:
        """Invocations by the thousand leave one thread, no memory, and no record."""
        desk = Desk()
        watcher = TimeoutDump(100, desk.take)
        watcher.begin(due(soon(60_000)))
        watcher.end()
        time.sleep(0.02)
        threads = watching()
        tracemalloc.start()
        for _ in range(5000):
            watcher.begin(due(soon(60_000)))
            watcher.end()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert desk.found == []
        time.sleep(0.02)
        assert watching() == threads
        assert peak < 100_000

    def test_through_the_loop(self) -> None:
        """The loop begins the dump with each invocation's deadline and ends it after the hooks."""
        desk = Desk()
        script = Script(
            an_invocation("1", lambda_runtime_deadline_ms=str(soon(60_000))),
            an_invocation("2", lambda_runtime_deadline_ms=str(soon(0))),
            an_invocation("3"),
        )
        loop = a_loop(script, lambda context: desk.arrived.wait(1) if context.aws_request_id == "2" else None)
        dump = TimeoutDump(1000, desk.take)
        current.beginnings.append(dump.begin)
        current.endings.append(dump.end)
        with pytest.raises(OverError):
            loop.run()

        assert len(desk.found) == 1
        assert [body for _, body, _ in script.answers] == [b"null", b"true", b"null"]


class TestStacks:
    """What it tells."""

    def test_threads(self) -> None:
        """Every thread is told by its name, outermost frame first, with its source; but not the one that tells."""
        with waiting("worker", wait_here):
            found = dict(stacks(get_ident()))

        assert "thread MainThread" not in found
        frames = found["thread worker"]
        assert any(frame.endswith("in wait_here\n    event.wait(5)\n") for frame in frames)
        assert "threading.py" in frames[0]
        assert all(frame.startswith('  File "') and frame.endswith("\n") for frame in frames)

    def test_main(self) -> None:
        """The main thread is told to another one."""
        found: list[Stacks] = []
        thread = threading.Thread(target=lambda: found.append(dict(stacks(get_ident()))))
        thread.start()
        thread.join()

        assert any("in test_main\n" in frame for frame in found[0]["thread MainThread"])

    def test_plain_thread(self) -> None:
        """A thread that `threading` does not know is told by its number."""
        lock, begun = threading.Lock(), threading.Event()

        def wait() -> None:
            begun.set()
            lock.acquire(timeout=5)

        with lock:
            ident = start_new_thread(lock.acquire, ())
            start_new_thread(wait, ())
            assert begun.wait(30)
            names = list(dict(stacks(get_ident())))

        assert ident
        assert any(name.removeprefix("thread ").isdigit() for name in names)

    def test_same_name(self) -> None:
        """Threads of the same name are all told."""
        with waiting("worker"), waiting("worker"):
            desk = Desk()
            TimeoutDump(1000, desk.take).begin(due(soon(0)))
            assert desk.arrived.wait(1)

        assert len([name for name in desk.found[0] if name.startswith("thread worker")]) == 2

    def test_tasks(self) -> None:
        """Every task of a running event loop is told by its name, with all that it awaits."""
        found: list[Stacks] = []

        async def dreams() -> None:
            await asyncio.sleep(5)

        async def main() -> None:
            task = asyncio.create_task(dreams(), name="dreamer")
            await asyncio.sleep(0)
            thread = threading.Thread(target=lambda: found.append(dict(stacks(get_ident()))))
            thread.start()
            thread.join()
            task.cancel()

        asyncio.run(main())
        tasks = {name: frames for name, frames in found[0].items() if name.startswith("task ")}

        assert len(tasks) == 2
        own, slept = tasks["task dreamer"]
        assert own.endswith("in dreams\n    await asyncio.sleep(5)\n")
        assert ", in sleep\n" in slept

    def test_other_loop(self) -> None:
        """The tasks of an event loop in another thread are told by their names."""
        event = threading.Event()

        def work() -> None:
            async def main() -> None:
                task = asyncio.current_task()
                assert task is not None
                task.set_name("afar")
                event.set()
                await asyncio.sleep(0.2)

            asyncio.run(main())

        thread = threading.Thread(target=work)
        thread.start()
        assert event.wait(5)
        time.sleep(0.02)
        found = dict(stacks(get_ident()))
        thread.join()

        assert "task afar" in found

    @pytest.mark.parametrize(
        ("asyncio_is_there", "takes"), [("True", "socket"), ("False", "socket"), ("False", "self")]
    )
    def test_run_forever(self, asyncio_is_there: str, takes: str) -> None:
        """A method `run_forever` of the function's own is not taken for an event loop."""
        code = f"""
            import sys, threading, time
            if {asyncio_is_there}:
                import asyncio
            from lambda_bootstrap.diagnostics.timeout_dump import TimeoutDump

            class App:
                def run_forever({takes}):
                    time.sleep(0.3)

            thread = threading.Thread(target=App().run_forever)
            thread.start()
            TimeoutDump(1000, lambda found: print(len(found))).wait_for(time.time() + 0.1)
            thread.join()
        """
        result = subprocess.run(
            [sys.executable, "-c", dedent(code)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
        )

        assert (result.stdout, result.stderr) == ("2\n", "")

    def test_in_the_runtime(self) -> None:
        """Of a thread that the runtime runs, only what it has called is told."""
        desk = Desk()
        watcher = TimeoutDump(1000, desk.take)

        def handler() -> None:
            watcher.begin(due(soon(0)))
            assert desk.arrived.wait(5)

        with pytest.raises(OverError):
            a_loop(Script(an_invocation()), handler).run()
        frames = desk.found[0]["thread MainThread"]

        assert "in handler\n" in frames[0]

    def test_back_in_the_runtime(self) -> None:
        """The frames of a function are told even if it hangs in a call of the runtime, such as writing the log."""
        desk = Desk()
        watcher = TimeoutDump(1000, desk.take)
        log = a_log()

        def writes(_event: threading.Event) -> None:
            log.write("")

        log.lock.acquire()
        with waiting("writer", writes):
            watcher.begin(due(soon(0)))
            assert desk.arrived.wait(5)
            log.lock.release()

        assert any("in writes\n" in frame for frame in desk.found[0]["thread writer"])

    def test_without_threading(self) -> None:
        """Where nobody has imported `threading` the main thread is told by its number."""
        code = """
            import sys, time
            from lambda_bootstrap.diagnostics.timeout_dump import TimeoutDump
            dump = TimeoutDump(1000, lambda found: print(len(found), *(name.partition(" ")[0] for name in found)))
            dump.wait_for(0)
            time.sleep(0.2)
            print("threading" in sys.modules)
        """
        result = subprocess.run(
            [sys.executable, "-S", "-c", dedent(code)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

        assert (result.stdout, result.stderr) == ("1 thread\nFalse\n", "")
