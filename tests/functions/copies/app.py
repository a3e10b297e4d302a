"""A function that brings a copy of the runtime's package along, as one whose requirements name it does."""

import lambda_bootstrap
from lambda_bootstrap import Context, HttpResponse, LambdaError, before_next, on_init, on_request, on_response

TOLD = []


@on_init
def init():
    TOLD.append("init")


@on_request
def request(event, context):
    TOLD.append("request")


@on_response
def response(result, context):
    TOLD.append("response")


@before_next
def last(context):
    TOLD.append("before next")


def handler(event, context: Context):
    if event == "error":
        raise LambdaError("sold out", type="Shop.SoldOut", data={"item": 7}, exit=False)
    if event == "stream":
        return HttpResponse(201, {"X-A": "b"}, body="c")
    return [lambda_bootstrap.__file__, TOLD, isinstance(context, Context)]
