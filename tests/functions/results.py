"""Handlers for what may come back."""

import datetime
import decimal
import uuid


def raw(event, context):
    return b"\x00\xff raw"


def takes_bytes(event, context):
    return {"type": type(event).__name__, "size": len(event)}


def rich(event, context):
    return {
        "price": decimal.Decimal("19.90"),
        "when": datetime.datetime(2026, 11, 23, 12, 30, tzinfo=datetime.timezone.utc),
        "id": uuid.UUID(int=7),
        "text": "déjà vu",
        "tags": {"one"},
        "blob": b"text",
    }


def not_a_number(event, context):
    return {"items": [{"price": 1.0}, {"price": float("nan")}]}


def unserializable(event, context):
    return {"items": [{"when": object()}]}


def blob(event, context):
    return {"image": b"\x89PNG"}


def imported(event, context):
    import sys

    return event in sys.modules
