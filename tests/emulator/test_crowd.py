"""200 clients of `serve` at once, slow, huge and hostile ones among them: nobody waits for another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.served import Served

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

PATH = "/2015-03-31/functions/function/invocations"
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n"
CALLS = 3
GARBAGE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    b"GET /\r\n\r\n" * 100,
    b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"A" * 2_000_000,
    f"{HEAD}Content-Length: 99999999999\r\n\r\n".encode(),
    f"{HEAD}X: {'y' * 1_100_000}\r\n\r\n".encode(),
)


class Client:
    """One connection."""

    def __init__(self, authority: str) -> None:
        host, _, port = authority.rpartition(":")
        self._address = host, int(port)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect."""
        return await asyncio.open_connection(*self._address)

    async def call(self, payload: bytes) -> bytes:
        """Invoke the function over a connection of its own; return the answer's body."""
        reader, writer = await self.open()
        writer.write(f"{HEAD}Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n".encode() + payload)
        answer = await reader.read()
        writer.close()
        return answer.partition(b"\r\n\r\n")[2]


async def usual(client: Client, number: int, took: list[float]) -> bool:
    """Call a few times; whether all answers are right."""
    rights = []
    for _ in range(CALLS):
        start = time.monotonic()
        rights.append(json.loads(await client.call(b"%d" % number)) == number)
        took.append(time.monotonic() - start)
    return all(rights)


async def slow(client: Client, until: asyncio.Event) -> None:
    """Drip a head, byte by byte."""
    _, writer = await client.open()
    while not until.is_set() and not writer.is_closing():
        writer.write(b"G")
        await asyncio.sleep(0.05)
    writer.close()


async def huge(client: Client, until: asyncio.Event) -> None:
    """Announce 6 MB, send most of them and stop; read nothing."""
    _, writer = await client.open()
    writer.write(f"{HEAD}Content-Length: 6000000\r\n\r\n".encode() + bytes(2_000_000))
    await until.wait()
    writer.close()


async def hostile(client: Client, until: asyncio.Event, number: int) -> None:
    """Send what isn't HTTP, again and again, and go without reading."""
    while not until.is_set():
        _, writer = await client.open()
        writer.write(GARBAGE[number % len(GARBAGE)])
        await asyncio.sleep(0.1)
        writer.transport.abort()


async def crowd(authority: str) -> tuple[list[bool], list[float]]:
    """Let all of them come at once; return whether the usual ones were served, and how long their calls took."""
    client, until, took = Client(authority), asyncio.Event(), list[float]()

    async def bear(nuisance: Coroutine[Any, Any, None]) -> None:
        with contextlib.suppress(OSError):
            await nuisance

    others = [asyncio.create_task(bear(slow(client, until))) for _ in range(40)]
    others += [asyncio.create_task(bear(huge(client, until))) for _ in range(20)]
    others += [asyncio.create_task(bear(hostile(client, until, number))) for number in range(40)]
    await asyncio.sleep(0.3)
    rights = await asyncio.gather(*(usual(client, number, took) for number in range(100)))
    until.set()
    await asyncio.gather(*others)
    return rights, took


def memory_mb(pid: int) -> int:
    """The memory of a process at its peak."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) // 1024


def test_crowd(tmp_path: Path) -> None:
    """All who call as usual are answered in time; the memory stays bounded by what may be sent, and serve lives on."""
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return event\n")
    with Served(tmp_path, "app.handler", "--timeout", "60") as served:
        served.invoke(1)
        before = memory_mb(served.pid)
        rights, took = asyncio.run(crowd(served.authority))
        after = memory_mb(served.pid)

        assert served.invoke(2) == 2
    assert rights == [True] * 100
    assert len(took) == 100 * CALLS
    assert max(took) < 60
    assert after - before < 150
