"""What has to type-check: the public API as a function uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from runtime import Context, LambdaError, before_next, on_error, on_init, on_request, on_response
from runtime.events import (
    ApiGatewayEvent,
    DynamoDbEvent,
    EventBridgeEvent,
    HttpApiEvent,
    KinesisRecord,
    SqsEvent,
    SqsRecord,
    partial_batch,
)


@dataclass
class Order:
    """An event of the function's own."""

    id: int


def handler(event: Order, context: Context) -> dict[str, str | int | None]:
    """Read event and context."""
    assert_type(context.aws_request_id, str)
    assert_type(context.get_remaining_time_in_millis(), int)
    return {"name": context.function_name, "id": event.id}


def queue(event: SqsEvent) -> list[str]:
    """Go through an event model."""
    return [record["body"] for record in event["Records"]]


def web(event: HttpApiEvent, rest: ApiGatewayEvent) -> str:
    """Read what may be missing."""
    assert_type(rest["body"], str | None)
    assert_type(event["requestContext"]["http"]["method"], str)
    return event.get("body") or ""


def changes(event: DynamoDbEvent, more: EventBridgeEvent) -> str:
    """Read deeper."""
    return event["Records"][0]["dynamodb"]["Keys"]["Id"]["N"] + more["detail-type"]


@partial_batch
def one(record: SqsRecord, context: Context) -> None:
    """Take one record."""
    raise LambdaError(record["body"], type="Order.SoldOut", data={"id": context.aws_request_id}, exit=False)


@partial_batch
async def another(record: KinesisRecord) -> None:
    """Take one record, in its own time."""
    raise OSError(record["kinesis"]["data"])


@on_init
def ready() -> None:
    """Be called once."""


@on_request
@on_response
def both(value: object, context: Context) -> None:
    """Be called for events and results."""


@on_error
def failed(error: BaseException, context: Context) -> None:
    """Be called for errors."""


@before_next
def flush(context: Context) -> None:
    """Be called after the answer."""
