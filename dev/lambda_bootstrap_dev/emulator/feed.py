"""
What happens to functions, for those who look on.

Owns: how an invocation and a line of a log are told, and that neither many nor slow onlookers cost anything.
Refuses to know: how it is shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .turn import Turn
    from .values import Report

# What somebody gets who comes later, and what may wait for one who is slow.
KEPT = 400
WAITING = 2000
ONLOOKERS = 16
# Of an event, an answer and a line so many bytes are told.
MOST_BYTES = 32 * 1024
# So often an onlooker who may have gone is written to.
BEAT_SECONDS = 15.0

TEXT_RECORD = re.compile(r"\[(\w+)\]\s+(\d{4}-\d\d-\d\dT[\d:.]+Z)\s+(\S*)\s+(.*)", re.DOTALL)
PLATFORM = re.compile(r"(?:START|END|REPORT) RequestId: (\S+)|EXTENSION\s")


class Feed:
    """The messages of all functions, the last of them kept."""

    def __init__(self) -> None:
        self._kept: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._onlookers: set[asyncio.Queue[bytes | None]] = set()

    @property
    def is_full(self) -> bool:
        """Whether there are as many onlookers as may be."""
        return len(self._onlookers) >= ONLOOKERS

    def tell(self, kind: str, **fields: Any) -> None:
        """Tell all onlookers."""
        told = {"kind": kind, "at": time.time(), **fields}
        self._kept.append(told)
        message = encode(told) if self._onlookers else b""
        for queue in list(self._onlookers):
            if queue.qsize() >= WAITING:
                self._onlookers.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(message)

    async def follow(self) -> AsyncIterator[bytes]:
        """Yield messages in the form of an EventSource: those that are kept, and then each as it comes."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._onlookers.add(queue)
        try:
            yield b"retry: 500\n\n" + b"".join(map(encode, self._kept))
            while True:
                message: bytes | None = b":\n\n"
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_SECONDS):
                        message = await queue.get()
                if message is None:
                    return
                yield message
        finally:
            self._onlookers.discard(queue)


def encode(told: dict[str, Any]) -> bytes:
    """A message in the form of an EventSource."""
    return b"data: " + json.dumps(told).encode() + b"\n\n"


class Watch:
    """Tells what happens to one function."""

    def __init__(self, feed: Feed, name: str) -> None:
        self._feed = feed
        self._name = name
        self._turn: Turn | None = None
        self._rest = b""

    def begin(self, turn: Turn) -> None:
        """Tell that an invocation is the function's next."""
        self._turn = turn
        self._feed.tell("begin", function=self._name, **identity(turn), **payload_of(turn))

    def log(self, data: bytes) -> None:
        """Tell the lines of a log, as records."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MOST_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        current = self._turn.invocation.request_id if self._turn else ""
        records = [record_of(text_of(line), current) for line in lines]
        if records:
            self._feed.tell("log", function=self._name, records=records)

    def end(self, report: Report) -> None:
        """Tell how an invocation ended, and what it took."""
        turn, self._turn = self._turn, None
        body = turn.ending.result().body if turn and turn.ending.done() else b""
        figures = {"duration_ms": report.duration_ms, "init_ms": report.init_ms, "memory_mb": report.memory_mb}
        self._feed.tell(
            "end", function=self._name, id=report.request_id, how=report.kind.value, body=text_of(body), **figures
        )


def identity(turn: Turn) -> dict[str, Any]:
    """The ids of an invocation."""
    return {"id": turn.invocation.request_id, "trace": turn.invocation.trace_id}


def payload_of(turn: Turn) -> dict[str, Any]:
    """The event of an invocation; one that is too large cannot be sent again."""
    payload = turn.invocation.payload
    return {"event": text_of(payload), "is_whole": len(payload) <= MOST_BYTES}


def text_of(data: bytes) -> str:
    """As much of some bytes as is told."""
    return data[:MOST_BYTES].decode("utf-8", "replace")


def record_of(line: str, current: str) -> dict[str, str]:
    """A line of a log as a record: of the platform, of the runtime in text or JSON, or of a `print`."""
    if found := PLATFORM.match(line):
        return {"level": "PLATFORM", "id": found[1] or current, "text": line}
    if found := TEXT_RECORD.match(line):
        return {"level": found[1], "time": found[2], "id": found[3] or current, "text": found[4].replace("\r", "\n")}
    with contextlib.suppress(ValueError):
        fields = json.loads(line)
        if isinstance(fields, dict) and "level" in fields:
            about = {"time": "timestamp", "id": "requestId", "text": "message"}
            named = {ours: str(fields.get(theirs, "")) for ours, theirs in about.items()}
            rest = {name: value for name, value in fields.items() if name not in {"level", *about.values()}}
            more = f"\n{json.dumps(rest, indent=1, ensure_ascii=False)}" if rest else ""
            text = named["text"] + more
            return {**named, "level": str(fields["level"]), "id": named["id"] or current, "text": text}
    error = re.match(r"\[(ERROR|WARN\w*)\]\s", line)
    return {"level": error[1] if error else "", "id": current, "text": line.replace("\r", "\n")}
