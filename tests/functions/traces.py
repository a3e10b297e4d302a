"""What the function sees of its trace."""

import os


def handler(event, context):
    return [os.environ.get("_X_AMZN_TRACE_ID"), context.trace_id]
