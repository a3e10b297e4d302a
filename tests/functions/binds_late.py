"""A function that imports structlog in its first invocation, and binds at once."""


def handler(event, context):
    import structlog

    before = structlog.contextvars.get_contextvars()
    structlog.contextvars.bind_contextvars(basket=event)
    return before
