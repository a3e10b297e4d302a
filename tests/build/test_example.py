"""The examples, each built from a copy of it, as from a repository of its own, and run from the package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, ROOT
from tests.support.durable import Runner
from tests.support.interpreters import PYTHON

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("function", "event", "answer"),
    [
        ("orders", b'{"item": "lamp", "count": 2}', {"price": 40}),
        ("invoices", b'{"lamp": 1, "bulb": 2}', ["1 x lamp: 20", "2 x bulb: 6", "in all: 26"]),
    ],
)
def test_workspace(tmp_path: Path, interpreters: Path, function: str, event: bytes, answer: Any) -> None:
    """Each function of a workspace becomes a package of its own, with what they share and without the other one."""
    shutil.copytree(ROOT / "examples" / "workspace", tmp_path / "workspace")
    task = tmp_path / "task"
    options = ["--python", PYTHON, "--find-links", str(interpreters), "--output", str(task)]
    command = [sys.executable, "-m", "lambda_bootstrap_dev", "build", "zip", f"{function}/app.handler", *options]
    done = subprocess.run(command, cwd=tmp_path / "workspace", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    assert {"app.py", "shop_common"} <= {path.name for path in task.iterdir()}
    assert not {"orders", "invoices", "common"} & {path.name for path in task.iterdir()}
    with Emulator(
        [task / "bootstrap"], cwd=task, handler="app.handler", environ={"PATH": os.environ["PATH"]}
    ) as emulator:
        assert emulator.invoke(event).json() == answer


def build(name: str, handler: str, folder: Path) -> Path:
    """Build a copy of an example, without the runtime, for the Python of the tests; return what Lambda unpacks."""
    shutil.copytree(ROOT / "examples" / name, folder / name)
    options = ["--bare", "--python", PYTHON, "--output", str(folder / "task")]
    command = [sys.executable, "-m", "lambda_bootstrap_dev", "build", "zip", handler, *options]
    done = subprocess.run(command, cwd=folder / name, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "task"


def run(task: Path, handler: str, **environ: str) -> Emulator:
    """The runtime with a package's function."""
    command = [sys.executable, str(BOOTSTRAP)]
    return Emulator(command, cwd=task, handler=handler, environ=environ, timeout=20.0, init_timeout=60.0)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("hello", {"message": "Hello, Lambda!"}),
        ("queue", {"batchItemFailures": [{"itemIdentifier": "2e1424d4-f796-459a-8184-9c92662be6da"}]}),
        ("steps", {"left": 1}),
        ("schedule", {"day": "2026-11-25", "hours": 24}),
        ("frames", {"a": {"mean": 2.0, "count": 2}, "b": {"mean": 4.0, "count": 1}}),
    ],
)
def test_example(tmp_path: Path, name: str, answer: Any) -> None:
    """An example that is built alone answers its own event, with the packages that its project asks for."""
    event = (ROOT / "examples" / name / "event.json").read_bytes()
    with run(build(name, "app.handler", tmp_path), "app.handler") as emulator:
        assert emulator.invoke(event).json() == answer


@pytest.mark.timeout(600)
def test_sse(tmp_path: Path) -> None:
    """examples/sse that is built alone streams its events, with FastAPI out of its own requirements.txt."""
    event = (ROOT / "examples" / "sse" / "event.json").read_bytes()
    task = build("sse", "app.app", tmp_path)
    with run(task, "app.app", BOOTSTRAP_HTTP="stream") as emulator:
        body = emulator.invoke(event).body

    assert (task / "fastapi").is_dir()
    assert body.partition(bytes(8))[2].count(b"event: tick") == 3


@pytest.mark.timeout(600)
def test_durable(tmp_path: Path) -> None:
    """examples/durable that is built alone runs each step once, in two invocations, under AWS's local runner."""
    runner = Runner()
    task = build("durable", "app.handler", tmp_path)
    with run(task, "app.handler", AWS_ENDPOINT_URL_LAMBDA=runner.url) as emulator:
        process = runner.start(emulator.address)
        try:
            done, story = runner.execute("one", json.loads((ROOT / "examples" / "durable" / "event.json").read_text()))
        finally:
            process.kill()
            process.wait()

    assert (done["Status"], json.loads(done["Result"])) == (
        "SUCCEEDED",
        {"item": "lamp", "reserved": True, "charged": True},
    )
    assert (story.count("StepSucceeded"), story.count("InvocationCompleted")) == (2, 2)
