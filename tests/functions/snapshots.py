"""A function that is restored from a snapshot; its hooks do what the environment says."""

import os
import random
import socket
import time
import uuid
from uuid import uuid4 as unique

import lambda_bootstrap

from snapshot_restore_py import register_after_restore, register_before_snapshot

WORDS = os.environ.get("HOOKS", "").split()
if "numpy" in WORDS:
    import numpy
else:
    numpy = None
SAID = []
PREDICTED = []  # the numbers that would be drawn if nothing was seeded anew
STARTED, IDENTITY = time.time(), uuid.uuid4().hex
SEEDED = random.Random(7)


class Config:
    """A value in the body of a class."""

    token: str = str(unique())


if "socket" in WORDS:
    CONNECTION = socket.socket()

COPIES = []  # in the second copy, its process


def say(word):
    SAID.append(word)
    if word.replace(" ", "_") in WORDS:
        raise ValueError(word)


@lambda_bootstrap.before_snapshot
def fork():
    """Runs last, as it is registered first: from here on there are two copies."""
    say("before 1")
    twin = random.Random()
    twin.setstate(random.getstate())
    PREDICTED.append(twin.random())
    if "forks" in WORDS and os.fork() == 0:
        COPIES.append(os.getpid())


@lambda_bootstrap.before_snapshot
async def before_2():
    say("before 2")


register_before_snapshot(say, "before 3")


@lambda_bootstrap.after_restore
def after_1():
    if COPIES:  # one that polls while the first is running would get the same event, and not be ready for the next one
        time.sleep(0.5)
    say("after 1")


@lambda_bootstrap.after_restore
async def after_2():
    say("after 2")


register_after_restore(say, "after 3")


def handler(event, context):
    """Returns what was said, a random number, and its process."""
    return {
        "said": SAID,
        "random": random.random(),
        "predicted": PREDICTED,
        "numpy": numpy and numpy.random.rand(),
        "pid": os.getpid(),
        "group": context.log_group_name,
    }
