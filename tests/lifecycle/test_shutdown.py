"""The end of the environment: who hears of it, what it waits for, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Pause, Raw, Reply

from tests.support.front_ends import URL, Sent
from tests.support.processes import in_time

if TYPE_CHECKING:
    from lambda_bootstrap_dev.testing import Emulator, Outcome

    from tests.support import Start

LINES = {
    "plain": "hook: plain",
    "coroutine": "hook: coroutine on the loop of the handler: none",
    "last": "hook: last",
    "atexit": "atexit",
}


def lines(emulator: Emulator) -> list[str]:
    """What was written to stdout, by line."""
    return emulator.stdout.decode().split("\n")[:-1]


def wait_idle(emulator: Emulator, polls: int = 2) -> None:
    """Wait until the runtime waits for its next invocation, and surely so."""
    emulator.wait_for("next", polls)
    time.sleep(0.05)


class Running:
    """An invocation that is under way, in a thread."""

    def __init__(self, emulator: Emulator, payload: bytes, polls: int = 2) -> None:
        self.outcome: Outcome | None = None
        self.thread = threading.Thread(target=lambda: self.call(emulator, payload))
        self.thread.start()
        emulator.wait_for("next", polls)
        emulator.wait_for("invoke", polls)
        time.sleep(0.1)

    def call(self, emulator: Emulator, payload: bytes) -> None:
        """Invoke, and keep the outcome."""
        self.outcome = emulator.invoke(payload)

    def join(self) -> Outcome:
        """Wait for the outcome."""
        self.thread.join(10)
        assert self.outcome is not None
        return self.outcome


class TestRegistration:
    """The internal extension, without which Lambda sends no signal."""

    def test_with_hooks(self, start: Start) -> None:
        """With a hook, an extension without events is registered before the first poll, and asks for an event once."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "last"})
        emulator.invoke()
        wait_idle(emulator)
        endpoints = [request.endpoint for request in emulator.requests if request.endpoint != "invoke"]
        (registration,) = emulator.wait_for("extension/register")
        (poll,) = emulator.wait_for("extension/next")

        assert endpoints == ["extension/register", "extension/next", "next", "response", "next"]
        assert registration.header("Lambda-Extension-Name") == "lambda-bootstrap"
        assert registration.body == b'{"events":[]}'
        assert poll.connection == registration.connection
        assert poll.connection not in {request.connection for request in emulator.wait_for("next")}

    def test_by_option(self, start: Start) -> None:
        """`BOOTSTRAP_SIGTERM=1` registers it without a hook, for `atexit`."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "atexit", "BOOTSTRAP_SIGTERM": "1"})
        emulator.invoke()
        wait_idle(emulator)

        assert emulator.shut_down() == 0
        assert lines(emulator) == ["atexit"]

    def test_without(self, start: Start) -> None:
        """Without hook and option nothing is registered, so that the process is killed at once, in silence."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "atexit"})
        emulator.invoke()
        wait_idle(emulator)

        assert emulator.shut_down() == -signal.SIGKILL
        assert lines(emulator) == []
        assert [request for request in emulator.requests if request.endpoint.startswith("extension")] == []

    @pytest.mark.parametrize("status", [403, 404, 500])
    def test_refused(self, start: Start, status: int) -> None:
        """A refusal is logged, and harms no invocation; a signal that comes all the same is heard."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "last"})
        refusal = Reply(status, [("Content-Type", "application/json")], b'{"errorType":"Extension.TooManyExtensions"}')
        emulator.script("extension/register", refusal)
        answer = emulator.invoke(b"1")
        wait_idle(emulator)
        os.kill(emulator.pid, signal.SIGTERM)

        assert answer.body == b"1"
        assert emulator.wait_exit() == 0
        first, *others = lines(emulator)
        assert first.endswith(
            "Lambda will not announce the end of the environment: the Extensions API refused the registration: "
            f'{status} {{"errorType":"Extension.TooManyExtensions"}}'
        )
        assert others == ["hook: last"]

    def test_too_late(self, start: Start) -> None:
        """A hook that is registered in an invocation, when Lambda takes no extension any more, gets logged advice."""
        emulator = start("shutdowns.handler")
        emulator.invoke(b'{"late": true}')
        wait_idle(emulator)

        (line,) = lines(emulator)
        assert line.endswith(
            "the hook shutdowns.last of on_shutdown comes after init, too late to have Lambda announce the end of the "
            "environment: register it while the function is imported, or set BOOTSTRAP_SIGTERM=1"
        )

    def test_late_in_time(self, start: Start) -> None:
        """A hook that is registered in an invocation runs if the end is announced anyway."""
        emulator = start("shutdowns.handler", environ={"BOOTSTRAP_SIGTERM": "1"})
        emulator.invoke(b'{"late": true}')
        wait_idle(emulator)

        assert emulator.shut_down() == 0
        assert lines(emulator) == ["hook: last"]


class TestIdle:
    """A signal while the runtime waits for an invocation."""

    def test_hooks(self, start: Start) -> None:
        """The wait ends at once; plain and async hooks run in order, then `atexit`; a thread holds nothing up."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "plain coroutine last atexit thread"})
        emulator.invoke()
        wait_idle(emulator)

        assert emulator.shut_down() == 0
        assert lines(emulator) == [LINES["plain"], LINES["coroutine"], LINES["last"], LINES["atexit"]]

    def test_loop(self, start: Start) -> None:
        """An async hook runs on the event loop of the handler, where its clients live."""
        emulator = start("shutdowns.async_handler", environ={"HOOKS": "coroutine"})
        emulator.invoke()
        wait_idle(emulator)

        assert emulator.shut_down() == 0
        assert lines(emulator) == ["hook: coroutine on the loop of the handler: True"]

    def test_imported_in_time(self, start: Start) -> None:
        """Asyncio is imported at init if a hook is `async`: at the end it would take the time that the hook needs."""
        emulator = start("shutdowns.imported", environ={"HOOKS": "coroutine"})
        other = start("shutdowns.imported", environ={"HOOKS": "last"})

        assert (emulator.invoke().json(), other.invoke().json()) == (True, False)

    def test_before_the_first(self, start: Start) -> None:
        """The end may come before any invocation."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "last"})
        emulator.start()
        wait_idle(emulator, 1)

        assert emulator.shut_down() == 0
        assert lines(emulator) == ["hook: last"]

    def test_isolated(self, start: Start) -> None:
        """What a hook raises is logged with its name, be it an exit, and the next one runs; the status is 0."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "fails exits last"})
        emulator.invoke()
        wait_idle(emulator)

        assert emulator.shut_down() == 0
        failed, exited, last = lines(emulator)
        assert failed.startswith("[ERROR] ValueError: the hook shutdowns.fails failed: no connection\r")
        assert exited.startswith("[ERROR] SystemExit: the hook shutdowns.exits failed: 7\r")
        assert last == "hook: last"

    @pytest.mark.parametrize("slow", ["slow", "slow_coroutine"])
    def test_bounded(self, start: Start, slow: str) -> None:
        """A hook that takes too long is stopped in time for `atexit`; what it leaves no time for is named."""
        emulator = start("shutdowns.handler", environ={"HOOKS": f"{slow} last atexit"})
        emulator.invoke()
        wait_idle(emulator)
        status = emulator.shut_down()
        said, stopped, skipped, atexit = lines(emulator)

        assert (status, said, atexit) == (0, f"hook: {slow.replace('_', ' ')}", "atexit")
        assert re.search(rf"the hook shutdowns.{slow} has been stopped: it had 0\.[34]\d seconds$", stopped)
        assert skipped.endswith("there is no time left for the hook shutdowns.last")

    def test_fork(self, start: Start) -> None:
        """A hook that forks goes on in the parent alone."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "forks last atexit"})
        emulator.invoke()
        wait_idle(emulator)

        assert emulator.shut_down() == 0
        assert lines(emulator) == ["hook: last", "atexit"]

    def test_closed_descriptors(self, start: Start) -> None:
        """A function that closes every descriptor still hears of its end."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "last"})
        emulator.invoke(b'{"close": true}')
        wait_idle(emulator)
        os.kill(emulator.pid, signal.SIGTERM)

        assert emulator.wait_exit() == 0
        assert lines(emulator) == ["hook: last"]

    @pytest.mark.parametrize("when", ["alarm", ""], ids=["set at import", "set in an invocation"])
    def test_other_signals(self, start: Start, when: str) -> None:
        """Handlers of other signals run in the wait, which goes on, and ends at SIGTERM all the same."""
        emulator = start("shutdowns.handler", environ={"HOOKS": f"{when} last"})
        emulator.invoke(b'{"alarm": 0.05}')
        wait_idle(emulator)
        time.sleep(0.1)
        answer = emulator.invoke(b"2")
        wait_idle(emulator, 3)

        assert answer.body == b"2"
        assert emulator.shut_down() == 0
        assert lines(emulator) == ["alarm", "hook: last"]


class TestOwnHandler:
    """A function that handles SIGTERM itself."""

    def test_left_in_place(self, start: Start) -> None:
        """Its handler stays, and runs while the runtime waits; the process has the half second that Lambda leaves."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "own", "BOOTSTRAP_SIGTERM": "1"})
        emulator.invoke()
        wait_idle(emulator)
        begin = time.monotonic()

        assert emulator.shut_down() == -signal.SIGKILL
        assert 0.4 < time.monotonic() - begin < 2
        assert lines(emulator) == ["the function's own handler"]

    def test_exits(self, start: Start) -> None:
        """If it exits, the hooks run, `atexit` after them, and the status is its own."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "own_exit slow last atexit"})
        emulator.invoke()
        wait_idle(emulator)
        status = emulator.shut_down()
        said, stopped, skipped, atexit = lines(emulator)

        assert (status, said, atexit) == (9, "hook: slow", "atexit")
        assert "the hook shutdowns.slow has been stopped" in stopped
        assert "there is no time left" in skipped


class TestRunning:
    """A signal while an invocation is running."""

    @pytest.mark.parametrize("handler", ["handler", "async_handler"])
    def test_finished(self, start: Start, handler: str) -> None:
        """An invocation that is soon over is answered first; nothing is polled after it."""
        emulator = start(f"shutdowns.{handler}", environ={"HOOKS": "last"})
        emulator.invoke()
        running = Running(emulator, b'{"seconds": 0.2}')
        status = emulator.shut_down()

        assert (status, running.join().json()) == (0, {"seconds": 0.2})
        assert lines(emulator) == ["the handler leaves", "hook: last"]
        assert len(emulator.wait_for("next")) == 2

    @pytest.mark.parametrize("handler", ["handler", "async_handler"])
    def test_stopped(self, start: Start, handler: str) -> None:
        """An invocation that is not over in a quarter of a second is stopped, cleans up, and fails."""
        emulator = start(f"shutdowns.{handler}", environ={"HOOKS": "coroutine last"}, timeout=9)
        emulator.invoke()
        running = Running(emulator, b'{"seconds": 8}')
        status = emulator.shut_down()
        error = running.join().error

        assert (status, error["errorType"]) == (0, "Runtime.Shutdown")
        assert re.match(
            r"the environment is at its end: the invocation has been stopped 0\.[234]\d s after SIGTERM ",
            error["errorMessage"],
        )
        leaves, record, coroutine, last = lines(emulator)
        assert (leaves, last) == ("the handler leaves", "hook: last")
        assert record.startswith("[ERROR] Runtime.Shutdown: the environment is at its end")
        assert coroutine.startswith("hook: coroutine on the loop of the handler: ")

    def test_place(self, start: Start) -> None:
        """The error of a handler that was stopped says where that was, and nothing of the runtime's own code."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "last"}, timeout=9)
        emulator.invoke()
        running = Running(emulator, b'{"seconds": 8}')
        emulator.shut_down()
        (frame,) = running.join().error["stackTrace"]

        assert "in handler" in frame
        assert "time.sleep" in frame

    def test_stream(self, start: Start) -> None:
        """A stream that is stopped ends with the error in its trailers."""
        emulator = start("shutdowns.stream", environ={"HOOKS": "last"}, timeout=9)
        emulator.invoke()
        running = Running(emulator, b'{"seconds": 8}')
        status = emulator.shut_down()

        assert (status, running.join().error["errorType"]) == (0, "Runtime.Shutdown")
        assert lines(emulator)[-1] == "hook: last"

    def test_again(self, start: Start) -> None:
        """A handler that goes on when it is stopped is stopped again, and answers; then the hooks run."""
        emulator = start("shutdowns.stubborn", environ={"HOOKS": "last"}, timeout=9)
        emulator.invoke()
        running = Running(emulator, b'{"seconds": 8}')
        status = emulator.shut_down()

        assert (status, running.join().json()) == (0, {"seconds": 8})
        assert lines(emulator)[-2:] == ["stopped 3 times", "hook: last"]

    @pytest.mark.parametrize(("phase", "error"), [("on_request", "Runtime.Shutdown"), ("on_response", None)])
    def test_hook(self, start: Start, phase: str, error: str | None) -> None:
        """A hook of the invocation that takes too long is stopped, too; after it no handler begins."""
        emulator = start("shutdowns.handler", environ={"HOOKS": f"{phase} last"}, timeout=9)
        running = Running(emulator, b'{"seconds": 0.01}', polls=1)
        status = emulator.shut_down()
        outcome = running.join()

        assert (status, outcome.error and outcome.error["errorType"]) == (0, error)
        assert [line for line in lines(emulator) if not line.startswith("[ERROR]")] == [
            *(["the handler leaves"] if error is None else []),
            "hook: last",
        ]

    @pytest.mark.parametrize(("handler", "words"), [("handler", "before_next last"), ("application", "last")])
    def test_after_the_answer(self, start: Start, handler: str, words: str) -> None:
        """What goes on after the answer, a hook or an application, is stopped in time for the hooks of the end."""
        emulator = start(f"shutdowns.{handler}", environ={"HOOKS": words}, timeout=9)
        running = Running(emulator, json.dumps(URL.event(Sent())).encode(), polls=1)
        answer = running.join()
        status = emulator.shut_down()

        assert (status, answer.error) == (0, None)
        assert lines(emulator)[-1] == "hook: last"

    def test_flush(self, start: Start) -> None:
        """After an invocation that was stopped, what follows the answer has a part of the time that is left."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "before_next last"}, timeout=9)
        running = Running(emulator, b'{"seconds": 8}', polls=1)
        status = emulator.shut_down()

        assert (status, running.join().error["errorType"]) == (0, "Runtime.Shutdown")
        assert lines(emulator)[-1] == "hook: last"

    def test_cut_event(self, start: Start) -> None:
        """An event of which a part has come when the signal does is received to its end, and answered."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "last"})
        head = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: one\r\nContent-Length: 7\r\n\r\n"
        emulator.script("next", [Raw(head + b'"ab'), Pause(0.2), Raw(b'cde"')])
        emulator.start()
        emulator.wait_for("next")
        time.sleep(0.1)
        os.kill(emulator.pid, signal.SIGTERM)

        assert emulator.wait_exit() == 0
        (request,) = emulator.wait_for("response")
        assert request.body == b'"abcde"'
        assert lines(emulator)[-1] == "hook: last"

    @pytest.mark.parametrize("status", [502, 404])
    def test_refused_poll(self, start: Start, status: int) -> None:
        """After an answer that was no invocation the wait ends at the signal as before."""
        emulator = start("shutdowns.handler", environ={"HOOKS": "last"})
        emulator.script("next", Reply(status))
        emulator.start()
        wait_idle(emulator, 2)
        time.sleep(0.1)

        assert emulator.shut_down() == 0
        assert lines(emulator)[-1] == "hook: last"

    def test_async_deadline(self, start: Start) -> None:
        """A coroutine is cancelled before its deadline, so that the next event has the same process, and then hooks."""
        emulator = start("shutdowns.async_handler", environ={"HOOKS": "last"}, timeout=1.0)
        emulator.invoke(b"{}")

        def ask() -> tuple[dict[str, Any], bool]:
            before, late = emulator.pid, emulator.invoke(b'{"seconds": 8}')
            return {**late.error, "after": emulator.invoke(b'{"after": 1}').json()}, emulator.pid == before

        late, is_same = in_time(ask, lambda found: not found[1])

        assert (late["errorType"], late["after"], is_same) == ("Runtime.DeadlineExceeded", {"after": 1}, True)
        assert emulator.shut_down() == 0
        leaves, record, last = lines(emulator)[-3:]
        assert (leaves, last) == ("the handler leaves", "hook: last")
        assert record.startswith("[ERROR] Runtime.DeadlineExceeded: the task was cancelled")

    @pytest.mark.parametrize("handler", ["handler", "clinging_handler"])
    def test_deadline(self, start: Start, handler: str) -> None:
        """At the deadline a handler is stopped at once: the hooks have all the time, and the next event a process."""
        emulator = start(f"shutdowns.{handler}", environ={"HOOKS": "last"}, timeout=1.0)
        late = emulator.invoke(b'{"seconds": 8}')
        after = emulator.invoke(b'{"after": 1}')

        assert late.error["errorMessage"].endswith("Task timed out after 1.00 seconds")
        assert after.json() == {"after": 1}
        leaves, record, last = lines(emulator)
        assert (leaves, last) == ("the handler leaves", "hook: last")
        assert re.search(r"the invocation has been stopped 0\.[01]\d s after SIGTERM", record)


def test_children(start: Start) -> None:
    """A child that the function forked is ended by SIGTERM, as it would be without the runtime."""
    emulator = start("shutdowns.children", environ={"HOOKS": "last"})

    assert json.loads(emulator.invoke().body) == -signal.SIGTERM
    assert lines(emulator) == []


def test_at_random(start: Start) -> None:
    """Whenever the signal comes in a row of invocations, each that was delivered is answered, and the hook runs."""
    for delay in range(12):
        emulator = start("shutdowns.handler", environ={"HOOKS": "last"})
        emulator.invoke()
        bodies: list[bytes] = []
        thread = threading.Thread(
            target=lambda kept=bodies, to=emulator: kept.extend(to.invoke(b"1").body for _ in range(40))
        )
        thread.start()
        time.sleep(0.002 * delay)
        os.kill(emulator.pid, signal.SIGTERM)
        status = emulator.wait_exit()
        thread.join()

        assert status == 0
        assert emulator.stdout.count(b"hook: last") >= 1
        assert [body for body in bodies if body != b"1" and b"ExitError" not in body] == []
