"""What `lambda-bootstrap build image` makes answers under AWS's emulator, on every kind of base."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT
from tests.support.containers import docker, inspect, running
from tests.support.packages import build
from tests.support.rie import ARCH, post

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.engine, pytest.mark.rie, pytest.mark.timeout(900)]

TAG = "lambda-bootstrap-function:test"
FUNCTION = """\
import os, sys
import lambda_bootstrap, structlog


def handler(event, context: lambda_bootstrap.Context):
    files = [lambda_bootstrap.__file__, structlog.__spec__.cached, __spec__.cached]
    return [event, "%d.%d" % sys.version_info[:2], files, os.getuid()]
"""
# Debian's Pythons beside its own, as other images have them: at the name that everybody calls.
OTHER = """\
FROM debian:sid-slim
RUN apt-get update && apt-get install --yes --no-install-recommends python{version} && rm -rf /var/lib/apt/lists/*
RUN ln -sf /usr/bin/python{version} /usr/local/bin/python3
"""


@pytest.fixture(name="repository")
def _repository(tmp_path: Path) -> Path:
    """A repository with a function and a dependency."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "app.py").write_text(FUNCTION)
    (folder / "requirements.txt").write_text("structlog==26.1.0\n")
    return folder


def answers(repository: Path, *options: str) -> list[object]:
    """Build the function's image, and send it two events, as Lambda would run it."""
    tag = build(repository, "image", "app.handler", "--tag", TAG, *options)
    config = inspect(tag)
    with running(tag, {}, [*config["Entrypoint"], *config["Cmd"]]) as url:
        found = [post(url, event).json() for event in (b"1", b"2")]
    docker("image", "rm", "--force", tag)
    return found


def expected(version: str, home: str, package: str) -> list[object]:
    """What the function answers: its package comes from *home*, its byte code lies beside each module."""
    code = f"cpython-{version.replace('.', '')}.pyc"
    files = [package, f"{home}/structlog/__pycache__/__init__.{code}", f"/var/task/__pycache__/app.{code}"]
    return [[event, version, files, 993] for event in (1, 2)]


@pytest.mark.compiled
def test_own_python(repository: Path) -> None:
    """On our Python, in an image without another one, a function answers with its dependencies out of the lock."""
    module = "/var/runtime/lambda-bootstrap/runtime/lambda_bootstrap/__init__.py"

    assert answers(repository) == expected("3.13", "/var/task", module)


@pytest.mark.compiled
def test_own_image(repository: Path, image: str) -> None:
    """On an image of ours, a function answers by the entry point that AWS's images have."""
    module = "/var/runtime/lambda-bootstrap/runtime/lambda_bootstrap/__init__.py"

    assert answers(repository, "--base", image) == expected("3.13", "/var/task", module)


@pytest.mark.parametrize(("suite", "version"), [("bookworm", "3.11"), ("trixie", "3.13")])
def test_debians_python(repository: Path, suite: str, version: str) -> None:
    """On Debian, its own Python is installed, makes the byte code, and runs the function."""
    subprocess.run([ROOT / "packaging" / "base.sh", f"debian:{suite}-slim", ARCH], check=True, cwd=ROOT)
    found = answers(repository, "--base", f"debian:{suite}-slim")

    assert found == expected(version, "/var/task", "/var/runtime/lambda_bootstrap/__init__.py")


@pytest.fixture(name="buildkit")
def _buildkit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the engine build with BuildKit; skip where no client has it."""
    monkeypatch.setenv("DOCKER_BUILDKIT", "1")
    for folder in os.environ["PATH"].split(":"):
        client = Path(folder, "docker")
        command = [str(client), "build", "--quiet", "-"]
        if client.is_file() and not subprocess.run(command, input=b"FROM scratch\nENV A=1\n", check=False).returncode:
            (tmp_path / "clients").mkdir()
            (tmp_path / "clients" / "docker").symlink_to(client)
            monkeypatch.setenv("PATH", f"{tmp_path / 'clients'}:{os.environ['PATH']}")
            return
    pytest.skip("no client of the engine builds with BuildKit")


@pytest.mark.usefixtures("buildkit")
def test_buildkit(tmp_path: Path, repository: Path) -> None:
    """By BuildKit, with Debian's lists of packages in a mount, the image is built and answers."""
    subprocess.run([ROOT / "packaging" / "base.sh", "debian:trixie-slim", ARCH], check=True, cwd=ROOT)
    output = tmp_path / "image"
    found = answers(repository, "--base", "debian:trixie-slim", "--output", str(output))

    assert "--mount=type=cache" in (output / "Dockerfile").read_text()
    assert found == expected("3.13", "/var/task", "/var/runtime/lambda_bootstrap/__init__.py")


@pytest.fixture(name="base", params=["3.14", "3.15"])
def _base(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """An image that has a Python, and the version."""
    subprocess.run([ROOT / "packaging" / "base.sh", "debian:sid-slim", ARCH], check=True, cwd=ROOT)
    name = f"lambda-test/python:{request.param}-slim"
    built = docker("build", "--tag", name, "-", stdin=OTHER.format(version=request.param), timeout=600)
    assert built.returncode == 0, built.stderr
    yield name, request.param
    docker("image", "rm", "--force", name)


def test_base_with_python(repository: Path, base: tuple[str, str]) -> None:
    """On an image that has a Python, that one makes the byte code and runs the function."""
    name, version = base
    found = answers(repository, "--base", name)

    assert found == expected(version, "/var/task", "/var/runtime/lambda_bootstrap/__init__.py")
