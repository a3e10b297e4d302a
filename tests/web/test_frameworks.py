"""The frameworks that people use, as they come from their projects, each behind four front ends."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, FUNCTIONS
from tests.support.front_ends import ALB, HTTP_2_STAGE, REST_STAGE, URL, FrontEnd, Got, Sent

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(600)  # the first installs them

APPLICATIONS = (
    *("fastapi", "starlette", "django_asgi", "quart", "litestar", "falcon_asgi"),
    *("flask", "django_wsgi", "bottle", "pyramid", "falcon_wsgi"),
)
SIDE_BY_SIDE = [("fastapi", 8), ("starlette", 8)]  # with how many requests at once
FRONT_ENDS = (REST_STAGE, HTTP_2_STAGE, URL, ALB)
HOST = ("Host", "example.org")
BOUNDARY = "boundary"
DATA = bytes(range(256))
UPLOAD = (
    (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    + DATA
    + f"\r\n--{BOUNDARY}--\r\n".encode()
)


def run(python: Path, handler: str, concurrency: int = 0, **environ: str) -> Emulator:
    """A function of tests/functions/frameworks."""
    command = [python, BOOTSTRAP]
    options: dict[str, Any] = {"timeout": 20.0, "init_timeout": 30.0, "concurrency": concurrency}
    return Emulator(command, cwd=FUNCTIONS / "frameworks", handler=handler, environ=environ, **options)


class Client:
    """A client of one front end of an environment."""

    def __init__(self, emulator: Emulator, front_end: FrontEnd) -> None:
        self.emulator = emulator
        self.front_end = front_end

    def ask(self, path: str, method: str = "GET", query: str = "", body: bytes = b"", **headers: str) -> Got:
        """Send a request and return what comes back."""
        named = [HOST, *((name.replace("_", "-").title(), value) for name, value in headers.items())]
        sent = Sent(method, path, query, named, body)
        outcome = self.emulator.invoke(json.dumps(self.front_end.event(sent)).encode())
        assert outcome.error is None, outcome.error
        return self.front_end.receive(outcome.json())

    def json(self, path: str, method: str = "GET", query: str = "", body: bytes = b"", **headers: str) -> Any:
        """The JSON of a response, which has to be one."""
        got = self.ask(path, method, query, body, **headers)
        assert got.status == 200, got
        return json.loads(got.body)


def environ_of(name: str) -> dict[str, str]:
    """What an application has to be told: Falcon's ASGI application doesn't strip the mount point from the path."""
    return {"BOOTSTRAP_HTTP_ROOT_PATH": ""} if name == "falcon_asgi" else {}


@pytest.mark.parametrize(("name", "concurrency"), [*((name, 0) for name in APPLICATIONS), *SIDE_BY_SIDE])
def test_framework(frameworks: Path, name: str, concurrency: int) -> None:
    """Routes, queries, URLs, forms, uploads, cookies, redirects, binary and streamed bodies work behind each."""
    with run(frameworks, f"{name}_app.app", concurrency, **environ_of(name)) as emulator:
        for front_end in FRONT_ENDS:
            client = Client(emulator, front_end)
            stage = "" if name == "falcon_asgi" else front_end.stage
            routed = client.json("/items/7", query="q=%C3%A9+%26")
            form = client.json("/form", "POST", body=b"name=%C3%A9+a", content_type="application/x-www-form-urlencoded")
            kind = f"multipart/form-data; boundary={BOUNDARY}"
            uploaded = client.json("/upload", "POST", body=UPLOAD, content_type=kind)
            cookies = client.ask("/cookies", cookie="b=0; a=1")
            redirect, binary, stream = map(client.ask, ("/redirect", "/binary", "/stream"))

            assert routed == {"item": 7, "q": "é &", "url": f"https://example.org{stage}/items/7"}
            assert form == {"name": "é a"}
            assert uploaded == {"name": "a.bin", "data": DATA.hex()}
            assert json.loads(cookies.body) == {"a": "1"}
            assert [cookie.partition(";")[0] for cookie in cookies.cookies] == ["x=1", "y=2"]
            assert (redirect.status, redirect.header("location")[-8:]) == (302, "/items/1")
            assert (binary.body, binary.header("content-type")) == (DATA, "application/octet-stream")
            assert (stream.body, stream.header("content-type").partition(";")[0]) == (b"0,1,2,3,4,", "text/plain")
            assert client.ask("/nowhere").status == 404
        assert b"[ERROR]" not in emulator.output


@pytest.mark.parametrize(("name", "concurrency"), [*((name, 0) for name in APPLICATIONS), *SIDE_BY_SIDE])
def test_streamed(frameworks: Path, name: str, concurrency: int) -> None:
    """With BOOTSTRAP_HTTP=stream, a streamed body leaves piece by piece, and any other as it is, bytes too."""
    with run(frameworks, f"{name}_app.app", concurrency, BOOTSTRAP_HTTP="stream", **environ_of(name)) as emulator:
        for path in ("/stream", "/binary", "/cookies"):
            headers = [HOST, ("Cookie", "a=1")]
            emulator.invoke(json.dumps(URL.event(Sent(path=path, headers=headers))).encode())
        stream, binary, cookies = emulator.wait_for("response", 3)

        head, _, first = stream.pieces[0].partition(bytes(8))
        assert json.loads(head)["statusCode"] == 200
        assert [first, *stream.pieces[1:]] == [b"0,", b"1,", b"2,", b"3,", b"4,"]
        assert binary.body.partition(bytes(8))[2] == DATA
        assert len(json.loads(cookies.body.partition(bytes(8))[0])["cookies"]) == 2


def test_server_sent_events(frameworks: Path) -> None:
    """sse-starlette's EventSourceResponse streams its events, unmodified."""
    with run(frameworks, "sse_app.app", BOOTSTRAP_HTTP="stream") as emulator:
        emulator.invoke(json.dumps(URL.event(Sent(path="/events"))).encode())
        (post,) = emulator.wait_for("response")
        head, _, first = post.pieces[0].partition(bytes(8))

        assert json.loads(head)["headers"]["content-type"].startswith("text/event-stream")
        assert [first, *post.pieces[1:]] == [b"", b"data: 0\r\n\r\n", b"data: 1\r\n\r\n", b"data: 2\r\n\r\n"]
        assert post.trailers == ()


def test_background(frameworks: Path) -> None:
    """Starlette's background tasks run after the answer and before the next request; files are sent by their paths."""
    with run(frameworks, "sse_app.app") as emulator:
        client = Client(emulator, URL)

        assert [client.json("/background") for _ in range(2)] == [[], ["later"]]
        assert client.ask("/file").body == (FUNCTIONS / "frameworks" / "sse_app.py").read_bytes()


@pytest.mark.parametrize("handler", ["mangum_app.handler", "apig_wsgi_app.handler"])
def test_adapters(frameworks: Path, handler: str) -> None:
    """Mangum and apig-wsgi, which take event and context, stay the handlers that they are."""
    with run(frameworks, handler) as emulator:
        event = URL.event(Sent(path="/binary", headers=[HOST]))
        result = emulator.invoke(json.dumps(event).encode()).json()

        assert (result["statusCode"], base64.b64decode(result["body"])) == (200, DATA)
