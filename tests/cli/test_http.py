"""`lambda-bootstrap run --http`: a request in, a response out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lambda_bootstrap_dev.cli.main import main

from tests.support import FUNCTIONS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def run(handler: str, *options: str) -> int:
    """Run the command line on a function of tests/functions."""
    return main(["run", "--python", sys.executable, "--timeout", "20", *options, f"{FUNCTIONS}/{handler}"])


def test_application(capfd: pytest.CaptureFixture[str]) -> None:
    """An application's response is printed as curl does: the head to stderr, the body alone to stdout."""
    status = run("webapps.app", "--http", "GET", "/hello?a=b")
    captured = capfd.readouterr()

    assert (status, captured.out) == (0, "hello")
    assert "HTTP/1.1 201 Created\ncontent-type: text/plain\nset-cookie: a=1\nset-cookie: b=2\n" in captured.err, (
        captured.err
    )


def test_streamed(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A streamed response is printed in the same way."""
    monkeypatch.setenv("BOOTSTRAP_HTTP", "stream")
    status = run("webapps.wsgi", "--http", "GET", "/hello")
    captured = capfd.readouterr()

    assert (status, captured.out) == (0, "hello")
    assert "HTTP/1.1 201 Created\ncontent-type: text/plain\nset-cookie: a=1\n" in captured.err, captured.err


def test_body(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The file of `--event` is the request's body, and the event is a Function URL's, for any handler."""
    (tmp_path / "order.json").write_text('{"id": 7}')
    status = run("echo.handler", "--http", "POST", "/orders?q=1&q=%20", "--event", str(tmp_path / "order.json"))
    captured = capfd.readouterr()

    assert status == 0
    assert captured.err.count("HTTP/1.1 200 OK\ncontent-type: application/json\n") == 1
    assert '"rawPath":"/orders"' in captured.out
    assert '"queryStringParameters":{"q":"1, "}' in captured.out
    assert '"body":"{\\"id\\": 7}"' in captured.out


def test_no_path(capfd: pytest.CaptureFixture[str]) -> None:
    """A path that begins without a slash, or is a URL, is refused: no client sends such a one."""
    for path in ("items/7", "http://localhost/items/7"):
        assert run("echo.handler", "--http", "GET", path) == 2
        expected = f"Error: Invalid value for '--http': '{path}' isn't a path: it begins with /, as in GET /items?q=a\n"
        assert capfd.readouterr().err.endswith(expected)


def test_error(capfd: pytest.CaptureFixture[str]) -> None:
    """A function's error is printed as an error: no client sees more of it than a 502."""
    status = run("plain.fails", "--http", "GET", "/")
    captured = capfd.readouterr()

    assert (status, "function error" in captured.err) == (0, True)
