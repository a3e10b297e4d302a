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


def work(context, pipe):
    context.log("log of a child\n")
    told = [context.function_name, lambda_bootstrap.__file__, context.get_remaining_time_in_millis()]
    pipe.send([*told, isinstance(context, Context)])


def in_child(method, context):
    import multiprocessing

    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context(method).Process(target=work, args=(context, theirs))
    process.start()
    answer = ours.recv() if ours.poll(30) else None
    process.join(5)
    return answer


def handler(event, context: Context):
    if "method" in event:
        return in_child(event["method"], context)
    if event == "error":
        raise LambdaError("sold out", type="Shop.SoldOut", data={"item": 7}, exit=False)
    if event == "stream":
        return HttpResponse(201, {"X-A": "b"}, body="c")
    return [lambda_bootstrap.__file__, TOLD, isinstance(context, Context)]
