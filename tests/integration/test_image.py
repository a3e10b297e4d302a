"""The built image: laid out as AWS's are, and answering under both emulators as Lambda would run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lambda_bootstrap
import pytest
from testcontainers.community.aws.aws_lambda import AWSLambdaContainer

from tests.support import ROOT
from tests.support.containers import AS_LAMBDA, LOOPBACK, apart, docker, function, inspect, over_base, running
from tests.support.index import write_wheel
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


@pytest.mark.rie
@pytest.mark.parametrize("command", ["/lambda-entrypoint.sh", "/var/runtime/bootstrap"])
def test_handler_in_the_environment(image: str, command: str, tmp_path: Path) -> None:
    """A customer-managed runtime names the handler in _HANDLER only, whichever program it starts; layers are found."""
    task, layer = tmp_path / "task", tmp_path / "opt"
    (layer / "python").mkdir(parents=True)
    (layer / "python" / "shared.py").write_text("NAME = 'of the layer'\n")
    (layer / "wrapper").write_text('#!/bin/sh\nexport WRAPPED="by $(python3 -c "print(42)")"\nexec "$@"\n')
    (layer / "wrapper").chmod(0o755)
    task.mkdir()
    (task / "app.py").write_text(
        "import os, shared\n"
        "def handler(event, context):\n"
        "    return [event, shared.NAME, os.environ['WRAPPED'], os.environ['_HANDLER']]\n"
    )
    mounts = {"/var/task": task, "/opt": layer}
    with running(image, mounts, [command], AWS_LAMBDA_EXEC_WRAPPER="/opt/wrapper") as url:
        answers = [post(url, event).json() for event in (b"1", b"2")]

    assert answers == [[event, "of the layer", "by 42", "app.handler"] for event in (1, 2)]


# Programs of the function's own.

PROGRAM = """\
import structlog
from lambda_bootstrap import start

def handler(event):
    structlog.get_logger().info("called")
    return [event, __name__]

start(handler)
"""


@pytest.mark.compiled
@pytest.mark.rie
def test_program_of_its_own(image: str, tmp_path: Path) -> None:
    """ENTRYPOINT may be `python3 prog.py`, with a program that imports the package and calls `start`."""
    (tmp_path / "prog.py").write_text(PROGRAM)
    tmp_path.chmod(0o755)
    with running(image, {"/var/task": tmp_path}, ["python3", "prog.py"]) as url:
        assert post(url, b'{"n":1}').json() == [{"n": 1}, "__main__"]


@pytest.mark.compiled
def test_package_is_importable(image: str) -> None:
    """`python3` in the image imports the package, and the packages that it lends."""
    script = "import lambda_bootstrap, structlog, urllib3; print(lambda_bootstrap.__version__)"

    assert shell(image, f"cd /; python3 -c '{script}'") == f"{lambda_bootstrap.__version__}\n"


# The build stage.


def staged() -> str:
    """The Dockerfile with a build stage, as the guide has it."""
    text = (ROOT / "docs" / "guides" / "deploy.md").read_text()
    (block,) = (part.partition("```")[0] for part in text.split("```dockerfile\n") if " AS build\n" in part)
    return block


@pytest.mark.compiled
@pytest.mark.rie
@pytest.mark.timeout(300)
@pytest.mark.parametrize("installer", ["pip", "uv pip"])
def test_build_stage(image: str, tmp_path: Path, installer: str) -> None:
    """The guide's Dockerfile installs requirements.txt with pip, or uv, and ships neither; here without an index."""
    (tmp_path / "wheels").mkdir()
    write_wheel(tmp_path / "wheels", "alpha")
    (tmp_path / "requirements.txt").write_text("alpha\n")
    (tmp_path / "app.py").write_text("import alpha\ndef handler(event): return [alpha.VERSION, alpha.__cached__]\n")
    offline = "COPY wheels /wheels\nENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels UV_OFFLINE=1 UV_FIND_LINKS=/wheels\n"
    first, _, rest = staged().partition("\n")
    first, rest = (text.replace("lambda-bootstrap:latest", image) for text in (first, rest))
    (tmp_path / "Dockerfile").write_text(f"{first}\n{offline}{rest}".replace("pip install", f"{installer} install"))
    tag = "lambda-bootstrap-staged:test"
    built = docker("build", "--quiet", "--tag", tag, str(tmp_path), timeout=200)
    assert built.returncode == 0, built.stderr
    with running(tag, {}, inspect(tag)["Entrypoint"]) as url:
        answer = post(url, b"{}").json()
    left = docker("run", "--rm", "--entrypoint", "sh", tag, "-c", "command -v pip uv; python3 -m pip")
    docker("image", "rm", "--force", tag)

    assert answer == ["1.0", "/var/task/__pycache__/alpha.cpython-313.pyc"]
    assert (left.returncode, left.stdout) == (1, "")


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
