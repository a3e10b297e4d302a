"""What the pages' code blocks run with: our two wheels, installed, and a base for images."""

from __future__ import annotations

import os
import shutil
import sysconfig
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT
from tests.support.containers import docker, engine_answers
from tests.support.wheels import build, install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A Python with pip, as in the images of Docker's library, which our machines cannot fetch.
PYTHON_IMAGE = "lambda-bootstrap:python"
DOCKERFILE = """
FROM debian:trixie-slim
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-pip
ENV PIP_BREAK_SYSTEM_PACKAGES=1
"""


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels that `make wheels` builds."""
    folder = tmp_path_factory.mktemp("wheels")
    for source in (ROOT, ROOT / "dev"):
        build(source, folder, "wheel")
    return folder


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """The Python of an environment in which the wheels are installed; it finds the tests' own packages too."""
    python = install(tmp_path_factory.mktemp("environment"), wheels, "lambda-bootstrap[dev]")
    site = next(python.parents[1].glob("lib/python3.*/site-packages"))
    (site / "tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return python


@pytest.fixture(scope="session")
def python_image() -> Iterator[str]:
    """The name of an image with Python and pip; empty if there is no engine to build it."""
    if not engine_answers():
        if os.environ.get("REQUIRE_ENGINE") == "1":
            pytest.fail("there is no container engine", pytrace=False)
        yield ""
        return
    built = docker("build", "--quiet", "--tag", PYTHON_IMAGE, "-", stdin=DOCKERFILE, timeout=300)
    assert built.returncode == 0, built.stderr
    yield PYTHON_IMAGE
    docker("image", "rm", "--force", PYTHON_IMAGE)


@pytest.fixture
def folder(tmp_path: Path, wheels: Path) -> Path:
    """A folder for one page, as a reader has it: nothing but a folder with the wheels."""
    shutil.copytree(wheels, tmp_path / "wheels")
    return tmp_path
