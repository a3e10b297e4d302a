"""The image of a customer-managed runtime, with the function's zip and a layer mounted as Lambda does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.containers import docker, inspect, running
from tests.support.packages import TREE, build, unpack
from tests.support.rie import ARCH, post

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.compiled, pytest.mark.engine, pytest.mark.rie, pytest.mark.timeout(400)]

TAG = "lambda-bootstrap-runtime:test"
FUNCTION = """\
import os, sys
import lambda_bootstrap, shared, structlog


def handler(event, context: lambda_bootstrap.Context):
    files = [lambda_bootstrap.__file__, structlog.__cached__, __cached__]
    return [event, shared.NAME, sys.version_info[:2], files, os.getuid()]
"""


@pytest.fixture(name="place", scope="module")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of one function."""
    place = tmp_path_factory.mktemp("shop")
    (place / "app.py").write_text(FUNCTION)
    return place


@pytest.fixture(name="runtime", scope="module")
def _runtime(place: Path) -> Iterator[str]:
    """The image, built by the command."""
    yield build(place, "runtime", "--tag", TAG)
    docker("image", "rm", "--force", TAG)


def test_image(runtime: str) -> None:
    """The command prints the image's name; the image is for one architecture, and empty where the function will lie."""
    listed = docker(
        "run",
        "--rm",
        "--entrypoint",
        "sh",
        runtime,
        "-c",
        "ls -A /var/task /opt; python3 -c 'import lambda_bootstrap, structlog, urllib3'",
    )
    machine = docker("image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", runtime).stdout.strip()

    assert runtime == TAG
    assert machine == {"x86_64": "linux/amd64", "arm64": "linux/arm64"}[ARCH]
    assert (listed.returncode, listed.stdout.split()) == (0, ["/opt:", "/var/task:"])
    assert inspect(runtime).get("Cmd") is None


@pytest.mark.usefixtures("runtime")
def test_same_as_make_image(place: Path) -> None:
    """The command's image has, file by file, what `make image` copies, but for where byte code says that it lies."""
    folder = place / "dist" / f"lambda-bootstrap-runtime-{ARCH}" / "runtime"
    found, expected = (
        {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (folder, TREE)
    )
    # The installer's notes; licences of structlog and urllib3, which lie in their packages too.
    other = re.compile(r".*\.dist-info/(INSTALLER|REQUESTED|RECORD)|.*/licences/(structlog|urllib3).*")

    assert {name for name in expected if not other.fullmatch(name)} == {
        name for name in found if not other.fullmatch(name)
    }
    differing = {name for name in {*found} & {*expected} if found[name] != expected[name] and not other.fullmatch(name)}
    assert {name for name in differing if not name.endswith(".pyc")} == set()


@pytest.mark.parametrize("start", ["entry point", "bootstrap"])
def test_function(runtime: str, place: Path, tmp_path: Path, start: str) -> None:
    """A function's bare zip and a layer, mounted read-only, answer under RIE, whichever program starts."""
    task = unpack(build_zip(place), tmp_path / "task")
    (tmp_path / "opt" / "python").mkdir(parents=True)
    (tmp_path / "opt" / "python" / "shared.py").write_text("NAME = 'of the layer'\n")
    command = inspect(runtime)["Entrypoint"] if start == "entry point" else ["/var/runtime/bootstrap"]
    with running(runtime, {"/var/task": task, "/opt": tmp_path / "opt"}, command) as url:
        answers = [post(url, event).json() for event in (b"1", b"2")]

    home = "/var/runtime/lambda-bootstrap"
    files = [
        f"{home}/runtime/lambda_bootstrap/__init__.py",
        f"{home}/site-packages/structlog/__pycache__/__init__.cpython-313.pyc",
        "/var/task/__pycache__/app.cpython-313.pyc",
    ]
    assert answers == [[event, "of the layer", [3, 13], files, 993] for event in (1, 2)]


def build_zip(place: Path) -> Path:
    """The function's zip, without the runtime."""
    return Path(build(place, "zip", "app.handler", "--bare"))
