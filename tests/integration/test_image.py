"""The built image: laid out as AWS's are, and answering under both emulators as Lambda would run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lambda_bootstrap
import pytest
from testcontainers.community.aws.aws_lambda import AWSLambdaContainer

from tests.support import ROOT
from tests.support.containers import AS_LAMBDA, LOOPBACK, apart, docker, function, inspect, over_base
from tests.support.rie import post

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.engine


def shell(image: str, script: str) -> str:
    """What a shell script prints inside the image, run as Lambda's user."""
    run = docker("run", "--rm", "--user", "993:990", "--read-only", "--entrypoint", "sh", image, "-euc", script)
    assert run.returncode == 0, run.stderr
    return run.stdout


# Answering.


def test_image_answers_as_lambda_would_run_it(image: str) -> None:
    """The image answers read-only, as user 993:990, without capabilities and without HOME."""
    with function(image, "facts.process") as url:
        answer = post(url, b"{}")

    assert answer.status == 200
    assert answer.json() == {"uid": 993, "gid": 990, "home": None, "cwd": "/var/task"}


def test_failing_function_keeps_answering(image: str) -> None:
    """Inside the image an exception is the answer, and the next invocation is taken."""
    with function(image, "errors.raises") as url:
        errors = [post(url, b"{}").json() for _ in range(2)]

    assert [error["errorType"] for error in errors] == ["ValueError", "ValueError"]
    assert "/var/task/errors.py" in errors[0]["stackTrace"][-1]


def test_three_lines_make_a_function_image(image: str) -> None:
    """A function's image needs FROM, COPY and CMD; examples/hello has just these, here on the image under test."""
    context = ROOT / "examples" / "hello"
    tag = "lambda-bootstrap-hello:test"
    lines = (context / "Dockerfile").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["FROM", "COPY", "CMD"]
    dockerfile = "\n".join([f"FROM {image}", *lines[1:]])

    build = docker("build", "--quiet", "--tag", tag, "--file=-", str(context), timeout=100, stdin=dockerfile)
    assert build.returncode == 0, build.stderr

    container = AWSLambdaContainer(tag).with_kwargs(**AS_LAMBDA)
    container.ports = {"8080/tcp": LOOPBACK}
    with container:
        assert post(container.get_api_url(), b'{"name":"image"}').json() == {"message": "Hello, image!"}
    docker("image", "rm", tag)


def test_image_answers_under_our_emulator_in_another_container(image: str) -> None:
    """Where AWS_LAMBDA_RUNTIME_API names another container, the image works for that one."""
    with apart(image, "echo.handler") as (url, _):
        answer = post(url, b'{"via":"network"}')

    assert (answer.status, answer.data) == (200, b'{"via":"network"}')


# The entry point.


@pytest.mark.parametrize("arguments", [[], ["app.handler", "again"]])
def test_entry_point_wants_one_argument(image: str, arguments: list[str]) -> None:
    """Without a handler, or with more than one, the container ends with AWS's message and status 142."""
    run = docker("run", "--rm", image, *arguments)

    assert run.returncode == 142
    assert run.stderr == "entrypoint requires the handler name to be the first argument\n"


# The layout.


def test_configuration_is_that_of_the_provided_images(image: str) -> None:
    """Entry point, folder and variables are where AWS's provided images have them; user and command stay open."""
    config = inspect(image)

    assert config["Entrypoint"] == ["/lambda-entrypoint.sh"]
    assert config["WorkingDir"] == "/var/task"
    assert not config.get("User")
    assert not config.get("Cmd")
    environ = dict(entry.split("=", 1) for entry in config["Env"])
    assert environ["LAMBDA_TASK_ROOT"] == "/var/task"
    assert environ["LAMBDA_RUNTIME_DIR"] == "/var/runtime"
    assert environ["TZ"] == ":/etc/localtime"
    assert environ["LANG"] == "C.UTF-8"
    assert set(environ["PATH"].split(":")) >= {"/usr/local/bin", "/usr/bin", "/bin", "/opt/bin"}
    assert environ["LD_LIBRARY_PATH"].split(":")[-3:] == ["/var/task", "/var/task/lib", "/opt/lib"]


@pytest.mark.compiled
def test_image_says_what_it_is(image: str) -> None:
    """The labels name the product, its version and its base."""
    labels = inspect(image)["Labels"]

    assert labels["org.opencontainers.image.title"] == "lambda-bootstrap"
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert labels["org.opencontainers.image.version"] == lambda_bootstrap.__version__
    assert labels["org.opencontainers.image.base.name"] == "debian:trixie-slim"


@pytest.mark.compiled
def test_image_is_small(image: str) -> None:
    """The image has at most 60 MB over its base."""
    assert over_base(image) <= 60_000_000


def test_programs_are_executable_files(image: str) -> None:
    """Bootstrap, entry point and emulator are files of root's that everybody may run."""
    listed = shell(
        image, "stat -c '%F %a %U %n' /var/runtime/bootstrap /lambda-entrypoint.sh /usr/local/bin/aws-lambda-rie"
    )

    assert listed.splitlines() == [
        "regular file 755 root /var/runtime/bootstrap",
        "regular file 755 root /lambda-entrypoint.sh",
        "regular file 755 root /usr/local/bin/aws-lambda-rie",
    ]


@pytest.mark.compiled
def test_python_is_ours_and_first_on_the_path(image: str) -> None:
    """`python3` in the image is the interpreter that runs functions, whatever the base brings."""
    script = "import sys; print(sys.executable, sys.version_info[:2])"

    assert shell(image, f"python3 -c '{script}'") == "/var/runtime/lambda-bootstrap/bin/python3 (3, 13)\n"


def test_everybody_reads_and_nobody_writes(image: str) -> None:
    """Every file of the runtime is readable and none writable for Lambda's user, whatever the builder's umask."""
    tree = "/var/runtime /var/task /lambda-entrypoint.sh /usr/local/bin"

    assert shell(image, f"find {tree} ! -readable -o -writable -o -type d ! -executable") == ""


@pytest.mark.compiled
def test_byte_code_is_there_and_never_checked(image: str) -> None:
    """Each module has its byte code, marked as hash-based and unchecked (PEP 552: flags 1)."""
    script = r"""
import importlib.util, pathlib
for source in pathlib.Path("/var/runtime").rglob("*.py"):
    code = pathlib.Path(importlib.util.cache_from_source(source)).read_bytes()
    print(int.from_bytes(code[4:8], "little"), source)
"""
    listed = shell(image, f"python3 -c '{script}'").splitlines()

    assert any("/lambda-bootstrap/runtime/lambda_bootstrap/" in line for line in listed)
    assert [line for line in listed if not line.startswith("1 ")] == []


def test_tools_of_wrapper_scripts_are_there(image: str) -> None:
    """What AWS's layers and wrapper scripts call is present."""
    assert shell(image, "for tool in sh mv chmod env; do command -v $tool; done").split() == [
        "/usr/bin/sh",
        "/usr/bin/mv",
        "/usr/bin/chmod",
        "/usr/bin/env",
    ]


@pytest.mark.compiled
def test_standard_library_is_whole(image: str) -> None:
    """The parts of the standard library that need a C library or the system's data work."""
    script = (
        "import bz2, ctypes, decimal, lzma, sqlite3, ssl, uuid, venv, zlib, zoneinfo;"
        'zoneinfo.ZoneInfo("Europe/Berlin"); sqlite3.connect(":memory:").close();'
        "print(len(ssl.create_default_context().get_ca_certs()) > 50)"
    )

    assert shell(image, f"python3 -c '{script}'") == "True\n"


# What a function can import.


def test_function_finds_structlog_and_urllib3(image: str) -> None:
    """A function that packages neither gets the image's structlog and urllib3."""
    with function(image, "facts.modules") as url:
        files = post(url, b"{}").json()

    assert files == {
        "structlog": "/var/runtime/lambda-bootstrap/site-packages/structlog/__init__.py",
        "urllib3": "/var/runtime/lambda-bootstrap/site-packages/urllib3/__init__.py",
    }


def test_functions_own_copies_win(image: str, tmp_path: Path) -> None:
    """A function that packages its own structlog, urllib3 and runtime imports these, not the image's."""
    for name in ("structlog", "urllib3", "runtime"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "app.py").write_text(
        "import runtime, structlog, urllib3\n"
        "def handler(event, context):\n"
        "    return [module.__file__ for module in (runtime, structlog, urllib3)]\n"
    )
    tmp_path.chmod(0o755)

    with function(image, "app.handler", tmp_path) as url:
        files = post(url, b"{}").json()

    assert files == [f"/var/task/{name}/__init__.py" for name in ("runtime", "structlog", "urllib3")]
