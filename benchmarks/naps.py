"""An `async` function that sleeps as long as its event says."""

from __future__ import annotations

import asyncio


async def handler(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as most functions are
    """The request id, after the sleep."""
    await asyncio.sleep(event["seconds"])
    return context.aws_request_id
