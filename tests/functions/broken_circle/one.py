from .two import second


def first():
    return second


def handler(event, context):
    return event
