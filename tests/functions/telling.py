"""A function that tells what it does in every way there is."""

import logging
import sys
import threading
import warnings

import structlog

log = structlog.get_logger("shop")


class Unspeakable:
    def __str__(self):
        raise RuntimeError("no words")

    __repr__ = __str__


def crash():
    raise LookupError("in a thread")


def handler(event, context):
    print("printed", 1, "line")
    print("two\nlines")
    print('{"already": "JSON"}')
    print("on stderr", file=sys.stderr)
    print("no end", end="")
    logging.getLogger().setLevel("DEBUG")
    logging.debug("debugged")
    logging.warning("a newline\nin it", extra={"order": 7, "what": Unspeakable(), "level": "mine"})
    logging.critical({"a": "dict"})
    logging.error("lone \ud800 surrogate")
    logging.error("%s", Unspeakable())
    logging.error("%d arguments", "wrong")
    structlog.contextvars.bind_contextvars(basket=3)
    log.info("structured", item="a b", nothing=None)
    log.warning("careful")
    warnings.warn("deprecated thing", DeprecationWarning, stacklevel=1)
    warnings.warn("odd thing", stacklevel=1)
    thread = threading.Thread(target=crash, name="worker")
    thread.start()
    thread.join()
    try:
        try:
            int("x")
        except ValueError as error:
            raise KeyError("outer") from error
    except KeyError as error:
        error.add_note("a note")
        logging.exception("caught")
        log.exception("caught too")
    raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])
