"""
What the integration tests run against: AWS's emulator on the host, and containers.

Owns finding and starting them, and the one skip where there is none. Refuses to know what is asserted about them.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import itertools
import os
import platform
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import urllib3

from tests.support import give_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from urllib3 import BaseHTTPResponse

# Read by testcontainers when it is imported: no reaper container, which would have to be pulled, and ports on loopback
# even where these tests run inside a container that holds the engine.
os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"
os.environ["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1"
os.environ["TESTCONTAINERS_CONNECTION_MODE"] = "docker_host"

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "tests" / "functions"
ARCH = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
COUNTER = itertools.count()
SIOCGIFADDR = 0x8915  # netdevice(7): the IPv4 address of an interface
RIE = ROOT / ".cache" / "rie" / f"aws-lambda-rie-{ARCH}"


def docker(*arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the engine's client; the caller looks at the status."""
    command = ["docker", *arguments]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False
    )


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


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give up here, not in a fixture: a skip counts as one line of the summary for each place that raises it."""
    if item.get_closest_marker("engine") and not engine_answers():
        give_up("no container engine answers, so no container is tested: `make engine` installs or names one")
    if item.get_closest_marker("rie") and sys.platform != "linux":
        pytest.skip("AWS's emulator is a program for Linux")
    if item.get_closest_marker("rie") and not RIE.is_file():
        give_up("AWS's emulator is not there: `make test` fetches it")


@pytest.fixture(scope="session")
def image() -> str:
    """The name of the built image."""
    name = os.environ.get("IMAGE", "lambda-bootstrap:latest")
    if docker("image", "inspect", name).returncode != 0:
        pytest.fail(f"there is no image {name}: `make image` builds it", pytrace=False)
    return name


@pytest.fixture(scope="session")
def old() -> str:
    """The name of an image with an old C library, and neither Python nor certificates nor time zones in it."""
    name = "debian:bullseye-slim"
    if docker("image", "inspect", name).returncode != 0:
        pytest.fail(f"there is no image {name}: `make base BASE_IMAGE={name}` gets it", pytrace=False)
    return name


def post(url: str, payload: bytes, **headers: str) -> BaseHTTPResponse:
    """Invoke a function and wait for the answer; a header's underscores stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        return pool.request("POST", url, body=payload, headers=named)


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


def own_address() -> str:
    """A loopback address that nobody else uses: AWS's own ports are free there, and cannot be taken meanwhile."""
    process = os.getpid()
    return f"127.{1 + process % 254}.{process // 254 % 256}.{next(COUNTER) % 256}"


def members(session: int) -> list[int]:
    """The processes of a session. RIE puts the runtime into a process group of its own, but not out of the session."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(int(entry.name)) == session:
                found.append(int(entry.name))
    return found


class Emulator:
    """
    AWS's emulator on the host, with the checkout's bootstrap under it.

    It dies of two invocations at once, so `invoke` is not for threads.
    """

    def __init__(self, handler: str, log: Path, environ: dict[str, str]) -> None:
        self.host = own_address()
        self.log = log
        interpreters = str(Path(sys.executable).parent)
        inherited = {"PATH": f"{interpreters}:{os.environ['PATH']}", "LAMBDA_TASK_ROOT": str(FUNCTIONS)}
        addresses = [
            f"--runtime-api-address={self.host}:9001",
            f"--runtime-interface-emulator-address={self.host}:8080",
        ]
        # It never exits by itself: the limit is for the case that nobody is left to stop it.
        command = ["timeout", "--signal=KILL", "120", str(RIE), *addresses, str(ROOT / "bootstrap"), handler]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=FUNCTIONS,
                env=inherited | environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return once it listens."""
        for _ in range(100):
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection((self.host, 8080)):
                return
            time.sleep(0.05)
        raise TimeoutError(f"aws-lambda-rie does not listen:\n{self.output}")

    @property
    def output(self) -> str:
        """What it and the function printed so far."""
        return self.log.read_text()

    def invoke(self, payload: bytes, **headers: str) -> BaseHTTPResponse:
        """Invoke the function and wait for the answer."""
        return post(f"http://{self.host}:8080/2015-03-31/functions/function/invocations", payload, **headers)

    def stop(self) -> None:
        """End it and whatever it started."""
        for pid in members(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def rie(tmp_path: Path) -> Iterator[Callable[..., Emulator]]:
    """Start AWS's emulator, once, with a handler of tests/functions and further environment variables."""
    started: list[Emulator] = []

    def start(handler: str, **environ: str) -> Emulator:
        emulator = Emulator(handler, tmp_path / "rie.log", environ)
        started.append(emulator)
        emulator.wait()
        return emulator

    yield start
    for emulator in started:
        emulator.stop()
