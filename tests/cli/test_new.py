"""`lambda-bootstrap new`: each template is a project that works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml
from lambda_bootstrap_dev.cli.main import main
from lambda_bootstrap_dev.templates import templates
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, PYTHON

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["hello", "http", "scheduled", "sqs", "stream", "typed"]
FILES = [".gitignore", "app.py", "event.json", "pyproject.toml", "template.yaml", "test_app.py"]
# What each function answers to its own event.
ANSWERS = {
    "hello": b'{"message":"Hello, Lambda!"}',
    "http": json.dumps(
        {
            "statusCode": 201,
            "headers": {"Content-Type": "application/json"},
            "body": '{"order": "42", "placed": {"order": 42, "item": "tea", "quantity": 2}}',
        },
        separators=(",", ":"),
    ).encode(),
    "scheduled": b'{"report":"2026-03-02-10"}',
    "sqs": b'{"batchItemFailures":[]}',
    "stream": b'{"statusCode":200,"headers":{"Content-Type":"text/plain; charset=utf-8"}}'
    + bytes(8)
    + b"/orders/42: received\n/orders/42: packed\n/orders/42: sent\n",
    "typed": b'{"item":"tea","total":5.0}',
}


@pytest.fixture(name="project", params=NAMES)
def _project(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A template, and a project of it."""
    assert main(["new", str(tmp_path / "my-shop"), "--template", request.param]) == 0
    return request.param, tmp_path / "my-shop"


def test_list(capfd: pytest.CaptureFixture[str]) -> None:
    """--list has every template with a sentence, and with --json the same as an object."""
    assert main(["new", "--list"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert main(["new", "--list", "--json"]) == 0

    assert [line.split()[0] for line in lines] == NAMES
    assert lines[0] == "hello      Greets whoever the event names."
    assert json.loads(capfd.readouterr().out) == templates()


@pytest.mark.parametrize("name", NAMES)
def test_files(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    """A project has its files, whose names are printed; its metadata have its name, and nothing is left to fill in."""
    folder = tmp_path / "my-shop"
    assert main(["new", str(folder), "--template", name]) == 0
    metadata = tomllib.loads((folder / "pyproject.toml").read_text())

    assert capfd.readouterr().out.splitlines() == [str(folder / file) for file in FILES]
    assert sorted(os.listdir(folder)) == FILES  # noqa: PTH208 - names
    assert metadata["project"]["name"] == "my-shop"
    assert metadata["tool"]["lambda-bootstrap"]["handler"] == "app.handler"
    assert not any("{{" in (folder / file).read_text() for file in FILES)


def test_here(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A project in the folder where one stands is made without advice to go there."""
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    statuses = [main(["new", "."]), main(["new", "other"])]

    assert statuses == [0, 0]
    assert [line[:13] for line in capfd.readouterr().err.splitlines()] == ["next: lambda-", "next: cd othe"]


def test_template(project: tuple[str, Path]) -> None:
    """The SAM template deploys the zip that `build` makes of the handler, with what the event's source needs."""
    name, folder = project
    template = yaml.safe_load((folder / "template.yaml").read_text().replace("!GetAtt", ""))
    function = template["Resources"]["Function"]["Properties"]
    needed = {"http": "FunctionUrlConfig", "stream": "FunctionUrlConfig", "sqs": "Events", "scheduled": "Events"}

    assert (function["Runtime"], function["Handler"]) == ("provided.al2023", "app.handler")
    assert function["CodeUri"] == "dist/function.zip"
    assert {"FunctionUrlConfig", "Events"} & set(function) == ({needed[name]} if name in needed else set())


def test_own_test(project: tuple[str, Path]) -> None:
    """A project's own test passes."""
    _, folder = project
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    plugin = ["-p", "lambda_bootstrap_dev.pytest_plugin"]  # as the wheel's metadata have pytest load it
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_runs(project: tuple[str, Path]) -> None:
    """A project's function answers its own event under the emulator."""
    name, folder = project
    with Emulator([*PYTHON, str(BOOTSTRAP)], cwd=folder, handler="app.handler") as emulator:
        outcome = emulator.invoke((folder / "event.json").read_bytes())

    assert outcome.body == ANSWERS[name]
    assert outcome.error is None


class TestRefused:
    """What cannot be made is one line and status 2."""

    def refuse(self, capfd: pytest.CaptureFixture[str], *words: str) -> str:
        """Return the line."""
        assert main(["new", *words]) == 2
        return capfd.readouterr().err

    def test_template(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A template that doesn't exist is answered with those near it, and nothing is made."""
        said = self.refuse(capfd, str(tmp_path / "shop"), "--template", "steam")

        assert said == "lambda-bootstrap new: there is no template 'steam'; near it: stream\n"
        assert not (tmp_path / "shop").exists()

    def test_strange_template(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A template that is like none is answered with all of them."""
        said = self.refuse(capfd, str(tmp_path / "shop"), "--template", "qqq")

        expected = "there is no template 'qqq'; there are: hello, http, scheduled, sqs, stream, typed"
        assert said == f"lambda-bootstrap new: {expected}\n"

    def test_not_empty(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A folder that has something in it is left alone."""
        (tmp_path / "shop").mkdir()
        (tmp_path / "shop" / "app.py").write_text("mine")

        assert "isn't empty: name a folder that is new" in self.refuse(capfd, str(tmp_path / "shop"))
        assert (tmp_path / "shop" / "app.py").read_text() == "mine"

    def test_file(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A file where the folder would be is the system's reason."""
        (tmp_path / "shop").write_text("mine")

        assert self.refuse(capfd, str(tmp_path / "shop")).endswith("shop': File exists\n")

    @pytest.mark.parametrize("name", ["-shop", "my shop", "shop:", "café"])
    def test_name(self, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
        """A name that pyproject.toml may not have is refused."""
        assert f"{name!r} cannot name a project" in self.refuse(capfd, str(tmp_path / name))

    def test_no_name(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A project without a name is a mistake."""
        assert "a project needs a NAME" in self.refuse(capfd)
