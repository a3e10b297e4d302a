"""A function that hears of the end of its environment: by hooks and `atexit`, as the environment says."""

import atexit
import os
import signal
import sys
import threading
import time

import lambda_bootstrap

WORDS = os.environ.get("HOOKS", "").split()


def hook(name):
    def register(function):
        if name in WORDS:
            lambda_bootstrap.on_shutdown(function)
        return function

    return register


@hook("plain")
def plain():
    print("hook: plain")


@hook("coroutine")
async def coroutine():
    import asyncio

    await asyncio.sleep(0.01)
    print("hook: coroutine on the loop of the handler:", asyncio.get_running_loop() is LOOPS[0] if LOOPS else "none")


@hook("fails")
def fails():
    raise ValueError("no connection")


@hook("exits")
def exits():
    raise SystemExit(7)


@hook("slow")
def slow():
    print("hook: slow")
    time.sleep(10)


@hook("slow_coroutine")
async def slow_coroutine():
    import asyncio

    print("hook: slow coroutine")
    await asyncio.sleep(10)


@hook("forks")
def forks():
    if os.fork():
        os.wait()


@hook("last")
def last():
    print("hook: last")


for phase in ("on_request", "on_response", "before_next"):
    if phase in WORDS:
        getattr(lambda_bootstrap, phase)(lambda *_: time.sleep(8))
if "atexit" in WORDS:
    atexit.register(lambda: print("atexit"))
if "thread" in WORDS:
    threading.Thread(target=threading.Event().wait).start()
if "own" in WORDS:
    signal.signal(signal.SIGTERM, lambda *_: print("the function's own handler"))
if "own_exit" in WORDS:
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit(9)))
if "alarm" in WORDS:
    signal.signal(signal.SIGALRM, lambda *_: print("alarm"))

LOOPS = []


def handler(event, context):
    """Returns its event, after as many seconds as it says."""
    if isinstance(event, dict) and "late" in event:
        lambda_bootstrap.on_shutdown(last)
    if isinstance(event, dict) and "alarm" in event:
        signal.signal(signal.SIGALRM, lambda *_: print("alarm"))
        signal.setitimer(signal.ITIMER_REAL, event["alarm"])
    if isinstance(event, dict) and "close" in event:
        os.closerange(3, 100)
    try:
        time.sleep(event.get("seconds", 0) if isinstance(event, dict) else 0)
    finally:
        if isinstance(event, dict) and event.get("seconds"):
            print("the handler leaves")
    return event


async def async_handler(event, context):
    import asyncio

    LOOPS.append(asyncio.get_running_loop())
    try:
        await asyncio.sleep(event.get("seconds", 0))
    finally:
        if event.get("seconds"):
            print("the handler leaves")
    return event


def stubborn(event, context):
    """Goes on whenever it is stopped."""
    times = 0
    while times < 3 and event.get("seconds"):
        try:
            time.sleep(event["seconds"])
        except BaseException:
            times += 1
    print(f"stopped {times} times")
    return event


async def clinging_handler(event, context):
    """Goes on when it is cancelled for the first time."""
    import asyncio

    try:
        await asyncio.sleep(event.get("seconds", 0))
    except asyncio.CancelledError:
        try:
            await asyncio.sleep(event["seconds"])
        finally:
            print("the handler leaves")
    return event


def stream(event, context):
    yield "a"
    time.sleep(event.get("seconds", 0))
    yield "b"


def children(event, context):
    """A child that was forked is ended by SIGTERM, as ever."""
    child = os.fork()
    if child == 0:
        time.sleep(10)
        os._exit(3)
    time.sleep(0.05)
    os.kill(child, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def application(scope, receive, send):
    """An ASGI application that goes on after its response."""
    import asyncio

    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})
        await asyncio.sleep(8)


def imported(event, context):
    """Returns whether asyncio is there."""
    return "asyncio" in sys.modules
