"""The function that the soak runs: it fails when its event says so, in a way that costs the runtime most."""

from __future__ import annotations


def handler(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG001 - as most functions are
    """The event, unchanged, or an error with a cause, a note and a message of some length."""
    if event.get("fails"):
        try:
            int("x")
        except ValueError as error:
            error.add_note(f"order {event['number']}")
            raise LookupError("nothing is known of this order. " * 20) from error
    return event
