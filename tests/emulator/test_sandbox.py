"""The execution environment, without a port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lambda_bootstrap_dev.emulator.function import Function
from lambda_bootstrap_dev.emulator.invoke_api import new_invocation
from lambda_bootstrap_dev.emulator.sandbox import Sandbox
from lambda_bootstrap_dev.emulator.values import Kind, Request

if TYPE_CHECKING:
    from collections.abc import Coroutine


def a_call(endpoint: str, connection: int = 1, **given: Any) -> Request:
    """Return a call to the Runtime API."""
    return Request(endpoint, "POST", "/", (), b"1", (), connection, 0.0, **given)


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene; whatever it waits for comes within seconds."""
    asyncio.run(asyncio.wait_for(scene, 10))


async def settle() -> None:
    """Let everything happen that can."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_oldest_poll() -> None:
    """The oldest held call gets the event, whoever asks first; a withdrawn one doesn't count."""

    async def scene() -> None:
        sandbox = Sandbox(Function())
        polls = [a_call("next", number) for number in (1, 2, 3)]
        assert [sandbox.take(poll) for poll in polls] == [None] * 3
        sandbox.withdraw(polls[0])
        sandbox.invoke(new_invocation(b"1"))
        await settle()

        assert [sandbox.holds(poll) for poll in polls] == [False, True, True]
        assert [sandbox.offer(polls[2]), sandbox.offer(polls[0])] == [None, None]
        delivered = sandbox.offer(polls[1])
        assert delivered is not None
        assert delivered.body == b"1"
        assert [sandbox.holds(poll) for poll in polls] == [False, False, True]
        await sandbox.stop()

    play(scene())


def test_connection_of_a_refused_post_dies() -> None:
    """An event that has arrived is served again to whoever asks, though a connection with a refused post has died."""

    async def scene() -> None:
        sandbox = Sandbox(Function())
        poll = a_call("next", 1)
        assert sandbox.take(poll) is None
        sandbox.invoke(new_invocation(b"1", request_id="id-1"))
        await settle()
        assert sandbox.offer(poll) is not None
        sandbox.talk.hear(1)
        refused = sandbox.take(a_call("response", 2, request_id="another"))
        sandbox.talk.lose(2)
        again = sandbox.take(a_call("next", 3))

        assert refused is not None
        assert refused.status == 400
        assert again is not None
        assert again.body == b"1"
        await sandbox.stop()

    play(scene())


def test_over_at_next() -> None:
    """An invocation is over at the following next, and not when it is answered."""

    async def scene() -> None:
        sandbox = Sandbox(Function())
        turn = sandbox.invoke(new_invocation(b"1", request_id="id-1"))
        poll = a_call("next")
        sandbox.take(poll)
        await settle()
        sandbox.offer(poll)
        sandbox.take(a_call("response", request_id="id-1"))
        await settle()
        assert (turn.ending.done(), turn.report.done()) == (True, False)

        sandbox.take(a_call("next"))
        await settle()
        assert turn.report.result().kind is Kind.RESPONSE
        await sandbox.stop()

    play(scene())


def test_another_connection_dies() -> None:
    """The death of a connection that did not get the event changes nothing."""

    async def scene() -> None:
        sandbox = Sandbox(Function())
        sandbox.invoke(new_invocation(b"1"))
        poll = a_call("next", 1)
        sandbox.take(poll)
        await settle()
        delivered = sandbox.offer(poll)
        sandbox.talk.lose(2)
        assert sandbox.take(a_call("next", 3)) == delivered

        sandbox.talk.lose(1)
        assert sandbox.take(a_call("next", 4)) == delivered  # it was served to the third as well
        sandbox.talk.lose(4)
        assert sandbox.take(a_call("next", 5)) is None
        await sandbox.stop()

    play(scene())


def test_expired() -> None:
    """The nonces of the last 100 invocations that timed out are remembered, and no more."""

    async def scene() -> None:
        sandbox = Sandbox(Function(), init_timeout=0.0)
        nonces = []
        for number in range(101):
            invocation = new_invocation(b"1", request_id=f"id-{number}")
            nonces.append(invocation.invocation_id)
            await sandbox.invoke(invocation).report
        replies = [
            sandbox.take(Request("response", "POST", "/", ((header, nonce),), b"", (), 1, 0.0))
            for nonce in (nonces[0], nonces[1], nonces[100])
        ]

        assert [reply and int(reply.status) for reply in replies] == [400, 410, 410]
        await sandbox.stop()

    header = "Lambda-Runtime-Invocation-Id"
    play(scene())
