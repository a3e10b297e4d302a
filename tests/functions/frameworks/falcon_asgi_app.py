import falcon
import falcon.asgi


class Items:
    async def on_get(self, req, resp, item):
        resp.media = {"item": item, "q": req.get_param("q", default=""), "url": req.prefix + f"/items/{item}"}


class Form:
    async def on_post(self, req, resp):
        resp.media = {"name": (await req.get_media())["name"]}


class Upload:
    async def on_post(self, req, resp):
        async for part in await req.get_media():
            resp.media = {"name": part.filename, "data": (await part.get_data()).hex()}


class Cookies:
    async def on_get(self, req, resp):
        resp.media = {"a": req.cookies["a"]}
        resp.set_cookie("x", "1")
        resp.set_cookie("y", "2")


class Redirect:
    async def on_get(self, req, resp):
        raise falcon.HTTPFound("/items/1")


class Binary:
    async def on_get(self, req, resp):
        resp.data = bytes(range(256))
        resp.content_type = "application/octet-stream"


class Stream:
    async def on_get(self, req, resp):
        async def parts():
            for n in range(5):
                yield f"{n},".encode()

        resp.content_type = "text/plain"
        resp.stream = parts()


app = falcon.asgi.App()
app.add_route("/items/{item:int}", Items())
for resource in (Form, Upload, Cookies, Redirect, Binary, Stream):
    app.add_route(f"/{resource.__name__.lower()}", resource())
