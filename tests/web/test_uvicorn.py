"""The same requests to the same application, behind uvicorn over a socket and behind a Function URL: same responses."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, FUNCTIONS
from tests.support.front_ends import URL, Got, Sent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(600)  # the first installs the frameworks

FOLDER = FUNCTIONS / "frameworks"
# What a server adds, and what is about the connection; times are of the second.
SERVERS = {"date", "server", "connection", "transfer-encoding", "content-length"}
SAME_ORDER = {"PYTHONHASHSEED": "0"}  # of sets, such as Starlette's of methods
REQUESTS = [
    *(Sent(path=f"/{path}") for path in ("hello", "redirect", "headers", "latin", "stream", "big", "fail", "refuse")),
    *(Sent(path=f"/{path}") for path in ("later", "session", "nowhere", "raw", "items/a", "items/a%20%C3%A9")),
    *(Sent(path=f"/status/{code}") for code in (200, 201, 204, 206, 299, 304, 400, 404, 418, 500, 503, 599)),
    *(Sent("HEAD", f"/{path}") for path in ("hello", "headers", "stream", "status/204", "nowhere")),
    *(Sent(method, "/echo", body=b"body \xff\0") for method in ("POST", "PUT", "PATCH", "DELETE")),
    Sent("POST", "/echo", headers=[("Content-Type", "application/json")], body=b'{"a": "\xc3\xa9"}'),
    Sent("GET", "/echo"),
    Sent("POST", "/hello", body=b"x"),
    Sent("OPTIONS", "/hello", headers=[("Origin", "https://a"), ("Access-Control-Request-Method", "GET")]),
    Sent("GET", "/hello", headers=[("Origin", "https://a")]),
    Sent("GET", "/big", headers=[("Accept-Encoding", "gzip")]),
    Sent("GET", "/told/a%2Fb%20c", "q=1&q=2&r=%26+x&empty=", [("Cookie", "a=1; b=2"), ("X-Up", "É")]),
    Sent("GET", "/told/%E9", "%E9=%zz"),
    Sent("GET", "/told//", ""),
    Sent("POST", "/told/x", body=b"1"),
]


@pytest.fixture(scope="module", name="uvicorn")
def _uvicorn(frameworks: Path) -> Iterator[int]:
    """The port of the application behind uvicorn."""
    command = [str(frameworks), "-m", "uvicorn", "--host", "127.0.0.1", "--port", "0", "oracle_app:app"]
    environ = {**os.environ, **SAME_ORDER}
    with subprocess.Popen(
        command, cwd=FOLDER, env=environ, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stderr
        for line in server.stderr:
            found = re.search(r"running on http://127\.0\.0\.1:(\d+)", line)
            if found:
                break
        else:
            raise AssertionError("uvicorn has not started")
        yield int(found[1])
        server.terminate()
        server.stderr.read()


@pytest.fixture(scope="module", name="ours")
def _ours(frameworks: Path) -> Iterator[Emulator]:
    """The application behind the runtime."""
    with Emulator(
        [frameworks, BOOTSTRAP],
        cwd=FOLDER,
        handler="oracle_app.app",
        environ=SAME_ORDER,
        timeout=20.0,
        init_timeout=30.0,
    ) as emulator:
        yield emulator


def named(sent: Sent, port: int) -> Sent:
    """The request as a client sends it: with Host, and a length where there is a body."""
    headers = [("Host", f"127.0.0.1:{port}"), ("X-Forwarded-Proto", "http"), *sent.headers]
    if sent.body:
        headers.append(("Content-Length", str(len(sent.body))))
    return Sent(sent.method, sent.path, sent.query, headers, sent.body)


def over_socket(sent: Sent, port: int) -> Got:
    """What uvicorn answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        target = sent.path + (f"?{sent.query}" if sent.query else "")
        connection.putrequest(sent.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.headers:
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders(sent.body)
        response = connection.getresponse()
        found: dict[str, list[str]] = {}
        for name, value in response.getheaders():
            found.setdefault(name.lower(), []).append(value)
        return Got(response.status, found, response.read())
    finally:
        connection.close()


def comparable(got: Got) -> Any:
    """A response without what is the server's own; values of one header joined, cookies apart."""
    headers = {name: got.header(name) for name in got.headers if name not in SERVERS | {"set-cookie"}}
    body = got.body
    if "raw_path" in headers.get("content-type", "") or body.startswith(b'{"type":'):
        body = json.loads(body)
    cookies = [re.sub(r"(?<=session=)[^;]*|(?<=expires=)[^;]*", "…", cookie) for cookie in got.cookies]
    return got.status, headers, cookies, body


@pytest.mark.parametrize("sent", REQUESTS, ids=lambda sent: f"{sent.method} {sent.path}?{sent.query}")
def test_same(uvicorn: int, ours: Emulator, sent: Sent) -> None:
    """Status, headers, cookies and body are the same as uvicorn's, and so is what the application is told."""
    request = named(sent, uvicorn)
    outcome = ours.invoke(json.dumps(URL.event(request)).encode())
    assert outcome.error is None

    assert comparable(URL.receive(outcome.json())) == comparable(over_socket(request, uvicorn))
