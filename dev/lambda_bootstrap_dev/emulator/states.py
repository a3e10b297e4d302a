"""
The life of a runtime as the Runtime API sees it, as a table.

Owns: the calls that are legal in each state.
Refuses to know: what the calls carry.

The states' names are those in the 403 messages of AWS's own agent (aws-lambda-runtime-interface-emulator,
internal/lambda/core).
"""

from __future__ import annotations

import enum


class State(enum.Enum):
    """The state of a runtime."""

    STARTED = "Started"
    INIT_ERROR = "InitError"
    RESTORE_READY = "RestoreReady"  # waits for its restore: the snapshot is taken
    RESTORING = "Restoring"  # runs its hooks after it
    RESTORE_ERROR = "RestoreError"
    READY = "Ready"  # waits for an event
    RUNNING = "Running"  # has one
    RESPONDING = "InvocationResponse"
    FAILING = "InvocationErrorResponse"
    SENT = "RuntimeResponseSentState"  # answered; the invocation lasts until `next`


class Move(enum.Enum):
    """A change of state; its value is the name of the target state in a refusal."""

    NEXT = "Ready"
    DELIVER = "Running"
    RESPOND = "InvocationResponse"
    FAIL = "InvocationErrorResponse"
    SETTLE = "RuntimeResponseSentState"
    FAIL_INIT = "InitError"
    SNAPSHOT = "RestoreReady"
    RESTORE = "Restoring"
    FAIL_RESTORE = "RestoreError"


TRANSITIONS: dict[State, dict[Move, State]] = {
    State.STARTED: {
        Move.NEXT: State.READY,
        Move.FAIL_INIT: State.INIT_ERROR,
        Move.SNAPSHOT: State.RESTORE_READY,
    },
    State.INIT_ERROR: {},
    State.RESTORE_READY: {
        Move.SNAPSHOT: State.RESTORE_READY,  # another copy
        Move.RESTORE: State.RESTORING,
        Move.FAIL_INIT: State.INIT_ERROR,
    },
    State.RESTORING: {
        Move.RESTORE: State.RESTORING,
        Move.NEXT: State.READY,
        Move.FAIL_RESTORE: State.RESTORE_ERROR,
        Move.FAIL_INIT: State.RESTORE_ERROR,
    },
    State.RESTORE_ERROR: {},
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

# From these states no call is legal: the runtime can only exit.
STUCK = frozenset({State.INIT_ERROR, State.RESTORE_ERROR, State.RESPONDING, State.FAILING})


class IllegalMoveError(Exception):
    """A call that isn't legal in this state; the text is the platform's."""

    def __init__(self, state: State, move: Move) -> None:
        super().__init__(
            f"State transition from {state.value} to {move.value} failed for runtime."
            " Error: State transition is not allowed"
        )


def advance(state: State, *moves: Move) -> State:
    """
    Make *moves* and return the state that they lead to.

    Raises:
        IllegalMoveError: a move isn't legal in the state it starts from.
    """
    for move in moves:
        if move not in TRANSITIONS[state]:
            raise IllegalMoveError(state, move)
        state = TRANSITIONS[state][move]
    return state
