"""A function with a hook for every phase."""

import runtime

told = []


@runtime.on_init
def init():
    told.append("init")


@runtime.on_request
def request(event, context):
    told.append(f"request {event}")


@runtime.on_request
def broken(event, context):
    raise RuntimeError("a hook of little use")


@runtime.on_response
def response(result, context):
    told.append(f"response {len(result)}")


@runtime.on_error
def error(exception, context):
    told.append(f"error {exception}")


@runtime.before_next
def last(context):
    told.append(f"before next {context.aws_request_id}")


def handler(event, context):
    if event == "fail":
        raise ValueError("as asked")
    return list(told)
