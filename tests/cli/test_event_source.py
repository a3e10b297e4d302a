"""A browser's EventSource at a Function URL, from a page of another port, as CORS allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.cli.test_page import CHROMIUM
from tests.support.served import serve_project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt install chromium-headless-shell")

APP = """
import pathlib, time
from lambda_bootstrap import HttpResponse


def handler(event):
    yield HttpResponse(200, {"content-type": "text/event-stream"})
    yield "data: one\\n\\n"
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    yield "data: two\\n\\n"
    time.sleep(5)
"""
PYPROJECT = """
[tool.lambda-bootstrap.functions.events]
handler = "app.handler"
timeout = 30
url = { cors = { allow-origins = ["*"] } }
"""
LISTEN = """url => new Promise(done => {
    window.seen = [];
    window.source = new EventSource(url);
    window.source.onmessage = event => { window.seen.push(event.data); done(event.data); };
})"""


def test_one_by_one(tmp_path: Path) -> None:
    """An EventSource has the first event while the function waits to send the second, and then that one too."""
    project = serve_project(tmp_path, APP, PYPROJECT, "--url-port", "0")
    with project as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://{served.authority}/nothing")  # which has no policy of its own
        first = page.evaluate(LISTEN, f"http://{served.url()}/")
        before = page.evaluate("window.seen")
        (tmp_path / "go").touch()
        page.wait_for_function("window.seen.length > 1", timeout=20_000)
        after = page.evaluate("window.source.close() || window.seen")
        browser.close()

    assert (first, before, after) == ("one", ["one"], ["one", "two"])
