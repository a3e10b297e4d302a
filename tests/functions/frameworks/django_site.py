import django
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path, reverse

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="secret", USE_X_FORWARDED_PORT=False)
settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def item(request, item):
    url = request.build_absolute_uri(reverse("item", args=[item]))
    return JsonResponse({"item": item, "q": request.GET.get("q", ""), "url": url})


def form(request):
    return JsonResponse({"name": request.POST["name"]})


def upload(request):
    file = request.FILES["file"]
    return JsonResponse({"name": file.name, "data": file.read().hex()})


def cookies(request):
    response = JsonResponse({"a": request.COOKIES["a"]})
    response.set_cookie("x", "1")
    response.set_cookie("y", "2")
    return response


def redirect(request):
    return HttpResponseRedirect("/items/1")


def binary(request):
    return HttpResponse(bytes(range(256)), content_type="application/octet-stream")


async def parts():
    for n in range(5):
        yield f"{n},"


def stream(request):
    pieces = parts() if hasattr(request, "scope") else (f"{n}," for n in range(5))
    return StreamingHttpResponse(pieces, content_type="text/plain")


urlpatterns = [
    path("items/<int:item>", item, name="item"),
    *(path(view.__name__, view) for view in (form, upload, cookies, redirect, binary, stream)),
]
django.setup()
