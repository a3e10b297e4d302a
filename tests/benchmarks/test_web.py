"""The arithmetic of the benchmark of web applications, and its applications. No time is taken here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import applications
from benchmarks.web import EVENT, ROWS, late, rows, verdict
from tests.support.applications import Served

TIMES = dict.fromkeys(ROWS, [100.0] * 3) | {
    "plain": [50.0, 90.0, 60.0],
    "asgi": [75.0, 900.0, 84.0],
    "mangum_auto": [150.0, 191.0, 70.0],
}


@pytest.mark.parametrize("name", ["asgi", "wsgi"])
def test_same_answer(name: str) -> None:
    """The applications answer what the plain handler answers."""
    plain: Any = applications.plain(EVENT, None)

    assert Served(getattr(applications, name)).call(EVENT) == plain
    assert json.loads(plain["body"]) == {"number": 10}


def test_table() -> None:
    """Every row has its time."""
    cells = rows(TIMES)

    assert len(cells) == 1 + len(ROWS)
    assert cells[2] == ["ASGI", "75 µs", "25 µs"]


def test_verdict() -> None:
    """A ratio is of what comes on top of the plain handler in the same turn; one that was disturbed is one of many."""
    words = "target: ASGI at most 0.2 x Mangum, lifespan auto, both beyond a plain handler: 0.25, NOT met"

    assert verdict(("asgi", "mangum_auto", 0.2), TIMES) == words
    assert verdict(("asgi", "mangum_auto", 0.25), TIMES).endswith("0.25, met")


@pytest.mark.parametrize(
    "stream",
    [
        [(1, b"POST / HTTP/1.1\r\n\r\n"), (2_500_000, b"2a\r\n{}" + bytes(8) + b"500000\r\n")],
        [(2_500_000, b"POST / HTTP/1.1\r\n\r\n2a\r\n{}" + bytes(8) + b"500000\r\n")],
    ],
)
def test_late(stream: list[tuple[int, bytes]]) -> None:
    """A piece is as late as it came after the time that it says, whether or not the head came with it."""
    assert late(stream) == 2.0
