"""The Runtime API as a container image: what tests of other runtimes start beside theirs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.conformance.running import BARE, FUNCTION
from testcontainers.core.container import DockerContainer

from tests.support import ROOT
from tests.support.containers import LOOPBACK, docker, engine_answers, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine
IMAGE = "lambda-bootstrap-emulator:test"


@pytest.fixture(scope="module", name="image")
def _image() -> Iterator[str]:
    """The image, as `make emulator` builds it."""
    assert engine_answers()
    made = subprocess.run(
        ["make", "--silent", "emulator", f"EMULATOR_IMAGE={IMAGE}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    yield IMAGE
    docker("image", "rm", "--force", IMAGE)


def test_any_runtime(image: str) -> None:
    """A runtime of any kind gets its event from the container, whose log is the platform's; the caller its answer."""
    container = DockerContainer(image).with_kwargs(read_only=True, cap_drop=["ALL"])
    container.ports = {"9001/tcp": LOOPBACK}
    with container:
        port = int(container.get_exposed_port(9001))
        wait_for(port)
        environ = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"}
        runtime = subprocess.Popen([sys.executable, str(BARE), "app.handler"], cwd=FUNCTION, env=environ)
        try:
            url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
            with urllib.request.urlopen(url, b'{"do": "echo", "value": [1]}', timeout=30) as answer:
                assert json.load(answer) == [1]
            for _ in range(100):  # the invocation is over at the following poll
                log = container.get_logs()[1].decode()
                if "REPORT" in log:
                    break
                time.sleep(0.05)
        finally:
            runtime.kill()
            runtime.wait()

    assert "AWS_LAMBDA_RUNTIME_API=0.0.0.0:9001" in log or "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001" in log
    assert "START RequestId: " in log
    assert "REPORT RequestId: " in log


def test_stops_at_once(image: str) -> None:
    """The container ends at SIGTERM, with status 0."""
    name = "lambda-bootstrap-emulator-test"
    docker("run", "--detach", "--name", name, image)
    try:
        for _ in range(100):
            if "AWS_LAMBDA_RUNTIME_API" in docker("logs", name).stderr:
                break
            time.sleep(0.05)
        began = time.monotonic()
        assert docker("stop", name).returncode == 0
        assert time.monotonic() - began < 8
        assert docker("inspect", "--format", "{{.State.ExitCode}}", name).stdout == "0\n"
    finally:
        docker("rm", "--force", name)
