"""`lambda-bootstrap build runtime`, as far as that goes without a container engine."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambda_bootstrap_dev.build.image import DOCKERFILE

from tests.support import ROOT
from tests.support.rie import ARCH

if TYPE_CHECKING:
    from tests.support.repository import Repository

WITHOUT_ENGINE: dict[str, Any] = {"PATH": str(Path(sys.executable).parent)}


def test_folder(repository: Repository) -> None:
    """Without an engine there is the folder with Dockerfile and runtime, the bill beside it, and the command to run."""
    done = repository.build(kind="runtime", **WITHOUT_ENGINE)
    folder = repository.root / "dist" / f"lambda-bootstrap-runtime-{ARCH}"
    platform = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}[ARCH]
    command = f"docker build --platform {platform} --tag lambda-bootstrap-runtime:{ARCH} {folder}"

    assert (done.returncode, done.stdout) == (0, f"{folder}\n"), done.stderr
    assert done.stderr.splitlines()[-1] == f"warning: no container engine answers; where one does: {command}"
    assert {path.name for path in folder.parent.iterdir()} == {folder.name, f"{folder.name}.cdx.json"}
    assert {path.name for path in folder.iterdir()} == {"Dockerfile", "runtime"}
    assert {path.name for path in (folder / "runtime").iterdir()} == {"bootstrap", "lambda-bootstrap"}
    assert (
        b"/var/runtime/lambda-bootstrap/runtime/lambda_bootstrap/main.py"
        in next((folder / "runtime").rglob("main.*.pyc")).read_bytes()
    )


def test_json(repository: Repository) -> None:
    """With --json, machines get the folder, the image's name or null, and the report, in one object."""
    done = repository.build("--json", kind="runtime", **WITHOUT_ENGINE)
    told = json.loads(done.stdout)

    assert (done.returncode, done.stderr, told["image"]) == (0, "", None)
    assert told["folder"] == str(repository.root / "dist" / f"lambda-bootstrap-runtime-{ARCH}")
    assert told["report"][-1].startswith("warning: no container engine answers")


def test_base(repository: Repository) -> None:
    """The base is the one that is asked for, and a second build takes the place of the first."""
    repository.built(kind="runtime", **WITHOUT_ENGINE)
    folder = repository.built("--base", "public.ecr.aws/lambda/provided:al2023", kind="runtime", **WITHOUT_ENGINE)

    assert (folder / "Dockerfile").read_text().startswith("FROM public.ecr.aws/lambda/provided:al2023\nENV ")


def test_somebody_elses_folder(repository: Repository) -> None:
    """A folder that has other files stays as it is."""
    repository.write("mine/notes.txt")
    message = repository.refused("--output", str(repository.root / "mine"), kind="runtime", **WITHOUT_ENGINE)

    assert message.endswith("mine, which has other files than an image's: name another folder")
    assert (repository.root / "mine" / "notes.txt").exists()


def test_variables() -> None:
    """The runtime's image sets what the image of functions sets."""
    variables = [
        re.findall(r"ENV (.*?[^\\])\n", text, re.DOTALL) for text in ((ROOT / "Dockerfile").read_text(), DOCKERFILE)
    ]

    assert variables[0] == variables[1]
    assert len(variables[0]) == 1
