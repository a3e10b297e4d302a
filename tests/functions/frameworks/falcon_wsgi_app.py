import falcon


class Items:
    def on_get(self, req, resp, item):
        resp.media = {"item": item, "q": req.get_param("q", default=""), "url": req.prefix + f"/items/{item}"}


class Form:
    def on_post(self, req, resp):
        resp.media = {"name": req.get_media()["name"]}


class Upload:
    def on_post(self, req, resp):
        for part in req.get_media():
            resp.media = {"name": part.filename, "data": part.get_data().hex()}


class Cookies:
    def on_get(self, req, resp):
        resp.media = {"a": req.cookies["a"]}
        resp.set_cookie("x", "1")
        resp.set_cookie("y", "2")


class Redirect:
    def on_get(self, req, resp):
        raise falcon.HTTPFound("/items/1")


class Binary:
    def on_get(self, req, resp):
        resp.data = bytes(range(256))
        resp.content_type = "application/octet-stream"


class Stream:
    def on_get(self, req, resp):
        resp.content_type = "text/plain"
        resp.stream = (f"{n},".encode() for n in range(5))


app = falcon.App()
app.add_route("/items/{item:int}", Items())
for resource in (Form, Upload, Cookies, Redirect, Binary, Stream):
    app.add_route(f"/{resource.__name__.lower()}", resource())
