"""A function that uses up all descriptors, and then asks the runtime for modules that it has not imported yet."""

import os
import socket
from dataclasses import dataclass
from datetime import date


@dataclass
class Point:
    x: int
    when: date


def spend():
    while True:
        try:
            os.dup(0)
        except OSError:
            return


def result(event, context):
    spend()
    return Point(1, date(2026, 1, 2))


def no_form(event, context):
    spend()
    return {"a": [object()]}


def bad_event(event, context):
    return event


def stream(event, context):
    spend()
    yield "a"
    yield "b"


def broken_stream(event, context):
    spend()
    yield "a"
    raise ValueError("half-way")


def closed(event, context):
    """Closes the runtime's spare with everything else, opens files of its own there, and spends the rest."""
    os.closerange(3, 64)
    mine = [os.open("/dev/zero", os.O_RDONLY) for _ in range(8)]
    spend()
    try:
        Point(1, 2)
    finally:
        for descriptor in mine:
            assert os.read(descriptor, 1) == b"\0"
    return "mine"


def takes_over(event, context):
    """Closes the runtime's connection with everything else, and has sockets of its own under those numbers."""
    os.closerange(3, 64)
    mine = [each for _ in range(8) for each in socket.socketpair()]
    yield "a"
    for each in mine:
        each.setblocking(False)
        try:
            yield repr(each.recv(100))
        except BlockingIOError:
            pass


@dataclass
class Item:
    a: int


spend_at_import = os.environ.get("SPEND_AT_IMPORT")
if spend_at_import:
    spend()


def typed(event: Item, context):
    return event.a
