from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route


async def item(request):
    found = request.path_params["item"]
    url = str(request.url_for("items:item", item=found))
    return JSONResponse({"item": found, "q": request.query_params.get("q", ""), "url": url})


async def form(request):
    async with request.form() as form:
        return JSONResponse({"name": form["name"]})


async def upload(request):
    async with request.form() as form:
        return JSONResponse({"name": form["file"].filename, "data": (await form["file"].read()).hex()})


async def cookies(request):
    response = JSONResponse({"a": request.cookies["a"]})
    response.set_cookie("x", "1")
    response.set_cookie("y", "2")
    return response


async def redirect(request):
    return RedirectResponse("/items/1", 302)


async def binary(request):
    return Response(bytes(range(256)), media_type="application/octet-stream")


async def stream(request):
    async def parts():
        for n in range(5):
            yield f"{n},"

    return StreamingResponse(parts(), media_type="text/plain")


app = Starlette(
    routes=[
        Mount("/items", routes=[Route("/{item:int}", item, name="item")], name="items"),
        Route("/form", form, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]),
        Route("/cookies", cookies),
        Route("/redirect", redirect),
        Route("/binary", binary),
        Route("/stream", stream),
    ]
)
