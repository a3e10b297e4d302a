"""Web applications as functions have them, without a framework."""

import asyncio
import json
import os
import sys
import time

from lambda_bootstrap import Stream

story = []


async def app(scope, receive, send):
    """An ASGI application: each path is a case."""
    if scope["type"] == "lifespan":
        await receive()
        story.append("startup")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("shutdown", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    await CASES[scope["path"]](scope, receive, send)


async def start(send, status=200, *headers):
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def piece(send, body, more=True):
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def hello(scope, receive, send):
    await start(send, 201, (b"content-type", b"text/plain"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"))
    await piece(send, b"hel")
    await piece(send, b"lo")
    await piece(send, b"", False)


async def tell(scope, receive, send):
    await start(send)
    await piece(send, json.dumps(story).encode(), False)
    story.append("answered")
    await asyncio.sleep(0.01)
    story.append("background")


async def events(scope, receive, send):
    await start(send, 200, (b"content-type", b"text/event-stream"))
    await asyncio.sleep(0.01)
    await piece(send, b"data: 1\n\n", False)


async def empty(scope, receive, send):
    await start(send, 204)
    await piece(send, b"ignored", False)


async def bare(scope, receive, send):
    await start(send)
    await piece(send, b"", False)


async def early(scope, receive, send):
    raise LookupError("early")


async def unsent(scope, receive, send):
    await start(send)
    raise LookupError("unsent")


async def late(scope, receive, send):
    await start(send)
    await piece(send, b"half")
    raise LookupError("late")


async def short(scope, receive, send):
    await start(send)
    await piece(send, b"half")


async def sorry(scope, receive, send):
    await start(send, 503)
    await piece(send, b"sorry", False)


async def large(scope, receive, send):
    await start(send, 200, (b"content-type", b"application/octet-stream"))
    for _ in range(100):
        await piece(send, bytes(1 << 20))
    await piece(send, b"", False)


async def file(scope, receive, send):
    await start(send)
    await send({"type": "http.response.pathsend", "path": __file__})


async def no_content(scope, receive, send):
    await start(send, 201, (b"x-file", b"empty"))
    await send({"type": "http.response.pathsend", "path": os.devnull})


async def gone(scope, receive, send):
    """Wait for the client to go, beside the response, as frameworks do."""
    waiting = asyncio.ensure_future(receive())
    await waiting
    waiting = asyncio.ensure_future(receive())
    await start(send)
    for n in range(3):
        await piece(send, b"%d" % n)
        await asyncio.sleep(0)
    done = waiting.done()
    await piece(send, b"", False)
    story.append([done, (await waiting)["type"]])


async def nap(scope, receive, send):
    await asyncio.sleep(0.5)
    await start(send)
    await piece(send, scope["aws.context"].aws_request_id.encode(), False)


async def hang(scope, receive, send):
    try:
        await asyncio.sleep(60)
    finally:
        print("cleaned up", flush=True)


async def hang_and_clean(scope, receive, send):
    try:
        await asyncio.sleep(60)
    finally:
        for _ in range(5):
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
        print("cleaned up", flush=True)


async def cling(scope, receive, send):
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(0.5)


async def go_on(scope, receive, send):
    await start(send)
    await piece(send, b"answered", False)
    try:
        await asyncio.sleep(60)
    finally:
        print("cleaned up", flush=True)


async def hang_late(scope, receive, send):
    await start(send)
    await piece(send, b"half")
    await asyncio.sleep(60)


async def pours(scope, receive, send):
    await start(send)
    try:
        while True:
            await piece(send, bytes(1 << 20))
    except OSError:
        print("the client has gone")


async def fails_to_start(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


def wsgi(environ, start_response):
    """A WSGI application: each path is a case."""
    return WSGI_CASES[environ["PATH_INFO"]](environ, start_response)


def wsgi_hello(environ, start_response):
    start_response("201 Created", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    yield b""
    yield b"hel"
    yield b"lo"


def wsgi_write(environ, start_response):
    write = start_response("200 OK", [])
    write(b"a")
    write(b"b")
    return [b"c"]


def wsgi_early(environ, start_response):
    raise LookupError("early")


def wsgi_late(environ, start_response):
    start_response("200 OK", [])
    yield b"half"
    raise LookupError("late")


def wsgi_exc_info(environ, start_response):
    start_response("200 OK", [])
    yield b"half"
    try:
        raise LookupError("late")
    except LookupError:
        start_response("500 No", [], sys.exc_info())
    yield b"never"


def wsgi_empty(environ, start_response):
    start_response("204 No Content", [])
    return [b"ignored"]


def wsgi_bare(environ, start_response):
    start_response("200 OK", [])
    return []


def wsgi_sorry(environ, start_response):
    start_response("503 Sorry", [])
    return [b"sor", b"ry"]


def wsgi_file(environ, start_response):
    start_response("200 OK", [])
    return environ["wsgi.file_wrapper"](open(__file__, "rb"))


CASES = {f"/{case.__name__}": case for case in (hello, tell, events, empty, bare, early, unsent, late, short, sorry)}
CASES |= {f"/{case.__name__}": case for case in (large, file, no_content, gone, nap, hang, hang_and_clean, hang_late, go_on)}
CASES |= {"/pours": pours, "/cling": cling}
WSGI_CASES = {
    f"/{name[5:]}": case for name, case in list(globals().items()) if name.startswith("wsgi_") and callable(case)
}


def create_app():
    return app


def rows(event, context):
    return Stream((row for row in ("a,b\n", b"1,2\n")), content_type="text/csv")


async def rows_async(event, context):
    async def parts():
        yield "a"

    return Stream(parts(), content_type="text/csv; charset=utf-8")


def whole(event, context):
    return Stream("all at once")


def wrong_type(event, context):
    return Stream("text", content_type="text/csv\r\nX: y")


def slow(event, context):
    time.sleep(1)
