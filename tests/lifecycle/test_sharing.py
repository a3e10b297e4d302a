"""What the import of real packages leaves behind, and what follows from it for worker processes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap.lifecycle import sharing

if TYPE_CHECKING:
    from tests.support import Start

# A worker may connect while the emulator ends; asyncio forgets to close what it has accepted only half.


@pytest.mark.parametrize(
    ("library", "is_used", "obstacle"),
    [
        ("numpy", True, ""),
        ("boto3", True, ""),
        ("grpc", False, ""),
        # A thread in C, which gets its name, grpc_global_tim or jemalloc_bg_thd, a moment later.
        ("grpc", True, "it has started "),
        ("polars", False, "it has started "),
    ],
)
@pytest.mark.parametrize("transport", ["socket"])  # nothing is sent before it is known
def test_packages(start: Start, library: str, *, is_used: bool, obstacle: str) -> None:
    """OpenBLAS's threads don't keep a process from being copied, those of grpc and polars do; all work afterwards."""
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    environ = {"LIBRARY": library, **({"USED": "1"} if is_used else {})}
    emulator = start("crowd_tools.handler", concurrency=2, environ=environ, timeout=20.0, init_timeout=30.0)
    answer = emulator.invoke()
    warnings = [record for line in emulator.stdout.splitlines() if (record := json.loads(line))["level"] == "WARN"]

    assert answer.error is None
    told = [warning["message"] for warning in warnings]
    assert [text for text in told if obstacle not in text] == []
    assert len(told) == bool(obstacle), told


NAMED = """
import threading
from lambda_bootstrap.lifecycle import sharing
over = threading.Event()
threading.Thread(target=over.wait, name="keeper").start()
print(sharing.thread())
over.set()
"""


def test_thread() -> None:
    """A thread of Python's is named as its owner knows it."""
    told = subprocess.run([sys.executable, "-c", NAMED], capture_output=True, text=True, check=True).stdout

    assert "thread 'keeper'" in told


def test_descriptor(tmp_path: Path) -> None:
    """A file that has been opened since is named; what was open before, and /dev/null, are not."""
    before = sharing.descriptors()
    with Path("/dev/null").open("rb"):
        assert sharing.descriptor(before) == ""
    path = tmp_path / "kept"
    with path.open("wb") as file:
        assert sharing.descriptor(before) == f"it has left {path} open, descriptor {file.fileno()}"
        assert sharing.descriptor(sharing.descriptors()) == ""
