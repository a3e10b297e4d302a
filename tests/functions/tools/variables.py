"""What a tool that writes down the variables of every frame gets to see."""

import sys
from collections.abc import Mapping


def handler(event, context):
    frame, found = sys._getframe(), []
    while frame is not None:
        for name, value in frame.f_locals.items():
            if event in repr(value) or isinstance(value, Mapping) and event in repr(dict(value)):
                found.append((frame.f_code.co_name, name))
        frame = frame.f_back
    return [each for each in found if each[0] != "handler" and each[1] not in {"event", "payload", "invocation"}]
