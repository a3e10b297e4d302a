"""FastAPI under AWS's emulator, on the host and in the image: the application is the handler."""

from __future__ import annotations

import base64
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import FUNCTIONS
from tests.support.containers import function
from tests.support.frameworks import for_python, frameworks
from tests.support.front_ends import URL, Sent
from tests.support.rie import post

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.rie import Emulator

__all__ = ["frameworks"]
pytestmark = pytest.mark.timeout(600)  # the first installs the frameworks

FOLDER = FUNCTIONS / "frameworks"
HOST = ("Host", "example.org")


def event(path: str, **headers: str) -> bytes:
    """The event of a request."""
    return json.dumps(URL.event(Sent(path=path, headers=[HOST, *headers.items()]))).encode()


def check(ask: Callable[[bytes], Any]) -> None:
    """Ask for JSON with a URL, for bytes, and for cookies."""
    item, binary, cookies = ask(event("/items/7")), ask(event("/binary")), ask(event("/cookies", cookie="a=1"))

    assert json.loads(item["body"]) == {"item": 7, "q": "", "url": "https://example.org/items/7"}
    assert (binary["isBase64Encoded"], base64.b64decode(binary["body"])) == (True, bytes(range(256)))
    assert [cookie.partition(";")[0] for cookie in cookies["cookies"]] == ["x=1", "y=2"]


@pytest.mark.rie
def test_rie(rie: Callable[..., Emulator], frameworks: Path) -> None:
    """FastAPI answers under AWS's emulator on the host."""
    path = f"{frameworks.parent}:{os.environ['PATH']}"
    emulator = rie("fastapi_app.app", PATH=path, LAMBDA_TASK_ROOT=str(FOLDER))

    check(lambda payload: json.loads(emulator.invoke(payload).data))


@pytest.mark.rie
def test_rie_streamed(rie: Callable[..., Emulator], frameworks: Path) -> None:
    """A streamed answer reaches the caller of AWS's emulator, which collects it: prelude and pieces."""
    path = f"{frameworks.parent}:{os.environ['PATH']}"
    emulator = rie("fastapi_app.app", PATH=path, LAMBDA_TASK_ROOT=str(FOLDER), BOOTSTRAP_HTTP="stream")
    head, _, body = emulator.invoke(event("/stream")).data.partition(bytes(8))

    assert json.loads(head)["statusCode"] == 200
    assert body == b"0,1,2,3,4,"


@pytest.mark.engine
def test_image(image: str) -> None:
    """FastAPI answers in the image, with its packages beside it, as Lambda would run it."""
    task = for_python("3.13")
    shutil.copy(FOLDER / "fastapi_app.py", task)
    task.chmod(0o755)
    with function(image, "fastapi_app.app", task) as url:
        check(lambda payload: post(url, payload).json())
