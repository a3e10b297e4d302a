# The three ways to deploy a function with Terraform; take the one you need. Before it, in the repository:
#   make zip layer ARCH=x86_64
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.32"
    }
  }
}

variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "x86_64 or arm64"
}

variable "function_zip" {
  type        = string
  default     = "function.zip"
  description = "a function without the runtime: zip -j examples/deploy/function.zip examples/hello/app.py"
}

variable "image_uri" {
  type        = string
  default     = ""
  description = "of the function's image in ECR; empty: no function of an image"
}

locals {
  build = "${path.module}/../../build"
}

resource "aws_iam_role" "function" {
  name_prefix = "lambda-bootstrap-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.function.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

# Function and runtime in one zip.
resource "aws_lambda_function" "zip" {
  function_name    = "hello-zip"
  role             = aws_iam_role.function.arn
  runtime          = "provided.al2023"
  handler          = "app.handler"
  architectures    = [var.architecture]
  filename         = "${local.build}/hello-${var.architecture}.zip"
  source_code_hash = filebase64sha256("${local.build}/hello-${var.architecture}.zip")

  logging_config {
    log_format = "JSON"
  }
}

# The runtime as a layer, for many functions.
resource "aws_lambda_layer_version" "runtime" {
  layer_name               = "lambda-bootstrap"
  filename                 = "${local.build}/lambda-bootstrap-layer-${var.architecture}.zip"
  source_code_hash         = filebase64sha256("${local.build}/lambda-bootstrap-layer-${var.architecture}.zip")
  compatible_architectures = [var.architecture]
  compatible_runtimes      = ["provided.al2", "provided.al2023"]
  license_info             = "MIT"
}

resource "aws_lambda_function" "on_layer" {
  function_name    = "hello-on-layer"
  role             = aws_iam_role.function.arn
  runtime          = "provided.al2023"
  handler          = "app.handler"
  architectures    = [var.architecture]
  layers           = [aws_lambda_layer_version.runtime.arn]
  filename         = var.function_zip
  source_code_hash = filebase64sha256(var.function_zip)

  logging_config {
    log_format = "JSON"
  }
}

# A container image.
resource "aws_lambda_function" "image" {
  count         = var.image_uri == "" ? 0 : 1
  function_name = "hello-image"
  role          = aws_iam_role.function.arn
  package_type  = "Image"
  architectures = [var.architecture]
  image_uri     = var.image_uri

  image_config {
    command = ["app.handler"]
  }

  logging_config {
    log_format = "JSON"
  }
}

resource "aws_lambda_function_url" "zip" {
  function_name      = aws_lambda_function.zip.function_name
  authorization_type = "AWS_IAM"
  invoke_mode        = "RESPONSE_STREAM"
}

output "url" {
  value = aws_lambda_function_url.zip.function_url
}
