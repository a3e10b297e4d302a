"""A plain Debian image with its own Python: two lines in its Dockerfile make it a Lambda function."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT
from tests.support.containers import docker, inspect, running
from tests.support.rie import post
from tests.support.wheels import build

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.engine, pytest.mark.rie]

BASE = "lambda-bootstrap-plain-base:test"
IMAGE = "lambda-bootstrap-plain:test"
SYSTEM = """\
FROM debian:trixie-slim
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-pip && rm -rf /var/lib/apt/lists/*
"""
DOCKERFILE = f"""\
FROM {BASE}
COPY dist /dist
RUN pip install --no-index --find-links /dist --break-system-packages lambda-bootstrap
WORKDIR /var/task
COPY app .
ENTRYPOINT ["python3", "-P", "-m", "lambda_bootstrap"]
CMD ["app.handler"]
"""
FUNCTION = """\
import os, sys

import lambda_bootstrap
from lambda_bootstrap import Context


def handler(event, context: Context):
    return [event, sys.executable, lambda_bootstrap.__file__, type(context) is Context, os.getuid()]
"""


@pytest.fixture(scope="module", name="image")
def _image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The image of a function with a `functools.py` of its own, and a copy of our package."""
    folder = tmp_path_factory.mktemp("plain")
    build(ROOT, folder / "dist", "wheel")
    (folder / "app").mkdir()
    (folder / "app" / "app.py").write_text(FUNCTION)
    (folder / "app" / "functools.py").write_text("raise ImportError('the function has its own functools')\n")
    shutil.copytree(ROOT / "runtime" / "lambda_bootstrap", folder / "app" / "lambda_bootstrap")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    base = docker("build", "--quiet", "--tag", BASE, "-", stdin=SYSTEM, timeout=600)
    assert base.returncode == 0, base.stderr
    built = docker("build", "--quiet", "--tag", IMAGE, str(folder), timeout=300)
    assert built.returncode == 0, built.stderr
    yield IMAGE
    docker("image", "rm", "--force", IMAGE, BASE)


@pytest.mark.timeout(900)
def test_answers(image: str) -> None:
    """The function answers under AWS's emulator, on Debian's Python, with the package that pip has installed."""
    config = inspect(image)
    with running(image, {}, [*config["Entrypoint"], *config["Cmd"]]) as url:
        answers = [post(url, b"1").json(), post(url, b"2").json()]
    version = answers[0][2].split("/")[4]

    assert answers[0] == [1, "/usr/bin/python3", answers[0][2], True, 993]
    assert answers[0][2] == f"/usr/local/lib/{version}/dist-packages/lambda_bootstrap/__init__.py"
    assert answers[1][0] == 2


@pytest.mark.timeout(900)
def test_program(image: str) -> None:
    """ENTRYPOINT may also name `bootstrap`, which the wheel brings along as a program."""
    code = "import lambda_bootstrap.__main__ as module; print(module.BOOTSTRAP)"
    found = docker("run", "--rm", "--workdir", "/", "--entrypoint", "python3", image, "-P", "-c", code)
    with running(image, {}, [found.stdout.strip(), "app.handler"]) as url:
        assert post(url, b"1").json()[0] == 1
