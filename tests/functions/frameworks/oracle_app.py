"""What the test suites of HTTP clients and of Starlette have their servers do, as one application."""

import asyncio

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route
from starlette.exceptions import HTTPException


async def hello(request):
    return PlainTextResponse("Hello, world!")


async def status(request):
    code = request.path_params["code"]
    return Response(b"" if code in {204, 304} else b"status", code)


async def echo(request):
    return Response(await request.body(), media_type=request.headers.get("content-type"))


async def told(request):
    scope = request.scope
    keys = ("type", "method", "path", "root_path", "http_version", "scheme")
    return JSONResponse(
        {
            **{key: scope[key] for key in keys},
            "raw_path": scope["raw_path"].decode("latin-1"),
            "query_string": scope["query_string"].decode("latin-1"),
            "headers": sorted([name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]),
            "query": request.query_params.multi_items(),
            "cookies": request.cookies,
            "state": dict(scope["state"]) == {"started": True},
        }
    )


async def redirect(request):
    return RedirectResponse("/hello?moved", 301)


async def headers(request):
    response = HTMLResponse("<p>é</p>", headers={"x-one": "1", "etag": '"e"'})
    response.headers.append("x-one", "2")
    response.headers.append("x-latin", "é")
    response.set_cookie("a", "1", path="/x", httponly=True)
    response.delete_cookie("b")
    return response


async def latin(request):
    return Response("é".encode("latin-1"), media_type="text/plain; charset=iso-8859-1")


async def stream(request):
    async def parts():
        for n in range(10):
            await asyncio.sleep(0)
            yield f"{n}\n".encode() * 100

    return StreamingResponse(parts(), media_type="text/plain")


async def big(request):
    return Response(b"x" * 500_000)


async def fail(request):
    raise RuntimeError("on purpose")


async def refuse(request):
    raise HTTPException(403, "not you", {"x-why": "because"})


async def later(request):
    return JSONResponse({}, background=BackgroundTask(asyncio.sleep, 0))


async def session(request):
    request.session["n"] = 1
    return JSONResponse(request.session)


async def items(request):
    return JSONResponse([str(request.url.path), request.path_params["item"]])


async def raw(scope, receive, send):
    """No framework: header pairs as lists, names in large letters, a body of many pieces."""
    await send({"type": "http.response.start", "status": 299, "headers": [[b"X-Raw", b"1"], [b"X-RAW", b"2"]]})
    for piece in (b"a", b"", b"b"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


class Lifespan:
    async def __aenter__(self):
        return {"started": True}

    async def __aexit__(self, *_):
        pass


app = Starlette(
    lifespan=lambda app: Lifespan(),
    routes=[
        *(Route(f"/{view.__name__}", view) for view in (hello, redirect, headers, latin, stream, big, fail, refuse)),
        *(Route(f"/{view.__name__}", view) for view in (later, session)),
        Route("/status/{code:int}", status),
        Route("/echo", echo, methods=["POST", "PUT", "PATCH", "DELETE"]),
        Mount("/told", Starlette(routes=[Route("/{rest:path}", told, methods=["GET", "POST", "OPTIONS"])])),
        Mount("/items", routes=[Route("/{item}", items)]),
        Mount("/raw", raw),
    ],
    middleware=[
        Middleware(CORSMiddleware, allow_origins=["*"]),
        Middleware(SessionMiddleware, secret_key="secret"),
        Middleware(GZipMiddleware, minimum_size=400_000),
    ],
)
