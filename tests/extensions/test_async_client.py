"""Extensions for tasks of asyncio, against the emulator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap import extensions
from lambda_bootstrap.errors import RuntimeApiError
from lambda_bootstrap_dev.testing import Close, Emulator, Raw, Reply

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

EVENT = b'{"eventType":"INVOKE","deadlineMs":1,"requestId":"id-1","invokedFunctionArn":"arn:aws:lambda"}'
END = b'{"eventType":"SHUTDOWN","shutdownReason":"timeout","deadlineMs":1}'


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """The platform, and no runtime."""
    with Emulator() as emulator:
        monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", emulator.address)
        yield emulator


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene; whatever it waits for comes within seconds."""
    asyncio.run(asyncio.wait_for(scene, 10))


def test_life(emulator: Emulator) -> None:
    """An extension registers, hears events to the last, and does it all on one connection."""
    emulator.script("extension/next", Reply(200, body=EVENT), Reply(200, body=END))

    async def scene() -> None:
        async with await extensions.register_async("watcher", ["INVOKE"]) as extension:
            assert [(event.type, event.reason) async for event in extension.events()] == [
                ("INVOKE", ""),
                ("SHUTDOWN", "timeout"),
            ]

    play(scene())
    (registration,) = emulator.wait_for("extension/register")
    polls = emulator.wait_for("extension/next", 2)

    assert registration.body == b'{"events":["INVOKE"]}'
    assert {request.connection for request in (registration, *polls)} == {1}
    assert len({poll.header("Lambda-Extension-Identifier") for poll in polls}) == 1


def test_other_tasks_run(emulator: Emulator) -> None:
    """A poll that waits leaves the loop to other tasks."""

    async def scene() -> None:
        async with await extensions.register_async("watcher") as extension:
            poll = asyncio.create_task(extension.next())
            await asyncio.to_thread(emulator.wait_for, "extension/next")
            assert not poll.done()
            poll.cancel()

    play(scene())


@pytest.mark.usefixtures("emulator")
def test_refused() -> None:
    """A refusal is an error with the platform's type."""

    async def scene() -> None:
        with pytest.raises(extensions.ExtensionError) as caught:
            await extensions.register_async("watcher", ["SHUTDOWN"])
        assert caught.value.error_type == "Extension.InvalidEventType"

    play(scene())


@pytest.mark.parametrize("phase", ["init", "exit"])
def test_error(emulator: Emulator, phase: str) -> None:
    """A report has its type in the header, and is taken once."""

    async def scene() -> None:
        async with await extensions.register_async("watcher") as extension:
            fail = getattr(extension, f"fail_{phase}")
            await fail("Extension.NoBackend", "nobody listens")
            with pytest.raises(extensions.ExtensionError, match=f"refused the {phase} error: 403"):
                await fail("Extension.NoBackend", "nobody listens")

    play(scene())
    request, _ = emulator.wait_for(f"extension/{phase}/error", 2)

    assert request.header("Lambda-Extension-Function-Error-Type") == "Extension.NoBackend"


@pytest.mark.parametrize("answer", [Close(), [Raw(b"HTTP/1.1 200 OK\r\nContent-"), Close()]], ids=["none", "cut"])
def test_lost(emulator: Emulator, answer: Any) -> None:
    """A platform that goes away instead of an answer is an error, and the next call is over a new connection."""
    emulator.script("extension/next", answer, Reply(200, body=EVENT))

    async def scene() -> None:
        async with await extensions.register_async("watcher") as extension:
            with pytest.raises(RuntimeApiError, match=r"closed"):
                await extension.next()
            assert (await extension.next()).request_id == "id-1"

    play(scene())


def test_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens, the error says which call failed."""
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")

    async def scene() -> None:
        with pytest.raises(
            RuntimeApiError, match=r"failed to POST http://127\.0\.0\.1:1/2020-01-01/extension/register"
        ):
            await extensions.register_async("watcher")

    play(scene())
