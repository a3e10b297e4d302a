"""Handlers with the annotations of aws-lambda-typing, as its documentation has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_typing import context as context_
from aws_lambda_typing import events
from aws_lambda_typing.events import SNSEvent

if TYPE_CHECKING:
    from aws_lambda_typing.responses import APIGatewayProxyResponseV2


def queue(event: events.SQSEvent, context: context_.Context) -> list[str]:
    return [type(event).__name__, context.function_name, *(record["body"] for record in event["Records"])]


def topic(event: SNSEvent, context: context_.Context) -> list:
    return [type(event).__name__, event["Records"][0]["Sns"]["Subject"]]


def http(event: events.APIGatewayProxyEventV2, context: context_.Context) -> APIGatewayProxyResponseV2:
    return {"statusCode": 200, "body": event["rawPath"]}
