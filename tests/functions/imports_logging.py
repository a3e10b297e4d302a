import logging

logging.getLogger("shop")


def handler(event, context):
    return event
