"""A user's own repository, from `git clone` to a zip, a layer and an image that answer where there is no Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ROOT
from tests.support.containers import docker, inspect, running
from tests.support.packages import build, unpack
from tests.support.rie import post

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.compiled, pytest.mark.engine, pytest.mark.rie, pytest.mark.timeout(600)]

PROJECTS = ROOT / "tests" / "integration" / "projects"
TAG = "lambda-bootstrap-new-user:test"
EVENT = b'{"item":"lamp","count":2}'
PRICE = {"price": 40}


@dataclass(frozen=True)
class Project:
    """A kind of repository: where ours lies, what is typed after `build zip` in it, and the handler in Lambda."""

    source: Path
    arguments: tuple[str, ...] = ("app.handler",)
    handler: str = "app.handler"

    def answer(self, home: str) -> Any:
        """What the function answers, with our Python at *home*, out of byte code that came with it."""
        if "workspace" in self.source.parts:
            return PRICE
        *folders, module, _ = self.handler.split(".")
        code = "/".join(["/var/task", *folders, "__pycache__", f"{module}.cpython-313.pyc"])
        return {"json": EVENT.decode(), "python": f"{home}/lambda-bootstrap/bin/python3", "code": code}


KINDS = {
    "uv": Project(PROJECTS / "uv"),
    "poetry": Project(PROJECTS / "poetry"),
    "requirements.txt": Project(PROJECTS / "requirements"),
    "src": Project(PROJECTS / "source", (), "shop.app.handler"),
    "workspace": Project(ROOT / "examples" / "workspace", ("orders/app.handler",)),
}


def git(folder: Path, *arguments: str) -> None:
    """Run git as somebody."""
    who = ["-c", "user.name=me", "-c", "user.email=me@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(name="kind", params=KINDS, scope="module")
def _kind(request: pytest.FixtureRequest) -> str:
    """Each kind of repository."""
    return str(request.param)


@pytest.fixture(name="project", scope="module")
def _project(kind: str) -> Project:
    """What is known of it."""
    return KINDS[kind]


@pytest.fixture(name="clone", scope="module")
def _clone(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the repository, in which everything but its lock is as its owner wrote it."""
    folder = tmp_path_factory.mktemp("repositories")
    shutil.copytree(KINDS[kind].source, folder / "origin", ignore=shutil.ignore_patterns("__pycache__"))
    if kind == "uv":
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "lock", "--quiet"], cwd=folder / "origin", check=True)
    git(folder / "origin", "init", "--quiet")
    git(folder / "origin", "add", ".")
    git(folder / "origin", "commit", "--quiet", "--message", "Begin")
    git(folder, "clone", "--quiet", "origin", "clone")
    return folder / "clone"


@pytest.fixture(name="layer", scope="module")
def _layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer, unpacked."""
    folder = tmp_path_factory.mktemp("layer")
    return unpack(Path(build(folder, "layer")), folder / "opt")


def test_zip(old: str, clone: Path, project: Project, tmp_path: Path) -> None:
    """The zip answers on a system without Python."""
    task = unpack(Path(build(clone, "zip", *project.arguments)), tmp_path / "task")
    with running(old, {"/var/task": task}, _HANDLER=project.handler) as url:
        assert post(url, EVENT).json() == project.answer("/var/task")


def test_layer(old: str, clone: Path, project: Project, layer: Path, tmp_path: Path) -> None:
    """The zip without a runtime answers with the layer, on a system without Python."""
    task = unpack(Path(build(clone, "zip", *project.arguments, "--bare")), tmp_path / "task")
    with running(old, {"/var/task": task, "/opt": layer}, _HANDLER=project.handler) as url:
        assert post(url, EVENT).json() == project.answer("/opt")


@pytest.fixture(name="built")
def _built(clone: Path, project: Project) -> Iterator[str]:
    """The image that is built in the clone."""
    yield build(clone, "image", *project.arguments, "--tag", TAG)
    docker("image", "rm", "--force", TAG)


def test_image(built: str, project: Project) -> None:
    """The image answers, with no Python in it but ours."""
    config = inspect(built)
    found = docker("run", "--rm", "--entrypoint", "sh", built, "-c", "ls /usr/bin /usr/local/bin | grep -c python")
    with running(built, {}, [*config["Entrypoint"], *config["Cmd"]]) as url:
        assert post(url, EVENT).json() == project.answer("/var/runtime")
    assert found.stdout == "0\n"
