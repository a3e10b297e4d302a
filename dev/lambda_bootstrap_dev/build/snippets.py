"""
What deploys a package: a template for SAM, a resource for Terraform, a construct for CDK.

Owns: the three forms.
Refuses to know: what is in the package.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from .plan import Plan

SAM_HEAD = 'AWSTemplateFormatVersion: "2010-09-09"\nTransform: AWS::Serverless-2016-10-31\n\nResources:\n'
SAM_FUNCTION = """\
  {title}:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: {runtime}
      Handler: {handler}
      CodeUri: {path}
      Architectures: [{arch}]
      MemorySize: 512
      Timeout: 10
      LoggingConfig:
        LogFormat: JSON
"""
SAM_IMAGE = """\
  {title}:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      ImageConfig:
        Command: [{handler}]
      Architectures: [{arch}]
      MemorySize: 512
      Timeout: 10
      LoggingConfig:
        LogFormat: JSON
    Metadata: # for sam build
      Dockerfile: Dockerfile
      DockerContext: {path}
      DockerTag: {arch}
"""
SAM_LAYERS = "      Layers: [!Ref Runtime] # lambda-bootstrap build layer --sam\n"
SAM_LAYER = """\
  Runtime:
    Type: AWS::Serverless::LayerVersion
    Properties:
      LayerName: lambda-bootstrap
      ContentUri: {path}
      CompatibleArchitectures: [{arch}]
      CompatibleRuntimes: [{runtime}]
"""
TERRAFORM_FUNCTION = """\
resource "aws_lambda_function" "{name}" {{
  function_name    = "{name}"
  role             = aws_iam_role.function.arn # a role that Lambda may assume
  runtime          = "{runtime}"
  handler          = "{handler}"
  architectures    = ["{arch}"]
  filename         = "{path}"
  source_code_hash = filebase64sha256("{path}")
  memory_size      = 512
  timeout          = 10
{layers}
  logging_config {{
    log_format = "JSON"
  }}
}}
"""
TERRAFORM_IMAGE = """\
resource "aws_lambda_function" "{name}" {{
  function_name = "{name}"
  role          = aws_iam_role.function.arn # a role that Lambda may assume
  package_type  = "Image"
  image_uri     = var.image_uri # where docker push has put the image
  architectures = ["{arch}"]
  memory_size   = 512
  timeout       = 10

  image_config {{
    command = ["{handler}"]
  }}

  logging_config {{
    log_format = "JSON"
  }}
}}
"""
TERRAFORM_LAYERS = (
    "  layers           = [aws_lambda_layer_version.runtime.arn] # lambda-bootstrap build layer --terraform\n"
)
TERRAFORM_LAYER = """\
resource "aws_lambda_layer_version" "runtime" {{
  layer_name               = "lambda-bootstrap"
  filename                 = "{path}"
  source_code_hash         = filebase64sha256("{path}")
  compatible_architectures = ["{arch}"]
  compatible_runtimes      = ["{runtime}"]
}}
"""
CDK_FUNCTION = """\
aws_lambda.Function(
    self,
    "{title}",
    runtime=aws_lambda.Runtime.{constant},
    handler="{handler}",
    code=aws_lambda.Code.from_asset("{path}"),
    architecture=aws_lambda.Architecture.{machine},
    memory_size=512,
    timeout=Duration.seconds(10),
    logging_format=aws_lambda.LoggingFormat.JSON,
{layers})
"""
CDK_IMAGE = """\
aws_lambda.DockerImageFunction(
    self,
    "{title}",
    code=aws_lambda.DockerImageCode.from_image_asset(
        "{path}",
        cmd=["{handler}"],
        platform=aws_ecr_assets.Platform.{platform},
    ),
    architecture=aws_lambda.Architecture.{machine},
    memory_size=512,
    timeout=Duration.seconds(10),
    logging_format=aws_lambda.LoggingFormat.JSON,
)
"""
CDK_LAYERS = "    layers=[runtime],  # lambda-bootstrap build layer --cdk\n"
CDK_LAYER = """\
runtime = aws_lambda.LayerVersion(
    self,
    "Runtime",
    code=aws_lambda.Code.from_asset("{path}"),
    compatible_architectures=[aws_lambda.Architecture.{machine}],
    compatible_runtimes=[aws_lambda.Runtime.{constant}],
)
"""
FORMS = ("sam", "terraform", "cdk")


@dataclass(frozen=True)
class Snippet:
    """What is known of a package, for each form."""

    plan: Plan
    is_layer: bool = False
    is_image: bool = False
    is_bare: bool = False

    def check(self) -> None:
        """
        Check that the function's handler is known.

        Raises:
            UsageError: it isn't.
        """
        if not self.is_layer and self.plan.project.handler is None:
            raise UsageError("a snippet has to name the handler: give HANDLER, or set it in [tool.lambda-bootstrap]")

    def render(self, form: str, output: Path) -> str:
        """The snippet for the package at *output*, with its path as seen from here."""
        target = self.plan.target
        # Amazon Linux 2 has glibc 2.26, 2023 has 2.34; whatever is between was asked for with the second in mind.
        runtime = "provided.al2" if target.minor <= 26 else "provided.al2023"  # noqa: PLR2004 - said above
        name = self.plan.project.name
        values = {
            "name": re.sub(r"[^\w-]", "-", name),
            "title": "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name)) or "Function",
            "runtime": runtime,
            "constant": runtime.upper().replace(".", "_"),
            "handler": self.plan.project.handler,
            "arch": target.arch,
            "machine": {"x86_64": "X86_64", "arm64": "ARM_64"}[target.arch],
            "platform": {"x86_64": "LINUX_AMD64", "arm64": "LINUX_ARM64"}[target.arch],
            "path": os.path.relpath(output),
        }
        if self.is_image:
            return {"sam": SAM_HEAD + SAM_IMAGE, "terraform": TERRAFORM_IMAGE, "cdk": CDK_IMAGE}[form].format(**values)
        if form == "sam":
            layers = SAM_LAYERS if self.is_bare else ""
            return SAM_HEAD + (SAM_LAYER if self.is_layer else SAM_FUNCTION + layers).format(**values)
        if form == "terraform":
            layers = TERRAFORM_LAYERS if self.is_bare else ""
            return (TERRAFORM_LAYER if self.is_layer else TERRAFORM_FUNCTION).format(**values, layers=layers)
        layers = CDK_LAYERS if self.is_bare else ""
        return (CDK_LAYER if self.is_layer else CDK_FUNCTION).format(**values, layers=layers)
