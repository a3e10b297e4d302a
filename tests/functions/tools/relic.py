"""A function under New Relic's agent and its `newrelic-lambda`, as their documentation has it."""

import logging

import newrelic.agent

newrelic.agent.initialize()

from newrelic_lambda.lambda_handler import lambda_handler  # noqa: E402 - after `initialize`, as documented

logging.getLogger().setLevel("INFO")


@lambda_handler()
def handler(event, context):
    logging.info("within")
    if event.get("fails"):
        raise ValueError("boom")
    return {"statusCode": 200, "body": context.aws_request_id}
