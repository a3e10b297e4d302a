"""The invocation that is under way: who follows it, whose name is in the log, and what outlives it."""

from __future__ import annotations

import json
import threading
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap import current

from tests.support.loop import OverError, Script, a_loop, an_invocation

if TYPE_CHECKING:
    from lambda_bootstrap_dev.testing import Emulator

    from tests.support import Start

JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}


class TestFollowing:
    """Who hears of an invocation's begin and end."""

    def test_order(self) -> None:
        """Followers hear of each begin before the handler runs and of each end before the next poll."""
        script = Script(an_invocation("1"), an_invocation("2"))
        current.beginnings.append(lambda invocation: script.story.append(f"begin {invocation.request_id}"))
        current.endings.append(lambda: script.story.append("end"))
        with pytest.raises(OverError):
            a_loop(script, lambda: script.story.append("handler")).run()

        story = [step if isinstance(step, str) else step[0] for step in script.story]
        assert story == ["next", "begin 1", "handler", "1", "end", "next", "begin 2", "handler", "2", "end", "next"]

    def test_already_current(self) -> None:
        """Who hears of a begin finds that invocation to be the current one."""
        seen: list[str] = []
        current.beginnings.append(lambda _invocation: seen.append(current.get().request_id))
        current.begin(an_invocation("1"))

        assert seen == ["1"]

    def test_before_the_first(self) -> None:
        """Before the first invocation the ids are empty and there is no deadline."""
        nobody = current.get()

        assert (nobody.request_id, nobody.tenant_id, nobody.trace_id, nobody.deadline_ms) == ("", "", "", None)

    def test_by_task(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where tasks run side by side each has its own invocation, followers hear of it, and no trace is kept."""
        for name in ("get", "begin", "is_by_task", "_keeper"):
            monkeypatch.setattr(current, name, getattr(current, name))
        environ: dict[str, str] = {}
        seen: list[str] = []
        current.beginnings.append(current.trace_keeper(environ))
        current.beginnings.append(lambda invocation: seen.append(invocation.request_id))
        assert not current.is_by_task
        current.keep_by_task(ContextVar("invocation"))
        trace = {"lambda-runtime-trace-id": "Root=1-2-3"}
        contexts = [copy_context() for _ in "12"]
        for number, context in enumerate(contexts):
            context.run(current.begin, an_invocation(str(number), b"{}", **trace))

        assert current.is_by_task
        assert [context.run(current.get).request_id for context in contexts] == seen == ["0", "1"]
        assert environ == {}

    def test_any_thread(self) -> None:
        """Every thread sees the same invocation, whenever it was started."""
        seen: list[str] = []
        ask, answer = threading.Event(), threading.Event()

        def look() -> None:
            ask.wait(10)
            seen.append(current.get().request_id)
            answer.set()

        threading.Thread(target=look).start()
        current.begin(an_invocation("later"))
        ask.set()

        assert answer.wait(10)
        assert seen == ["later"]


def records(emulator: Emulator) -> list[dict[str, Any]]:
    """The records of a function's log."""
    return [json.loads(line) for line in emulator.stdout.decode().splitlines()]


class TestThreads:
    """What a thread of the function logs."""

    def test_running(self, start: Start) -> None:
        """A thread that was started in the first invocation logs with the id of the one that is running."""
        emulator = start("keeps.worker", environ=JSON)
        for number, event in enumerate(("first", "second", "third")):
            emulator.invoke(json.dumps(event).encode(), headers={"X-Amzn-RequestId": f"id-{number}"})
        emulator.wait_report(3)

        assert [(record["message"], record["requestId"]) for record in records(emulator)] == [
            *(("first", "id-0"), ("second", "id-1"), ("third", "id-2")),
        ]

    def test_failing(self, start: Start) -> None:
        """An exception that ends a thread has the id of the running invocation, and the thread no attribute of ours."""
        emulator = start("keeps.late_end", environ=JSON)
        attributes = emulator.invoke(b'"first"', headers={"X-Amzn-RequestId": "id-0"}).json()
        emulator.invoke(b'"second"', headers={"X-Amzn-RequestId": "id-1"})
        emulator.wait_report(2)
        (record,) = records(emulator)

        assert attributes == []
        assert (record["errorType"], record["requestId"]) == ("ZeroDivisionError", "id-1")


class TestContexts:
    """What a sync handler sets in its thread."""

    def test_kept(self, start: Start) -> None:
        """A `decimal` context and a `ContextVar` that were set once are there in the next invocation, too."""
        emulator = start("keeps.settings")

        assert emulator.invoke(b"0").json() == [28, "unset"]
        assert emulator.invoke(b'"set"').json() == [5, "kept"]
        assert emulator.invoke(b"0").json() == [5, "kept"]

    def test_structlog(self, start: Start) -> None:
        """What an invocation binds in structlog ends with it; what was bound during init is there in each."""
        emulator = start("keeps.bindings")

        assert emulator.invoke(b"1").json() == {"shop": "here", "basket": 1}
        assert emulator.invoke(b'"init only"').json() == {"shop": "here"}
        assert emulator.invoke(b'"unbind"').json() == {"basket": "unbind"}
        assert emulator.invoke(b'"init only"').json() == {"shop": "here"}

    def test_structlog_late(self, start: Start) -> None:
        """What the invocation that imports structlog binds ends with it, too."""
        emulator = start("binds_late.handler")

        assert [emulator.invoke(event).json() for event in (b"1", b"2", b"3")] == [{}, {}, {}]
