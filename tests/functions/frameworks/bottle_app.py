from bottle import Bottle, HTTPResponse, request, response

app = Bottle()


@app.get("/items/<item:int>", name="item")
def item(item):
    base = request.urlparts
    url = f"{base.scheme}://{base.netloc}{request.script_name.rstrip('/')}/items/{item}"
    return {"item": item, "q": request.query.q, "url": url}


@app.post("/form")
def form():
    return {"name": request.forms.name}


@app.post("/upload")
def upload():
    return {"name": request.files.file.raw_filename, "data": request.files.file.file.read().hex()}


@app.get("/cookies")
def cookies():
    response.set_cookie("x", "1")
    response.set_cookie("y", "2")
    return {"a": request.get_cookie("a")}


@app.get("/redirect")
def move():
    return HTTPResponse(status=302, headers={"Location": "/items/1"})


@app.get("/binary")
def binary():
    response.content_type = "application/octet-stream"
    return bytes(range(256))


@app.get("/stream")
def stream():
    response.content_type = "text/plain"
    return (f"{n}," for n in range(5))
