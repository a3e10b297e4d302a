"""A function with an internal extension, which hears of each invocation on a thread."""

import threading

from lambda_bootstrap import extensions

extension = extensions.register("inside", ["INVOKE"])
heard = []


def listen():
    for event in extension.events():
        heard.append(event)


threading.Thread(target=listen, daemon=True).start()


def handler(event, context):
    """Returns the ids of those that have been heard of, and of its own."""
    return [[each.request_id for each in heard], context.aws_request_id]
