"""The function that logs: what is measured is the way of a record from `logging` to the runtime's stdout."""

from __future__ import annotations

import logging

RECORDS = 500  # of each invocation: one in two has fields of its own, one in fifty an exception

logger = logging.getLogger("bench")


def handler(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG001 - as most functions are
    """The event, unchanged, and the records."""
    for number in range(RECORDS):
        if number % 50 == 0:
            log_failure(number)
        elif number % 2:
            logger.info("order %d accepted", number)
        else:
            logger.info("order accepted", extra={"order": number, "customer": "c-1024", "total": 12.5})
    return event


def log_failure(number: int) -> None:
    """A record with an exception."""
    try:
        refuse(number)
    except ValueError:
        logger.exception("order %d refused", number)


def refuse(number: int) -> None:
    """What goes wrong."""
    raise ValueError(number)
