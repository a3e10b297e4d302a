"""A function with a hook for every phase."""

import lambda_bootstrap

told = []


@lambda_bootstrap.on_init
def init():
    told.append("init")


@lambda_bootstrap.on_request
def request(event, context):
    told.append(f"request {event}")


@lambda_bootstrap.on_request
def broken(event, context):
    raise RuntimeError("a hook of little use")


@lambda_bootstrap.on_response
def response(result, context):
    told.append(f"response {len(result)}")


@lambda_bootstrap.on_error
def error(exception, context):
    told.append(f"error {exception}")


@lambda_bootstrap.before_next
def last(context):
    told.append(f"before next {context.aws_request_id}")


def handler(event, context):
    if event == "fail":
        raise ValueError("as asked")
    return list(told)
