"""Handlers whose invocations are tasks side by side."""

import asyncio
import contextvars
import os
import sys
import time

from lambda_bootstrap import after_fork, before_next, on_error, on_request, on_response, on_shutdown
from lambda_bootstrap.events import partial_batch

IMPORTED_IN = os.getpid()
TENANT = contextvars.ContextVar("tenant", default="nobody")
RUNNING = set()
SEEN = {"request": 0, "response": 0, "error": 0, "next": 0}

if os.environ.get("LEAVE") == "signal":
    import signal

    def end(*_):
        sys.exit(5)

    signal.signal(signal.SIGTERM, end)
if os.environ.get("LEAVE") == "hook":

    @on_shutdown
    async def ended():
        await asyncio.sleep(0.01)
        print(f"ended {os.getpid()}")


@after_fork
async def forked():
    await asyncio.sleep(0)
    print(f"forked {os.getpid()}")


@on_request
def began(event, context):
    SEEN["request"] += 1


@on_response
def answered(result, context):
    SEEN["response"] += 1


@on_error
def failed(error, context):
    SEEN["error"] += 1


@before_next
def over(context):
    SEEN["next"] += 1


async def handler(event, context):
    import logging

    before, mark = TENANT.get(), event.get("mark", context.aws_request_id)
    TENANT.set(mark)
    RUNNING.add(mark)
    print(f"begins {mark}: ", end="")
    most = len(RUNNING)
    end = time.monotonic() + event.get("seconds", 0)
    while time.monotonic() < end:
        await asyncio.sleep(min(0.05, event["seconds"]))
        most = max(most, len(RUNNING))
    print("ends", mark)
    logging.getLogger().warning("logs %s", mark)
    RUNNING.discard(mark)
    return {
        "pid": os.getpid(),
        "imported in": IMPORTED_IN,
        "before": before,
        "after": TENANT.get(),
        "id": context.aws_request_id,
        "trace": context.trace_id,
        "environment": os.environ.get("_X_AMZN_TRACE_ID"),
        "at once": most,
        "seen": SEEN,
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


async def naps(event, context):
    await asyncio.sleep(event["seconds"])
    return os.getpid()


async def does(event, context):
    """Do as the event says."""
    what = event["do"]
    if what == "hang":
        try:
            await asyncio.sleep(60)
        finally:
            print("cleaned up")
    if what == "cling":
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "as far as it got"
    if what == "hang and clean":
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(event["seconds"])
            print("cleaned up")
    if what == "swallow":
        end = time.monotonic() + event["seconds"]
        while time.monotonic() < end:
            try:
                await asyncio.sleep(end - time.monotonic())
            except asyncio.CancelledError:
                print("goes on")
    if what == "print in threads":
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(None, prints, letter) for letter in "abc"))
        await asyncio.gather(*(asyncio.to_thread(prints, letter) for letter in "abc"))
    if what == "block":
        block(event["seconds"])
    if what == "block in a task":
        await asyncio.create_task(blocks(event["seconds"]))
    if what == "raise":
        raise ValueError("as asked")
    if what == "close all":
        os.closerange(3, 256)
    if what == "exit":
        sys.exit(3)
    if what == "exit in a task":
        task = asyncio.create_task(exits())
        await asyncio.sleep(event["seconds"])
        return repr(task)
    if what == "cancel all":
        for _ in range(event.get("times", 1)):
            await asyncio.sleep(event.get("seconds", 0))
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
        await asyncio.sleep(0.1)
    if what == "fork":
        if os.fork() == 0:
            await asyncio.sleep(0.1)
            return "a child's"
        os.wait()
    if what == "nap":
        await asyncio.sleep(event["seconds"])
    return os.getpid()


async def clings_once(event, context):
    """Catch the first cancellation."""
    if event.get("short"):
        return "short"
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(60)


def prints(letter):
    for _ in range(300):
        print(letter, letter, letter)


def block(seconds):
    time.sleep(seconds)


async def blocks(seconds):
    block(seconds)


async def exits():
    sys.exit(4)


async def streams(event, context):
    for number in range(event["pieces"]):
        await asyncio.sleep(event.get("seconds", 0))
        yield f"{number}:{context.aws_request_id}\n" + "x" * event.get("size", 0)
    if event.get("fails"):
        raise ValueError("half-way")
    if event.get("hangs"):
        await asyncio.sleep(60)


async def watches(event, context):
    """Watch the time by itself."""
    try:
        async with asyncio.timeout((context.get_remaining_time_in_millis() - event["margin"]) / 1000):
            await asyncio.sleep(60)
    except TimeoutError:
        return "in time"


@partial_batch
async def record(record):
    await asyncio.sleep(0.3)
    if record["body"] == "3":
        raise ValueError("as asked")
