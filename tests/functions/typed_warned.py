"""Functions that run, and whose authors should know something."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from lambda_bootstrap import start
from lambda_bootstrap.events import partial_batch

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import SQSEvent
    from nowhere import Order

    from lambda_bootstrap import Context


def unresolved(event: SQSEvent, context):
    return event


def unknown(event: list[Path] | None, context):
    return event


@partial_batch
def records(record: Order, context: Context):
    if record["body"] == "bad":
        raise ValueError(record["messageId"])


@partial_batch
async def awaited(record: Order):
    if record["body"] == "bad":
        raise ValueError(record["messageId"])


def passing(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(args[0])

    return wrapper


@passing
def inside(event: Order):
    return event


def swapped(own: Context, event):
    return [event, own.function_name]


def fine(event: dict, context: Context):
    return event


if __name__ == "__main__":
    start(unresolved)
