"""
The function of the conformance kit: it does what its event says.

A runtime of another language brings the like of it: `do` names the deed, and CONFORM_INIT how the import goes wrong.
"""

import os
import sys

if os.environ.get("CONFORM_INIT") == "raise":
    raise LookupError("no table")
if os.environ.get("CONFORM_INIT") == "exit":
    sys.exit(3)


def handler(event, context):
    if not isinstance(event, dict) or "do" not in event:
        return event
    return DEEDS[event["do"]](event.get("value"), context)


def fail(value, _context):
    raise ValueError(value)


def fail_long(value, _context):
    raise ValueError("x" * value)


def fail_deep(_value, context):
    return fail_deep(_value, context)


def leave(value, _context):
    sys.exit(value)


def interrupt(_value, _context):
    raise KeyboardInterrupt


def write(value, _context):
    print(value)
    return "written"


def write_without_end(value, _context):
    sys.stdout.write(value)
    os._exit(7)


def describe(_value, context):
    client, identity = context.client_context, context.identity
    return {
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "custom": client and client.custom,
        "title": client and client.client and client.client.app_title,
        "identity": identity and identity.cognito_identity_id,
        "tenant": getattr(context, "tenant_id", None),
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "has_time": context.get_remaining_time_in_millis() > 1000,
        "has_no_time": context.get_remaining_time_in_millis() == 0,
    }


def stream(value, _context):
    for piece in value:
        if piece == "fail":
            raise ValueError("half-way")
        yield piece


def answer_http(value, context):
    from lambda_bootstrap import HttpResponse

    return HttpResponse(201, {"Content-Type": "text/plain"}, body=stream(value, context))


DEEDS = {
    "echo": lambda value, _context: value,
    "length": lambda value, _context: len(value),
    "repeat": lambda value, _context: "x" * value,
    "object": lambda _value, _context: object(),
    "fail": fail,
    "fail long": fail_long,
    "fail deep": fail_deep,
    "exit": leave,
    "interrupt": interrupt,
    "print": write,
    "print and die": write_without_end,
    "context": describe,
    "stream": stream,
    "http": answer_http,
}
