"""What the pages' code blocks run with: our two wheels, installed, and a base for images."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.containers import docker, engine_answers

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
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
        subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """The Python of an environment in which the wheels are installed; it has the tests' own packages too."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    command = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    command += ["--no-index", "--no-deps", *map(str, wheels.glob("*.whl"))]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    (site / "tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def python_image() -> str:
    """The name of an image with Python and pip; empty if there is no engine to build it."""
    if not engine_answers():
        if os.environ.get("REQUIRE_ENGINE") == "1":
            pytest.fail("there is no container engine", pytrace=False)
        return ""
    built = docker("build", "--quiet", "--tag", PYTHON_IMAGE, "-", stdin=DOCKERFILE, timeout=300)
    assert built.returncode == 0, built.stderr
    return PYTHON_IMAGE


@pytest.fixture
def folder(tmp_path: Path, wheels: Path) -> Path:
    """A folder for one page, as a reader has it: nothing but a folder with the wheels."""
    shutil.copytree(wheels, tmp_path / "wheels")
    return tmp_path
