"""
What the integration tests run against: AWS's emulator on the host, and containers.

Owns finding and starting them, and the one skip where there is none. Refuses to know what is asserted about them.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import give_up
from tests.support.containers import docker, engine_answers
from tests.support.packages import TREE
from tests.support.rie import RIE, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


collect_ignore = ["projects"]  # users' repositories, with tests of their own


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give up here, not in a fixture: a skip counts as one line of the summary for each place that raises it."""
    if item.get_closest_marker("engine") and not engine_answers():
        give_up("no container engine answers, so no container is tested: `make engine` installs or names one")
    if item.get_closest_marker("rie") and sys.platform != "linux":
        pytest.skip("AWS's emulator is a program for Linux")
    if item.get_closest_marker("rie") and not RIE.is_file():
        give_up("AWS's emulator is not there: `make test` fetches it")
    if item.get_closest_marker("compiled") and not TREE.is_dir():
        give_up("the interpreter is not compiled, so what carries it is not tested: `make test-all` compiles it")


@pytest.fixture(scope="session")
def image() -> str:
    """The name of the image that functions run in: the built one, or one like it on Debian's own Python."""
    name = os.environ.get("IMAGE", "lambda-bootstrap:latest")
    if docker("image", "inspect", name).returncode != 0:
        pytest.fail(f"there is no image {name}: `make test` and `make image` build it", pytrace=False)
    return name


@pytest.fixture(scope="session")
def old() -> str:
    """The name of an image with an old C library, and neither Python nor certificates nor time zones in it."""
    name = "debian:bullseye-slim"
    if docker("image", "inspect", name).returncode != 0:
        pytest.fail(f"there is no image {name}: `make base BASE_IMAGE={name}` gets it", pytrace=False)
    return name


@pytest.fixture
def rie(tmp_path: Path) -> Iterator[Callable[..., Emulator]]:
    """Start AWS's emulator, once, with a handler of tests/functions and further environment variables."""
    started: list[Emulator] = []

    def start(handler: str, opt: Path | None = None, **environ: str) -> Emulator:
        emulator = Emulator(handler, tmp_path / "rie.log", environ, opt)
        started.append(emulator)
        emulator.wait()
        return emulator

    yield start
    for emulator in started:
        emulator.stop()
