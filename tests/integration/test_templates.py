"""What users deploy with, as far as that goes without an account: SAM builds it, Terraform's names are known."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any

import hcl2
import pytest

from tests.support import ROOT, give_up
from tests.support.containers import docker
from tests.support.rie import ARCH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEPLOY = ROOT / "examples" / "deploy"
SAM = {"AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0"}
# What any resource takes: the language's own.
LANGUAGE = {"count", "depends_on", "for_each", "lifecycle", "provider"}


def sam(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run AWS's own tool in the template's folder."""
    program = ROOT / ".cache" / "lint" / "bin" / "sam"
    if not program.is_file():
        give_up("AWS's SAM is not there: `make test-all` fetches it")
    command = [str(program), *arguments]
    environ = {**os.environ, **SAM}
    return subprocess.run(command, cwd=DEPLOY, env=environ, capture_output=True, text=True, timeout=110, check=False)


# SAM.


@pytest.mark.compiled
@pytest.mark.parametrize(("resource", "own"), [("Zip", "app.py"), ("Runtime", "bin/python3")])
def test_sam_builds_what_lambda_unpacks(resource: str, own: str, tmp_path: Path) -> None:
    """`sam build` runs the makefile, and gets bootstrap, tree and what else belongs to the package."""
    build = sam("build", resource, "--build-dir", str(tmp_path), "--parameter-overrides", f"Architecture={ARCH}")

    assert build.returncode == 0, build.stderr
    for name in ("bootstrap", "lambda-bootstrap/bin/python3"):
        assert os.access(tmp_path / resource / name, os.X_OK)
    assert (tmp_path / resource / own).is_file()


@pytest.mark.engine
@pytest.mark.compiled
def test_sam_builds_and_invokes_the_image(image: str, tmp_path: Path) -> None:
    """`sam build` makes the function's image out of ours, and `sam local invoke` gets its answer."""
    docker("tag", image, "lambda-bootstrap:latest")
    build = sam("build", "Image", "--build-dir", str(tmp_path), "--parameter-overrides", f"Architecture={ARCH}")
    assert build.returncode == 0, build.stderr

    event = str(ROOT / "examples" / "hello" / "event.json")
    invocation = sam("local", "invoke", "Image", "--template", str(tmp_path / "template.yaml"), "--event", event)
    docker("image", "rm", "--force", "image:hello", f"image:rapid-{ARCH}")

    assert json.loads(invocation.stdout) == {"message": "Hello, Lambda!"}


# Terraform.


def unquoted(value: Any) -> Any:
    """The parser's document without the quotes that it leaves around names."""
    if isinstance(value, dict):
        return {name.strip('"'): unquoted(part) for name, part in value.items()}
    return [unquoted(part) for part in value] if isinstance(value, list) else value


@pytest.fixture(name="terraform")
def _terraform() -> dict[str, Any]:
    """The template for Terraform: blocks by their kinds."""
    with (DEPLOY / "main.tf").open() as file:
        document: dict[str, Any] = unquoted(hcl2.load(file))
    return document


@pytest.fixture(scope="module", name="provider")
def _provider() -> dict[str, Any]:
    """What the AWS provider knows of each kind of resource."""
    return tomllib.loads((ROOT / "tests" / "integration" / "aws.toml").read_text())


def resources(terraform: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Kind, name and body of each resource."""
    for block in terraform["resource"]:
        for kind, named in block.items():
            for name, body in named.items():
                yield kind, name, {key: value for key, value in body.items() if not key.startswith("__")}


def test_terraform_arguments_are_the_providers(terraform: dict[str, Any], provider: dict[str, Any]) -> None:
    """The AWS provider takes every argument of the template, in blocks too."""
    unknown = []
    for kind, name, body in resources(terraform):
        unknown += [f"{kind}.{name}.{key}" for key in body.keys() - LANGUAGE - set(provider[kind]["arguments"])]
        for key in body.keys() & provider[kind].keys():
            keys = {part for block in body[key] for part in block if not part.startswith("__")}
            unknown += [f"{kind}.{name}.{key}.{part}" for part in keys - set(provider[kind][key])]

    assert unknown == []


def test_terraform_references_lead_somewhere(terraform: dict[str, Any], provider: dict[str, Any]) -> None:
    """Each variable, local value and attribute that the template refers to is there."""
    known = {f"var.{name}" for block in terraform["variable"] for name in block}
    known |= {f"local.{name}" for block in terraform["locals"] for name in block}
    for kind, name, _ in resources(terraform):
        names = [*provider[kind]["arguments"], *provider[kind]["attributes"]]
        known |= {f"{kind}.{name}.{attribute}" for attribute in names}
    named = re.findall(r"(?<![\w.\"])(?:(?:var|local)\.\w+|aws_\w+\.\w+\.\w+)", json.dumps(terraform))

    assert len(named) > 20
    assert set(named) - known == set()


@pytest.mark.compiled
def test_terraform_packs_what_make_builds(terraform: dict[str, Any]) -> None:
    """The files that the template names are those that `make zip layer` writes."""
    (build,) = (block["build"] for block in terraform["locals"])
    named = {body["filename"] for _, _, body in resources(terraform) if body.get("filename", "").startswith('"')}
    paths = {name.strip('"').replace("${local.build}", build.strip('"')) for name in named}

    assert paths == {
        "${path.module}/../../build/hello-${var.architecture}.zip",
        "${path.module}/../../build/lambda-bootstrap-layer-${var.architecture}.zip",
    }
