"""The image of a customer-managed runtime, with the function's zip and a layer mounted as Lambda does."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.containers import docker, inspect, running
from tests.support.interpreters import MACHINES
from tests.support.packages import TREE, unpack
from tests.support.rie import ARCH, post
from tests.support.scripts import script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.compiled, pytest.mark.engine, pytest.mark.rie, pytest.mark.timeout(400)]

TAG = "lambda-bootstrap-runtime:test"
FUNCTION = """\
import os, sys
import lambda_bootstrap, shared


def handler(event, context: lambda_bootstrap.Context):
    return [event, shared.NAME, sys.version_info[:2], lambda_bootstrap.__file__, __cached__, os.getuid()]
"""


def build(folder: Path, *arguments: str) -> str:
    """Run `lambda-bootstrap build` in a repository; return what it prints."""
    command = [
        sys.executable,
        "-m",
        "lambda_bootstrap_dev",
        "build",
        *arguments,
        "--find-links",
        str(folder / "wheels"),
    ]
    done = subprocess.run(command, cwd=folder / "shop", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(name="place", scope="module")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a repository of one function, and the wheel of the compiled interpreter, hardly compressed."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "shop").mkdir()
    (folder / "shop" / "app.py").write_text(FUNCTION)
    (folder / "wheels").mkdir()
    packed = folder / "interpreter.tar.xz"
    with tarfile.open(packed, "w:xz", preset=0) as archive:
        for path in script("wheel").wanted(TREE):
            archive.add(path, str(path.relative_to(TREE)), recursive=False)
    name = f"lambda_bootstrap_python-3.13.0-py3-none-manylinux_2_26_{MACHINES[ARCH]}.whl"
    with zipfile.ZipFile(folder / "wheels" / name, "w") as wheel:
        wheel.write(packed, "lambda_bootstrap_python/interpreter.tar.xz")
    return folder


@pytest.fixture(name="runtime", scope="module")
def _runtime(place: Path) -> Iterator[str]:
    """The image, built by the command."""
    yield build(place, "runtime", "--tag", TAG)
    docker("image", "rm", "--force", TAG)


def test_image(runtime: str) -> None:
    """The command prints the image's name; the image is for one architecture, and empty where the function will lie."""
    listed = docker(
        "run", "--rm", "--entrypoint", "sh", runtime, "-c", "ls -A /var/task /opt; python3 -c 'import lambda_bootstrap'"
    )
    machine = docker("image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", runtime).stdout.strip()

    assert runtime == TAG
    assert machine == {"x86_64": "linux/amd64", "arm64": "linux/arm64"}[ARCH]
    assert (listed.returncode, listed.stdout.split()) == (0, ["/opt:", "/var/task:"])
    assert inspect(runtime).get("Cmd") is None


@pytest.mark.parametrize("start", ["entry point", "bootstrap"])
def test_function(runtime: str, place: Path, tmp_path: Path, start: str) -> None:
    """A function's bare zip and a layer, mounted read-only, answer under RIE, whichever program starts."""
    task = unpack(build_zip(place), tmp_path / "task")
    (tmp_path / "opt" / "python").mkdir(parents=True)
    (tmp_path / "opt" / "python" / "shared.py").write_text("NAME = 'of the layer'\n")
    command = inspect(runtime)["Entrypoint"] if start == "entry point" else ["/var/runtime/bootstrap"]
    with running(runtime, {"/var/task": task, "/opt": tmp_path / "opt"}, command) as url:
        answers = [post(url, event).json() for event in (b"1", b"2")]

    module = "/var/runtime/lambda-bootstrap/runtime/lambda_bootstrap/__init__.py"
    code = "/var/task/__pycache__/app.cpython-313.pyc"
    assert answers == [[event, "of the layer", [3, 13], module, code, 993] for event in (1, 2)]


def build_zip(place: Path) -> Path:
    """The function's zip, without the runtime."""
    return place / "shop" / "dist" / build(place, "zip", "app.handler", "--bare")
