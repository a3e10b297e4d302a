"""The port: connections are owned from the moment that they are accepted."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.emulator.port import Port

if TYPE_CHECKING:
    from lambda_bootstrap_dev.emulator.wire import Connection


def open_files() -> set[str]:
    """The descriptors of this process."""
    return {file.name for file in Path("/proc/self/fd").iterdir()}


def test_closed_while_clients_connect() -> None:
    """A port that is closed while clients connect leaves no socket open, whichever moment it is closed at."""

    async def storm(turns: int) -> None:
        async with Port("127.0.0.1", 0, hold) as port:
            host, _, number = port.authority.rpartition(":")
            clients = [socket.create_connection((host, int(number))) for _ in range(5)]
            for _ in range(turns):
                await asyncio.sleep(0)
        for client in clients:
            client.close()

    async def hold(connection: Connection) -> None:
        await connection.gone()

    before = open_files()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for turns in range(12):
            asyncio.run(storm(turns))
        gc.collect()

    assert open_files() == before


def test_error_is_raised_at_the_end() -> None:
    """An error of whoever talks over a connection isn't lost: the end of the port raises it."""

    async def fail(_connection: Connection) -> None:
        raise ValueError("mine")

    async def main() -> None:
        async with Port("127.0.0.1", 0, fail) as port:
            host, _, number = port.authority.rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(number))
            await reader.read()
            writer.close()

    with pytest.raises(ValueError, match="mine"):
        asyncio.run(main())


def test_all_addresses_of_a_name() -> None:
    """A name that has several addresses is listened on at all of them, at one port."""

    async def main() -> list[bytes]:
        async def greet(connection: Connection) -> None:
            await connection.refuse(HTTPStatus.BAD_REQUEST)

        async with Port("", 0, greet) as port:
            number = int(port.authority.rpartition(":")[2])
            answers = []
            for host in ("127.0.0.1", "::1") if socket.has_ipv6 else ("127.0.0.1",):
                reader, writer = await asyncio.open_connection(host, number)
                writer.write_eof()
                answers.append(await reader.readline())
                writer.close()
            return answers

    assert set(asyncio.run(main())) == {b"HTTP/1.1 400 Bad Request\r\n"}
