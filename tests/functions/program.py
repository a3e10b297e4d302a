"""A program with an entry point of its own."""

import runtime


def handler(event):
    return {"started": event}


runtime.start(handler)
