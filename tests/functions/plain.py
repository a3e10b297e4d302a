"""Handlers that import nothing."""


def fails(event, context):
    raise ValueError("as asked")


def streams(event, context):
    yield "a"
    yield "b"


def breaks(event, context):
    yield "a"
    raise ValueError("half-way")
