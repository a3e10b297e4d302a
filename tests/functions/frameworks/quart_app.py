from quart import Quart, Response, jsonify, redirect, request, url_for

app = Quart(__name__)


@app.get("/items/<int:item>")
async def item(item):
    return {"item": item, "q": request.args.get("q", ""), "url": url_for("item", item=item, _external=True)}


@app.post("/form")
async def form():
    return {"name": (await request.form)["name"]}


@app.post("/upload")
async def upload():
    file = (await request.files)["file"]
    return {"name": file.filename, "data": file.read().hex()}


@app.get("/cookies")
async def cookies():
    response = jsonify(a=request.cookies["a"])
    response.set_cookie("x", "1")
    response.set_cookie("y", "2")
    return response


@app.get("/redirect")
async def move():
    return redirect("/items/1", 302)


@app.get("/binary")
async def binary():
    return Response(bytes(range(256)), content_type="application/octet-stream")


@app.get("/stream")
async def stream():
    async def parts():
        for n in range(5):
            yield f"{n},".encode()

    return Response(parts(), content_type="text/plain")
