"""
A function that does what it should not, over both transports.

For every case: what was posted, once; how many errors and warnings were logged; and whether the process lives, which
it shows by answering an ordinary invocation afterwards, or the status that it exited with.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Close, Default, Pause, Reset

from tests.support.emulated import lines, mark_known_over_urllib3, posts

if TYPE_CHECKING:
    from tests.support import Start


@dataclass(frozen=True)
class Raised:
    """
    What is posted and logged for a function that raised.

    Args:
        error_type: posted.
        message: that the posted one starts with.
        category: the header's; by default `Function.` and the type.
        exit_status: or None if the process lives.
        has_cause: whether there is something to tell X-Ray in 64 KiB.
    """

    error_type: str
    message: str = ""
    category: str = ""
    exit_status: int | None = None
    has_cause: bool = True


RAISED = {
    "exits": Raised("SystemExit", "3", exit_status=3),
    "interrupts": Raised("KeyboardInterrupt", exit_status=1),
    "exits_in_group": Raised("BaseExceptionGroup", "both (2 sub-exceptions)"),
    "cancels": Raised("CancelledError", "cancelled"),
    "closes_generator": Raised("GeneratorExit"),
    "stops_iteration": Raised("StopIteration"),
    "lacks_memory": Raised("MemoryError"),
    "lacks_memory_really": Raised("MemoryError"),
    "recurses": Raised("RecursionError", "maximum recursion depth exceeded"),
    "group": Raised("ExceptionGroup", "several (2 sub-exceptions)"),
    "deep_group": Raised("ExceptionGroup", "1999 (1 sub-exception)"),
    "chain": Raised("LookupError", "last"),
    "cycle": Raised("ValueError", "first"),
    "long_chain": Raised("ValueError", "4999"),
    "odd_notes": Raised("ValueError", "noted"),
    "unspeakable": Raised("Unspeakable", "<unprintable Unspeakable object>"),
    "exiting_text": Raised("Exiting", "<unprintable Exiting object>"),
    "no_text": Raised("NoText", "<unprintable NoText object>"),
    "without_name": Raised("WithoutName", "boom"),
    "with_number": Raised("WithNumber", "boom"),
    "disguised": Raised("Disguised", "boom"),
    "noted": Raised("Noted", "boom"),
    "sticky": Raised("Sticky", "boom"),
    "evil_text": Raised("EvilText", "boom"),
    "evil_name": Raised("EvilName", "boom"),
    "evil_notes": Raised("ValueError", "noted"),
    "evil_places": Raised("ValueError", "boom"),
    "evil_exit": Raised("SystemExit", "evil", exit_status=1),
    "evil_exit_number": Raised("SystemExit", "3", exit_status=3),
    "evil_path": Raised("ZeroDivisionError", "division by zero"),
    "note_of_lines": Raised("ValueError", "noted"),
    "surrogates": Raised("ValueError", "lone "),
    "control_bytes": Raised("ValueError", "\x00\x01"),
    "large_message": Raised("ValueError", "x" * 10_000),
    "large_wide_message": Raised("ValueError", "\U0001f600" * 10_000),
    "odd_type_name": Raised("Ünsinn\r\nX-Evil: 1", "named", category="Function.Unknown"),
    "long_type_name": Raised("X" * 200, "named", category="Function." + "X" * 200, has_cause=False),
    "odd_label": Raised("ValueError", "boom", has_cause=False),
    "returns_circle": Raised("Runtime.MarshalError", "Unable to marshal response: Circular reference detected"),
    "returns_depth": Raised("Runtime.MarshalError", "Unable to marshal response: "),
    "bad_items": Raised("Runtime.MarshalError", "Unable to marshal response: "),
    "bad_list": Raised("Runtime.MarshalError", "Unable to marshal response: "),
    "bad_iso": Raised("Runtime.MarshalError", "Unable to marshal response: "),
    "bytes_too_many": Raised("Function.ResponseSizeTooLarge"),
    "text_too_long": Raised("Function.ResponseSizeTooLarge"),
    "returns_large_text": Raised("Function.ResponseSizeTooLarge"),
    "deletes_modules_and_raises": Raised("ValueError", "boom"),
    "removes_directory": Raised("ValueError", "boom"),
    "exhausts_descriptors_and_raises": Raised("ValueError", "boom"),
}

# Not as agreed yet.
XFAIL_URLLIB3 = {
    "test_streams_and_connection_gone closes_stdout": "urllib3's new connection becomes descriptor 1: print's",
}


@pytest.fixture(autouse=True)
def _known(request: pytest.FixtureRequest) -> None:
    """Mark what isn't as agreed yet over one transport."""
    mark_known_over_urllib3(request, XFAIL_URLLIB3)


@pytest.mark.parametrize(("deed", "raised"), RAISED.items(), ids=RAISED)
def test_raises(start: Start, deed: str, raised: Raised) -> None:
    """Whatever a function raises is posted once and logged once, in bounds, and the process lives where it can."""
    emulator = start("hostile.handler")
    outcome = emulator.invoke(json.dumps(deed).encode())
    (post,) = emulator.wait_for("error")
    cause = post.header("Lambda-Runtime-Function-XRay-Error-Cause")

    assert posts(emulator) == ["error"]
    assert outcome.body == post.body
    body = json.loads(post.body)
    assert list(body) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert body["errorType"][:200] == raised.error_type
    assert body["errorMessage"].startswith(raised.message)
    assert len(body["errorMessage"]) <= 33_000
    assert len(post.body) <= 256 * 1024
    assert all("/lambda_bootstrap/" not in entry and "importlib" not in entry for entry in body["stackTrace"])
    category = raised.category or f"Function.{raised.error_type}".replace("Function.Runtime.", "Runtime.")
    assert post.header("Lambda-Runtime-Function-Error-Type").startswith(
        category.replace("Function.Function.", "Function.")
    )
    assert len(cause) <= 64 * 1024
    if raised.has_cause:
        assert cause.isascii()
        frames = [frame for exception in json.loads(cause)["exceptions"] for frame in exception["stack"]]
        assert all(type(frame["line"]) is int for frame in frames)
    assert len(lines(emulator, "ERROR")) == 1
    if raised.exit_status is not None:
        assert emulator.wait_exit() == raised.exit_status
        return
    assert emulator.invoke(b'"after"').body == b'"after"'
    assert posts(emulator) == ["error", "response"]
    assert lines(emulator, "WARN") == []


RETURNED: dict[str, Any] = {
    "returns_surrogates": {"text": "lone \ud800"},
    "closes_stdout": "done",
    "closes_all_streams": "done",
    "closes_all_descriptors": "done",
    "closes_stdout_object": "done",
    "loses_stdout": "done",
    "breaks_stdout": "done",
    "deletes_modules": "done",
    "clears_path": "done",
    "changes_directory": "done",
    "clears_environment": "done",
    "forks": "parent",
    "forks_and_raises": "parent",
    "forks_and_exits": "parent",
    "forks_often": "done",
    "leaves_threads": "done",
    "leaves_crashing_thread": "done",
    "leaves_child": "done",
    "leaves_dead_children": "done",
    "sets_default_timeout": "done",
    "replaces_socket": "done",
    "handles_signals": "done",
    "defaults_sigpipe": "done",
    "ignores_sigchld": "done",
    "wakes_up": "done",
    "exhausts_descriptors": "done",
    "fills_disk": "OSError",
    "sets_recursion_limit": "done",
    "traces": "done",
    "disables_gc": "done",
    "prints_megabytes": "done",
    "returns_evil": {"key": "value", "plain": [1.5, {"in": ["tuple"]}], "date": "2026-01-02"},
    "returns_evil_keys_with_decimals": {"key": "value", "number": 1.5, "pair": {"left": "a", "right": 2}},
    "prints_evil": "done",
}


@pytest.mark.parametrize(("deed", "result"), RETURNED.items(), ids=RETURNED)
def test_returns(start: Start, deed: str, result: Any) -> None:
    """Whatever a function does before it returns, its result is posted once, by its own process, which lives."""
    emulator = start("hostile.handler")
    outcome = emulator.invoke(json.dumps(deed).encode())
    pid = emulator.pid
    time.sleep(0.1)  # a forked child would answer now, a signal arrive, a timeout pass

    assert json.loads(outcome.body) == result
    assert posts(emulator) == ["response"]
    assert emulator.invoke(b'"after"').body == b'"after"'
    assert emulator.invoke(b'"recurses"').error["errorType"] == "RecursionError"
    assert emulator.invoke(b'"again"').body == b'"again"'
    assert posts(emulator) == ["response", "response", "error", "response"]
    assert emulator.pid == pid
    assert lines(emulator, "WARN") == []


def test_largest_bytes(start: Start) -> None:
    """Bytes of just the limit are posted as they are."""
    assert len(start("hostile.handler").invoke(b'"bytes_at_limit"').body) == 6_291_556


def test_over_limit(start: Start) -> None:
    """A result over the limit is answered with its size, the limit, and the path and size of its largest part."""
    message = start("hostile.handler").invoke(b'"returns_large_text"').error["errorMessage"]

    assert "6519521" in message.replace(",", "")
    assert "6291556" in message.replace(",", "")
    assert "items" in message


CHILDREN = {
    "waits_for_error": (1, b"[ERROR] LookupError: in the child\rTraceback (most recent call last):\r"),
    "waits_for_group": (1, b"[ERROR] ExceptionGroup: in the child (1 sub-exception)\r"),
    "waits_for_exit": (3, b""),
    "waits_for_exit_0": (0, b""),
    "waits_for_exit_text": (1, b"a child process exits: in the child\n"),
    "waits_for_return": (0, b""),
    "forks_and_exits_with_evil": (1, b"a child process exits: evil\n"),
}


@pytest.mark.parametrize("deed", CHILDREN)
def test_child_status(start: Start, deed: str) -> None:
    """A child of `os.fork` that raises or exits has the status that Python gives it, and its error is logged."""
    emulator = start("hostile.handler")
    status, told = CHILDREN[deed]

    assert emulator.invoke(json.dumps(deed).encode()).json() == status
    assert posts(emulator) == ["response"]
    assert (told in emulator.output) if told else emulator.output == b""


@pytest.mark.parametrize("name", ["batch", "async_batch"])
def test_returning_child_in_a_batch(start: Start, name: str) -> None:
    """A child that returns from its record ends there: the records that follow are the parent's."""
    emulator = start(f"forks.{name}", environ={"RETURNS": "1"})
    event = {"Records": [{"messageId": each, "eventSource": "aws:sqs"} for each in "ab"]}

    assert emulator.invoke(json.dumps(event).encode()).json() == {"batchItemFailures": []}
    assert sorted(emulator.output.splitlines()) == [
        *(b"record a of 1 status 0", b"record a of 1 status 0", b"record b of 2 status 0", b"record b of 2 status 0"),
    ]


@pytest.mark.parametrize("name", ["batch", "async_batch"])
def test_child_in_a_batch(start: Start, name: str) -> None:
    """A child that raises while it works on a record ends there, and doesn't go on with the records that follow."""
    emulator = start(f"forks.{name}")
    event = {"Records": [{"messageId": each, "eventSource": "aws:sqs"} for each in "ab"]}

    assert emulator.invoke(json.dumps(event).encode()).json() == {"batchItemFailures": []}
    assert [line for line in emulator.output.splitlines() if line.startswith(b"record")] == [
        b"record a of 1 status 1",
        b"record b of 2 status 1",
    ]
    assert emulator.output.count(b"[ERROR] LookupError: in the child\r") == 2


def test_child_of_a_coroutine(start: Start) -> None:
    """A child of an async handler that raises ends with 1, and its error is logged."""
    emulator = start("forks.waits")

    assert emulator.invoke().json() == 1
    assert emulator.output.count(b"[ERROR] LookupError: in the child\r") == 1
    assert posts(emulator) == ["response"]


@pytest.mark.parametrize("deed", ["forks", "forks_and_raises", "forks_and_exits", "forks_often"])
def test_children_end(start: Start, deed: str) -> None:
    """A child that returns from the handler ends; it logs what it raises, and nothing else."""
    emulator = start("hostile.handler")
    emulator.invoke(json.dumps(deed).encode())
    emulator.wait_report()
    deadline = time.monotonic() + 5
    while (left := living_children(emulator.pid)) and time.monotonic() < deadline:
        time.sleep(0.02)

    assert left == []
    assert emulator.output.startswith(b"[ERROR] ValueError: child\r" if deed == "forks_and_raises" else b"")
    assert emulator.output.count(b"\n") == (deed == "forks_and_raises")


def living_children(pid: int) -> list[int]:
    """The children of a process that have not ended, theirs included."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names are all that is wanted
        with open(f"/proc/{pid}/task/{task}/children") as file:  # noqa: PTH123 - as above
            for child in map(int, file.read().split()):
                with open(f"/proc/{child}/stat") as stat:  # noqa: PTH123 - as above
                    if stat.read().rpartition(")")[2].split()[0] != "Z":
                        found += [child, *living_children(child)]
    return found


@pytest.mark.parametrize("end", [Close(), Reset()], ids=["FIN", "RST"])
def test_sigpipe(start: Start, end: Close | Reset) -> None:
    """A function that lets SIGPIPE kill does not die of a connection that the Runtime API has closed."""
    emulator = start("hostile.handler")
    emulator.invoke(b'"defaults_sigpipe"')
    emulator.wait_for("next", count=2)
    emulator.script("next", [Pause(0.05), end])

    assert emulator.invoke(b'"after"').body == b'"after"'
    assert posts(emulator) == ["response", "response"]


def test_descriptors_and_connection_gone(start: Start) -> None:
    """A function that has taken every descriptor leaves the runtime its own: a lost connection is opened again."""
    emulator = start("hostile.handler")
    emulator.invoke(b'"exhausts_descriptors"')
    emulator.wait_for("next", count=2)
    emulator.script("next", [Pause(0.05), Close()])

    assert emulator.invoke(b'"after"').body == b'"after"'
    assert posts(emulator) == ["response", "response"]


@pytest.mark.parametrize("deed", ["closes_stdout", "closes_all_streams"])
def test_streams_and_connection_gone(start: Start, deed: str) -> None:
    """A new connection does not become the stdout of a function that has closed its own."""
    emulator = start("hostile.handler")
    emulator.invoke(json.dumps(deed).encode())
    emulator.wait_for("next", count=2)
    emulator.script("next", [Pause(0.05), Close()])

    assert emulator.invoke(b'"prints_megabytes"').error["errorType"] == "OSError"
    assert emulator.invoke(b'"after"').body == b'"after"'
    assert posts(emulator) == ["response", "error", "response"]


def test_signal_while_polling(start: Start) -> None:
    """What a function's signal handler raises during a poll is logged, and the same poll goes on."""
    emulator = start("hostile.handler")
    emulator.invoke(b'"alarms"')
    emulator.wait_for("next", count=2)
    time.sleep(0.5)

    assert emulator.invoke(b'"after"').body == b'"after"'
    assert posts(emulator) == ["response", "response"]
    assert len(emulator.wait_for("next", count=3)) == 3
    assert b"[ERROR] ValueError: a signal handler failed while the runtime was waiting: " in emulator.stdout


def test_signal_while_posting(start: Start) -> None:
    """What a function's signal handler raises during a post is logged, and the post comes to its end, once."""
    emulator = start("hostile.handler")
    emulator.script("response", [Pause(0.5), Default()])
    outcome = emulator.invoke(b'"alarms"')

    assert outcome.body == b'"done"'
    assert emulator.invoke(b'"after"').body == b'"after"'
    assert posts(emulator) == ["response"] * 2
    assert b"[ERROR] ValueError: a signal handler failed while the runtime was waiting: " in emulator.stdout


def test_exit_while_polling(start: Start) -> None:
    """A function whose signal handler exits during a poll ends the process with that status, and posts nothing."""
    emulator = start("hostile.handler")
    emulator.invoke(b'"alarms_to_exit"')

    assert emulator.wait_exit() == 5
    assert posts(emulator) == ["response"]


@pytest.mark.parametrize(
    ("deed", "kind"),
    [("cancels", "CancelledError"), ("times_out", "TimeoutError"), ("closes_loop", "RuntimeError")],
)
def test_async(start: Start, deed: str, kind: str) -> None:
    """An `async def` handler that is cancelled, times out or stops its loop is answered once, and the loop goes on."""
    emulator = start("hostile.waits")
    outcome = emulator.invoke(json.dumps(deed).encode())

    assert outcome.error["errorType"] == kind
    assert emulator.invoke(b'"after"').body == b'"after"'
    assert posts(emulator) == ["error", "response"]


def test_async_exit(start: Start) -> None:
    """A callback that exits from the event loop ends the process with its status, after an answer."""
    emulator = start("hostile.waits")
    outcome = emulator.invoke(b'"exits"')

    assert outcome.error["errorType"] == "SystemExit"
    assert emulator.wait_exit() == 3
    assert posts(emulator) == ["error"]


def test_stack_of_chain(start: Start) -> None:
    """A chain is told whole: every exception, its note and its line, and no frame of the runtime."""
    trace = "".join(start("hostile.handler").invoke(b'"chain"').error["stackTrace"])

    for words in ("of the second", "KeyError", "of the first", "ValueError: invalid literal", 'int("x")'):
        assert words in trace


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("evil_notes", ["  Note: of evil\n"]),
        ("evil_places", ['  File "/evil.py", line ', ", in evil\n"]),
        ("evil_path", ["    functools.singledispatch"]),
        ("disguised", ["    raise error\n"]),
        ("evil_words", ["Caused by ExceptionGroup: evils", "EvilText: boom", "ValueError: of evil"]),
    ],
)
def test_stack_of_evil(start: Start, deed: str, words: list[str]) -> None:
    """Texts of a misbehaving subclass of `str` are told as they are, and cost no part of the trace."""
    body = start("hostile.handler").invoke(json.dumps(deed).encode()).error
    trace = "".join(body["stackTrace"])

    assert [word for word in words if word not in trace] == []
    if deed == "evil_words":
        assert (body["errorType"], body["errorData"]) == ("Evil.Type", {"key": ["value"]})


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
def test_prints_evil(start: Start, log_format: str) -> None:
    """What is printed, logged and warned of in texts of a misbehaving subclass of `str` is in the log as it is."""
    emulator = start("hostile.handler", environ={"AWS_LAMBDA_LOG_FORMAT": log_format})
    emulator.invoke(b'"prints_evil"')
    emulator.wait_report()
    output = emulator.output.decode()

    words = ["printed", "written", "logged", "failed", "EvilText", "boom", "UserWarning: warned", "in thread thread"]
    assert [word for word in words if word not in output] == []


def test_stack_of_group(start: Start) -> None:
    """The members of a group are told, those of an inner group too."""
    trace = "".join(start("hostile.handler").invoke(b'"group"').error["stackTrace"])

    for words in ("ValueError: one", "ExceptionGroup: inner", "TypeError: two"):
        assert words in trace


def test_innermost_frames(start: Start) -> None:
    """Of a runaway recursion the X-Ray cause keeps the innermost frames, within 64 KiB."""
    emulator = start("hostile.handler")
    emulator.invoke(b'"recurses"')
    (post,) = emulator.wait_for("error")
    (exception,) = json.loads(post.header("Lambda-Runtime-Function-XRay-Error-Cause"))["exceptions"]

    assert 10 <= len(exception["stack"]) <= 60
    assert exception["stack"][-1]["label"] == "recurses"
