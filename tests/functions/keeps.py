"""What a function keeps from one invocation to the next, and in whose name its threads log."""

import contextvars
import decimal
import logging
import queue
import threading

import structlog

VARIABLE = contextvars.ContextVar("VARIABLE", default="unset")
WORK, DONE = queue.Queue(), queue.Queue()

structlog.contextvars.bind_contextvars(shop="here")


def settings(event, context):
    if event == "set":
        decimal.getcontext().prec = 5
        VARIABLE.set("kept")
    return [decimal.getcontext().prec, VARIABLE.get()]


def bindings(event, context):
    if event == "init only":
        return structlog.contextvars.get_contextvars()
    if event == "unbind":
        structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(basket=event)
    return structlog.contextvars.get_contextvars()


def work():
    while True:
        logging.getLogger("worker").warning(WORK.get())
        DONE.put(True)


def worker(event, context):
    if event == "first":
        threading.Thread(target=work, daemon=True).start()
    WORK.put(event)
    return DONE.get()


def late_end(event, context):
    """Starts a thread in one invocation that fails in another."""
    if event == "first":
        globals()["THREAD"] = threading.Thread(target=lambda: WORK.get() and 1 / 0)
        THREAD.start()
        return sorted(set(vars(THREAD)) - set(vars(threading.current_thread())) - {"_target", "_args", "_kwargs"})
    WORK.put(event)
    THREAD.join()
    return None
