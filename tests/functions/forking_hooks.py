"""A function with a hook that forks, in the phase that a variable names; the child comes back as if it were nothing."""

import os

from lambda_bootstrap import before_next, on_error, on_init_error, on_request, on_response

PHASE = os.environ["PHASE"]


def fork(*_arguments):
    os.fork()


if PHASE == "init_error":
    on_init_error(fork)
    raise ValueError("not to be imported")

{"request": on_request, "response": on_response, "error": on_error, "before_next": before_next}[PHASE](fork)


def handler(event, context):
    if event == "fail":
        raise ValueError("as asked")
    return event
