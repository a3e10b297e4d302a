"""Functions that sleep as long as their event says, in a process of their own or as a task."""

from __future__ import annotations

import asyncio
import os
import time


async def handler(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as most functions are
    """The request id, after the sleep."""
    await asyncio.sleep(event["seconds"])
    return context.aws_request_id


def plain(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """As `handler`, and a line of the log."""
    print("naps in", os.getpid())
    time.sleep(event["seconds"])
    return context.aws_request_id


async def task(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as above
    """As `plain`."""
    print("naps in", os.getpid())
    await asyncio.sleep(event["seconds"])
    return context.aws_request_id
