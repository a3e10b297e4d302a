from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import Response


def item(request):
    found = int(request.matchdict["item"])
    return {"item": found, "q": request.GET.get("q", ""), "url": request.route_url("item", item=found)}


def form(request):
    return {"name": request.POST["name"]}


def upload(request):
    file = request.POST["file"]
    return {"name": file.filename, "data": file.file.read().hex()}


def cookies(request):
    request.response.set_cookie("x", "1")
    request.response.set_cookie("y", "2")
    return {"a": request.cookies["a"]}


def redirect(request):
    return HTTPFound("/items/1")


def binary(request):
    return Response(bytes(range(256)), content_type="application/octet-stream")


def stream(request):
    return Response(app_iter=(f"{n},".encode() for n in range(5)), content_type="text/plain")


with Configurator() as config:
    config.add_route("item", "/items/{item}")
    config.add_view(item, route_name="item", renderer="json")
    for view in (form, upload, cookies, redirect, binary, stream):
        config.add_route(view.__name__, f"/{view.__name__}")
        config.add_view(view, route_name=view.__name__, renderer="json")
    app = config.make_wsgi_app()
