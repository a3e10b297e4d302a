"""
Functions of tests/functions/tools, each with a tool that it brings, and who takes what such tools send.

Owns how they are started, under our runtime and under awslambdaric. Refuses to know what is asserted about them.
"""

from __future__ import annotations

import gzip
import http.server
import sys
import sysconfig
from typing import TYPE_CHECKING, Any

from lambda_bootstrap_dev.testing import Emulator
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support import BOOTSTRAP, FUNCTIONS, LAZY

if TYPE_CHECKING:
    from pathlib import Path


def run(handler: str, **environ: str) -> Emulator:
    """A function of tests/functions/tools; its imports are lazy where the runtime's tests are run like that."""
    command = [sys.executable, str(BOOTSTRAP)]
    if LAZY:
        environ.setdefault("BOOTSTRAP_LAZY_IMPORTS", "1")
    return Emulator(command, cwd=FUNCTIONS / "tools", handler=handler, environ=environ, timeout=15.0)


def run_there(python: Path, handler: str, **environ: str) -> Emulator:
    """The same function under awslambdaric, which *python* has; the tools are those of the tests."""
    command = [str(python), "-m", "awslambdaric", handler]
    environ = {"PYTHONPATH": sysconfig.get_path("purelib"), **environ}
    return Emulator(command, cwd=FUNCTIONS / "tools", handler=handler, environ=environ, timeout=15.0)


class Receiver(http.server.ThreadingHTTPServer):
    """Takes whatever is posted to it."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, bytes]] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Keep the body."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                receiver.posts.append((self.path, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        """Its host and port."""
        return f"127.0.0.1:{self.server_port}"

    def batches(self) -> list[Any]:
        """The spans that OTLP posts hold, with what they share."""
        return [batch for _, body in self.posts for batch in ExportTraceServiceRequest.FromString(body).resource_spans]

    def spans(self) -> list[Any]:
        """What OTLP posts hold."""
        return [span for batch in self.batches() for scope in batch.scope_spans for span in scope.spans]
