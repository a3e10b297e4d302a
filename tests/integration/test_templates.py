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
from botocore.session import get_session  # type: ignore[import-untyped] # it ships no types
from botocore.validate import ParamValidator  # type: ignore[import-untyped] # as above

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


# Customer-managed runtimes.

# Each kind of resource, as the API knows it: the service, the operation, and what the API calls a property otherwise.
OPERATIONS = {
    "AWS::Lambda::Runtime": ("lambda-core", "CreateRuntime"),
    "AWS::Lambda::RuntimeVersion": ("lambda-core", "CreateRuntimeVersion"),
    "AWS::Lambda::RuntimeAlias": ("lambda-core", "CreateRuntimeAlias"),
    "AWS::Serverless::Function": ("lambda", "CreateFunction"),
}
# What the references of a template stand for.
ARN = "arn:aws:lambda:eu-west-1:123456789012:runtime/lambda-bootstrap"
STAND = {"Runtime": "lambda-bootstrap", "Version": "2026-11", "ImageUri": "1.dkr.ecr.eu-west-1.amazonaws.com/a:1"}
STAND |= {"lambda-bootstrap-runtime": ARN}


def decode(name: str) -> dict[str, Any]:
    """A template, read by cfn-lint, which knows CloudFormation's short forms."""
    python = ROOT / ".cache" / "lint" / "bin" / "python"
    if not python.is_file():
        give_up("cfn-lint is not there: `make test-all` fetches it")
    code = "import json, sys; from cfnlint.decode import decode; print(json.dumps(decode(sys.argv[1])[0]))"
    done = subprocess.run([python, "-c", code, str(DEPLOY / name)], capture_output=True, text=True, check=True)
    template: dict[str, Any] = json.loads(done.stdout)
    return template


def resolved(value: Any) -> Any:
    """A property with a value in place of each reference."""
    if isinstance(value, dict) and value.keys() <= {"Ref", "Fn::ImportValue"}:
        return STAND[next(iter(value.values()))]
    if isinstance(value, dict):
        return {name: resolved(part) for name, part in value.items()}
    return value


@pytest.mark.parametrize("name", ["runtime.yaml", "function.yaml"])
def test_runtime_resources_are_the_apis(name: str) -> None:
    """Every property of a runtime's resources is a parameter of AWS's API, which takes the values; none is missing."""
    own: dict[str, dict[str, Any]] = {"CodeUri": {"Code": {}}}  # SAM's
    for kind, properties in [(each["Type"], each["Properties"]) for each in decode(name)["Resources"].values()]:
        service, operation = OPERATIONS[kind]
        shape = get_session().get_service_model(service).operation_model(operation).input_shape
        values = resolved({key: part for key, part in properties.items() if key not in own})
        for key in properties.keys() & own.keys():
            values |= own[key]
        if kind == "AWS::Serverless::Function":
            values |= {"FunctionName": "hello", "Role": "arn:aws:iam::123456789012:role/hello"}  # SAM makes them
        report = ParamValidator().validate(values, shape)

        assert report.generate_report() == ""
        assert values.keys() <= shape.members.keys()
        for key, part in values.items():
            assert re.fullmatch(shape.members[key].metadata.get("pattern", ".*"), str(part)), key


def test_runtime_is_exported_to_the_function() -> None:
    """The function's template takes the runtime's ARN, and the alias, from the runtime's."""
    runtime = decode("runtime.yaml")
    config = decode("function.yaml")["Resources"]["Hello"]["Properties"]["RuntimeConfig"]

    assert config["RuntimeArn"] == {"Fn::ImportValue": runtime["Outputs"]["RuntimeArn"]["Export"]["Name"]}
    assert config["RuntimeAlias"] == runtime["Resources"]["RuntimeAlias"]["Properties"]["Name"]


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
