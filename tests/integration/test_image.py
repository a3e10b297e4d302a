"""The built image: laid out as AWS's are, and answering under both emulators as Lambda would run it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h11
import pytest
from testcontainers.community.aws.aws_lambda import AWSLambdaContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from tests.integration.conftest import FUNCTIONS, ROOT, docker, post, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

# Lambda's ways: its own user, nothing writable but /tmp, no privileges, and no HOME, which the engine would set.
AS_LAMBDA: dict[str, Any] = {"user": "993:990", "read_only": True, "cap_drop": ["ALL"]}
WITHOUT_HOME = {"entrypoint": ["env", "-u", "HOME", "/lambda-entrypoint.sh"]}
LOOPBACK: Any = ("127.0.0.1", None)  # the engine chooses the port


def prepare(container: DockerContainer, handler: str, task_root: Path) -> None:
    """Have a container run a function as Lambda would."""
    container.with_kwargs(**AS_LAMBDA, **WITHOUT_HOME).with_command(handler)
    container.with_tmpfs_mount("/tmp")  # noqa: S108 -- Lambda's one writable folder
    container.with_volume_mapping(str(task_root), "/var/task", "ro")


@contextmanager
def function(image: str, handler: str, task_root: Path = FUNCTIONS) -> Iterator[str]:
    """Start a function under AWS's emulator inside the image; give its URL."""
    container = AWSLambdaContainer(image)
    prepare(container, handler, task_root)
    container.ports = {"8080/tcp": LOOPBACK}
    with container:
        yield container.get_api_url()


@contextmanager
def apart(image: str, handler: str, log_format: str = "Text") -> Iterator[tuple[str, DockerContainer]]:
    """A function's container alone, so that its log is its own; and the URL of the emulator in another one."""
    with Network() as network:
        emulator = DockerContainer(image).with_network(network).with_network_aliases("emulator")
        emulator.with_kwargs(
            entrypoint=["python3", "-m", "lambda_bootstrap_dev.cli.run", "--serve", "0.0.0.0:9001"], working_dir="/srv"
        )
        emulator.with_volume_mapping(str(ROOT / "dev" / "lambda_bootstrap_dev"), "/srv/lambda_bootstrap_dev", "ro")
        emulator.with_volume_mapping(str(Path(h11.__file__).parent), "/srv/h11", "ro")
        emulator.ports = {"9001/tcp": LOOPBACK}
        function = DockerContainer(image).with_network(network)
        function.with_env("AWS_LAMBDA_RUNTIME_API", "emulator:9001").with_env("AWS_LAMBDA_LOG_FORMAT", log_format)
        prepare(function, handler, FUNCTIONS)
        with emulator:
            port = int(emulator.get_exposed_port(9001))
            wait_for(port)
            with function:
                yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", function


def inspect(image: str) -> dict[str, Any]:
    """The image's configuration as the engine tells it."""
    config: dict[str, Any] = json.loads(docker("image", "inspect", "--format", "{{json .Config}}", image).stdout)
    return config


def over_base(image: str) -> int:
    """How many bytes the image has on top of its base."""
    base = inspect(image)["Labels"]["org.opencontainers.image.base.name"]
    sizes = [int(docker("image", "inspect", "--format", "{{.Size}}", name).stdout) for name in (image, base)]
    return sizes[0] - sizes[1]


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
    """A function's image needs FROM, COPY and CMD; examples/hello has just these."""
    context = ROOT / "examples" / "hello"
    tag = "lambda-bootstrap-hello:test"
    lines = (context / "Dockerfile").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["FROM", "COPY", "CMD"]
    docker("tag", image, "lambda-bootstrap:latest")

    build = docker("build", "--quiet", "--tag", tag, str(context), timeout=100)
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


def test_image_says_what_it_is(image: str) -> None:
    """The labels name the product, its version and its base."""
    labels = inspect(image)["Labels"]

    assert labels["org.opencontainers.image.title"] == "lambda-bootstrap"
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert labels["org.opencontainers.image.version"]
    assert labels["org.opencontainers.image.base.name"] == "debian:trixie-slim"


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


def test_python_is_ours_and_first_on_the_path(image: str) -> None:
    """`python3` in the image is the interpreter that runs functions, whatever the base brings."""
    script = "import sys; print(sys.executable, sys.version_info[:2])"

    assert shell(image, f"python3 -c '{script}'") == "/var/runtime/lambda-bootstrap/bin/python3 (3, 13)\n"


def test_everybody_reads_and_nobody_writes(image: str) -> None:
    """Every file of the runtime is readable and none writable for Lambda's user, whatever the builder's umask."""
    tree = "/var/runtime /var/task /lambda-entrypoint.sh /usr/local/bin"

    assert shell(image, f"find {tree} ! -readable -o -writable -o -type d ! -executable") == ""


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
