"""The life of a runtime, without a socket."""

from __future__ import annotations

import pytest
from lambda_bootstrap_dev.emulator.states import STUCK, IllegalMoveError, Move, State, advance

# As the Runtime API's own agent has it; what is missing is refused.
LEGAL = [
    ("Started", "Ready", "Ready"),
    ("Started", "InitError", "InitError"),
    ("Started", "RestoreReady", "RestoreReady"),
    ("RestoreReady", "RestoreReady", "RestoreReady"),
    ("RestoreReady", "Restoring", "Restoring"),
    ("RestoreReady", "InitError", "InitError"),
    ("Restoring", "Restoring", "Restoring"),
    ("Restoring", "Ready", "Ready"),
    ("Restoring", "RestoreError", "RestoreError"),
    ("Restoring", "InitError", "RestoreError"),
    ("Ready", "Ready", "Ready"),
    ("Ready", "Running", "Running"),
    ("Running", "Ready", "Running"),
    ("Running", "InvocationResponse", "InvocationResponse"),
    ("Running", "InvocationErrorResponse", "InvocationErrorResponse"),
    ("InvocationResponse", "RuntimeResponseSentState", "RuntimeResponseSentState"),
    ("InvocationErrorResponse", "RuntimeResponseSentState", "RuntimeResponseSentState"),
    ("RuntimeResponseSentState", "Ready", "Ready"),
]
ILLEGAL = [
    (state.value, move.value)
    for state in State
    for move in Move
    if (state.value, move.value) not in {legal[:2] for legal in LEGAL}
]


@pytest.mark.parametrize(("state", "move", "after"), LEGAL)
def test_legal(state: str, move: str, after: str) -> None:
    """A legal move leads where the table says."""
    assert advance(State(state), Move(move)) is State(after)


@pytest.mark.parametrize(("state", "move"), ILLEGAL)
def test_illegal(state: str, move: str) -> None:
    """A move that the table does not have is refused in the platform's words."""
    with pytest.raises(IllegalMoveError) as refusal:
        advance(State(state), Move(move))

    expected = f"State transition from {state} to {move} failed for runtime. Error: State transition is not allowed"
    assert str(refusal.value) == expected


def test_stuck() -> None:
    """Exactly the states from which no call of the runtime is legal are stuck."""
    calls = {Move.NEXT, Move.RESPOND, Move.FAIL, Move.FAIL_INIT, Move.SNAPSHOT, Move.FAIL_RESTORE}
    legal = {(State(state), Move(move)) for state, move, _ in LEGAL}

    assert {state for state in State if not any((state, call) in legal for call in calls)} == STUCK
