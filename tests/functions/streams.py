"""Functions whose results are streams, and some that only look like it."""

import asyncio
import contextlib
import io
import logging
import os
import sys
import time
from pathlib import Path

from lambda_bootstrap import HttpResponse, LambdaError, before_next, on_error, on_response

told = []


@on_response
def response(result, context):
    told.append("response")


@on_error
def error(exception, context):
    told.append(f"error {exception}")


@before_next
def last(context):
    told.append("before next")


def tell(event, context):
    """What was told since this was asked last."""
    answer = [*told]
    told.clear()
    return answer[:-1] if event == "no" else answer


def pieces(event, context):
    """Any pieces; an exception is raised where its name comes."""
    try:
        for piece in event:
            if piece == "boom":
                raise ValueError("boom")
            yield piece
    finally:
        told.append("closed")


def both(event, context):
    return tell(event, context) if event == "told" else pieces(event, context)


async def pieces_async(event, context):
    async with asyncio.timeout(5):  # which is open across a `yield`
        for piece in event:
            if piece == "boom":
                raise ValueError("boom")
            await asyncio.sleep(0)
            yield piece


async def returns_async(event, context):
    await asyncio.sleep(0)
    return pieces_async(event, context)


def returns_iterator(event, context):
    return map(str, event)


def returns_file(event, context):
    return Path(__file__).open("rb")


def returns_text(event, context):
    return io.StringIO("dé" * event)


def returns_http(event, context):
    return HttpResponse(404, {"Content-Type": "text/plain"}, cookies=["a=1", "b=2"], body=pieces(event, context))


def returns_head(event, context):
    return HttpResponse(event)


def returns_body(event, context):
    return HttpResponse(headers={"Content-Type": "text/plain"}, body="whole")


def returns_dict_body(event, context):
    return HttpResponse(body={"not": "a stream"})


def yields_http(event, context):
    yield HttpResponse(201)
    yield "first"
    if event == "again":
        yield HttpResponse(202)


def yields_body(event, context):
    yield HttpResponse(body="no")


def yields_kinds(event, context):
    yield "a"
    yield b""
    yield ""
    yield bytearray(b"b")
    yield memoryview(b"c")
    yield "\ud800"


def yields_number(event, context):
    yield "a" * event
    yield 1


def exits(event, context):
    yield "a"
    sys.exit(3)


def fails_in_words(event, context):
    yield "a"
    raise LambdaError("gone", type="Order.SoldOut", data={"id": 7})


def fails_at_length(event, context):
    yield "a"

    def deeper(depth):
        if depth:
            deeper(depth - 1)
        raise ValueError("é" * 10_000)

    deeper(60)


class Stubborn:
    """A stream that cannot be closed."""

    def __init__(self):
        self.rest = ["a"]

    def __iter__(self):
        return self

    def __next__(self):
        if not self.rest:
            raise StopIteration
        return self.rest.pop()

    def close(self):
        raise OSError("does not close")


def returns_stubborn(event, context):
    return Stubborn()


def logs(event, context):
    yield "a"
    logging.warning("in the middle")
    yield "b"


async def loops(event, context):
    yield str(id(asyncio.get_running_loop()))


def forks(event, context):
    yield "a"
    if os.fork() == 0:
        with contextlib.suppress(OSError):
            os.write(1, b"child\n")
    else:
        os.wait()
    yield "b"


def forks_and_raises(event, context):
    yield "a"
    child = os.fork()
    if child == 0:
        raise LookupError("in the child")
    yield str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def waits(event, context):
    """The second piece is there once somebody has seen the first."""
    yield "first"
    for _ in range(500):
        if Path(event).exists():
            break
        time.sleep(0.01)
    yield "second"


def late(event, context):
    """The first piece is there once somebody has allowed for it."""
    next(waiting := waits(event, context))
    yield from waiting


async def waits_async(event, context):
    for piece in waits(event, context):
        yield piece


def reads_pipe(event, context):
    reader, writer = os.pipe()
    os.write(writer, b"first")
    if os.fork() == 0:
        for _ in range(500):
            if Path(event).exists():
                break
            time.sleep(0.01)
        os.write(writer, b"second")
        os._exit(0)
    os.close(writer)
    return os.fdopen(reader, "rb")


def endless(event, context):
    try:
        while True:
            yield "a" * 100_000
    finally:
        print("closed")


class Odd(BaseException):
    """Nobody expects it."""

    def __str__(self):
        raise RuntimeError("no words")


def raises(event, context):
    yield from event[:-1]
    raise {
        "odd": Odd,
        "interrupt": KeyboardInterrupt,
        "generator exit": GeneratorExit,
        "stop": StopIteration,
        "stop async": StopAsyncIteration,
        "recursion": RecursionError,
    }[event[-1]]


async def raises_async(event, context):
    for piece in raises(event, context):
        yield piece


def clings(event, context):
    """Goes on when it is told to stop."""
    try:
        yield "a"
        yield 1
    finally:
        yield "b"


async def clings_async(event, context):
    try:
        yield "a"
        yield 1
    finally:
        yield "b"


def alarms(event, context):
    """Is interrupted while it waits for the platform."""
    import signal

    def ring(*_):
        raise LookupError("too slow")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    while True:
        yield "a" * 100_000


class Lying:
    """Says that it is readable."""

    def __getattr__(self, name):
        raise ValueError(f"no {name}")


def lies(event, context):
    return Lying()


def closes_everything(event, context):
    """Leaves nothing open, the connection neither."""
    yield "a"
    os.closerange(3, 100)
    yield "b"
