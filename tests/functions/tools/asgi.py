"""An ASGI application behind Mangum; it has no framework, and tells what it was asked."""

import json

from mangum import Mangum

lifespan = []


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            lifespan.append(step)
            await send({"type": f"lifespan.{step}.complete"})
        return
    if scope["path"] == "/fails":
        raise ValueError("boom")
    body = (await receive())["body"]
    told = {
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "body": body.decode(),
        "function": scope["aws.context"].function_name,
        "lifespan": lifespan,
    }
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


handler = Mangum(app)
