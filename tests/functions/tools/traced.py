"""What Lumigo and Datadog wrap, each by a handler of its own that imports this one."""

import logging

logging.getLogger().setLevel("INFO")


def handler(event, context):
    logging.info("within")
    return {"event": event, "context": type(context).__name__}


def fails(event, context):
    raise ValueError("boom")
