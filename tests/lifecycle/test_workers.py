"""Many invocations at once, for handlers that are not `async`: a supervisor, and a process for each."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap.lifecycle import shares
from lambda_bootstrap.lifecycle.workers import Workers
from lambda_bootstrap.log import Log
from lambda_bootstrap.protocol import Address
from lambda_bootstrap.settings import Settings
from lambda_bootstrap_dev.testing import Emulator, Reply

from tests.support import FUNCTIONS, ROOT
from tests.support.emulated import wait_gone
from tests.support.processes import children, wait_until

if TYPE_CHECKING:
    from tests.support import Start

# A worker may connect while the emulator ends; asyncio forgets to close what it has accepted only half.

COUNT = 3


def ask(emulator: Emulator, times: int, event: bytes = b'{"seconds": 0.3}') -> list[dict[str, Any]]:
    """Answers to so many events, three at once, each with a trace of its own: Root=0, Root=1 and so on."""
    headers = [{"X-Amzn-Trace-Id": f"Root={number}"} for number in range(times)]
    with ThreadPoolExecutor(COUNT) as pool:
        return [answer.json() for answer in pool.map(lambda given: emulator.invoke(event, headers=given), headers)]


def records(emulator: Emulator, level: str) -> list[str]:
    """The messages of all records of a level."""
    every = [json.loads(line) for line in emulator.stdout.decode().splitlines()]
    return [record.get("message") or record["errorMessage"] for record in every if record["level"] == level]


class TestImportedOnce:
    """The function is imported before the fork."""

    def test_processes(self, start: Start) -> None:
        """Ten naps of 0.3 s are taken by three processes at once, each with its own trace id and random numbers."""
        emulator = start("crowd.handler", concurrency=COUNT)
        ask(emulator, COUNT)
        began = time.monotonic()
        answers = ask(emulator, 10)
        took = time.monotonic() - began
        first = {answer["pid"]: answer["numbers"][0] for answer in answers}

        assert 1.2 <= took < 2.7
        assert [answer["trace"] for answer in answers] == [f"Root={number}" for number in range(10)]
        assert len(first) == len(set(first.values())) == COUNT
        assert {answer["imported in"] for answer in answers} == {emulator.pid}
        assert all(answer["after_fork in"] == [answer["pid"]] for answer in answers)
        assert records(emulator, "INFO") == [f"init in {emulator.pid}"]

    def test_polls(self, start: Start) -> None:
        """B4.22: each worker polls over a connection of its own, before there is an invocation."""
        emulator = start("crowd.handler", concurrency=COUNT)
        emulator.start()
        polls = emulator.wait_for("next", COUNT)

        assert len({poll.connection for poll in polls}) == COUNT

    @pytest.mark.parametrize("count", ["1", ""])
    def test_one(self, start: Start, count: str) -> None:
        """Without a number above 1, there are no workers."""
        emulator = start("crowd.handler", environ={"AWS_LAMBDA_MAX_CONCURRENCY": count})

        assert emulator.invoke().json()["pid"] == emulator.pid

    def test_wrong_number(self, start: Start) -> None:
        """A number that is none is refused, in words."""
        emulator = start("crowd.handler", environ={"AWS_LAMBDA_MAX_CONCURRENCY": "many"})
        emulator.start()

        assert emulator.wait_exit() == 1
        assert b"AWS_LAMBDA_MAX_CONCURRENCY is 'many': it has to be a number from 1 to 9999" in emulator.stderr


class TestImportedInWorkers:
    """Each worker imports the function by itself."""

    def test_option(self, start: Start) -> None:
        """`BOOTSTRAP_IMPORT=worker` has every worker import the function."""
        emulator = start("crowd.handler", concurrency=COUNT, environ={"BOOTSTRAP_IMPORT": "worker"})
        answers = ask(emulator, COUNT)

        assert all(answer["imported in"] == answer["pid"] for answer in answers)
        assert all(answer["after_fork in"] == [answer["pid"]] for answer in answers)
        assert records(emulator, "WARN") == []

    @pytest.mark.parametrize(
        ("left", "said"),
        [("thread", "it has started the thread 'keeper'"), ("socket", "it has left a socket open, descriptor ")],
    )
    def test_left_behind(self, start: Start, left: str, said: str) -> None:
        """An import that leaves a thread or a socket behind is done in every worker, and one record says why."""
        emulator = start("crowd.handler", concurrency=COUNT, environ={"LEAVE": left})
        answers = ask(emulator, COUNT)
        (record,) = records(emulator, "WARN")

        assert all(answer["imported in"] == answer["pid"] for answer in answers)
        assert said in record
        assert record.endswith("See docs/guides/concurrency.md")


class TestFailures:
    """Workers that cannot begin, or die."""

    @pytest.mark.parametrize("where", ["once", "worker"])
    def test_init_error(self, start: Start, where: str) -> None:
        """A failed import is reported once, wherever the function is imported, and the runtime exits with 1."""
        emulator = start("crowd.handler", concurrency=COUNT, environ={"LEAVE": "an error", "BOOTSTRAP_IMPORT": where})
        emulator.start()
        (post,) = emulator.wait_for("init/error")

        assert json.loads(post.body)["errorMessage"] == "no such thing"
        assert post.header("Lambda-Runtime-Function-Error-Type") == "Function.ValueError"
        assert emulator.wait_exit() == 1
        assert len(emulator.wait_for("init/error")) == 1

    def test_hook(self, start: Start) -> None:
        """A hook of `after_fork` that fails is an init error."""
        emulator = start("crowd.handler", concurrency=COUNT, environ={"LEAVE": "hook"})
        emulator.start()
        (post,) = emulator.wait_for("init/error")

        assert json.loads(post.body)["errorMessage"] == "no such hook"
        assert emulator.wait_exit() == 1

    def test_exit_at_import(self, start: Start) -> None:
        """An import that ends its process ends the environment with the same status, and nothing starts it again."""
        environ = {"LEAVE": "nothing at all", "BOOTSTRAP_IMPORT": "worker"}
        emulator = start("crowd.handler", concurrency=COUNT, environ=environ)
        emulator.start()

        assert emulator.wait_exit() == 7
        assert emulator.requests == []

    def test_killed(self, start: Start) -> None:
        """A worker that is killed is replaced, and no other invocation is lost."""
        emulator = start("crowd.handler", concurrency=COUNT)
        victim = ask(emulator, COUNT)[0]["pid"]
        emulator.wait_for("next", 2 * COUNT)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(children(emulator.pid) - {victim}) == COUNT)
        emulator.wait_for("next", 2 * COUNT + 1)
        # The emulator, as the platform, gives an event to the dead one's poll.
        answers = ask(emulator, 9, b'{"seconds": 0.1}')

        assert len({answer["pid"] for answer in answers if "pid" in answer}) >= COUNT - 1
        assert [answer.get("errorType") for answer in answers].count(None) >= 8
        assert records(emulator, "WARN") == ["a worker has ended with signal 9; another one takes its place"]

    def test_exits(self, start: Start) -> None:
        """A handler that exits is answered, and its worker is replaced time and again."""
        emulator = start("crowd.exits", concurrency=COUNT, timeout=20.0)
        answers = ask(emulator, 5)

        assert [answer["errorType"] for answer in answers] == ["SystemExit"] * 5
        assert emulator.pid

    def test_flat(self, start: Start) -> None:
        """After workers have died and been replaced, there are as many processes and descriptors as before."""
        emulator = start("crowd.handler", concurrency=COUNT, timeout=1.0)
        before = ask(emulator, COUNT)
        open_before = len(list(Path(f"/proc/{emulator.pid}/fd").iterdir()))
        for worker in children(emulator.pid):
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda worker=worker: worker not in children(emulator.pid))
        wait_until(lambda: len(children(emulator.pid)) == COUNT)
        emulator.wait_for("next", 3 * COUNT)
        ask(emulator, COUNT, b"{}")  # one for each poll of a dead worker, to time out
        after = ask(emulator, COUNT)

        assert len(list(Path(f"/proc/{emulator.pid}/fd").iterdir())) == open_before
        assert {answer["descriptors"] for answer in after} == {answer["descriptors"] for answer in before}

    def test_refused(self, start: Start) -> None:
        """When the Runtime API refuses the polls of all workers, the runtime exits with 1."""
        emulator = start("crowd.handler", concurrency=COUNT)
        emulator.script("next", *[Reply(403, body=b"{}")] * 50)  # those of the workers that take their places too
        emulator.start()

        assert emulator.wait_exit() == 1

    def test_refused_once(self, start: Start) -> None:
        """A worker whose poll alone is refused is replaced, and the environment goes on."""
        emulator = start("crowd.handler", concurrency=COUNT)
        emulator.script("next", Reply(403, body=b"{}"))
        emulator.start()
        emulator.wait_for("next", COUNT + 1)

        assert len({answer["pid"] for answer in ask(emulator, COUNT)}) == COUNT

    def test_killed_at_random(self, start: Start) -> None:
        """While workers are killed, each invocation that its worker survives is answered once; all is flat then."""
        emulator = start("crowd.handler", concurrency=COUNT, timeout=2.0)
        ask(emulator, COUNT)
        open_before = len(list(Path(f"/proc/{emulator.pid}/fd").iterdir()))
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(ask, emulator, 40, b'{"seconds": 0.05}')
            killed = 0
            while killed < 6:
                time.sleep(0.25)
                victims = sorted(children(emulator.pid))
                os.kill(victims[killed % len(victims)], signal.SIGKILL)
                killed += 1
            answers = running.result()
        wait_until(lambda: len(children(emulator.pid)) == COUNT)
        responses = [request.request_id for request in emulator.requests if request.endpoint == "response"]
        answered = [answer for answer in answers if "pid" in answer]

        assert len(responses) == len(set(responses))
        # At most one is lost by a death under way, and one that is delivered to a dead worker's poll.
        assert len(answered) >= 40 - 2 * killed
        assert {answer["errorType"] for answer in answers if "pid" not in answer} <= {"Sandbox.Timedout"}
        assert len(list(Path(f"/proc/{emulator.pid}/fd").iterdir())) == open_before


class TestEnd:
    """The end of the environment."""

    def test_sigterm(self, start: Start) -> None:
        """At SIGTERM, what is running is answered, idle workers end at once, and nothing is left."""
        emulator = start("crowd.handler", concurrency=COUNT)
        pids = {answer["pid"] for answer in ask(emulator, COUNT)}
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(emulator.invoke, b'{"seconds": 0.1}')
            emulator.wait_for("invoke", COUNT + 1)
            time.sleep(0.05)
            os.kill(emulator.pid, signal.SIGTERM)
            answer = running.result()

        assert answer.json()["pid"] in pids
        assert emulator.wait_exit() == 0
        for pid in pids:
            wait_gone(pid)

    def test_hooks(self, start: Start) -> None:
        """Hooks of `on_shutdown` run in each worker; one extension is registered for all, before the first poll."""
        emulator = start("shutdowns.handler", concurrency=COUNT, environ={"HOOKS": "last"})
        emulator.invoke()
        emulator.wait_for("next", COUNT + 1)  # whoever answered polls again
        status = emulator.shut_down()

        assert status == 0
        assert emulator.stdout.count(b"hook: last") == COUNT
        assert [request.endpoint for request in emulator.requests if request.endpoint != "invoke"][:2] == [
            *("extension/register", "extension/next"),
        ]
        assert len(emulator.wait_for("extension/register")) == 1

    def test_option(self, start: Start) -> None:
        """`BOOTSTRAP_SIGTERM=1` registers the one extension without a hook."""
        emulator = start("crowd.handler", concurrency=COUNT, environ={"BOOTSTRAP_SIGTERM": "1"})
        ask(emulator, COUNT)

        assert len(emulator.wait_for("extension/register")) == 1

    def test_application(self, start: Start) -> None:
        """Each worker has a lifespan of its own of a web application, from before its first poll to the end of it."""
        emulator = start("webapps.app", concurrency=COUNT)
        emulator.start()
        emulator.wait_for("next", COUNT)

        assert emulator.shut_down() == 0
        assert emulator.stdout.count(b'"shutdown"') == min(shares.cpus(), COUNT)
        assert len(emulator.wait_for("extension/register")) == 1

    def test_supervisor_killed(self, start: Start) -> None:
        """Workers don't outlive their supervisor, whatever they are at."""
        emulator = start("crowd.handler", concurrency=COUNT)
        pids = {answer["pid"] for answer in ask(emulator, COUNT)}
        with ThreadPoolExecutor(1) as pool:
            pool.submit(emulator.invoke, b'{"seconds": 30}')
            emulator.wait_for("invoke", COUNT + 1)
            time.sleep(0.1)
            os.kill(emulator.pid, signal.SIGKILL)
        for pid in pids:
            wait_gone(pid)


def test_program(transport: str) -> None:
    """A program that calls `start` has worker processes, too."""
    environ = {"PYTHONPATH": str(ROOT / "runtime"), "BOOTSTRAP_TRANSPORT": transport}
    with Emulator([sys.executable, "program.py"], cwd=FUNCTIONS, environ=environ, concurrency=COUNT) as emulator:
        emulator.start()
        emulator.wait_for("next", COUNT)

        assert len(children(emulator.pid)) == COUNT
        assert emulator.invoke(b"1").json() == {"started": 1}


def test_too_many(capfd: pytest.CaptureFixture[str]) -> None:
    """There are 256 workers at most, and a record says what to do if more are asked for."""
    found = Settings({"AWS_LAMBDA_MAX_CONCURRENCY": "1600"})
    made = Workers(Log(found), None, found, Address("127.0.0.1:1"), is_program=False)
    made.employ(is_async=False)

    assert len(made.workers) == 256
    assert "AWS_LAMBDA_MAX_CONCURRENCY is 1600, but there are 256 workers: more invocations" in capfd.readouterr().out


@pytest.mark.parametrize(("left", "connections"), [("", 2 * (1 + COUNT)), ("thread", 2 * (2 + COUNT))])
def test_log_socket(start: Start, tmp_path: Path, left: str, connections: int) -> None:
    """Each process connects its stdout and its stderr to the platform's log socket, one that starts anew as well."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "log"))
        listener.listen(16)
        emulator = start(
            "crowd.handler",
            concurrency=COUNT,
            environ={"_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET": str(tmp_path / "log"), "LEAVE": left},
        )
        ask(emulator, COUNT, b'{"print": "hello", "seconds": 0.2}')
        listener.settimeout(5)
        pipes = [listener.accept()[0] for _ in range(connections)]
        emulator.shut_down()
        received = [pipe.makefile("rb").read() for pipe in pipes]
        for pipe in pipes:
            pipe.close()

    assert sum(b'"hello"' in data for data in received) == COUNT
    assert emulator.output == b""


@pytest.mark.parametrize("transport", ["socket"])  # whose waits are the client's
def test_patience(start: Start) -> None:
    """A worker waits for a Runtime API that answers nonsense for longer than one that is alone, and ends at SIGTERM."""
    emulator = start("crowd.handler", concurrency=2, environ={"AWS_LAMBDA_LOG_FORMAT": "JSON"})
    emulator.script("next", *[Reply(502, body=b"no")] * 12)
    emulator.start()
    emulator.wait_for("next", 14, timeout=20.0)

    assert "pid" in ask(emulator, 1)[0]
    emulator.script("next", *[Reply(502, body=b"no")] * 40)
    emulator.wait_for("next", 22, timeout=20.0)
    os.kill(emulator.pid, signal.SIGTERM)
    assert emulator.wait_exit() == 0
    assert {record for record in records(emulator, "WARN") if "a worker has ended" in record} == set()
