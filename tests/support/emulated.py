"""What the tests of functions under the emulator share: an invocation's id, what was posted, and what was logged."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambda_bootstrap_dev.testing import Emulator

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
POSTS = {"response", "error", "init/error"}


def posts(emulator: Emulator) -> list[str]:
    """The endpoints that were posted to, in order."""
    return [request.endpoint for request in emulator.requests if request.endpoint in POSTS]


def lines(emulator: Emulator, level: str) -> list[str]:
    """The log's lines of a level."""
    return [line for line in emulator.stdout.decode("utf-8", "replace").split("\n") if line.startswith(f"[{level}]")]


def see(kind: str) -> str:
    """How the message of a type that the runtime itself produces ends."""
    return f" (docs/errors.md#{kind.replace('.', '').lower()})" if kind.startswith(("Runtime.", "Function.")) else ""


def wait_gone(pid: int) -> None:
    """Wait until there is no such process, or only its remains."""
    for _ in range(500):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} is still there")


def mark_known_over_urllib3(request: pytest.FixtureRequest, known: Mapping[str, str]) -> None:
    """Expect the failure of a case that isn't as agreed yet over urllib3; *known* has reasons by test and deed."""
    given = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    case = f"{request.node.originalname} {given.get('deed')}"
    if given.get("transport") == "urllib3" and case in known:
        request.applymarker(pytest.mark.xfail(reason=known[case], strict=True))
