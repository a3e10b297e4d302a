import os

import sentry_sdk
from sentry_sdk.integrations.aws_lambda import AwsLambdaIntegration

sentry_sdk.init(dsn=os.environ["SENTRY_DSN"], integrations=[AwsLambdaIntegration()], traces_sample_rate=1.0)

if os.environ.get("FAIL_AT_IMPORT"):
    raise RuntimeError("at import")


def handler(event, context):
    raise ValueError("for Sentry")
