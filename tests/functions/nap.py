"""A nap, with nothing of any runtime's own."""

import os
import time


def handler(event, context):
    time.sleep(event["seconds"])
    return {"pid": os.getpid(), "trace": os.environ.get("_X_AMZN_TRACE_ID")}
