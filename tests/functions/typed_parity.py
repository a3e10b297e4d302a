"""Handlers for what aws-lambda-go says of calls, hooks and errors."""

import contextvars

from lambda_bootstrap import LambdaError, on_error, on_request, on_response

events = []


@on_request
def first(event, context):
    events.append(["first request", event])


@on_request
def broken(event, context):
    raise OSError("a hook's own failure")


@on_request
def second(event, context):
    events.append(["second request", event])


@on_response
def answered(result, context):
    events.append(["response", result])


@on_error
def failed(error, context):
    events.append(["error", type(error).__name__])


def nothing():
    pass


def deadline(context):
    return [context.deadline_ms, context.get_remaining_time_in_millis()]


def handler(event):
    if event == "tell":
        return events
    if event == "fail":
        raise ValueError("boring")
    if event == "set":
        return {1}
    events.append(["handler", event])


class Unprintable(Exception):
    def __str__(self):
        raise OSError


def raises(event):
    if event == "unprintable":
        raise Unprintable
    if event == "surrogate":
        raise ValueError("\ud800")
    if event == "nested":
        return inner()
    if event == "unencodable":
        return {"body": {"items": [1, 2, {"when": object()}]}}
    if event == "html":
        return "<&>"
    raise LambdaError("m", type="Any.Type")


def inner():
    raise KeyError("k")
