"""Web applications that answer with their request's body, and adapters around them, each made when it is asked for."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

PIECES, SIZE = 100, 1 << 20


def plain(event: Any, _context: Any) -> Any:
    """Echo, without any interface."""
    body = event["body"]
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": False}


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """Echo, by ASGI; with a lifespan."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
        return
    body = (await receive())["body"]
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    """Echo, by WSGI."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


async def clock(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - the interface's
    """Send the time at which each piece is sent, in nanoseconds."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200})
    for _ in range(5):
        await send({"type": "http.response.body", "body": b"%d" % time.monotonic_ns(), "more_body": True})
    await send({"type": "http.response.body"})


async def large(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - as above
    """Send 100 MB."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200})
    for _ in range(PIECES):
        await send({"type": "http.response.body", "body": bytes(SIZE), "more_body": True})
    await send({"type": "http.response.body"})


def __getattr__(name: str) -> Any:
    if name.startswith("mangum"):
        application = fastapi() if "fastapi" in name else asgi
        return import_module("mangum").Mangum(application, lifespan="off" if name.endswith("off") else "auto")
    if name.startswith("apig"):
        return import_module("apig_wsgi").make_lambda_handler(flask() if "flask" in name else wsgi)
    if name in {"fastapi_app", "flask_app"}:
        return fastapi() if name == "fastapi_app" else flask()
    raise AttributeError(name)


def fastapi() -> Any:
    """Echo, by FastAPI."""
    found = import_module("fastapi").FastAPI()

    async def echo(body: dict[str, Any]) -> Any:
        return body

    found.post("/echo")(echo)
    return found


def flask() -> Any:
    """Echo, by Flask."""
    library = import_module("flask")
    found = library.Flask(__name__)

    def echo() -> Any:
        return library.request.get_json()

    found.post("/echo")(echo)
    return found
