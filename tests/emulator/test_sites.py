"""Which web pages may call a function."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.emulator.invoke_api import BadInvocationError
from lambda_bootstrap_dev.emulator.sites import Sites
from lambda_bootstrap_dev.emulator.values import Request
from lambda_bootstrap_dev.testing import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

SITES = Sites.of("box.local", ["Mine.example", "[fd00::1]", ""])
INVOKE = b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\n"


def a_call(*headers: tuple[str, str]) -> Request:
    """A request to invoke."""
    return Request("invoke", "POST", "/", headers, b"", (), 1, 0.0)


@pytest.fixture(name="emulator")
def _emulator() -> Iterator[Emulator]:
    with Emulator(allow_hosts=["mine.example"]) as emulator:
        yield emulator


def answer(emulator: Emulator, request: bytes) -> bytes:
    """Send a request, half of it at least, and read until the emulator closes."""
    host, _, port = emulator.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(request)
        return b"".join(iter(lambda: raw.recv(65536), b""))


@pytest.mark.parametrize(
    "headers",
    [
        (),
        [("Host", "")],
        [("Host", "localhost")],
        [("host", "LocalHost:9001")],
        [("Host", "127.0.0.1:9001")],
        [("Host", "192.168.1.2")],
        [("Host", "[::1]:9001")],
        [("Host", "box.local:9001")],
        [("Host", "mine.EXAMPLE:80")],
        [("Host", "localhost:9001"), ("Origin", "http://localhost:9001")],
        [("Host", "127.0.0.1:9001"), ("Origin", "http://127.0.0.1:9001")],
        [("Host", "localhost:9001"), ("origin", "https://mine.example")],
        [("Host", "localhost:9001"), ("Origin", "http://mine.example:3000")],
        [("Host", "localhost:9001"), ("Origin", "http://[fd00::1]:3000")],
    ],
)
def test_allowed(headers: list[tuple[str, str]]) -> None:
    """Programs may use any address and our names; pages may if they are of the same address or of an allowed host."""
    SITES.check(a_call(*headers))


@pytest.mark.parametrize(
    ("headers", "host"),
    [
        ([("Host", "evil.example:9001")], "evil.example"),
        ([("HOST", "localhost.evil.example")], "localhost.evil.example"),
        ([("Host", "mine.example.evil.example")], "mine.example.evil.example"),
        ([("Host", "127.0.0.1.evil.example")], "127.0.0.1.evil.example"),
        ([("Host", "localhost"), ("Host", "evil.example")], "evil.example"),
        ([("Host", "evil.example:80:80")], "evil.example:80:80"),
        ([("Host", "localhost"), ("Origin", "http://evil.example")], "evil.example"),
        ([("Host", "localhost:9001"), ("Origin", "http://localhost:3000")], "localhost"),
        ([("Host", "localhost:9001"), ("Origin", "https://localhost:9001")], "localhost"),
        ([("Host", "127.0.0.1:9001"), ("Origin", "http://box.local:3000")], "box.local"),
        ([("Host", "127.0.0.1:9001"), ("Origin", "http://10.0.0.1:9001")], "10.0.0.1"),
        ([("Host", "evil.example"), ("Origin", "http://evil.example")], "evil.example"),
        ([("Host", "localhost"), ("Origin", "null")], "NAME"),
        ([("Host", "localhost"), ("Origin", "http://localhost"), ("Origin", "http://evil.example")], "evil.example"),
    ],
)
def test_refused(headers: list[tuple[str, str]], host: str) -> None:
    """Another name, and a page of another site, is refused, and the answer names the option that allows it."""
    with pytest.raises(BadInvocationError) as refusal:
        SITES.check(a_call(*headers))

    assert refusal.value.status == 403
    assert str(refusal.value).endswith(
        f" not allowed. If it is yours, allow it: lambda-bootstrap serve --allow-host {host},"
        f" or Emulator(allow_hosts=[{host!r}])"
    )


@pytest.mark.parametrize(
    "headers",
    [b"Host: evil.example\r\n", b"Host: localhost\r\nOrigin: http://evil.example\r\n"],
    ids=["host", "origin"],
)
def test_head(emulator: Emulator, headers: bytes) -> None:
    """Another site's page is refused after its head, so that its body isn't read, and the function doesn't run."""
    refused = answer(emulator, INVOKE + headers + b"Content-Length: 1000\r\n\r\n{")

    assert refused.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b'{"Type": "User", "message": "' in refused
    assert b"lambda-bootstrap serve --allow-host evil.example" in refused
    assert [(request.body, request.is_oversized) for request in emulator.requests] == [(b"", True)]
    assert emulator.reports == []


def test_allow_hosts(emulator: Emulator) -> None:
    """`Emulator(allow_hosts=...)` lets callers use a name."""
    refused = answer(emulator, INVOKE + b"Host: mine.example\r\nContent-Length: 6291557\r\n\r\n")

    assert refused.startswith(b"HTTP/1.1 413 ")


def test_runtime_api(emulator: Emulator) -> None:
    """The Runtime API may be called by any name: a container's host has many."""
    pong = answer(
        emulator,
        b"GET /2018-06-01/ping HTTP/1.1\r\nHost: host.docker.internal\r\nOrigin: x\r\nConnection: close\r\n\r\n",
    )

    assert pong.endswith(b"pong")
