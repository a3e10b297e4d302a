import logging

logging.basicConfig(level="DEBUG")


def handler(event, context):
    import http.client

    http.client.HTTPConnection.debuglevel = 1
    return "quiet"
