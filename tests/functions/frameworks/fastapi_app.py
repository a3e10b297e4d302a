from typing import Annotated

from fastapi import Cookie, FastAPI, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse, StreamingResponse

app = FastAPI()


@app.get("/items/{item}")
def item(item: int, request: Request, q: str = ""):
    return {"item": item, "q": q, "url": str(request.url_for("item", item=item))}


@app.post("/form")
def form(name: Annotated[str, Form()]):
    return {"name": name}


@app.post("/upload")
async def upload(file: UploadFile):
    return {"name": file.filename, "data": (await file.read()).hex()}


@app.get("/cookies")
def cookies(response: Response, a: Annotated[str, Cookie()]):
    response.set_cookie("x", "1")
    response.set_cookie("y", "2")
    return {"a": a}


@app.get("/redirect")
def redirect():
    return RedirectResponse("/items/1", 302)


@app.get("/binary")
def binary():
    return Response(bytes(range(256)), media_type="application/octet-stream")


@app.get("/stream")
def stream():
    return StreamingResponse((f"{n}," for n in range(5)), media_type="text/plain")
