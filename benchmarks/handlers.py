"""The functions of shapes.py, one for each thing that functions do; each answers with its event, or fails."""

from __future__ import annotations

import logging

logger = logging.getLogger("bench")


def fails(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG001 - as most functions are
    """Raise what nobody catches."""
    raise ValueError(event["hello"])


def logs(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG001 - as above
    """Log ten records."""
    for number in range(10):
        logger.warning("order %d accepted", number)
    return event


def prints(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG001 - as above
    """Print a line."""
    print("order accepted")
    return event


async def awaits(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG001 - as above
    """Answer as a coroutine."""
    return event


def streams(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG001 - as above
    """Answer in pieces."""
    yield f'"{event["hello"]}"'
    for _ in range(10):
        yield "piece"
