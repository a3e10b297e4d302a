"""FastAPI that streams: Server-Sent Events, each of which leaves when it is made."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

app = FastAPI()


async def ticks(count: int) -> AsyncIterator[str]:
    """Count, one event a tick."""
    for number in range(count):
        yield f"event: tick\ndata: {json.dumps({'number': number})}\n\n"
        await asyncio.sleep(0.1)


@app.get("/ticks/{count}")
async def stream(count: int) -> StreamingResponse:
    """Answer with the events; `BOOTSTRAP_HTTP=stream` and the URL's `RESPONSE_STREAM` let them through one by one."""
    return StreamingResponse(ticks(count), media_type="text/event-stream")
