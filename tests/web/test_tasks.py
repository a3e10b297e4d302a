"""ASGI applications that serve many requests at once: each is a task."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap.lifecycle import shares

from tests.support.front_ends import URL, Sent
from tests.support.processes import children, in_time, wait_until

if TYPE_CHECKING:
    from lambda_bootstrap_dev.testing import Emulator, Outcome

    from tests.support import Start

# A consumer may connect while the emulator ends; asyncio forgets to close what it has accepted only half.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

COUNT = 10


@pytest.fixture
def transport() -> str:
    """The one that counts: tasks have connections of their own."""
    return "socket"


PATHS = ("hello", "events", "empty", "bare", "early", "unsent", "late", "short", "sorry", "file", "no_content", "gone")


def get(emulator: Emulator, path: str) -> Outcome:
    """What a function URL is answered with."""
    return emulator.invoke(json.dumps(URL.event(Sent(path=f"/{path}"))).encode())


@pytest.mark.parametrize("words", ["", "stream"])
def test_responses(start: Start, words: str) -> None:
    """Whatever an application sends, and however it fails, the answer is the same as with one request at a time."""
    environ = {"BOOTSTRAP_HTTP": words, "AWS_LAMBDA_LOG_FORMAT": "JSON"}
    seen = []
    for concurrency in (0, 2):
        emulator = start("webapps.app", environ=environ, concurrency=concurrency)
        answers = [(get(emulator, path).body, path) for path in PATHS]
        posts = [post for post in emulator.requests if post.endpoint in {"response", "error"}]
        seen.append([(post.endpoint, post.header("Content-Type"), post.body, bool(post.trailers)) for post in posts])

        assert len(answers) == len(posts)
    assert without_ids(seen[0]) == without_ids(seen[1])


def without_ids(posts: list[Any]) -> list[Any]:
    """Posts without what is different each time."""
    return [(*post[:2], *post[3:]) if post[0] == "error" else post for post in posts]


def test_at_once(start: Start) -> None:
    """Ten requests that take 0.5 s take one such time together, each with its own context."""
    emulator = start("webapps.app", concurrency=COUNT)
    emulator.start()
    emulator.wait_for("next", COUNT)
    began = time.monotonic()
    with ThreadPoolExecutor(COUNT) as pool:
        answers = list(pool.map(lambda _: get(emulator, "nap").json()["body"], range(COUNT)))
    took = time.monotonic() - began

    assert took < 2
    assert len(set(answers)) == COUNT
    assert len(children(emulator.pid)) == min(shares.cpus(), COUNT)


def test_large(start: Start) -> None:
    """Streams of 100 MB leave as fast as the platform takes them, side by side, and not by way of the memory."""
    emulator = start("webapps.app", concurrency=2, timeout=60.0, environ={"BOOTSTRAP_HTTP": "stream"})
    with ThreadPoolExecutor(2) as pool:
        sizes = list(pool.map(lambda _: len(get(emulator, "large").body), range(2)))
    posts = emulator.wait_for("response", 2)

    assert all(len(post.body) > 100 << 20 for post in posts)
    assert len(sizes) == 2


def test_background(start: Start) -> None:
    """What an application does after its response has been done before its place takes another request."""
    emulator = start("webapps.app", concurrency=2, environ={"BOOTSTRAP_IMPORT": "worker"})
    stories = [json.loads(get(emulator, "tell").json()["body"]) for _ in range(8)]

    assert all(story == ["startup", *["answered", "background"] * (len(story) // 2)] for story in stories)
    assert max(map(len, stories)) >= 5


@pytest.mark.parametrize("concurrency", [0, 2])
@pytest.mark.parametrize(("path", "words"), [("hang", ""), ("hang", "stream"), ("hang_late", "stream")])
def test_deadline(start: Start, concurrency: int, path: str, words: str) -> None:
    """A request that hangs fails the invocation shortly before its deadline, where it was, and others are served."""
    emulator = start("webapps.app", concurrency=concurrency, timeout=1.0, environ={"BOOTSTRAP_HTTP": words})
    get(emulator, "hello")
    found = in_time(lambda: get(emulator, path), lambda found: b"Sandbox.Timedout" in found.body)

    assert found.error is not None
    assert found.error["errorType"] == "Runtime.DeadlineExceeded"
    assert "await asyncio.sleep(60)" in "".join(found.error["stackTrace"])
    assert get(emulator, "hello").error is None
    assert (b"cleaned up" in emulator.stdout) == (path == "hang")


def test_clings(start: Start) -> None:
    """A request that catches its cancellation and goes on isn't waited for: its caller is told before the deadline."""
    emulator = start("webapps.app", concurrency=2, timeout=1.0)
    get(emulator, "hello")
    found = in_time(lambda: get(emulator, "cling"), lambda found: b"Sandbox.Timedout" in found.body)

    assert found.error is not None
    assert found.error["errorType"] == "Runtime.DeadlineExceeded"


def test_slow_reader(start: Start) -> None:
    """A stream whose reader is too slow for its deadline is cancelled, which no application takes for a client gone."""
    environ = {"BOOTSTRAP_HTTP": "stream", "AWS_LAMBDA_LOG_FORMAT": "JSON"}
    emulator = start("webapps.app", concurrency=2, timeout=1.0, environ=environ)
    connection = HTTPConnection(emulator.address)
    with closing(connection):
        path = "/2021-11-15/functions/function/response-streaming-invocations"
        connection.request("POST", path, json.dumps(URL.event(Sent(path="/pours"))).encode())
        connection.getresponse().read(10)
        wait_until(lambda: b'"ERROR"' in emulator.stdout)

    assert b"Runtime.DeadlineExceeded" in emulator.stdout
    assert b"the client has gone" not in emulator.stdout


def test_cleaned(start: Start) -> None:
    """A request that its deadline cancels is cancelled once: what it awaits in its `finally` is not."""
    emulator = start("webapps.app", concurrency=COUNT, timeout=1.0)
    emulator.start()
    emulator.wait_for("next", COUNT)
    with ThreadPoolExecutor(COUNT) as pool:
        list(pool.map(lambda _: get(emulator, "hang_and_clean"), range(COUNT)))

    wait_until(lambda: emulator.stdout.count(b"cleaned up") == COUNT)


def test_place(start: Start) -> None:
    """A request that takes some milliseconds for its `finally` fails with the place where it was."""
    emulator = start("webapps.app", concurrency=2, timeout=1.0)
    get(emulator, "hello")
    found = in_time(lambda: get(emulator, "hang_and_clean"), lambda found: b"await asyncio.sleep(60)" not in found.body)

    assert found.error is not None
    assert found.error["errorType"] == "Runtime.DeadlineExceeded"
    assert "await asyncio.sleep(60)" in "".join(found.error["stackTrace"])


def test_end(start: Start) -> None:
    """What an application still does after its response is stopped at the end, and its lifespan ends after it."""
    emulator = start("webapps.app", concurrency=2, timeout=10.0)
    get(emulator, "go_on")

    assert emulator.shut_down() == 0
    assert emulator.stdout.rindex(b'"shutdown"') > emulator.stdout.index(b"cleaned up")


def test_lifespan(start: Start) -> None:
    """Each process has one lifespan, from before its first poll to the end."""
    emulator = start("webapps.app", concurrency=COUNT)
    emulator.start()
    emulator.wait_for("next", COUNT)
    processes = len(children(emulator.pid))

    assert emulator.shut_down() == 0
    assert emulator.stdout.count(b'"shutdown"') == processes == min(shares.cpus(), COUNT)
