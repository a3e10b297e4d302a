from flask import Flask, Response, jsonify, redirect, request, url_for

app = Flask(__name__)


@app.get("/items/<int:item>")
def item(item):
    return {"item": item, "q": request.args.get("q", ""), "url": url_for("item", item=item, _external=True)}


@app.post("/form")
def form():
    return {"name": request.form["name"]}


@app.post("/upload")
def upload():
    return {"name": request.files["file"].filename, "data": request.files["file"].read().hex()}


@app.get("/cookies")
def cookies():
    response = jsonify(a=request.cookies["a"])
    response.set_cookie("x", "1")
    response.set_cookie("y", "2")
    return response


@app.get("/redirect")
def move():
    return redirect("/items/1", 302)


@app.get("/binary")
def binary():
    return Response(bytes(range(256)), content_type="application/octet-stream")


@app.get("/stream")
def stream():
    return Response((f"{n}," for n in range(5)), content_type="text/plain")
