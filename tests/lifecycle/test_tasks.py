"""Many invocations at once, for `async` handlers: each is a task of one event loop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap.lifecycle import shares
from lambda_bootstrap_dev.testing import Close, Emulator, Pause, Reply

from benchmarks.build import CACHE, ours
from benchmarks.instances import running
from tests.support.emulated import wait_gone
from tests.support.processes import children, in_time, wait_until

if TYPE_CHECKING:
    from tests.support import Start

# A consumer may connect while the emulator ends; asyncio forgets to close what it has accepted only half.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

COUNT = 10


@pytest.fixture
def transport() -> str:
    """The one that counts: tasks have connections of their own."""
    return "socket"


def ask(emulator: Emulator, events: list[dict[str, Any]]) -> list[Any]:
    """Answers to events, all at once, each with a trace of its own: Root=0, Root=1 and so on."""
    with ThreadPoolExecutor(len(events)) as pool:
        return list(pool.map(lambda pair: one(emulator, pair[1], f"Root={pair[0]}"), enumerate(events)))


def one(emulator: Emulator, event: dict[str, Any], trace: str = "") -> Any:
    """The answer to an event."""
    return emulator.invoke(json.dumps(event).encode(), headers={"X-Amzn-Trace-Id": trace}).json()


def is_late(answer: Any) -> bool:
    """Whether the platform had to end an invocation."""
    return isinstance(answer, dict) and answer.get("errorType") == "Sandbox.Timedout"


def begun(start: Start, handler: str = "swarm.does", count: int = COUNT, **options: Any) -> Emulator:
    """A function whose polls are all there."""
    environ = options.pop("environ", {})
    emulator = start(handler, concurrency=count, environ={"AWS_LAMBDA_LOG_FORMAT": "JSON", **environ}, **options)
    emulator.start()
    emulator.wait_for("next", count, timeout=30.0)
    return emulator


def records(emulator: Emulator, level: str = "") -> list[dict[str, Any]]:
    """The log's records, of a level or all."""
    every = [json.loads(line) for line in emulator.stdout.decode().splitlines()]
    return [record for record in every if record["level"] == level or not level]


class TestSideBySide:
    """What each task has of its own."""

    def test_tasks(self, start: Start) -> None:
        """Ten naps of 0.5 s take one such time in as many processes as there are CPUs, each with its own trace."""
        emulator = begun(start, "swarm.handler")
        began = time.monotonic()
        answers = ask(emulator, [{"seconds": 0.5, "mark": number} for number in range(COUNT)])
        took = time.monotonic() - began
        pids = {answer["pid"] for answer in answers}

        assert 0.5 <= took < 2.0
        assert len(pids) == min(shares.cpus(), COUNT) == len(children(emulator.pid))
        assert {answer["imported in"] for answer in answers} == {emulator.pid}
        assert max(answer["at once"] for answer in answers) > 1
        assert [answer["trace"] for answer in answers] == [f"Root={number}" for number in range(COUNT)]
        assert {answer["environment"] for answer in answers} == {None}

    def test_context(self, start: Start) -> None:
        """Variables of a context that one invocation has set are not seen by the next one over the same connection."""
        emulator = begun(start, "swarm.handler", 1 + shares.cpus())
        answers = [answer for _ in range(3) for answer in ask(emulator, [{"seconds": 0.05}] * 3)]

        assert {answer["before"] for answer in answers} == {"nobody"}
        assert all(answer["after"] == answer["id"] for answer in answers)

    def test_log(self, start: Start) -> None:
        """A record, and a line that is printed in pieces around an `await`, has the id of its own invocation."""
        emulator = begun(start, "swarm.handler")
        answers = ask(emulator, [{"seconds": 0.2, "mark": number} for number in range(COUNT)])
        said = {(record["message"], record["requestId"]) for record in records(emulator) if record["requestId"]}

        assert said == {
            (text.format(number), answer["id"])
            for number, answer in enumerate(answers)
            for text in ("begins {0}: ends {0}", "logs {0}")
        }

    def test_threads(self, start: Start) -> None:
        """Lines that threads of one invocation print in pieces, at the same time, stay whole."""
        emulator = begun(start, count=2, timeout=20.0)
        one(emulator, {"do": "print in threads"})
        printed = Counter(record["message"] for record in records(emulator) if "forked" not in record["message"])

        assert printed == {f"{letter} {letter} {letter}": 600 for letter in "abc"}

    def test_hooks(self, start: Start) -> None:
        """Hooks run for each invocation, in its task, and those of `after_fork` once in each process."""
        emulator = begun(start, "swarm.handler")
        ask(emulator, [{"seconds": 0.1}] * COUNT)
        emulator.wait_for("next", 2 * COUNT)
        seen: dict[int, dict[str, int]] = {}
        for _ in range(10 * COUNT):
            answer = one(emulator, {})
            seen[answer["pid"]] = answer["seen"]
        forked = [record for record in records(emulator) if record["message"].startswith("forked ")]

        assert sum(found["request"] for found in seen.values()) >= COUNT
        assert all(found["request"] == found["response"] + 1 == found["next"] + 1 for found in seen.values())
        assert len(forked) == len(seen)

    def test_typed(self, start: Start) -> None:
        """Typed events are decoded, and their results are encoded, as with one invocation at a time."""
        emulator = begun(start, "typed_orders.waits", 3)
        event = {"id": 7, "placed": "2026-11-27T00:00:00Z", "items": [{"sku": "a", "price": 2.5, "image": "aGk="}]}

        assert one(emulator, event) == {**event, "placed": "2026-11-27T00:00:00+00:00"}

    def test_batch(self, start: Start) -> None:
        """An `async` handler of single records works on those of a batch at once, beside other batches."""
        emulator = begun(start, "swarm.record", 4)
        batch = [{"eventSource": "aws:sqs", "messageId": f"m{number}", "body": str(number)} for number in range(4)]
        began = time.monotonic()
        answers = ask(emulator, [{"Records": batch}] * 4)

        assert answers == [{"batchItemFailures": [{"itemIdentifier": "m3"}]}] * 4
        assert time.monotonic() - began < 1.5

    @pytest.mark.parametrize("where", ["once", "worker"])
    def test_import(self, start: Start, where: str) -> None:
        """`BOOTSTRAP_IMPORT=worker` has every process import the function, and there are no more processes for it."""
        emulator = begun(start, "swarm.handler", environ={"BOOTSTRAP_IMPORT": where})
        answers = ask(emulator, [{"seconds": 0.3}] * COUNT)

        assert len(children(emulator.pid)) == min(shares.cpus(), COUNT)
        assert all((answer["imported in"] == answer["pid"]) == (where == "worker") for answer in answers)


class TestStreams:
    """Async generators as handlers."""

    def test_pieces(self, start: Start) -> None:
        """Pieces of several streams leave as they are made, each over its own connection, and none gets lost."""
        emulator = begun(start, "swarm.streams")
        with ThreadPoolExecutor(COUNT) as pool:
            event = b'{"pieces": 5, "seconds": 0.1, "size": 100000}'
            answers = list(pool.map(lambda _: emulator.invoke(event), range(COUNT)))
        posts = emulator.wait_for("response", COUNT)

        assert len({post.connection for post in posts}) == COUNT
        for post, answer in zip(posts, sorted(posts, key=lambda post: post.at), strict=True):
            assert post is answer
            lines = [line.split(b":")[0] for line in post.body.replace(b"x", b"").splitlines()]
            assert lines == [b"0", b"1", b"2", b"3", b"4"]
            assert post.body.count(post.request_id.encode()) == 5
        assert all(len(answer.body) == len(posts[0].body) for answer in answers)

    def test_failure(self, start: Start) -> None:
        """An exception after the first piece ends the stream with trailers."""
        emulator = begun(start, "swarm.streams", 2)
        answer = one(emulator, {"pieces": 2, "fails": True})

        assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "half-way")

    def test_connection(self, start: Start) -> None:
        """A stream leaves over the connection that its event came on."""
        emulator = begun(start, "swarm.streams", 2)
        emulator.invoke(b'{"pieces": 2}')
        (post,) = emulator.wait_for("response")

        assert post.connection in {poll.connection for poll in emulator.wait_for("next", 2)[:2]}

    def test_lost_failure(self, start: Start) -> None:
        """An exception whose trailers get lost with the connection is posted as the exception, not as the loss."""
        emulator = begun(start, "swarm.streams", 2)
        emulator.script("response", Close())
        answer = one(emulator, {"pieces": 2, "fails": True})

        assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "half-way")

    def test_nothing(self, start: Start) -> None:
        """A stream of no pieces is an empty response."""
        emulator = begun(start, "swarm.streams", 2)

        assert emulator.invoke(b'{"pieces": 0}').body == b""

    def test_deadline(self, start: Start) -> None:
        """A stream that goes on for too long ends with the error of its deadline."""
        emulator = begun(start, "swarm.streams", 2, timeout=1.0)

        answer = in_time(lambda: one(emulator, {"pieces": 1, "hangs": True}), is_late)

        assert answer["errorType"] == "Runtime.DeadlineExceeded"

    def test_slow_reader(self, start: Start) -> None:
        """A stream whose reader is too slow for the deadline fails with that, and not with the connection."""
        emulator = begun(start, "swarm.streams", 2, timeout=1.0)
        connection = HTTPConnection(emulator.address)
        with closing(connection):
            path = "/2021-11-15/functions/function/response-streaming-invocations"
            connection.request("POST", path, b'{"pieces": 1000, "size": 100000}')
            connection.getresponse().read(10)
            wait_until(lambda: records(emulator, "ERROR"))
        (record,) = records(emulator, "ERROR")

        assert record["errorType"] == "Runtime.DeadlineExceeded"

    def test_lost(self, start: Start) -> None:
        """A stream whose connection breaks is reported as lost, once, and its task goes on with the next invocation."""
        emulator = begun(start, "swarm.streams", 2, timeout=5.0)
        emulator.script("response", Close())
        answer = one(emulator, {"pieces": 3})

        assert answer["errorType"] == "Runtime.ResponseLost"
        assert emulator.invoke(b'{"pieces": 0}').body == b""


class TestDeadline:
    """A task is cancelled a little before its deadline."""

    @pytest.mark.parametrize("count", [0, 4])
    def test_hangs(self, start: Start, count: int) -> None:
        """A task that hangs is cancelled, its caller is told where it was, and the process goes on, alone or not."""
        environ = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}
        emulator = start("swarm.does", timeout=1.0, environ=environ, concurrency=count)
        before = one(emulator, {"do": ""})
        answer = in_time(lambda: one(emulator, {"do": "hang"}), is_late)
        after = {one(emulator, {"do": ""}) for _ in range(5)}
        *_, cleaned = [record for record in records(emulator) if record.get("message") == "cleaned up"]

        assert answer["errorType"] == "Runtime.DeadlineExceeded"
        assert answer["errorMessage"].startswith("the task was cancelled 30 ms before the deadline: it had 0.9")
        assert "await asyncio.sleep(60)" in "".join(answer["stackTrace"])
        assert cleaned["requestId"] == answer["requestId"]
        assert before in after or count or emulator.output.count(b"cleaned up") > 1

    @pytest.mark.parametrize("count", [0, 4])
    def test_result(self, start: Start, count: int) -> None:
        """A task that answers when it is cancelled has answered."""
        emulator = start("swarm.does", timeout=1.0, concurrency=count)

        assert in_time(lambda: one(emulator, {"do": "cling"}), is_late) == "as far as it got"

    def test_swallowed(self, start: Start) -> None:
        """A task that goes on after its deadline is named, and loses its place to others after three seconds."""
        emulator = begun(start, count=shares.cpus(), timeout=1.0)
        began = time.monotonic()
        with ThreadPoolExecutor(shares.cpus()) as pool:
            naps = [pool.submit(one, emulator, {"do": "swallow", "seconds": 4.5}) for _ in range(shares.cpus())]
            emulator.wait_for("next", 2 * shares.cpus(), timeout=20.0)
            took = time.monotonic() - began
            answers = [one(emulator, {"do": ""}) for _ in range(3)]
            late = [nap.result() for nap in naps]
        wait_until(lambda: emulator.output.count(b"has been given up") == shares.cpus())
        warnings = [record for record in records(emulator, "WARN") if "after its deadline" in record["message"]]

        assert took < 10
        assert all(type(answer) is int for answer in answers)
        assert all(map(is_late, late))
        assert sorted(Counter(record["requestId"] for record in warnings).values()) == [2] * shares.cpus()
        assert all("swarm.py:" in record["message"] and " in does" in record["message"] for record in warnings)
        assert type(one(emulator, {"do": ""})) is int

    def test_swallowed_alone(self, start: Start) -> None:
        """An async handler that is alone, and goes on after its deadline, is named, and cancelled again."""
        environ = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_MAX_CONCURRENCY": "1"}
        emulator = start("swarm.clings_once", timeout=1.0, concurrency=1, environ=environ)
        began = time.monotonic()
        one(emulator, {})
        answer = one(emulator, {"short": True})
        (warning,) = [record for record in records(emulator, "WARN") if "after its deadline" in record["message"]]

        assert answer == "short"
        assert time.monotonic() - began < 20
        assert "in clings_once" in warning["message"]

    @pytest.mark.parametrize("margin", [50, 100, 500])
    def test_own_timeout(self, start: Start, margin: int) -> None:
        """A function that watches its time by itself, and leaves itself 50 ms or more, is not cancelled."""
        emulator = start("swarm.watches", timeout=1.0)

        assert in_time(lambda: one(emulator, {"margin": margin}), is_late) == "in time"

    def test_passed(self, start: Start) -> None:
        """A deadline that has passed when the invocation comes cancels nothing."""
        emulator = start("swarm.does", timeout=5.0)
        headers = [("Lambda-Runtime-Aws-Request-Id", "a"), ("Lambda-Runtime-Deadline-Ms", "1000")]
        emulator.script("next", Reply(200, headers, b'{"do": "nap", "seconds": 0.1}'))
        emulator.start()
        (post,) = emulator.wait_for("response")

        assert int(post.body) == emulator.pid


class TestBlocked:
    """A task that keeps all others waiting."""

    @pytest.mark.parametrize("what", ["block", "block in a task"])
    def test_warning(self, start: Start, what: str) -> None:
        """A task that blocks the loop is named in one warning, with its place."""
        emulator = begun(start, count=shares.cpus(), timeout=10.0)
        for _ in range(2):
            one(emulator, {"do": what, "seconds": 1.5})
        found = [record for record in records(emulator, "WARN") if "kept all others waiting" in record["message"]]
        places = {record["message"].partition("swarm.py:")[2].partition(". Await")[0] for record in found}

        assert 1 <= len(found) <= shares.cpus()  # once in each process
        assert all(" in block, called at " in place for place in places)
        if what == "block":
            ids = {request.request_id for request in emulator.requests if request.endpoint == "response"}
            assert {record["requestId"] for record in found} <= ids | {""}

    def test_busy(self, start: Start) -> None:
        """Many tasks that are short don't make a warning."""
        emulator = begun(start, "swarm.handler", 20)
        for _ in range(5):
            ask(emulator, [{"seconds": 0.1}] * 20)

        assert [record for record in records(emulator, "WARN") if "kept all" in record["message"]] == []


class TestHostile:
    """Tasks that do what they should not."""

    def test_raises(self, start: Start) -> None:
        """An exception is its own invocation's answer."""
        emulator = begun(start)
        answers = ask(emulator, [{"do": "raise"}, {"do": "nap", "seconds": 0.3}, {"do": "raise"}])

        assert [type(answer) for answer in answers] == [dict, int, dict]
        assert answers[0]["errorMessage"] == "as asked"

    @pytest.mark.parametrize("what", ["exit", "exit in a task"])
    def test_exit(self, start: Start, what: str) -> None:
        """A task that exits is answered, and so is what runs beside it; then another process takes the place."""
        emulator = begun(start, timeout=10.0)
        before = children(emulator.pid)
        naps: list[dict[str, Any]] = [{"do": "nap", "seconds": 0.5}] * (COUNT - 1)
        answers = ask(emulator, [*naps, {"do": what, "seconds": 0.3}])
        wait_until(lambda: len(children(emulator.pid) - before) == 1, 30.0)
        emulator.wait_for("next", 2 * COUNT, timeout=10.0)

        assert all(type(answer) is int for answer in answers[:-1])
        assert "SystemExit" in str(answers[-1])
        assert any("a worker has ended with exit status" in record["message"] for record in records(emulator, "WARN"))

    def test_cancels_all(self, start: Start) -> None:
        """A function that cancels all tasks of its loop gets no answer of others lost, and all are polling again."""
        emulator = begun(start, count=4, timeout=10.0)
        answers = ask(emulator, [{"do": "nap", "seconds": 1}, {"do": "cancel all"}, {"do": "nap", "seconds": 1}])
        later = ask(emulator, [{"do": "nap", "seconds": 0.2}] * 4)

        assert all(type(answer) is int or answer["errorType"] == "CancelledError" for answer in answers)
        assert all(type(answer) is int for answer in later)

    def test_cancels_the_end(self, start: Start) -> None:
        """A function that cancels all tasks of a process that is at its end gets no answer lost."""
        emulator = begun(start, count=4 * COUNT, timeout=10.0)
        naps: list[dict[str, Any]] = [{"do": "nap", "seconds": 1}] * (2 * COUNT)
        cancels: list[dict[str, Any]] = [{"do": "cancel all", "seconds": 0.5}] * COUNT
        answers = ask(emulator, [*naps, *cancels, *[{"do": "exit"}] * 4])

        assert {type(answer) is int or answer["errorType"] for answer in answers} <= {
            True,
            "CancelledError",
            "SystemExit",
        }

    def test_cancels_answers(self, start: Start) -> None:
        """A function that cancels answers half-way, and those in their place too, gets no place of others lost."""
        emulator = begun(start, count=2 * COUNT, timeout=10.0)
        emulator.script("error", *[Reply(429, body=b"{}")] * (4 * COUNT))  # each is sent again, after a pause
        ask(emulator, [{"do": "cancel all", "seconds": 0.05, "times": 8}] * (2 * COUNT))
        emulator.wait_for("next", 4 * COUNT)
        later = ask(emulator, [{"do": "nap", "seconds": 0.5}] * (2 * COUNT))

        assert all(type(answer) is int for answer in later)

    def test_closes_all(self, start: Start) -> None:
        """A task that closes all descriptors, the event loop's too, ends its process, and the next one is well."""
        emulator = begun(start, timeout=5.0)
        before = children(emulator.pid)
        with ThreadPoolExecutor(1) as pool:
            lost = pool.submit(one, emulator, {"do": "close all"})
            wait_until(lambda: len(children(emulator.pid) - before) == 1, 30.0)
            answers = ask(emulator, [{"do": "nap", "seconds": 0.3}] * (COUNT - 1))

        assert {type(answer) for answer in answers} == {int}
        assert "errorType" in lost.result()
        assert any("cannot run any more" in str(record) for record in records(emulator))
        assert len(records(emulator)) < 40

    @pytest.mark.parametrize("end", ["killed", "exits"])
    def test_polls_stay(self, start: Start, end: str) -> None:
        """The idle polls of a process that ends, be it killed, are the next one's: no event for them gets lost."""
        emulator = begun(start, timeout=10.0)
        before = children(emulator.pid)
        if end == "exits":
            one(emulator, {"do": "exit"})
        else:
            os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: len(children(emulator.pid) - before) == 1, 30.0)
        polls = COUNT + (end == "exits")
        emulator.wait_for("next", polls, timeout=30.0)
        answers = ask(emulator, [{"do": "nap", "seconds": 0.5}] * COUNT)
        first = [request for request in emulator.requests if request.endpoint in {"next", "invoke"}]

        assert {type(answer) for answer in answers} == {int}
        assert set(answers) == children(emulator.pid)
        assert [request.endpoint for request in first if request.endpoint == "next"][:polls] == ["next"] * polls
        assert sum(request.endpoint == "next" for request in first) <= polls + COUNT

    def test_polls_taken(self, start: Start) -> None:
        """A poll whose event a process has taken that is killed then is not waited for by the next: it polls anew."""
        emulator = begun(start, timeout=4.0)
        first = children(emulator.pid)
        with ThreadPoolExecutor(1) as pool:
            for pid in first:
                os.kill(pid, signal.SIGSTOP)
            lost = pool.submit(one, emulator, {"do": "nap", "seconds": 3})
            emulator.wait_for("invoke")
            for pid in first:
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda: len(children(emulator.pid) - first) == len(first), 30.0)
            time.sleep(1)  # one of the second processes takes the event
            for pid in children(emulator.pid):
                os.kill(pid, signal.SIGKILL)
            emulator.wait_for("next", COUNT + 1, timeout=30.0)
            lost.result()
        answers = ask(emulator, [{"do": "nap", "seconds": 0.5}] * COUNT)

        assert {type(answer) for answer in answers} == {int}

    def test_fork(self, start: Start) -> None:
        """A child that a handler forks answers nothing."""
        emulator = begun(start, count=4, timeout=10.0)
        answers = ask(emulator, [{"do": "nap", "seconds": 0.3}, {"do": "fork"}])

        assert all(type(answer) is int for answer in answers)
        assert len(emulator.wait_for("response", 2)) == 2


class TestRuntimeApi:
    """Calls that fail."""

    def test_refused_poll(self, start: Start) -> None:
        """When the polls of all processes are refused, the runtime exits with 1."""
        emulator = start("swarm.does", concurrency=2)
        emulator.script("next", *[Reply(403, body=b"{}")] * 50)
        emulator.start()

        assert emulator.wait_exit() == 1

    def test_lost_poll(self, start: Start) -> None:
        """A poll whose connection is closed is sent again, and one that gets nonsense a little later."""
        emulator = start("swarm.does", concurrency=2, environ={"AWS_LAMBDA_LOG_FORMAT": "JSON"})
        emulator.script("next", Close(), Reply(502, body=b"no"), Close(), Pause(0.1))
        emulator.start()
        emulator.wait_for("next", 5)

        assert type(one(emulator, {"do": ""})) is int
        assert any("failed to get the next invocation" in record["message"] for record in records(emulator, "WARN"))

    def test_refused_response(self, start: Start) -> None:
        """A response that the platform refuses is logged, and the task polls again."""
        emulator = begun(start, count=max(2, shares.cpus()), timeout=1.0)
        emulator.script("response", Reply(400, body=b'{"errorType": "InvalidRequestID"}'))
        one(emulator, {"do": ""})

        assert type(one(emulator, {"do": ""})) is int
        assert any("refused the response" in record["message"] for record in records(emulator, "WARN"))

    def test_lost_response(self, start: Start) -> None:
        """A response that got no answer is sent once more."""
        emulator = begun(start, count=max(2, shares.cpus()))
        emulator.script("response", Close())

        assert type(one(emulator, {"do": ""})) is int
        assert len(emulator.wait_for("response", 2)) == 2

    def test_lost_responses(self, start: Start) -> None:
        """A response that gets no answer twice is given up, as it may have arrived."""
        emulator = begun(start, count=2, timeout=1.0)
        emulator.script("response", *[Close()] * 6)
        one(emulator, {"do": ""})
        emulator.wait_for("response", 2)
        time.sleep(0.3)

        assert len(emulator.wait_for("response", 2)) == 2

    def test_refused_error(self, start: Start) -> None:
        """An error that is refused for the moment is sent once more, and its caller gets it."""
        emulator = begun(start, count=max(2, shares.cpus()), timeout=5.0)
        emulator.script("error", Reply(429, body=b"{}"))

        assert one(emulator, {"do": "raise"})["errorMessage"] == "as asked"
        assert len(emulator.wait_for("error", 2)) == 2

    def test_refused_loss(self, start: Start) -> None:
        """The error of a stream that was lost is sent once, refused or not, and its task polls again."""
        emulator = begun(start, "swarm.streams", max(2, shares.cpus()), timeout=1.0)
        emulator.script("response", Close())
        emulator.script("error", *[Reply(429, body=b"{}")] * 2)
        one(emulator, {"pieces": 3})

        assert emulator.invoke(b'{"pieces": 0}').body == b""
        assert len(emulator.wait_for("error")) == 1


class TestEnd:
    """The end of the environment."""

    def test_sigterm(self, start: Start) -> None:
        """At SIGTERM, what is running is answered, and all processes end."""
        emulator = begun(start)
        pids = children(emulator.pid)
        with ThreadPoolExecutor(1) as pool:
            running_ = pool.submit(ask, emulator, [{"do": "nap", "seconds": 0.15}] * 6)
            emulator.wait_for("invoke", 6)
            time.sleep(0.05)
            os.kill(emulator.pid, signal.SIGTERM)
            answers = running_.result()

        assert {type(answer) for answer in answers} == {int}
        assert emulator.wait_exit() == 0
        for pid in pids:
            wait_gone(pid)

    def test_stopped(self, start: Start) -> None:
        """What takes longer than half of the time is cancelled, and its caller is told why."""
        emulator = begun(start, count=2, timeout=10.0)
        with ThreadPoolExecutor(1) as pool:
            running_ = pool.submit(one, emulator, {"do": "hang"})
            emulator.wait_for("invoke")
            time.sleep(0.1)
            os.kill(emulator.pid, signal.SIGTERM)
            answer = running_.result()

        assert answer["errorType"] == "Runtime.Shutdown"
        assert "await asyncio.sleep(60)" in "".join(answer["stackTrace"])
        assert emulator.wait_exit() == 0

    @pytest.mark.parametrize("phase", [0.0, 0.01, 0.02])
    def test_cleaned(self, start: Start, phase: float) -> None:
        """What is stopped has 50 ms for its `finally`, and its caller is still told."""
        emulator = begun(start, count=2, timeout=10.0)
        with ThreadPoolExecutor(1) as pool:
            running_ = pool.submit(one, emulator, {"do": "hang and clean", "seconds": 0.02})
            emulator.wait_for("invoke")
            time.sleep(0.1 + phase)
            os.kill(emulator.pid, signal.SIGTERM)
            answer = running_.result()

        assert answer["errorType"] == "Runtime.Shutdown"
        assert b"cleaned up" in emulator.stdout

    def test_hooks(self, start: Start) -> None:
        """Hooks of `on_shutdown` run in each process, once nothing else runs."""
        emulator = begun(start, "swarm.handler", environ={"LEAVE": "hook"})
        pids = children(emulator.pid)
        status = emulator.shut_down()
        ended = {record["message"] for record in records(emulator) if record["message"].startswith("ended ")}

        assert status == 0
        assert ended == {f"ended {pid}" for pid in pids}

    def test_own_handler(self, start: Start) -> None:
        """A signal handler of the function's that exits ends the process, once what runs has been answered."""
        emulator = begun(start, environ={"LEAVE": "signal"}, timeout=10.0)
        (victim, *_) = children(emulator.pid)
        with ThreadPoolExecutor(1) as pool:
            running_ = pool.submit(ask, emulator, [{"do": "nap", "seconds": 0.4}] * COUNT)
            emulator.wait_for("invoke", COUNT)
            time.sleep(0.1)
            os.kill(victim, signal.SIGTERM)
            answers = running_.result()
        wait_gone(victim)

        assert {type(answer) for answer in answers} == {int}
        wait_until(lambda: any("exit status 5" in record["message"] for record in records(emulator, "WARN")))


def test_thousand() -> None:
    """A thousand sleeps of a second run at once in one environment: 1.5 s, and 60 MB, on a machine that is idle."""
    CACHE.mkdir(parents=True, exist_ok=True)

    async def measure() -> tuple[float, float, int]:
        async with running(replace(ours(), handler="naps.handler"), 1000) as platform:
            await platform.wait_polls(1000)
            took: list[float] = []
            memory: list[float] = []
            answers: set[bytes] = set()
            for _ in range(5):
                began = time.monotonic()
                naps = asyncio.gather(*(platform.invoke(b'{"seconds": 1}') for _ in range(1000)))
                await asyncio.sleep(0.7)
                memory.append(sum(platform.memory_mb("Pss")))
                answers.update(body for _, body in await naps)
                took.append(time.monotonic() - began)
                await platform.wait_polls(1000)
                if took[-1] <= 1.5:
                    break
            return min(took), max(memory), len(answers) // len(took)

    took, memory, answers = asyncio.run(measure())

    assert answers == 1000
    assert memory <= 60
    assert took <= 1.5 + os.getloadavg()[0] / 8  # other processes have the CPU meanwhile


@pytest.mark.parametrize(
    ("count", "cpus", "soft", "found"),
    [
        (1, 4, 1024, [1]),
        (10, 2, 1024, [5, 5]),
        (10, 4, 1024, [3, 3, 2, 2]),
        (480, 1, 1024, [480]),
        (481, 1, 1024, [241, 240]),
        (1600, 2, 1024, [400] * 4),
    ],
)
def test_shares(monkeypatch: pytest.MonkeyPatch, count: int, cpus: int, soft: int, found: list[int]) -> None:
    """There is a process for each CPU, and more if one could not have the descriptors."""
    monkeypatch.setattr(shares, "cpus", lambda: cpus)
    monkeypatch.setattr(shares, "getrlimit", lambda _: (soft, soft))
    monkeypatch.setattr(shares, "setrlimit", lambda *_: None)

    assert shares.of_tasks(count) == found
