"""
The Telemetry API: who has subscribed to which records, and their delivery.

Owns: subscriptions, the form of records, and when batches are sent.
Refuses to know: what happens in the environment; the sandbox says it.

Sources: AWS Lambda Developer Guide, "Telemetry API reference" and "Lambda Telemetry API Event schema reference".
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .rules import JSON_TYPE, error_reply
from .values import Reply

if TYPE_CHECKING:
    from .extensions import Extension
    from .values import Report, Request

TYPES = frozenset({"platform", "function", "extension"})
SCHEMAS = frozenset({"2022-07-01", "2022-12-13"})
# Default, least and most of each part of a subscription's buffering.
BUFFERING = {
    "maxItems": (10_000, 1000, 10_000),
    "maxBytes": (262_144, 262_144, 1_048_576),
    "timeoutMs": (1000, 25, 30_000),
}
SEND_SECONDS = 1.0
OK = Reply(HTTPStatus.OK, [JSON_TYPE], b'"OK"')


class Subscription:
    """What one extension wants, and what waits for it."""

    def __init__(self, types: frozenset[str], port: int, items: int, seconds: float) -> None:
        self.types = types
        self.port = port
        self.items = items
        self.seconds = seconds
        self.waiting: list[dict[str, Any]] = []
        self.due = asyncio.Event()  # there is a batch


class Telemetry:
    """The records of one environment."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._rest: dict[str, bytes] = {}

    def subscribe(self, extension: Extension, request: Request) -> Reply:
        """Judge a subscription, and begin to deliver."""
        try:
            asked = json.loads(request.body)
            types = frozenset(asked["types"])
            target = urlsplit(asked["destination"]["URI"])
            given = asked.get("buffering") or {}
            limits = {name: int(given.get(name, default)) for name, (default, _, _) in BUFFERING.items()}
            is_right = asked["schemaVersion"] in SCHEMAS and types <= TYPES and bool(types) and bool(target.port)
            is_right = is_right and asked["destination"]["protocol"] == "HTTP" and target.scheme == "http"
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return error_reply(HTTPStatus.BAD_REQUEST, "ValidationError", f"Invalid subscription: {error!r}")
        wrong = [name for name, (_, least, most) in BUFFERING.items() if not least <= limits[name] <= most]
        if not is_right or wrong:
            return error_reply(HTTPStatus.BAD_REQUEST, "ValidationError", f"Invalid subscription: {wrong or asked}")
        found = Subscription(types, target.port or 0, limits["maxItems"], limits["timeoutMs"] / 1000)
        self._subscriptions.append(found)
        self._tasks.append(asyncio.create_task(deliver(found)))
        self.tell("platform.telemetrySubscription", name=extension.name, state="Subscribed", types=sorted(types))
        return OK

    def tell(self, kind: str, **record: Any) -> None:
        """Queue a record of the platform's."""
        self._queue(kind, record)

    def tell_start(self, request_id: str, version: str, trace_id: str) -> None:
        """Queue the record of an invocation's begin."""
        tracing = {"type": "X-Amzn-Trace-Id", "value": trace_id}
        self.tell("platform.start", requestId=request_id, version=version, tracing=tracing)

    def tell_report(self, report: Report, memory: int) -> None:
        """Queue the records of an invocation's end."""
        status = {"response": "success", "timeout": "timeout", "error": "error"}.get(report.kind.value, "failure")
        metrics: dict[str, Any] = {"durationMs": round(report.duration_ms, 3)}
        self.tell("platform.runtimeDone", requestId=report.request_id, status=status, metrics=metrics)
        metrics = {**metrics, "memorySizeMB": memory, "maxMemoryUsedMB": report.memory_mb}
        if report.init_ms is not None:
            metrics["initDurationMs"] = round(report.init_ms, 3)
        self.tell("platform.report", requestId=report.request_id, status=status, metrics=metrics)

    def tell_output(self, kind: str, data: bytes) -> None:
        """Queue a record for each line of output of a `function` or an `extension`; one that is JSON is an object."""
        *lines, self._rest[kind] = (self._rest.get(kind, b"") + data).split(b"\n")
        for line in lines if self._subscriptions else ():
            text = line.decode("utf-8", "replace")
            try:
                found = json.loads(text)
            except ValueError:
                found = text
            self._queue(kind, found if isinstance(found, dict) else f"{text}\n")

    async def flush(self) -> None:
        """Deliver what waits, as before the end."""
        for kind, rest in list(self._rest.items()):
            if rest:
                self.tell_output(kind, b"\n")
        for subscription in self._subscriptions:
            await send(subscription)

    def close(self) -> None:
        """Deliver nothing more."""
        for task in self._tasks:
            task.cancel()

    def _queue(self, kind: str, record: object) -> None:
        if not self._subscriptions:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for subscription in self._subscriptions:
            if kind.partition(".")[0] in subscription.types:
                subscription.waiting.append({"time": now, "type": kind, "record": record})
                if len(subscription.waiting) >= subscription.items:
                    subscription.due.set()


async def deliver(subscription: Subscription) -> None:
    """Send what waits, again and again."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(subscription.seconds):
                await subscription.due.wait()
        await send(subscription)


async def send(subscription: Subscription) -> None:
    """Send what waits. What cannot be delivered is lost."""
    subscription.due.clear()
    batch, subscription.waiting = subscription.waiting, []
    if not batch:
        return
    body = json.dumps(batch).encode()
    head = f"POST / HTTP/1.1\r\nHost: sandbox.localdomain:{subscription.port}\r\nContent-Type: application/json\r\n"
    with contextlib.suppress(OSError):
        async with asyncio.timeout(SEND_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", subscription.port)
            writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
            await reader.readline()
            writer.close()
