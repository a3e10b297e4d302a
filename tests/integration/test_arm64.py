"""What is for arm64, where this machine is another: QEMU runs it, in containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import ROOT, give_up
from tests.support.containers import docker, function, over_base, running
from tests.support.packages import SMOKE, ask, build, elf_versions, expected, pack, unpack
from tests.support.rie import ARCH, RIE, post

IMAGE = "lambda-bootstrap:arm64"
TREE = ROOT / "build" / "tree" / "arm64"
FUNCTION = """\
import os
import orjson, structlog


def handler(event, context):
    return [orjson.dumps(event).decode(), os.uname().machine, __spec__.cached]
"""

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(ARCH == "arm64", reason="this machine's own packages are for arm64"),
]


@pytest.fixture(scope="module", name="image")
def _image() -> str:
    """The name of the image for arm64; gives up where this checkout has made none, or where it does not run."""
    run = docker("run", "--rm", "--entrypoint", "uname", IMAGE, "-m")
    if run.stdout != "aarch64\n" or not TREE.is_dir():
        give_up("nothing for arm64 is tried out: `make arm64` builds the image, and has QEMU run it")
    return IMAGE


def test_image_answers(image: str) -> None:
    """The image says what it is for, and its emulator, its interpreter and a function work together."""
    architecture = docker("image", "inspect", "--format", "{{.Architecture}}", image).stdout
    with function(image, "app.handler", ROOT / "examples" / "hello") as url:
        answer = post(url, b'{"name":"arm64"}')

    assert architecture == "arm64\n"
    assert answer.json() == {"message": "Hello, arm64!"}


def test_zip_answers(image: str, tmp_path: Path) -> None:
    """The whole interpreter works, child processes and extension modules of wheels for arm64 too."""
    done = pack("zip", "arm64", str(SMOKE), "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    tmp_path.chmod(0o755)
    emulator = RIE.with_name("aws-lambda-rie-arm64")
    with running(image, {"/rie": emulator, "/var/task": tmp_path}) as url:
        told = ask(url, *expected(""))

    assert told == expected("/var/task/lambda-bootstrap/bin/python3")


@pytest.mark.usefixtures("image")
def test_runtime_answers(tmp_path: Path) -> None:
    """A customer-managed runtime for arm64 is built here, and runs a bare zip with its dependencies and byte code."""
    tag, base = "lambda-bootstrap-runtime:test-arm64", "arm64v8/debian:trixie-slim"
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "app.py").write_text(FUNCTION)
    (tmp_path / "shop" / "requirements.txt").write_text("orjson\n")
    here = ["--arch", "arm64", "--find-links", str(ROOT / "build" / "interpreter" / "arm64")]
    build(tmp_path / "shop", "runtime", *here, "--base", base, "--tag", tag)
    task = unpack(Path(build(tmp_path / "shop", "zip", "app.handler", "--bare", *here)), tmp_path / "task")
    emulator = RIE.with_name("aws-lambda-rie-arm64")
    try:
        with running(tag, {"/rie": emulator, "/var/task": task}, ["/var/runtime/bootstrap"]) as url:
            answer = post(url, b"[1]").json()
    finally:
        docker("image", "rm", "--force", tag)

    assert answer == ["[1]", "aarch64", "/var/task/__pycache__/app.cpython-313.pyc"]


@pytest.mark.usefixtures("image")
def test_glibc_2_26_is_enough() -> None:
    """No ELF file of the tree asks for a symbol of a later glibc than Amazon Linux 2's."""
    assert elf_versions(TREE) == {"python3": (2, 26)}


def test_image_is_small(image: str) -> None:
    """The image has at most 60 MB over its base."""
    assert over_base(image) <= 60_000_000
