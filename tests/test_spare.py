"""A function that has used up all descriptors still gets what its result needs."""

from __future__ import annotations

import os
import resource
import sys
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap import spare
from lambda_bootstrap_dev.testing import Close, Emulator

from tests.support import BOOTSTRAP, FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITED = ["sh", "-c", 'ulimit -n 64; exec "$0" "$@"', sys.executable, str(BOOTSTRAP)]


@pytest.fixture(name="kept")
def _kept() -> Iterator[None]:
    """A descriptor is kept, as in a runtime."""
    spare.keep()
    yield
    spare.release()


def run(handler: str, **environ: str) -> Emulator:
    """Put a function of spends.py under the emulator, with 64 descriptors."""
    return Emulator(LIMITED, environ=environ, cwd=FUNCTIONS, handler=f"spends.{handler}")


@pytest.mark.parametrize("transport", ["socket", "urllib3"])
class TestThroughTheRuntime:
    """Rooms that open when no descriptor is left."""

    def test_result(self, transport: str) -> None:
        """A dataclass is answered, though what encodes it has yet to be imported."""
        with run("result", BOOTSTRAP_TRANSPORT=transport) as emulator:
            assert [emulator.invoke().json() for _ in range(2)] == [{"x": 1, "when": "2026-01-02"}] * 2

    def test_no_form(self, transport: str) -> None:
        """A result without a JSON form is blamed at its path, not for the missing descriptor."""
        with run("no_form", BOOTSTRAP_TRANSPORT=transport) as emulator:
            assert "Object of type object is not JSON serializable (at a[0])" in emulator.invoke().error["errorMessage"]

    def test_stream(self, transport: str) -> None:
        """A generator is streamed."""
        with run("stream", BOOTSTRAP_TRANSPORT=transport) as emulator:
            assert emulator.invoke().body == b"ab"

    def test_init(self, transport: str) -> None:
        """A typed handler is understood, though its module has used up all descriptors while it was imported."""
        with run("typed", BOOTSTRAP_TRANSPORT=transport, SPEND_AT_IMPORT="1") as emulator:
            outcome = emulator.invoke(b'{"a": 3}')

        assert outcome.json() == 3


def test_broken_stream() -> None:
    """An error in the middle of a stream is in its trailers."""
    with run("broken_stream") as emulator:
        emulator.invoke()
        emulator.wait_for("next", 2)
        (post,) = emulator.wait_for("response")

    assert ("Lambda-Runtime-Function-Error-Type", "Function.ValueError") in post.trailers


def test_connection() -> None:
    """A connection that the platform closes is replaced."""
    with run("result") as emulator:
        emulator.script("response", Close())
        emulator.start()
        emulator.invoke()
        emulator.wait_for("next", 2)

        assert emulator.wait_for("response", 2)[1].body == b'{"x":1,"when":"2026-01-02"}'


def test_others_socket() -> None:
    """A stream goes over a new connection if the function has a socket of its own under the old one's number."""
    with run("takes_over") as emulator:
        assert emulator.invoke().body == b"a"


def test_others_descriptor(kept: None) -> None:
    """A descriptor that the function closed and opened anew is the function's: it is not given away."""
    del kept
    assert spare._kept is not None
    number = spare._kept[0].fileno()
    os.close(number)
    theirs = os.open("/dev/zero", os.O_RDONLY)
    assert theirs == number

    assert spare.release() is False
    assert os.read(theirs, 1) == b"\0"
    os.close(theirs)


def test_closed(kept: None) -> None:
    """A descriptor that the function closed cannot be given back, which is no error."""
    del kept
    assert spare._kept is not None
    os.close(spare._kept[0].fileno())

    assert [spare.release(), spare.release()] == [False, False]


def test_other_errors(kept: None) -> None:
    """An error that has nothing to do with descriptors is raised at once, and the spare stays."""
    del kept
    calls: list[int] = []

    def step() -> None:
        calls.append(1)
        raise FileNotFoundError(2, "no")

    with pytest.raises(FileNotFoundError):
        spare.with_spare(step)
    assert calls == [1]
    assert spare._kept is not None


def test_kept_once(kept: None) -> None:
    """Who asks for a spare that is kept already changes nothing."""
    del kept
    before = spare._kept
    spare.keep()

    assert spare._kept is before


@pytest.mark.parametrize("number", [24, 23], ids=["of the process", "of the machine"])
def test_given_back(kept: None, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """When descriptors have run out, a step is done again without the spare, and a new one is kept after it."""
    del kept
    seen: list[bool] = []

    def run_out(_descriptor: int) -> int:
        raise OSError(number, "none left")

    def step() -> str:
        seen.append(spare._kept is not None)
        if spare._kept is not None:
            raise ImportError
        return "done"

    monkeypatch.setattr(spare, "dup", run_out)

    assert spare.with_spare(step) == "done"
    assert seen == [True, False]
    assert spare._kept is not None


def test_kept_anew(kept: None) -> None:
    """After a step that needed the spare, one is kept again as soon as there is one."""
    del kept
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened: list[int] = []

    def step() -> int:
        opened.append(os.dup(0))
        return len(opened)

    try:
        opened.append(os.dup(0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (opened[0] + 4, hard))
        with pytest.raises(OSError, match="Too many open files"):
            all(spare.with_spare(step) for _ in range(100))
        assert spare._kept is None
        os.close(opened.pop())
        spare.keep()
        assert spare._kept is not None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in opened:
            os.close(descriptor)
