"""Asynchronous code that goes wrong on the side."""

import asyncio
import threading
import time


async def fails():
    raise LookupError("in a task")


async def handler(event, context):
    import logging  # noqa: F401 - asyncio has it already

    task = asyncio.create_task(fails())
    await asyncio.sleep(0.01)
    del task
    fails()  # never awaited


def hangs(event, context):
    thread = threading.Thread(target=time.sleep, args=(5,), name="sleeper", daemon=True)
    thread.start()
    time.sleep(event)


async def hangs_in_tasks(event, context):
    task = asyncio.create_task(asyncio.sleep(5), name="dreamer")
    await asyncio.sleep(event)
    task.cancel()
