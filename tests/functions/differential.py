"""What two runtimes are compared with."""

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import os
import uuid as uuids


def nothing(event, context):
    pass


def decimal_(event, context):
    return decimal.Decimal("19.90")


def time(event, context):
    return datetime.datetime(2026, 11, 23, 12, 30, tzinfo=datetime.timezone.utc)


def set_(event, context):
    return {"one"}


def uuid(event, context):
    return uuids.UUID(int=7)


def bytes_within(event, context):
    return {"blob": b"text"}


@dataclasses.dataclass
class Point:
    x: int = 1


def data(event, context):
    return Point()


class Colour(enum.Enum):
    RED = "red"


def enumeration(event, context):
    return Colour.RED


def tuple_(event, context):
    return 1, "two", None


def keys(event, context):
    return {1: "a", None: "b", True: "c", 2.5: "d"}


def surrogate(event, context):
    return "\ud800"


def circle(event, context):
    value = []
    value.append(value)
    return value


def nested(event, context):
    return json.loads("{")


def caused(event, context):
    try:
        int("x")
    except ValueError as error:
        raise KeyError("outer") from error


def group(event, context):
    raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])


def noted(event, context):
    error = ValueError("boom")
    error.add_note("a note")
    raise error


def no_message(event, context):
    raise ValueError


class Own(Exception):
    pass


def of_library(event, context):
    raise Own("own")


def interrupts(event, context):
    raise KeyboardInterrupt


def context(event, context):
    return {
        name: getattr(context, name)
        for name in (
            "aws_request_id",
            "function_name",
            "function_version",
            "invoked_function_arn",
            "memory_limit_in_mb",
            "log_group_name",
            "log_stream_name",
            "tenant_id",
        )
    }


def caller(event, context):
    client = context.client_context
    return [
        client and [client.custom, client.env, client.client and client.client.app_title],
        context.identity.cognito_identity_id,
        context.identity.cognito_identity_pool_id,
        context.tenant_id,
    ]


def trace(event, context):
    return os.environ.get("_X_AMZN_TRACE_ID")


Pair = collections.namedtuple("Pair", "first second")


class Row:
    def _asdict(self):
        return {"row": Pair(1, None)}


class Listed(list):
    def _asdict(self):
        return {"listed": len(self)}


class PaymentError(Exception):
    error_type = "payment_error"


class Declined(PaymentError):
    data = {"code": 51}
    exit = True


def named(event, context):
    return Pair(1, [Pair(2, {"deep": (Pair(3, 4),)})])


def rows(event, context):
    return [Row(), {"row": Row()}]


def listed(event, context):
    return {"listed": Listed([1, 2]), "empty": Listed()}


def bytes_as_keys(event, context):
    return {b"a": 1, "b": {"é".encode(): Pair(b"c", decimal.Decimal("1.50"))}}


def odd_key(event, context):
    return {(1, 2): 3}


def own_type(event, context):
    raise PaymentError("declined")


def own_words(event, context):
    raise Declined("declined")


def own_type_of_instance(event, context):
    error = ValueError("declined")
    error.error_type = "payment_error"
    raise error


async def waits(event, context):
    return event
