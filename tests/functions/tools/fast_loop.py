"""Handlers on uvloop, which the module asks for as its documentation says."""

import asyncio
import os
import time
import warnings

import uvloop
from lambda_bootstrap import on_shutdown

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # policies are, since Python 3.14
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


@on_shutdown
async def ended():
    await asyncio.sleep(0.01)
    print("ended on", type(asyncio.get_running_loop()).__module__)


async def handler(event, context):
    if event.get("blocks"):
        time.sleep(event["blocks"])
    await asyncio.sleep(event.get("seconds", 0))
    return [type(asyncio.get_running_loop()).__module__, os.getpid(), context.aws_request_id]


async def streams(event, context):
    for number in range(3):
        await asyncio.sleep(0.01)
        yield f"{number}" * 100_000


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    body = type(asyncio.get_running_loop()).__module__.encode()
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": body})
