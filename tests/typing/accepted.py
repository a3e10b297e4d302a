"""What has to type-check: the public API as a function uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_type

from lambda_bootstrap import Context, HttpResponse, LambdaError, Stream, before_next, on_error, on_init, on_request, on_response
from lambda_bootstrap.events import ApiGatewayEvent, CloudWatchLogsEvent, DynamoDbEvent, EventBridgeEvent, FirehoseEvent, HttpApiAuthorizerEvent, HttpApiEvent, KafkaEvent, KafkaRecord, KinesisRecord, SqsEvent, SqsRecord, decode_logs, partial_batch


if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


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


def logs(event: CloudWatchLogsEvent, batch: FirehoseEvent, topics: KafkaEvent) -> list[str]:
    """Unpack log data, of each source that carries it."""
    packed: list[CloudWatchLogsEvent | str | bytes] = [event, *(record["data"] for record in batch["records"]), b""]
    assert_type(topics["records"]["orders-0"][0]["offset"], int)
    return [line["message"] for data in packed for line in decode_logs(data)["logEvents"]]


def authorizer(event: HttpApiAuthorizerEvent) -> dict[str, bool]:
    """Let a caller in."""
    return {"isAuthorized": event["headers"].get("authorization") == "secret"}


@partial_batch
def placed(record: KafkaRecord) -> None:
    """Take one record of Kafka."""
    raise OSError(f"{record['topic']}-{record['partition']} at {record['offset']}")


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


def lines(event: Order) -> Iterator[HttpResponse | str]:
    """Stream, head first."""
    yield HttpResponse(200, {"Content-Type": "text/plain"}, cookies=["a=1"])
    yield str(event.id)


async def rows() -> AsyncIterator[bytes]:
    """Stream, in its own time."""
    yield b"row"


def page(context: Context) -> HttpResponse:
    """Return a stream with its head; a file is one too."""
    if context.tenant_id:
        return HttpResponse(body=rows())
    return HttpResponse(404, body=open("missing.html", "rb"))  # noqa: PTH123, SIM115 - closed by who sends it


def table() -> Stream:
    """Return a stream with a content type."""
    return Stream((row for row in (b"a,b", "1,2")), content_type="text/csv")
