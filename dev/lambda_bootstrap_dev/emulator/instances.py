"""
An execution environment of Lambda Managed Instances: many invocations at once.

Owns: which poll gets which invocation, and that each invocation is judged by itself.
Refuses to know: sockets, and what a runtime does about it.

There is no state of the whole but whether the runtime has been initialised. A deadline answers the caller and does
nothing else: the runtime goes on, and may post too late. An invocation that finds no idle poll waits for one here; the
platform refuses it.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from .environment import within
from .function import Function, deliver
from .platform_log import timeout_message
from .process import describe_exit
from .rules import ACCEPTED, Situation, judge, matches
from .sandbox import Sandbox
from .states import State
from .turn import Stream, Turn
from .values import Kind, Reply, Request, platform_ending

if TYPE_CHECKING:
    from .process import Process
    from .values import Ending, Invocation


class Instances(Sandbox):
    """The environment of one function that takes `function.concurrency` invocations at once; see `Sandbox`."""

    def __init__(self, function: Function, *arguments: Any, **named: Any) -> None:
        super().__init__(function, *arguments, **named)
        self._waiting: deque[Turn] = deque()
        self._running: dict[str, Turn] = {}  # by request id

    def invoke(self, invocation: Invocation, stream: Stream | None = None) -> Turn:
        """Queue an invocation; its turn reports how it goes on."""
        turn = Turn(invocation, stream)
        self._waiting.append(turn)
        self._later(self._run(turn))
        return turn

    def take(self, request: Request) -> Reply | None:
        """Judge a call, and carry the verdict out. None means: hold the call, and ask `offer` after each change."""
        if request.endpoint in {"response", "error"}:
            return self._take_answer(request)
        if request.endpoint == "next" and not self.talk.is_stuck:
            if self.talk.state is State.STARTED and self.process:
                self._init_ms = (time.monotonic() - self.process.started_at) * 1000
            self.talk.move(State.READY)
            self.talk.polls.append(request)
            return None
        if request.endpoint == "init/error" and self.talk.state is State.READY:
            return ACCEPTED  # too late to matter
        return super().take(request)

    def offer(self, request: Request) -> Reply | None:
        """Deliver the next invocation to the oldest poll."""
        if request.endpoint != "next":
            return super().offer(request)
        if not self._waiting or not self.talk.polls or self.talk.polls[0] is not request:
            return None
        del self.talk.polls[0]
        turn = self._waiting.popleft()
        turn.delivery = deliver(self.function, turn.invocation, int((time.time() + self.function.timeout) * 1000))
        turn.begun_at = time.monotonic()
        turn.begun.set()
        self._running[turn.invocation.request_id] = turn
        self.ring()
        return turn.delivery.reply

    def _log(self, data: bytes) -> None:
        for turn in self._running.values():  # nobody knows whose it is
            turn.note(data)
        self._write_log(data)

    def _turn_of(self, request: Request) -> Turn | None:
        turn = self._running.get(request.request_id)
        return turn if turn and turn.delivery and matches(turn.delivery, request) else None

    def _take_answer(self, request: Request) -> Reply | None:
        turn = self._running.get(request.request_id)
        state = self.talk.state if turn is None else State.RUNNING
        delivery = None if turn is None else turn.delivery
        verdict = judge(Situation(state, delivery, frozenset(self.talk.expired)), request)
        if turn is not None and verdict.ending is not None:
            turn.end(verdict.ending)
            turn.over.set()
        return verdict.reply

    async def _run(self, turn: Turn) -> None:
        try:
            await self.start()
        except OSError as error:
            self._fail(turn, platform_ending(Kind.INIT_ERROR, "Runtime.InvalidEntrypoint", f"Error: {error}"))
        self.ring()
        if not await within(self._init_timeout, turn.begun):
            self._fail(turn, self._timeout(turn, self._init_timeout))
        elif not await within(self.function.timeout, turn.over):
            self.talk.expired.append(turn.invocation.invocation_id)
            self._fail(turn, self._timeout(turn, self.function.timeout))
        self._running.pop(turn.invocation.request_id, None)
        self._close(turn)

    @staticmethod
    def _timeout(turn: Turn, limit: float) -> Ending:
        return platform_ending(Kind.TIMEOUT, "Sandbox.Timedout", timeout_message(turn.invocation, limit))

    def _end(self, ending: Ending) -> None:
        if ending.kind is Kind.INIT_ERROR:
            self._fail_all(ending)

    def _on_exit(self, process: Process) -> None:
        if self.talk.state is not State.STARTED or not self._environment.is_ending:
            reason = describe_exit(process.status or 0)
            self._fail_all(platform_ending(Kind.EXIT, "Runtime.ExitError", f"Error: {reason}"))
        super()._on_exit(process)

    def _fail_all(self, ending: Ending) -> None:
        for turn in (*self._waiting, *self._running.values()):
            self._fail(turn, ending)

    def _fail(self, turn: Turn, ending: Ending) -> None:
        if turn in self._waiting:
            self._waiting.remove(turn)
        turn.end(ending)
        turn.over.set()
