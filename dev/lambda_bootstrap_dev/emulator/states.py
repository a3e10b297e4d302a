"""
The life of a runtime as the Runtime API sees it, as a table.

Owns which call is legal when. Refuses to know what the calls carry. The names are those that AWS's own agent puts
into its 403 messages (aws-lambda-runtime-interface-emulator, internal/lambda/core).
"""

from __future__ import annotations

import enum


class State(enum.Enum):
    """Where the runtime is."""

    STARTED = "Started"
    INIT_ERROR = "InitError"
    READY = "Ready"  # waits for an event
    RUNNING = "Running"  # has one
    RESPONDING = "InvocationResponse"
    FAILING = "InvocationErrorResponse"
    SENT = "RuntimeResponseSentState"  # answered; the invocation lasts until `next`


class Move(enum.Enum):
    """What can happen; the value is the state that a refusal names as the one aimed at."""

    NEXT = "Ready"
    DELIVER = "Running"
    RESPOND = "InvocationResponse"
    FAIL = "InvocationErrorResponse"
    SETTLE = "RuntimeResponseSentState"
    FAIL_INIT = "InitError"


TRANSITIONS: dict[State, dict[Move, State]] = {
    State.STARTED: {Move.NEXT: State.READY, Move.FAIL_INIT: State.INIT_ERROR},
    State.INIT_ERROR: {},
    State.READY: {Move.NEXT: State.READY, Move.DELIVER: State.RUNNING},
    State.RUNNING: {
        Move.NEXT: State.RUNNING,  # the same event again
        Move.RESPOND: State.RESPONDING,
        Move.FAIL: State.FAILING,
    },
    State.RESPONDING: {Move.SETTLE: State.SENT},
    State.FAILING: {Move.SETTLE: State.SENT},
    State.SENT: {Move.NEXT: State.READY},
}

# Whoever rests here can only exit: no call of his leads anywhere.
STUCK = frozenset({State.INIT_ERROR, State.RESPONDING, State.FAILING})


class IllegalMoveError(Exception):
    """A call that the state does not allow; the text is the platform's."""

    def __init__(self, state: State, move: Move) -> None:
        super().__init__(
            f"State transition from {state.value} to {move.value} failed for runtime."
            " Error: State transition is not allowed"
        )


def advance(state: State, *moves: Move) -> State:
    """
    Return the state after *moves*.

    Raises:
        IllegalMoveError: one of them is not allowed where it would happen.

    """
    for move in moves:
        if move not in TRANSITIONS[state]:
            raise IllegalMoveError(state, move)
        state = TRANSITIONS[state][move]
    return state
