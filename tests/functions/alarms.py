"""Functions whose signal handlers raise, at moments that nobody can foresee."""

import json
import logging
import os
import random
import signal
import sys
import threading
import time


class Alarm(Exception):
    """What the handler raises."""


class End(BaseException):
    """What nobody expects."""


def ring(number, frame):
    raise Alarm("ring")


def ring_timeout(number, frame):
    raise TimeoutError("ring")


def ring_end(number, frame):
    raise End("ring")


RNG = random.Random(7)


def at_random(event, context):
    """Sets an alarm that goes off within the invocation, the posting, or the poll."""
    signal.signal(signal.SIGALRM, [ring, ring_timeout, ring_end][event % 3])
    signal.setitimer(signal.ITIMER_REAL, RNG.uniform(0.00002, 0.0008))
    return event


def in_the_poll(event, context):
    if event == "arm":
        signal.signal(signal.SIGALRM, ring_timeout if os.environ.get("TIMEOUT") else ring)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
    return event


def exits(event, context):
    """Leaves the process from the poll, with a thread that never ends."""
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(json.loads(os.environ["CODE"])))
    threading.Thread(target=threading.Event().wait).start()
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    return event


def stream(event, context):
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    yield "x"
    time.sleep(10)


def logs(event, context):
    """Prints while a thread logs, and logs in a signal handler that interrupts the print."""
    done = threading.Event()

    def log_on():
        while not done.is_set():
            logging.warning("of a thread")

    def ring_on(number, frame):
        logging.warning("of an alarm")
        signal.setitimer(signal.ITIMER_REAL, 0 if done.is_set() else 0.001)

    signal.signal(signal.SIGALRM, ring_on)
    thread = threading.Thread(target=log_on)
    thread.start()
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    for number in range(event):
        print("of main", number)
    done.set()
    thread.join()
    return event
