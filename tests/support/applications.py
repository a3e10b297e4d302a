"""
Web applications in the test's own process, served as the runtime serves them.

Owns: how an application is begun, and the ASGI and WSGI applications that echo their requests.
Refuses to know what is asserted about them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambda_bootstrap import hooks
from lambda_bootstrap.settings import Settings
from lambda_bootstrap.signature import adapt

if TYPE_CHECKING:
    from lambda_bootstrap.report import ErrorReport

    from tests.support.front_ends import FrontEnd, Got, Sent


class Records:
    """A log in memory."""

    def __init__(self) -> None:
        self.errors: list[ErrorReport] = []

    def error(self, failure: ErrorReport) -> None:
        """Take down a failure."""
        self.errors.append(failure)


class Served:
    """An application as the loop calls it."""

    def __init__(self, function: Any, environ: dict[str, str] | None = None) -> None:
        settings = Settings(environ or {})
        self.handler = adapt(function, "app.app", http=settings.http)
        self.log = Records()
        application = self.handler.application
        application.begin(self.log, settings)
        hooks.shutdown[:] = [hook for hook in hooks.shutdown if hook != getattr(application, "end", None)]

    def call(self, event: Any, context: Any = None) -> Any:
        """Answer an event, and let it come to its end."""
        try:
            return self.handler.call(event, context)
        finally:
            self.handler.application.finish()

    def ask(self, front_end: FrontEnd, sent: Sent) -> Got:
        """Send a request through a front end."""
        return front_end.receive(self.call(front_end.event(sent)))


class Echo:
    """An ASGI application that keeps its scope and the body, and answers as it is told."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}
        self.body = b""
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = []
        self.answer = b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise NotImplementedError
        self.scope = scope
        self.body = (await receive())["body"]
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.answer})


class WsgiEcho:
    """A WSGI application that keeps its environ and the body, and answers as it is told."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}
        self.body = b""
        self.status = "200 OK"
        self.headers: list[tuple[str, str]] = []
        self.answer = b""

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        """Serve one request."""
        self.environ = environ
        self.body = environ["wsgi.input"].read()
        start_response(self.status, self.headers)
        return [self.answer]
