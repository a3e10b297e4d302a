"""How the end of the runtime's process is worded, and what watches over its group."""

from __future__ import annotations

import subprocess

import pytest
from lambda_bootstrap_dev.emulator.function import Function
from lambda_bootstrap_dev.emulator.process import Guard, describe_exit


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "Runtime exited without providing a reason"),
        (1, "Runtime exited with error: exit status 1"),
        (130, "Runtime exited with error: exit status 130"),
        (-9, "Runtime exited with error: signal: killed"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_exit(status: int, words: str) -> None:
    """An exit status is told as the platform tells it, a signal by its name."""
    assert describe_exit(status) == words


def test_defaults() -> None:
    """A function has three seconds and 128 MB unless it asks for more, as on the platform."""
    assert (Function().timeout, Function().memory) == (3.0, 128)


def test_dismissed() -> None:
    """A guard that is dismissed ends without killing the group that it watched over, however often that is said."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        guard = Guard()
        guard.watch(process.pid)
        guard.dismiss()
        guard.dismiss()

        assert guard._shell.returncode == 0
        assert process.poll() is None
        process.kill()
