"""Handlers for many at once; `LEAVE` names what the import leaves behind."""

import os
import random
import socket
import sys
import threading
import time

from lambda_bootstrap import after_fork, on_init

IMPORTED_IN = os.getpid()
LEFT = os.environ.get("LEAVE")
FORKED = []

if LEFT == "thread":
    threading.Thread(target=time.sleep, args=(600,), name="keeper", daemon=True).start()
if LEFT == "socket":
    KEPT = socket.socket()
if LEFT == "numpy":
    import numpy as np

    np.ones((500, 500)) @ np.ones((500, 500))
if LEFT == "nothing at all":
    os._exit(7)
if LEFT == "an error":
    raise ValueError("no such thing")


@on_init
def begun():
    print(f"init in {os.getpid()}")


@after_fork
def forked():
    if LEFT == "hook":
        raise ValueError("no such hook")
    FORKED.append(os.getpid())


def handler(event, context):
    time.sleep(event.get("seconds", 0))
    numbers = [random.random()]
    if "numpy" in sys.modules:
        numbers.append(float(np.random.random()))
        numbers.append(float((np.ones((500, 500)) @ np.ones((500, 500)))[0][0]))
    if "print" in event:
        print(event["print"])
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "imported in": IMPORTED_IN,
        "after_fork in": FORKED,
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "numbers": numbers,
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


def exits(event, context):
    sys.exit(3)
