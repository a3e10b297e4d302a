"""A worker as its supervisor sees it: when another process takes its place, and what it says."""

from __future__ import annotations

import os

import pytest
from lambda_bootstrap.lifecycle import staff
from lambda_bootstrap.lifecycle.staff import Worker


class TestReplaced:
    """When a worker gets its next process."""

    def pauses(self, monkeypatch: pytest.MonkeyPatch, said: bytes, lifetimes: list[float]) -> list[float]:
        """The seconds from the end of each process to the next, where they live so long and say that."""
        worker, now, found = Worker(1), 1000.0, []
        for lifetime in lifetimes:
            worker.said, worker.forked_at = said, now
            now += lifetime
            monkeypatch.setattr(staff, "monotonic", lambda at=now: at)
            worker.postpone()
            found.append(round(worker.due - now, 3))
        return found

    @pytest.mark.parametrize(("said", "lifetime"), [(b"1", 0.5), (b"M", 0.5), (b"", 60.0), (b"F", 60.0)])
    def test_failing(self, monkeypatch: pytest.MonkeyPatch, said: bytes, lifetime: float) -> None:
        """A process that dies young, or before it polls, is replaced at once, then later each time, by 90 s at most."""
        row = [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2]

        assert self.pauses(monkeypatch, said, [lifetime] * 40) == [*row, *[90.0] * 29]

    @pytest.mark.parametrize("said", [b"1", b"M", b"1L"])
    def test_settled(self, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
        """One that has polled and lived longer than a second begins a new row: it is replaced at once."""
        lifetimes = [0.5, 0.5, 0.5, 1.5, 0.5, 0.5]

        assert self.pauses(monkeypatch, said, lifetimes) == [0.0, 0.1, 0.2, 0.0, 0.1, 0.2]


def test_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker counts as one that lost the Runtime API for five seconds, and not before it did."""
    worker = Worker(1)
    found = []
    for now, lost_at in [(0.0, worker.lost_at), (100.0, 100.0), (104.9, 100.0), (105.0, 100.0)]:
        worker.lost_at = lost_at
        monkeypatch.setattr(staff, "monotonic", lambda at=now: at)
        found.append(worker.is_lost())

    assert found == [False, True, True, False]


def test_hear() -> None:
    """All that has been said is taken in, and nobody waits for more."""
    worker = Worker(1)
    worker.words, words = os.pipe()
    worker.life = os.dup(words)
    os.set_blocking(worker.words, False)
    try:
        for piece in (b"1", b"F" * 60_000, b"L"):
            os.write(words, piece)
        worker.hear()
        worker.hear()
    finally:
        os.close(words)
    worker.bury()

    assert worker.said == b"1" + b"F" * 60_000 + b"L"
    assert (worker.pid, worker.life, worker.words, worker.ends()) == (0, -1, -1, [])
