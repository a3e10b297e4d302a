"""Layer, zip and image on a system without Python, and with an old C library."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT
from tests.support.containers import docker, running
from tests.support.packages import SMOKE, ask, expected, pack, unpack
from tests.support.rie import ARCH

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = [pytest.mark.engine, pytest.mark.compiled]


@pytest.fixture(scope="module", name="layer")
def _layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer, unpacked."""
    done = pack("layer", ARCH)
    assert done.returncode == 0, done.stderr
    return unpack(ROOT / "build" / f"lambda-bootstrap-layer-{ARCH}.zip", tmp_path_factory.mktemp("layer"))


@pytest.fixture(scope="module", name="task")
def _task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip of the smoke function, unpacked."""
    done = pack("zip", ARCH, str(SMOKE), "--glibc", "2.31")
    assert done.returncode == 0, done.stderr
    return unpack(ROOT / "build" / f"smoke-{ARCH}.zip", tmp_path_factory.mktemp("task"))


@pytest.fixture(scope="module", name="certificates")
def _certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of "localhost", which is its own authority."""
    folder = tmp_path_factory.mktemp("certificates")
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem")]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *files, *subject],
        check=True,
        capture_output=True,
    )
    for path in (folder, folder.parent, *folder.iterdir()):
        path.chmod(0o755)
    return folder


# On a system with glibc 2.31, without Python, authorities and time zones.


@pytest.fixture(params=["zip", "layer", "image"], name="package")
def _package(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, Path], str]:
    """A system, what is mounted there, and where the runtime is: the smoke function with each of the three packages."""
    task = request.getfixturevalue("task")
    if request.param == "zip":
        return request.getfixturevalue("old"), {"/var/task": task}, "/var/task"
    bare = tmp_path / "bare"
    bare.mkdir()
    for path in task.iterdir():
        if path.name not in {"bootstrap", "lambda-bootstrap"}:
            (bare / path.name).symlink_to(f"/task/{path.name}")
    tmp_path.chmod(0o755)
    mounts = {"/var/task": bare, "/task": task}
    if request.param == "layer":
        return request.getfixturevalue("old"), {"/opt": request.getfixturevalue("layer"), **mounts}, "/opt"
    return request.getfixturevalue("image"), mounts, "/var/runtime"


def test_runs_where_there_is_no_python(package: tuple[str, dict[str, Path], str]) -> None:
    """A function answers, and the whole interpreter works, extension modules of wheels too."""
    system, mounts, root = package
    with running(system, mounts) as url:
        told = ask(url, *expected(""))

    assert told == expected(f"{root}/lambda-bootstrap/bin/python3")


def test_systems_own_authorities_are_believed(old: str, task: Path, certificates: Path) -> None:
    """A server is trusted for what the system's store says, with no variable set."""
    store = certificates / "server.pem"
    mounts = {"/etc/ssl/certs/ca-certificates.crt": store, "/certificates": certificates, "/var/task": task}
    with running(old, mounts) as url:
        told = ask(url, "tls")

    assert told == {"tls": "hello"}


def test_server_without_an_authority_is_not_trusted(old: str, task: Path, certificates: Path) -> None:
    """Without the system's store a certificate of nobody's is refused."""
    with running(old, {"/certificates": certificates, "/var/task": task}) as url:
        told = ask(url, "tls")

    assert told["errorType"] == "SSLCertVerificationError"


def test_python_of_the_layer_is_on_the_path(old: str, layer: Path) -> None:
    """/opt/bin/python3 is a Python for extensions and scripts, with the runtime and the packages that it lends."""
    code = "import lambda_bootstrap, structlog, urllib3; print(structlog.__cached__)"
    run = docker("run", "--rm", "--volume", f"{layer}:/opt:ro", old, "/opt/bin/python3", "-c", code)

    file = "/opt/lambda-bootstrap/site-packages/structlog/__pycache__/__init__.cpython-313.pyc"
    assert (run.stdout, run.stderr) == (f"{file}\n", "")


def test_wrapper_runs_once_with_two_arguments(package: tuple[str, dict[str, Path], str], tmp_path: Path) -> None:
    """AWS_LAMBDA_EXEC_WRAPPER runs once, with the interpreter and the script; what it exports, the function sees."""
    wrapper = tmp_path / "wrapper"
    wrapper.write_text('#!/bin/sh\necho "$#|$1|$2" >> /tmp/wrapped\nexport WRAPPED=yes\nexec "$@"\n')
    wrapper.chmod(0o755)
    tmp_path.chmod(0o755)
    system, mounts, root = package
    with running(system, {**mounts, "/wrapper": tmp_path}, AWS_LAMBDA_EXEC_WRAPPER="/wrapper/wrapper") as url:
        told = ask(url, "wrapped", "interpreter")

    home = f"{root}/lambda-bootstrap"
    assert told["wrapped"] == [f"2|{home}/bin/python3|{home}/bootstrap"]
    assert told["interpreter"] == {"executable": f"{home}/bin/python3", "version": [3, 13], "wrapped": "yes"}


@pytest.mark.parametrize(("wrapper", "status"), [("/no/such/wrapper", 127), ("/etc/hostname", 126)])
def test_wrapper_that_cannot_run(old: str, layer: Path, wrapper: str, status: int) -> None:
    """A wrapper that is not there ends the start with 127, one that cannot be executed with 126."""
    variables = ["--env", f"AWS_LAMBDA_EXEC_WRAPPER={wrapper}", "--env", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9"]
    run = docker("run", "--rm", *variables, "--volume", f"{layer}:/opt:ro", old, "/opt/bootstrap", "app.handler")

    assert run.returncode == status
    assert wrapper in run.stderr


def test_image_of_another_base(old: str) -> None:
    """The image is built on any base: nothing of its Python is used, there may be none."""
    tag = "lambda-bootstrap-old:test"
    build = docker("build", "--quiet", "--tag", tag, *arguments(BASE_IMAGE=old, ARCH=ARCH), str(ROOT))
    assert build.returncode == 0, build.stderr
    run = docker("run", "--rm", "--entrypoint", "python3", tag, "-c", "import sys; print(sys.version_info[:2])")
    docker("image", "rm", tag)

    assert run.stdout == "(3, 13)\n"


def arguments(**values: str) -> list[str]:
    """Build arguments as the engine's client takes them."""
    return [f"--build-arg={name}={value}" for name, value in values.items()]
