"""The Telemetry API: subscriptions, and the two servers that take records."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap import extensions
from lambda_bootstrap.extensions.telemetry import AsyncReceiver, Receiver
from lambda_bootstrap_dev.testing import Emulator, Reply

from tests.support import BOOTSTRAP, FUNCTIONS, PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDS = [{"time": "2026-11-26T12:00:00.000Z", "type": "function", "record": "a line\n"}]


def send(port: int, *bodies: bytes) -> list[int]:
    """Send bodies as the platform does, over one connection; return the statuses."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    statuses = []
    for body in bodies:
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    return statuses


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """The platform, and no runtime."""
    with Emulator() as emulator:
        monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", emulator.address)
        yield emulator


class TestReceiver:
    """The server for threads."""

    def test_takes(self) -> None:
        """Batches of one connection are taken in order; what is no JSON is refused, and harms nothing."""
        body = json.dumps(RECORDS).encode()
        with Receiver() as receiver:
            assert receiver.take() == []
            assert send(receiver.port, body, b"no", body) == [200, 400, 200]
            assert receiver.take() == RECORDS * 2
            assert receiver.take() == []

    def test_waits(self) -> None:
        """Who asks for records may wait for them, and gets them as soon as they are there."""
        with Receiver() as receiver:
            threading.Timer(0.1, send, [receiver.port, json.dumps(RECORDS).encode()]).start()
            assert receiver.take(5) == RECORDS
            assert receiver.take(0.05) == []


class TestAsyncReceiver:
    """The server for tasks."""

    def test_takes(self) -> None:
        """Batches of one connection are taken in order; what is no JSON is refused, and harms nothing."""
        body = json.dumps(RECORDS).encode()

        async def scene() -> None:
            receiver = AsyncReceiver()
            await receiver.open()
            async with receiver:
                assert await receiver.take() == []
                assert await asyncio.to_thread(send, receiver.port, body, b"no", body) == [200, 400, 200]
                assert await receiver.take(5) == RECORDS * 2
                assert await receiver.take(0.05) == []

        asyncio.run(scene())


class TestSubscribe:
    """The call that has records sent."""

    @pytest.mark.parametrize("is_async", [False, True])
    def test_request(self, emulator: Emulator, is_async: bool) -> None:  # noqa: FBT001 - a column of the table
        """A subscription names its types, a port of this machine, and how records are gathered, if asked to."""

        async def scene() -> int:
            async with await extensions.register_async("watcher") as extension:
                receiver = await extension.subscribe(["function"], max_items=2000, timeout_ms=25)
                receiver.close()
                return receiver.port

        if is_async:
            port = asyncio.run(scene())
        else:
            with (
                extensions.register("watcher") as extension,
                extension.subscribe(["function"], max_items=2000, timeout_ms=25) as receiver,
            ):
                port = receiver.port
        (request,) = emulator.wait_for("extension/telemetry")

        assert (request.method, request.target) == ("PUT", "/2022-07-01/telemetry")
        assert json.loads(request.body) == {
            "schemaVersion": "2022-12-13",
            "types": ["function"],
            "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{port}"},
            "buffering": {"maxItems": 2000, "timeoutMs": 25},
        }

    @pytest.mark.usefixtures("emulator")
    @pytest.mark.parametrize(("types", "how"), [(["logs"], {}), ([], {}), (["function"], {"max_items": 10})])
    def test_refused(self, types: list[str], how: dict[str, Any]) -> None:
        """A subscription that the platform refuses is an error, and nothing listens after it."""
        before = threading.active_count()
        refusal = pytest.raises(extensions.ExtensionError, match="refused the subscription: 400")
        with extensions.register("watcher") as extension, refusal as caught:
            extension.subscribe(types, **how)

        assert caught.value.error_type == "ValidationError"
        assert threading.active_count() == before

    def test_not_supported(self, emulator: Emulator) -> None:
        """A platform that takes a subscription and has no records, as AWS's emulator, is an error."""
        body = b'{"errorType":"Telemetry.NotSupported"}'
        emulator.script("extension/telemetry", Reply(202, body=body))
        with extensions.register("watcher") as extension, pytest.raises(extensions.ExtensionError) as caught:
            extension.subscribe()

        assert caught.value.error_type == "Telemetry.NotSupported"


def test_records() -> None:
    """A function's lines come in order, JSON as an object; the platform's records surround them."""
    with Emulator([*PYTHON, str(BOOTSTRAP)], cwd=FUNCTIONS, handler="recorded.handler") as emulator:
        emulator.invoke()
        emulator.wait_report()
        time.sleep(0.1)
        records = emulator.invoke(b'"records"').json()
    by_type: dict[str, list[Any]] = {}
    for record in records:
        by_type.setdefault(record["type"], []).append(record["record"])

    assert [record["type"] for record in records[:7]] == [
        *("platform.telemetrySubscription", "platform.initReport", "platform.start", "function", "function"),
        *("platform.runtimeDone", "platform.report"),
    ]
    assert by_type["function"] == ["a line\n", {"level": "INFO"}]
    (report,) = by_type["platform.report"]
    assert report["requestId"] == by_type["platform.start"][0]["requestId"]
    assert (report["status"], report["metrics"]["durationMs"] > 0) == ("success", True)
