"""What deploys a package, in three forms."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import hcl2
import pytest

from tests.support import ROOT, give_up
from tests.support.rie import ARCH

if TYPE_CHECKING:
    from tests.support.repository import Repository

WITHOUT = str(Path(sys.executable).parent)  # no container engine
MACHINE = {"x86_64": "X86_64", "arm64": "ARM_64"}[ARCH]


def test_sam(repository: Repository) -> None:
    """SAM's template has handler, architecture and the package's path, and takes the place of the path on stdout."""
    done = repository.build("app.handler", "--sam")

    assert done.stdout == (
        'AWSTemplateFormatVersion: "2010-09-09"\nTransform: AWS::Serverless-2016-10-31\n\nResources:\n'
        "  Shop:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n"
        f"      Handler: app.handler\n      CodeUri: dist/shop-{ARCH}.zip\n      Architectures: [{ARCH}]\n"
        "      MemorySize: 512\n      Timeout: 10\n      LoggingConfig:\n        LogFormat: JSON\n"
    )


@pytest.mark.parametrize("kind", ["zip", "layer", "image"])
def test_lint(repository: Repository, kind: str) -> None:
    """cfn-lint has nothing to say about SAM's templates."""
    lint = ROOT / ".cache" / "lint" / "bin" / "cfn-lint"
    if not lint.exists():
        give_up("cfn-lint isn't there: `make check` installs it")
    template = repository.root / "template.yaml"
    template.write_text(
        repository.build(*(["app.handler"] if kind != "layer" else []), "--sam", kind=kind, PATH=WITHOUT).stdout
    )
    done = subprocess.run([lint, template], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_terraform(repository: Repository) -> None:
    """Terraform's resource has them too; for a bare zip it names the layer."""
    done = repository.build("app.handler", "--terraform", "--bare")
    ((resource,),) = ([value for block in hcl2.loads(done.stdout)["resource"] for value in block.values()],)
    (function,) = resource.values()
    values = {name: str(value).strip('"') for name, value in function.items()}

    assert (values["handler"], values["filename"]) == ("app.handler", f"dist/shop-{ARCH}.zip")
    assert ARCH in values["architectures"]
    assert "aws_lambda_layer_version.runtime.arn" in values["layers"]


def test_cdk(repository: Repository) -> None:
    """CDK's construct is Python; Amazon Linux 2 is named where its C library is the target."""
    done = repository.build("app.handler", "--cdk", "--glibc", "2.26")
    call = ast.unparse(ast.parse(done.stdout))

    assert f"code=aws_lambda.Code.from_asset('dist/shop-{ARCH}.zip'), " in call
    assert f"architecture=aws_lambda.Architecture.{MACHINE}, " in call
    assert "runtime=aws_lambda.Runtime.PROVIDED_AL2, handler='app.handler', " in call


@pytest.mark.parametrize(("form", "expected"), [("terraform", "aws_lambda_layer_version"), ("cdk", "LayerVersion(")])
def test_layer(repository: Repository, form: str, expected: str) -> None:
    """A layer has a snippet of its own."""
    assert expected in repository.build(f"--{form}", kind="layer").stdout


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("sam", [f"DockerContext: dist/shop-image-{ARCH}", "Command: [app.handler]", f"Architectures: [{ARCH}]"]),
        ("terraform", ['package_type  = "Image"', 'command = ["app.handler"]', f'architectures = ["{ARCH}"]']),
        ("cdk", [f'"dist/shop-image-{ARCH}",', 'cmd=["app.handler"]', f"Architecture.{MACHINE},"]),
    ],
)
def test_image(repository: Repository, form: str, expected: list[str]) -> None:
    """An image has a snippet of its own, with its folder, handler and architecture."""
    text = repository.build("app.handler", f"--{form}", "--base", "lambda-bootstrap", kind="image", PATH=WITHOUT).stdout

    assert [part for part in expected if part not in text] == []
    if form == "terraform":
        assert [*hcl2.loads(text)] == ["resource"]
    if form == "cdk":
        ast.parse(text)


def test_no_handler(repository: Repository) -> None:
    """Without a handler there is no snippet, which is told before anything is built."""
    assert repository.refused("--sam", status=2).startswith("a snippet has to name the handler: give HANDLER")
    assert not (repository.root / "dist").exists()
