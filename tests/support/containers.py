"""
Containers as the tests use them: the engine's client, a function in an image, the way to reach it.

Owns how they are started and what Lambda's restrictions are to the engine. Refuses to know what is asserted about them.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import json
import shutil
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import h11
import rich
from testcontainers.community.aws.aws_lambda import AWSLambdaContainer
from testcontainers.core.config import ConnectionMode, testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from tests.support import FUNCTIONS, ROOT
from tests.support.rie import RIE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Without a reaper container, which would have to be pulled; with ports on loopback even where these tests run inside a
# container that holds the engine.
testcontainers_config.ryuk_disabled = True
testcontainers_config.tc_host_override = "127.0.0.1"
testcontainers_config.connection_mode_override = ConnectionMode.docker_host

SIOCGIFADDR = 0x8915  # netdevice(7): the IPv4 address of an interface
# Lambda's ways: its own user, nothing writable but /tmp, no privileges, and no HOME, which the engine would set.
AS_LAMBDA: dict[str, Any] = {"user": "993:990", "read_only": True, "cap_drop": ["ALL"]}
WITHOUT_HOME = {"entrypoint": ["env", "-u", "HOME", "/lambda-entrypoint.sh"]}
LOOPBACK: Any = ("127.0.0.1", None)  # the engine chooses the port


def docker(*arguments: str, timeout: float = 60, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the engine's client; the caller looks at the status."""
    command = ["docker", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)


@functools.cache
def bridge_address() -> str:
    """
    Return the address of the host on the engine's bridge, at which containers reach it.

    The interface is asked, not the engine: one that was never started before lists no gateway until it is restarted.
    """
    option = '{{index .Options "com.docker.network.bridge.name"}}'
    name = docker("network", "inspect", "bridge", "--format", option).stdout.strip()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        interface = fcntl.ioctl(any_socket, SIOCGIFADDR, struct.pack("256s", name.encode()))
    return socket.inet_ntoa(interface[20:24])


@functools.cache
def engine_answers() -> bool:
    """Whether there is a container engine to work with."""
    return shutil.which("docker") is not None and docker("info").returncode == 0


def wait_for(port: int) -> None:
    """Return once somebody listens behind a published port; the engine's proxy takes connections before that."""
    for _ in range(200):
        with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)) as connection:
            connection.settimeout(0.2)
            try:
                connection.recv(1)
            except TimeoutError:  # it waits for a request
                return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens behind port {port}")


def prepare(container: DockerContainer, handler: str, task_root: Path) -> None:
    """Have a container run a function as Lambda would."""
    container.with_kwargs(**AS_LAMBDA, **WITHOUT_HOME).with_command(handler)
    container.with_tmpfs_mount("/tmp")  # noqa: S108 -- Lambda's one writable folder
    container.with_volume_mapping(str(task_root), "/var/task", "ro")


@contextlib.contextmanager
def function(image: str, handler: str, task_root: Path = FUNCTIONS) -> Iterator[str]:
    """Start a function under AWS's emulator inside the image; give its URL."""
    container = AWSLambdaContainer(image)
    prepare(container, handler, task_root)
    container.ports = {"8080/tcp": LOOPBACK}
    with container:
        yield container.get_api_url()


@contextlib.contextmanager
def apart(image: str, handler: str, log_format: str = "Text") -> Iterator[tuple[str, DockerContainer]]:
    """A function's container alone, so that its log is its own; and the URL of the emulator in another one."""
    with Network() as network:
        emulator = DockerContainer(image).with_network(network).with_network_aliases("emulator")
        emulator.with_kwargs(
            entrypoint=["python3", "-m", "lambda_bootstrap_dev", "serve", "0.0.0.0:9001"], working_dir="/srv"
        )
        emulator.with_volume_mapping(str(ROOT / "dev" / "lambda_bootstrap_dev"), "/srv/lambda_bootstrap_dev", "ro")
        for library in (click, h11, rich):
            folder = Path(str(library.__file__)).parent
            emulator.with_volume_mapping(str(folder), f"/srv/{folder.name}", "ro")
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


@contextlib.contextmanager
def running(image: str, mounts: dict[str, Path], command: Sequence[str] = (), **environ: str) -> Iterator[str]:
    """Run what is mounted, or *command*, under AWS's emulator, as Lambda would; give the URL."""
    entrypoint = ["/rie", *command]
    container = DockerContainer(image).with_kwargs(**AS_LAMBDA, entrypoint=entrypoint, working_dir="/var/task")
    for target, source in {"/rie": RIE, **mounts}.items():
        container.with_volume_mapping(str(source), target, "ro")
    for name, value in {"_HANDLER": "app.handler", "LAMBDA_TASK_ROOT": "/var/task", **environ}.items():
        container.with_env(name, value)
    container.with_tmpfs_mount("/tmp")  # noqa: S108 -- Lambda's one writable folder
    container.ports = {"8080/tcp": LOOPBACK}
    with container:
        port = int(container.get_exposed_port(8080))
        wait_for(port)
        yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
