"""
A plugin of pytest for the tests of other projects: their requests go through a server, and are written down.

Owns: how a request of Starlette's test client, or of an HTTP client to a server in a thread, gets to its application:
through the event and the result of a Function URL and this runtime's ASGI side (`BRIDGE=ours`), or over a socket and
through uvicorn (`BRIDGE=uvicorn`), or as ever (`BRIDGE=direct`). `BRIDGE_RECORDS` names the file that says, test by test, what was answered.
Refuses to know: which tests these are, and whether the two are the same.

The projects' tests run unmodified. Lifespans and WebSockets are left to the test client.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import socket
import sys
import threading
from types import ModuleType
from typing import Any

import anyio.to_thread
from lambda_bootstrap.settings import Settings
from lambda_bootstrap.web.detection import ASGI, application
from front_ends import URL, Sent

MODE = os.environ["BRIDGE"]
TOLD = ("state", "client", "server", "root_path", "scheme")  # what the test client makes up
Answer = tuple[int, list[tuple[str, str]], bytes]
RECORDS = open(os.environ["BRIDGE_RECORDS"], "w", encoding="utf-8")  # for the life of the process
test = ""
servers: list[Any] = []
missing: dict[str, ModuleType] = {}


class Silent:
    """A log for errors, which the tests get to see by themselves."""

    def error(self, _failure: Any) -> None:
        """Take down nothing."""


class Bridge:
    """
    An application between the client and *app*.

    Attributes:
        error: what the application raised at last, which the test client would raise.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.error: BaseException | None = None
        self.scope: dict[str, Any] = {}
        self.debug: list[Any] = []  # what it tells the test client
        self.lock, self.done = threading.Lock(), threading.Event()
        self.ask: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        sent = Sent(
            scope["method"], scope["raw_path"].decode(), scope["query_string"].decode("latin-1"), headers, body
        )
        status, pairs, content = await anyio.to_thread.run_sync(self.served, sent, scope)
        line = {"test": test, "request": [sent.method, sent.path, sent.query], "answer": [status, pairs, content.hex()]}
        RECORDS.write(json.dumps(line) + "\n")
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        for message in self.debug:
            await send(message)
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        await send({"type": "http.response.body", "body": content})
        if self.error is not None:
            raise self.error

    def served(self, sent: Sent, scope: Any) -> Answer:
        """Have the request answered; one after the other."""
        with self.lock:
            self.scope, self.error = scope, None
            self.debug.clear()
            self.done.clear()
            if self.ask is None:
                self.ask = by_runtime(self.kept) if MODE == "ours" else by_uvicorn(self)
            answer: Answer = self.ask(sent)
            self.done.wait(5)
            return answer

    async def kept(self, scope: Any, receive: Any, send: Any) -> None:
        """Call the application as the client would, but for what the server says of the request; keep its error."""
        if scope["type"] != "http":
            raise NotImplementedError
        scope |= {key: self.scope[key] for key in TOLD if key in self.scope}
        scope.setdefault("extensions", {})["http.response.debug"] = {}

        async def note(message: Any) -> None:
            if message["type"] == "http.response.debug":
                self.debug.append(message)
            else:
                await send(message)

        try:
            await self.app(scope, receive, note)
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.done.set()


def by_runtime(app: Any) -> Any:
    """What asks *app* as a function: event, handler, result."""
    made = application(app, ASGI, ("asgi",), "app")
    made.begin(Silent(), Settings({}))

    def ask(sent: Sent) -> Answer:
        try:
            got = URL.receive(json.loads(json.dumps(made.call(json.loads(json.dumps(URL.event(sent))), None))))
        finally:
            made.finish()
        return got.status, [(name, value) for name, values in got.headers.items() for value in values], got.body

    return ask


def by_uvicorn(bridge: Bridge) -> Any:
    """What asks the application over a socket, until the test ends."""
    from uvicorn import Config, Server

    listener = socket.create_server(("127.0.0.1", 0))
    options: dict[str, Any] = {"lifespan": "off", "interface": "asgi3", "log_config": None, "server_header": False, "date_header": False}
    server = Server(Config(bridge.kept, **options))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    servers.append((bridge, server, thread))

    def ask(sent: Sent) -> Answer:
        connection = http.client.HTTPConnection(*listener.getsockname(), timeout=30)
        connection.putrequest(
            sent.method, sent.path + f"?{sent.query}" * bool(sent.query), skip_host=True, skip_accept_encoding=True
        )
        names = {name.lower() for name, _ in sent.headers}
        for name, value in sent.headers:
            if name.lower() != "transfer-encoding":
                connection.putheader(name, value.encode("latin-1"))
        if sent.body and "content-length" not in names:
            connection.putheader("Content-Length", str(len(sent.body)))
        connection.endheaders(sent.body)
        response = connection.getresponse()
        try:
            body = response.read()
        except http.client.IncompleteRead as error:
            body = error.partial
        connection.close()
        return response.status, [(name.lower(), value) for name, value in response.getheaders()], body

    return ask


def pytest_runtest_setup(item: Any) -> None:
    """Note which test it is."""
    global test  # noqa: PLW0603 - one runs at a time
    test = item.nodeid


def pytest_runtest_teardown() -> None:
    """Stop its servers."""
    while servers:
        bridge, server, thread = servers.pop()
        bridge.ask, server.should_exit = None, True
        thread.join(10)




def bridge_test_client() -> None:
    """Have Starlette's test client ask through the bridge."""
    from starlette import testclient

    class Bridged(testclient.TestClient):
        """The test client, with the bridge before the application."""

        def __init__(self, app: Any, *arguments: Any, **options: Any) -> None:
            super().__init__(app, *arguments, **options)
            self._transport.app = Bridge(self._transport.app)  # type: ignore[attr-defined]

    testclient.TestClient = Bridged  # type: ignore[misc]


def bridge_servers() -> None:
    """Have uvicorn serve the bridge wherever a test has it serve an application."""
    from uvicorn import Config

    init = Config.__init__

    def bridged(self: Any, app: Any, *arguments: Any, **options: Any) -> None:
        is_ours = isinstance(getattr(app, "__self__", None), Bridge)
        init(self, app if is_ours else Bridge(app), *arguments, **options)

    Config.__init__ = bridged  # type: ignore[method-assign]


class Missing(ModuleType):
    """A module that the tests name, and that those of them which run here don't use."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(name)


CERTIFICATES = ("backends", "primitives", "primitives.serialization")
for name in ("trio", "trustme", "chardet", "cryptography", *(f"cryptography.hazmat.{part}" for part in CERTIFICATES)):
    if name not in sys.modules and importlib.util.find_spec(name.partition(".")[0]) is None:
        missing[name] = Missing(name)
sys.modules |= missing
sys.modules.setdefault("httpx2", importlib.import_module("httpx"))
if MODE != "direct":
    bridge_test_client()
    bridge_servers()
