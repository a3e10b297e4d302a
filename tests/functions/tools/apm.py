"""A function under Elastic's APM agent, as its documentation has it."""

import elasticapm
from elasticapm import capture_serverless


@capture_serverless
def handler(event, context):
    with elasticapm.capture_span("work"):
        if event.get("fails"):
            raise ValueError("boom")
    return {"statusCode": 200, "body": context.aws_request_id}
