"""SnapStart, as the emulator plays it: hooks around the snapshot, copies of one process, failures, exit statuses."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.testing import Close, Reply

from tests.support import FUNCTIONS
from tests.support.emulated import lines, posts

if TYPE_CHECKING:
    from tests.support import Start

ORDER = ["before 3", "before 2", "before 1", "after 1", "after 2", "after 3"]


class TestRestored:
    """An environment that begins from its snapshot."""

    def test_order(self, start: Start) -> None:
        """Hooks run once each, in reverse before the snapshot, in order after the restore, async ones too."""
        emulator = start("snapshots.handler", snapstart=True)
        emulator.start()
        emulator.wait_for("restore/next")
        assert [request for request in emulator.requests if request.endpoint == "next"] == []
        first, second = emulator.invoke().json(), emulator.invoke().json()

        assert first["said"] == second["said"] == ORDER
        assert first["group"] is None

    def test_fresh_connection(self, start: Start) -> None:
        """Nothing is sent after the restore on the connection that the snapshot has."""
        emulator = start("snapshots.handler", snapstart=True)
        emulator.invoke()
        (restore,) = emulator.wait_for("restore/next")
        later = [request.connection for request in emulator.requests if request.endpoint in {"next", "response"}]

        assert restore.connection not in later
        assert len(set(later)) == 1

    def test_two_copies(self, start: Start) -> None:
        """Two copies of one snapshot draw different random numbers, each with a connection and hooks of its own."""
        hooks = "forks numpy" if find_spec("numpy") else "forks"
        emulator = start("snapshots.handler", environ={"HOOKS": hooks}, snapstart=True, init_timeout=60)
        emulator.start()
        emulator.wait_for("restore/next", 2, timeout=30)
        answers = []
        for number in range(6):
            if number:
                emulator.wait_for("next", number + 2)
            answers.append(emulator.invoke().json())
        by_copy = {answer["pid"]: answer for answer in answers}
        one, other = by_copy.values()

        assert one["said"] == other["said"] == ORDER
        assert len({answer["random"] for answer in answers}) == 6
        assert one["predicted"] == other["predicted"]
        assert one["predicted"][0] not in {answer["random"] for answer in answers}
        assert len({answer["numpy"] for answer in answers}) == (1 if one["numpy"] is None else 6)
        assert len({request.connection for request in emulator.wait_for("next", 8)}) == 2

    def test_only_with_snapstart(self, start: Start) -> None:
        """Without SnapStart no hook runs, and nothing is asked for."""
        emulator = start("snapshots.handler")

        assert emulator.invoke().json()["said"] == []
        assert [request for request in emulator.requests if request.endpoint == "restore/next"] == []

    def test_lost_connection(self, start: Start) -> None:
        """A connection that did not survive the snapshot is replaced, and the restore asked for again."""
        emulator = start("snapshots.handler", snapstart=True)
        emulator.script("restore/next", Close())

        assert emulator.invoke().json()["said"] == ORDER
        assert len(emulator.wait_for("restore/next")) == 2

    def test_shutdown(self, start: Start) -> None:
        """An environment that hears of its end registers before its snapshot, and hears of it after its restore."""
        emulator = start("snapshots.handler", environ={"BOOTSTRAP_SIGTERM": "1"}, snapstart=True)
        emulator.invoke()
        emulator.wait_for("next", 2)
        endpoints = [request.endpoint for request in emulator.requests]

        assert endpoints.index("extension/register") < endpoints.index("restore/next") < endpoints.index("next")
        assert emulator.shut_down() == 0


class TestFailures:
    """Hooks that fail, and a platform that does not restore."""

    @pytest.mark.parametrize(
        ("failing", "endpoint", "category", "status"),
        [
            ("before 2", "init/error", "Runtime.BeforeSnapshotError", 64),
            ("before 3", "init/error", "Runtime.BeforeSnapshotError", 64),
            ("after 1", "restore/error", "Runtime.AfterRestoreError", 65),
            ("after 3", "restore/error", "Runtime.AfterRestoreError", 65),
        ],
    )
    def test_hook(self, start: Start, failing: str, endpoint: str, category: str, status: int) -> None:
        """A hook that fails is posted once, with the type of its phase, and the process ends with its status."""
        emulator = start("snapshots.handler", environ={"HOOKS": failing.replace(" ", "_")}, snapstart=True)
        error = emulator.invoke().error
        (request,) = emulator.wait_for(endpoint)

        assert (error["errorType"], error["errorMessage"]) == ("ValueError", failing)
        assert request.header("Lambda-Runtime-Function-Error-Type") == category
        assert json.loads(request.body)["errorType"] == "ValueError"
        assert [each for each in posts(emulator) if each != endpoint] == []
        assert emulator.wait_exit() == status
        assert any(line.startswith(f"[ERROR] ValueError: {failing}") for line in lines(emulator, "ERROR"))

    def test_refused(self, start: Start) -> None:
        """A restore that the platform refuses counts as a failure before the snapshot."""
        emulator = start("snapshots.handler", snapstart=True)
        emulator.script("restore/next", Reply(500))
        error = emulator.invoke().error

        assert error["errorType"] == "RuntimeApiError"
        assert emulator.wait_exit() == 64

    def test_nonsense(self, start: Start) -> None:
        """A wait for the restore that gets nonsense is begun anew three times, later each time; the fourth ends it."""
        emulator = start("snapshots.handler", snapstart=True)
        emulator.script("restore/next", *[Reply(502, body=b"no")] * 9)
        began = time.monotonic()
        error = emulator.invoke().error

        assert error["errorType"] == "RuntimeApiError"
        assert time.monotonic() - began > 0.7
        assert emulator.wait_exit() == 64
        assert len(emulator.wait_for("restore/next", 4)) == 4


class TestWarnings:
    """Values that are the same in every copy, named before the snapshot."""

    def test_through_the_runtime(self, start: Start) -> None:
        """Each is named once, with variable, module, file and line, and its maker; a seeded generator is not."""
        emulator = start("snapshots.handler", environ={"HOOKS": "socket"}, snapstart=True)
        emulator.invoke()
        warnings = [line.split("\t")[-1] for line in lines(emulator, "WARN")]
        path = FUNCTIONS / "snapshots.py"
        tail = (
            "before the snapshot, and so the same in every environment: "
            "make it in the handler, or anew in a hook of after_restore"
        )
        closed = (
            "CONNECTION of snapshots is an open socket, which no restored environment can use: "
            "close it in a hook of before_snapshot, and open it in one of after_restore"
        )

        assert warnings == [
            f"STARTED, IDENTITY of snapshots ({path}, line 21) is made by time.time() {tail}",
            f"token of snapshots ({path}, line 28) is made by uuid.uuid4() {tail}",
            closed,
        ]
