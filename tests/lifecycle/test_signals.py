"""Signal handlers of the function's that raise, wherever the runtime is at that moment."""

from __future__ import annotations

import json
import signal
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap.client import RuntimeClient
from lambda_bootstrap.lifecycle.signals import Signals, is_of_handler

from tests.support.records import a_log

if TYPE_CHECKING:
    from tests.support import Start


class TestPoll:
    """A signal while the runtime waits for an invocation."""

    @pytest.mark.parametrize("timeout", ["", "1"], ids=["Exception", "TimeoutError, which is an OSError"])
    def test_goes_on(self, start: Start, timeout: str) -> None:
        """What a handler raises in the poll is logged, and the same poll gets the next invocation."""
        emulator = start("alarms.in_the_poll", environ={"TIMEOUT": timeout})
        emulator.invoke(b'"arm"')
        emulator.wait_for("next", 2)
        time.sleep(0.2)
        answer = emulator.invoke(b'"after"')
        emulator.wait_for("next", 3)

        assert answer.body == b'"after"'
        assert len(emulator.wait_for("next", 3)) == 3
        assert b"a signal handler failed while the runtime was waiting: ring" in emulator.stdout

    @pytest.mark.parametrize(("code", "status"), [("5", 5), ('"bye"', 1), ("null", 0), ("0", 0)])
    def test_ends(self, start: Start, code: str, status: int) -> None:
        """A handler that exits in the poll ends the process as Python would, whatever threads the function has."""
        emulator = start("alarms.exits", environ={"CODE": code})

        assert emulator.invoke(b"1").body == b"1"
        assert emulator.wait_exit() == status


def test_at_random(start: Start) -> None:
    """Of 1,500 invocations with an alarm at a random moment each is answered, with its result or with the alarm."""
    emulator = start("alarms.at_random")
    answers = [emulator.invoke(str(number).encode()).json() for number in range(1500)]
    errors = [answer for number, answer in enumerate(answers) if answer != number]

    assert [error for error in errors if "ring" not in json.dumps(error)] == []
    assert len(errors) < 150


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
def test_logs(start: Start, log_format: str) -> None:
    """A signal handler that logs while its thread prints and another thread logs keeps nobody waiting for ever."""
    emulator = start("alarms.logs", environ={"AWS_LAMBDA_LOG_FORMAT": log_format})

    assert emulator.invoke(b"300").body == b"300"
    assert emulator.output.count(b"of main") == 300
    assert emulator.output.count(b"of an alarm") > 0


def test_stream(start: Start) -> None:
    """A handler that raises in the middle of a stream ends it with trailers, and the next invocation is answered."""
    emulator = start("alarms.stream")
    emulator.invoke()
    emulator.wait_for("next", 2)
    (post,) = emulator.wait_for("response")

    assert ("Lambda-Runtime-Function-Error-Type", "Function.Alarm") in post.trailers
    emulator.invoke()
    assert len(emulator.wait_for("response", 2)) == 2


class TestForks:
    """A child that comes back into the runtime, from wherever the function's code has run."""

    @pytest.mark.parametrize("phase", ["request", "response", "error", "before_next"])
    def test_hook(self, start: Start, phase: str) -> None:
        """A hook that forks goes on in the parent alone: each invocation is answered and polled for once."""
        emulator = start("forking_hooks.handler", environ={"PHASE": phase})
        answers = [emulator.invoke(b'"fail"' if phase == "error" else b"1") for _ in range(3)]
        emulator.wait_for("next", 4)
        time.sleep(0.1)

        assert [answer.json() if phase != "error" else answer.error["errorType"] for answer in answers] == (
            [1] * 3 if phase != "error" else ["ValueError"] * 3
        )
        assert len(emulator.wait_for("next", 4)) == 4

    def test_init_error(self, start: Start) -> None:
        """A hook of `on_init_error` that forks has the init error posted once."""
        emulator = start("forking_hooks.handler", environ={"PHASE": "init_error"})
        emulator.start()
        emulator.wait_exit()
        time.sleep(0.1)

        assert len(emulator.wait_for("init/error")) == 1


class Transport:
    """A transport that records how it is told to wait."""

    waits: Any = None

    def wait_by(self, wait: Any) -> None:
        """Take it down."""
        self.waits = wait

    open = push = finish = exchange = None


class TestBegin:
    """When signals begin to wait."""

    def client(self) -> Any:
        """Make a client that is not used."""
        return RuntimeClient(Transport(), "/", lambda _text: None)  # type: ignore[arg-type] # it is not

    @pytest.mark.parametrize(
        ("handler", "begins"),
        [(signal.SIG_DFL, False), (signal.SIG_IGN, False), (signal.default_int_handler, True), (len, True)],
    )
    def test_set(self, handler: Any, begins: bool) -> None:  # noqa: FBT001 - a column of the table
        """The client is guarded once the function has set a handler in Python, and not before."""
        client, module = self.client(), ModuleType("signal")
        calls: list[Any] = []
        vars(module)["signal"] = lambda number, action: (calls.append((number, action)), "before")[1]  # type: ignore[func-returns-value]
        Signals(a_log(), client).set_up(module)
        found = module.signal(signal.SIGUSR1, handler)

        assert (found, calls) == ("before", [(signal.SIGUSR1, handler)])
        assert (client.transport.waits is not None) == begins
        assert ("next" in vars(client)) == begins

    def test_own_module(self) -> None:
        """A function's own `signal.py` is left alone."""
        own = ModuleType("signal")
        Signals(a_log(), self.client()).set_up(own)

        assert not hasattr(own, "signal")

    def test_whose(self) -> None:
        """An error of a C function is told from one that Python code raised while it ran."""
        with pytest.raises(ValueError, match="invalid literal") as of_c:
            int("x")
        with pytest.raises(ZeroDivisionError) as of_python:
            max([1], key=lambda _one: 1 / 0)

        own, inner = of_c.value, of_python.value
        assert (is_of_handler(own), is_of_handler(inner)) == (False, True)
