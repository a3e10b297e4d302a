"""One handler of every kind."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambda_bootstrap import Context


LOOPS = set()  # that there were


def nothing():
    return "nothing"


def only_event(event):
    return ["event", event]


def only_context(context):
    return ["context", context.aws_request_id]


def both(event, context):
    return [event, context.aws_request_id]


def swapped(context: Context, event):
    return [event, context.aws_request_id]


def three(a, b, c):
    return "never"


def keyword(event, *, mode):
    return "never"


async def waits(event, context):
    import asyncio

    await asyncio.sleep(0)
    LOOPS.add(asyncio.get_running_loop())
    return [event, len(LOOPS)]


def add(number, event):
    return number + event


partial = functools.partial(add, 40)


class Greeter:
    def __init__(self, greeting="hello"):
        self.greeting = greeting

    def __call__(self, event, context):
        return f"{self.greeting} {event}"

    def method(self, event, context):
        return f"method {event}"

    @staticmethod
    def static(event, context):
        return f"static {event}"

    @classmethod
    def of_class(cls, event, context):
        return f"{cls.__name__} {event}"


instance = Greeter("goodbye")
bound = instance.method
nobody = None
mapping = {}
