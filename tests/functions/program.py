"""A program with an entry point of its own."""

import lambda_bootstrap


def handler(event):
    return {"started": event}


lambda_bootstrap.start(handler)
