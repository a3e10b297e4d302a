"""
Takes the records that the Telemetry API sends.

Owns: the server that they are sent to, one for threads and one for tasks.
Refuses to know: what a record means, and who subscribed.

A record is a dict with `time`, `type` and `record`, as AWS documents it: of the type `function` a line of its
log, of `platform.report` what an invocation has cost. Nobody but the platform reaches the server in Lambda.

Source: AWS Lambda Developer Guide, "Telemetry API reference" and "Lambda Telemetry API Event schema reference".
"""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from .. import codec
from .api import RECEIVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


def host() -> str:
    """Return the address to listen on: the one that the platform sends to, or on a developer's machine its own."""
    try:
        return str(socket.gethostbyname(RECEIVER))
    except OSError:
        return "127.0.0.1"


class Receiver:
    """
    Takes records, on a thread of its own; in a `with` block, it is closed at the end.

    Attributes:
        port: where it listens.
    """

    def __init__(self) -> None:
        self.batches: queue.SimpleQueue[list[dict[str, Any]]] = queue.SimpleQueue()
        self.server = HTTPServer((host(), 0), Handler)
        self.server.batches = self.batches  # type: ignore[attr-defined] # where the handler looks
        self.port: int = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, name="telemetry", daemon=True)
        self.thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def take(self, seconds: float = 0.0) -> list[dict[str, Any]]:
        """Return the records that have come; if there are none, wait up to *seconds* for some."""
        found: list[dict[str, Any]] = []
        try:
            found += self.batches.get(timeout=seconds) if seconds > 0 else self.batches.get_nowait()
            while True:
                found += self.batches.get_nowait()
        except queue.Empty:
            return found

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Handler(BaseHTTPRequestHandler):
    """One connection of the platform's."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take one batch."""
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            records = codec.loads(data)
        except ValueError:
            self.send_response(400)
        else:
            self.server.batches.put(records)  # type: ignore[attr-defined] # `Receiver` has put it there
            self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Write nothing: the output of an extension is a log, too."""


class AsyncReceiver:
    """As `Receiver`, for tasks; `open` begins to listen."""

    port = 0

    async def open(self) -> None:
        """Listen."""
        self.batches: asyncio.Queue[list[dict[str, Any]]] = asyncio.Queue()
        self.server = await asyncio.start_server(self.serve, host(), 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.close()

    async def take(self, seconds: float = 0.0) -> list[dict[str, Any]]:
        """As `Receiver.take`."""
        found: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(seconds):
                found += await self.batches.get()
        except TimeoutError:
            return found
        while not self.batches.empty():
            found += self.batches.get_nowait()
        return found

    def close(self) -> None:
        """Stop listening."""
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the batches that come on one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                _, _, length = head.partition(b"\r\ncontent-length:")
                data = await reader.readexactly(int(length.partition(b"\r\n")[0] or 0))
                try:
                    self.batches.put_nowait(codec.loads(data))
                    status = b"200 OK"
                except ValueError:
                    status = b"400 Bad Request"
                writer.write(b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % status)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError):
            pass  # the platform has gone, or this is somebody else
        finally:
            writer.close()
