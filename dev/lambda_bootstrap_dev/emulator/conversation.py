"""
The Runtime API's side of an environment: what a runtime has said, and which of its calls are held.

Owns: the situation that the rules judge by, and the connection that an event was served to.
Refuses to know: invocations before they are delivered, and when one is.
"""

from __future__ import annotations

from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING

from .rules import Situation, judge, matches
from .states import STUCK, Move, State, advance
from .values import Delivery, find_header

if TYPE_CHECKING:
    from .rules import Verdict
    from .values import Reply, Request

# So many invocations that timed out are remembered, for posts that come late.
KEPT_NONCES = 100


class Conversation:
    """What is between the platform and one runtime, which may have several connections."""

    def __init__(self) -> None:
        self.situation = Situation()
        self.polls: list[Request] = []  # calls to `next` that are held, the oldest first
        self.expired: deque[str] = deque(maxlen=KEPT_NONCES)
        self._served_to = 0  # the connection that got the event, until it says more

    @property
    def state(self) -> State:
        """The state of the runtime."""
        return self.situation.state

    @property
    def is_stuck(self) -> bool:
        """Whether the runtime can only exit."""
        return self.state in STUCK

    def take(self, request: Request) -> Verdict:
        """Judge a call, and carry out what the verdict says of the state; a call without a reply is held."""
        verdict = judge(self.situation, request)
        self.move(verdict.state)
        if verdict.reply is None:
            self.polls.append(request)
        elif request.endpoint == "next" and verdict.state is State.RUNNING:
            self._served_to = request.connection
        return verdict

    def move(self, state: State) -> None:
        """Change the state."""
        self.situation.state = state

    def is_next(self, request: Request) -> bool:
        """Whether a call is the oldest of those that are held, by a runtime that is ready: it gets the event."""
        return self.state is State.READY and bool(self.polls) and self.polls[0] is request

    def deliver(self, delivery: Delivery, request: Request) -> Delivery:
        """Note that an event is served to a call."""
        self.drop(request)
        self._served_to = request.connection
        self.move(advance(self.state, Move.DELIVER))
        self.situation.delivery, self.situation.is_lost = delivery, False
        return delivery

    def deliver_scripted(self, reply: Reply, request: Request) -> None:
        """Note that a scripted reply is an event that is served to a call, if it is one."""
        request_id = find_header(reply.headers, "Lambda-Runtime-Aws-Request-Id")
        if reply.status == HTTPStatus.OK and request_id and self.state is State.READY:
            nonce = find_header(reply.headers, "Lambda-Runtime-Invocation-Id")
            self.deliver(Delivery(request_id, nonce, reply), request)

    def restore(self, request: Request) -> bool:
        """Let a copy of the runtime go on after its snapshot; whether it may."""
        if self.state not in {State.RESTORE_READY, State.RESTORING, State.READY}:
            return False
        self.drop(request)
        if self.state is not State.READY:  # another copy was faster
            self.move(advance(self.state, Move.RESTORE))
        return True

    def awaits(self, request: Request) -> bool:
        """Whether a post is for the event that is outstanding."""
        delivery = self.situation.delivery
        return self.state is State.RUNNING and delivery is not None and matches(delivery, request)

    def holds(self, request: Request) -> bool:
        """Whether a call is held."""
        return any(held is request for held in self.polls)

    def drop(self, request: Request) -> None:
        """Hold a call no more."""
        self.polls = [held for held in self.polls if held is not request]

    def hear(self, connection: int) -> None:
        """Note that a connection has more to say: an event that was served to it has arrived."""
        if connection == self._served_to:
            self._served_to = 0

    def lose(self, connection: int) -> None:
        """Note that a connection has died: an event that was the last that it got isn't served again."""
        if connection == self._served_to and self.state is State.RUNNING:
            self.situation.is_lost = True

    def restart(self, *, keeps_polls: bool) -> None:
        """Begin anew with another runtime; one from elsewhere that waits, with its polls, is ready still."""
        if not keeps_polls:
            self.polls.clear()
        state = State.READY if self.polls else State.STARTED
        self.situation = Situation(state, expired=frozenset(self.expired))
