from typing import Annotated, Any

from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import Cookie, UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Stream


@get("/items/{item:int}", name="item", sync_to_thread=False)
def item(item: int, request: Request, q: str = "") -> dict[str, Any]:
    return {"item": item, "q": q, "url": request.url_for("item", item=item)}


@post("/form", status_code=200)
async def form(data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]) -> dict[str, str]:
    return {"name": data["name"]}


@post("/upload", status_code=200)
async def upload(
    data: Annotated[dict[str, UploadFile], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> dict[str, str]:
    return {"name": data["file"].filename, "data": (await data["file"].read()).hex()}


@get("/cookies")
async def cookies(request: Request) -> Response[dict[str, str]]:
    return Response({"a": request.cookies["a"]}, cookies=[Cookie(key="x", value="1"), Cookie(key="y", value="2")])


@get("/redirect")
async def redirect() -> Redirect:
    return Redirect("/items/1", status_code=302)


@get("/binary", media_type="application/octet-stream")
async def binary() -> bytes:
    return bytes(range(256))


@get("/stream")
async def stream() -> Stream:
    async def parts():
        for n in range(5):
            yield f"{n},"

    return Stream(parts(), media_type="text/plain")


app = Litestar([item, form, upload, cookies, redirect, binary, stream], openapi_config=None)
