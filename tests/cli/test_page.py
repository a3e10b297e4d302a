"""The page of `serve`, driven in Chromium."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.served import serve_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.support.served import Served

CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt install chromium-headless-shell"),
]
SECONDS = 20_000

APP = """
import logging
import pathlib
import time


def handler(event, context):
    logging.getLogger().warning("careful with %s", event)
    print("a line")
    if event == "fail":
        raise ValueError("boom <b>")
    if event == "slow":
        time.sleep(30)
    return {"got": event}


def stream(event, context):
    yield "one "
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    yield "zwölf"
"""
PYPROJECT = """
[tool.lambda-bootstrap.functions.orders]
handler = "app.handler"
timeout = 1

[tool.lambda-bootstrap.functions.feed]
handler = "app.stream"
timeout = 20
"""


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(name="served", scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_project(tmp_path_factory.mktemp("page"), APP, PYPROJECT) as served:
        yield served


@pytest.fixture(name="page")
def _page(browser: Browser, served: Served) -> Iterator[Page]:
    """The page, in a context of its own, which has asked nobody but the emulator and has reported no error."""
    page = browser.new_page(color_scheme="dark")
    page.set_default_timeout(SECONDS)
    expect.set_options(timeout=SECONDS)
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"http://{served.authority}/")
    expect(page.locator("#function option")).to_have_count(2)
    yield page
    page.close()

    assert [url for url in asked if not url.startswith((f"http://{served.authority}/", "data:"))] == []
    assert errors == []


def send(page: Page, event: object, function: str = "orders") -> None:
    """Send an event by keyboard alone."""
    page.locator("#function").select_option(function)
    page.locator("#event").fill(json.dumps(event))
    page.keyboard.press("Control+Enter")


def test_send(page: Page) -> None:
    """An event's response is shown, its log as records with levels, and what it took."""
    send(page, {"a": 1})
    expect(page.locator("#state")).to_have_text("done")
    expect(page.locator("#response")).to_contain_text('"got": {\n    "a": 1')
    first = page.locator("#history tr").first
    expect(first.locator("td").nth(2)).to_have_text("response")
    expect(first.locator("td").nth(3)).to_contain_text(" ms")
    expect(first.locator("td").nth(5)).to_contain_text(" MB")
    expect(page.locator("#log tr.WARNING, #log tr.WARN").last).to_contain_text("careful with {'a': 1}")
    expect(page.locator("#log tr.PLATFORM").last).to_contain_text("REPORT RequestId")


def test_level(page: Page) -> None:
    """Records can be shown by their level."""
    send(page, 1)
    expect(page.locator("#state")).to_have_text("done")
    page.locator("#level").select_option("PLATFORM")
    expect(page.locator("#log tr:visible").first).to_have_class("PLATFORM")
    expect(page.locator("#log tr.WARN:visible, #log tr.WARNING:visible")).to_have_count(0)


def test_error(page: Page) -> None:
    """An error is shown with its type and as text, in the log as well."""
    send(page, "fail")
    expect(page.locator("#state")).to_have_text("ValueError")
    expect(page.locator("#response")).to_contain_text('"errorMessage": "boom <b>"')
    expect(page.locator("#history tr").first.locator("td").nth(2)).to_have_text("error")
    expect(page.locator("#log tr.ERROR").last).to_contain_text("boom <b>")


def test_timeout(page: Page) -> None:
    """A function that takes too long is shown as timed out."""
    send(page, "slow")
    expect(page.locator("#state")).to_have_text("Sandbox.Timedout")
    expect(page.locator("#history tr").first.locator("td").nth(2)).to_have_text("timeout")


def test_stream(page: Page, served: Served) -> None:
    """Pieces are shown as they come, text that isn't ASCII whole."""
    go: Path = served.folder / "go"
    send(page, {}, "feed")
    expect(page.locator("#response")).to_have_text("one ")
    expect(page.locator("#state")).to_have_text("1 piece")
    go.touch()
    expect(page.locator("#state")).to_have_text("done, 2 pieces")
    expect(page.locator("#response")).to_have_text("one zwölf")
    go.unlink()


def test_replay(page: Page) -> None:
    """An invocation of the history can be sent again."""
    send(page, {"again": 1})
    expect(page.locator("#state")).to_have_text("done")
    send(page, {"other": 2})
    expect(page.locator("#response")).to_contain_text("other")
    row = page.locator("#history tr").nth(1)
    row.get_by_role("button", name="Send again").click()
    expect(page.locator("#response")).to_contain_text('"again": 1')
    expect(page.locator("#event")).to_have_value('{\n  "again": 1\n}')


def test_sample(page: Page) -> None:
    """A sample event fills the editor."""
    page.locator("#sample").select_option("sqs")
    page.wait_for_function("document.getElementById('event').value.includes('aws:sqs')")


def test_no_json(page: Page) -> None:
    """An event that isn't JSON isn't sent, and the place is said."""
    page.locator("#event").fill("{a: 1}")
    page.locator("#send").click()
    expect(page.locator("#wrong")).to_contain_text("The event isn't JSON")


def test_others_calls(page: Page, served: Served) -> None:
    """A call that somebody else makes is shown too, also to a page that is opened later."""
    served.invoke("from elsewhere", "orders")
    expect(page.locator("#history tr").first).to_contain_text("from elsewhere")
    page.reload()
    expect(page.locator("#history tr").first).to_contain_text("from elsewhere")


def test_keyboard(page: Page) -> None:
    """The Tab key leads through everything that can be used, in the order of the page."""
    ids = []
    for _ in range(9):
        page.keyboard.press("Tab")
        ids.append(page.evaluate("document.activeElement.id || document.activeElement.getAttribute('aria-label')"))

    assert ids == ["function", "sample", "event", "send", "response", "level", "only", "clear", "log-scroll"]


@pytest.mark.parametrize("path", ["/", "/page.js", "/feed", "/page/functions", "/page/samples"])
def test_other_sites(served: Served, path: str) -> None:
    """Under a name of another site, or to a page of one, neither the page nor what it shows is given."""
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        assert served.request("GET", path, headers=headers)[0] == 403


def test_policy(served: Served) -> None:
    """The page may load nothing from anywhere else, and be framed by nobody."""
    status, headers, _ = served.request("GET", "/")

    assert status == 200
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_unknown(served: Served) -> None:
    """Anything else is 404: no path leads to other files."""
    for path in ("/page.html", "/../pyproject.toml", "/page/samples/nope", "/page/samples/..%2fx"):
        assert served.request("GET", path)[0] == 404
    assert served.request("POST", "/")[0] == 404
