"""Batches of which some records fail."""

from __future__ import annotations

import asyncio
import functools
import logging
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import pytest
from lambda_bootstrap import LambdaError
from lambda_bootstrap.codec import Options
from lambda_bootstrap.errors import FunctionError
from lambda_bootstrap.events import KafkaRecord, SqsRecord, partial_batch

NEITHER = "comes from neither SQS nor Kinesis nor DynamoDB; only these support partial batches"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"


def sqs(*bodies: str, queue: str = QUEUE) -> dict[str, Any]:
    """A batch of messages, called m0, m1 and so on."""
    return {
        "Records": [
            {"messageId": f"m{index}", "body": body, "eventSource": "aws:sqs", "eventSourceARN": queue}
            for index, body in enumerate(bodies)
        ]
    }


def kinesis(*data: str) -> dict[str, Any]:
    """A batch of a stream."""
    return {
        "Records": [
            {"eventSource": "aws:kinesis", "body": one, "kinesis": {"sequenceNumber": f"k{index}"}}
            for index, one in enumerate(data)
        ]
    }


def dynamodb(*data: str) -> dict[str, Any]:
    """A batch of changes."""
    return {
        "Records": [
            {"eventSource": "aws:dynamodb", "body": one, "dynamodb": {"SequenceNumber": f"d{index}"}}
            for index, one in enumerate(data)
        ]
    }


def kafka(source: str = "aws:kafka", **partitions: list[str]) -> dict[str, Any]:
    """A batch of partitions, of topics that are called like them; offsets begin at 10."""
    return {
        "eventSource": source,
        "bootstrapServers": "b-1:9092",
        "records": {
            f"{topic}-{number}": [
                {"topic": topic, "partition": number, "offset": 10 + index, "body": one}
                for index, one in enumerate(data)
            ]
            for number, (topic, data) in enumerate(partitions.items())
        },
    }


def piped(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The bare array that EventBridge Pipes makes of a batch, whose eventIDs are e0, e1 and so on."""
    records = [
        {**record, **record.get("kinesis", {}), "eventID": f"e{at}"} for at, record in enumerate(event["Records"])
    ]
    return [{key: part for key, part in record.items() if key != "kinesis"} for record in records]


def failures(*names: Any) -> dict[str, Any]:
    """What Lambda is told."""
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


SEEN: list[Any] = []


def work(body: str) -> None:
    """Do what the body says."""
    SEEN.append(body)
    if body == "bad":
        raise ValueError("no good")


@partial_batch
def plain(record: Any) -> None:
    """Take any record."""
    work(record["body"])


@partial_batch
def with_context(context: Any, record: dict[str, Any]) -> None:
    """Take the context too."""
    work(f"{context} {record['body']}")


@partial_batch
async def waits(record: SqsRecord) -> None:
    """Take its time."""
    await asyncio.sleep(0)
    work(record["body"])


TENANT: ContextVar[str] = ContextVar("TENANT", default="none")
LOOPS: list[asyncio.AbstractEventLoop] = []


def with_tenant(function: Any) -> Any:
    """Bind the tenant, as decorators of logging libraries do."""

    @functools.wraps(function)
    async def call(*arguments: Any) -> Any:
        TENANT.set(arguments[0]["body"])
        return await function(*arguments)

    return call


@partial_batch
@with_tenant
async def together(record: dict[str, Any]) -> None:
    """Go on once three are here, the last first."""
    index, body = int(record["messageId"][1:]), record["body"]
    SEEN.append(f"{index} begins, tenant {TENANT.get()}")
    LOOPS.append(asyncio.get_running_loop())
    for _ in range(100):
        await asyncio.sleep(0)
    assert SEEN[2:]
    await asyncio.sleep((3 - index) / 1000)
    SEEN.append(f"{index} ends, tenant {TENANT.get()}")
    if body == "bad":
        raise ValueError(body)


@partial_batch
async def alone(record: dict[str, Any]) -> None:
    """Tell when it begins and when it ends."""
    SEEN.append("begins")
    await asyncio.sleep(0.001)
    SEEN.append("ends")
    assert record


def drives(function: Any) -> Any:
    """Run a coroutine, as decorators for plain frameworks do."""

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        return asyncio.run(function(*arguments))

    return call


@partial_batch
@drives
async def driven(record: dict[str, Any]) -> None:
    """Be run by a decorator."""
    work(record["body"])


@dataclass
class Message:
    """What the function reads of a message."""

    messageId: str  # noqa: N815 - AWS's name
    body: str


@dataclass
class Placed:
    """What the function reads of a record of Kafka."""

    value: bytes


@partial_batch
def typed(record: Message) -> None:
    """Take a type of its own."""
    work(record.body)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    SEEN.clear()


@pytest.mark.parametrize(
    ("event", "told", "tried"),
    [
        pytest.param(sqs(), failures(), 0, id="empty"),
        pytest.param(sqs("a", "b"), failures(), 2, id="SQS, none"),
        pytest.param(sqs("a", "bad", "c", "bad"), failures("m1", "m3"), 4, id="SQS, two"),
        pytest.param(sqs("bad"), failures("m0"), 1, id="SQS, all"),
        pytest.param(sqs("a", "bad", "c", queue=f"{QUEUE}.fifo"), failures("m1", "m2"), 2, id="FIFO, and what follows"),
        pytest.param(kinesis("a", "bad", "c"), failures("k1"), 2, id="Kinesis, the first"),
        pytest.param(dynamodb("a", "b", "bad"), failures("d2"), 3, id="DynamoDB, the first"),
        pytest.param(dynamodb("a", "b"), failures(), 2, id="DynamoDB, none"),
        pytest.param([], failures(), 0, id="Pipes, empty"),
        pytest.param(piped(sqs("a", "bad", "c", "bad")), failures("m1", "m3"), 4, id="Pipes of SQS, two"),
        pytest.param(piped(sqs("a", "bad", "c", queue=f"{QUEUE}.fifo")), failures("m1", "m2"), 2, id="Pipes of FIFO"),
        pytest.param(piped(kinesis("a", "bad", "c")), failures("e1", "e2"), 2, id="Pipes of Kinesis, and what follows"),
        pytest.param(piped(dynamodb("bad", "b")), failures("e0", "e1"), 1, id="Pipes of DynamoDB, all"),
        pytest.param(piped(dynamodb("a", "b")), failures(), 2, id="Pipes of DynamoDB, none"),
    ],
)
@pytest.mark.parametrize("handler", [plain, typed, waits])
def test_failures(handler: Any, event: dict[str, Any], told: dict[str, Any], tried: int) -> None:
    """What fails comes again; where order counts, so does what follows, which is not tried."""
    more = {"messageId": "any"} if handler is typed else full() if handler is waits else {}
    records = [{**more, **record} for record in (event["Records"] if isinstance(event, dict) else event)]

    assert handler({"Records": records} if isinstance(event, dict) else records, None) == told
    assert len(SEEN) == tried


def at(partition: str, offset: int) -> dict[str, Any]:
    """A place in Kafka."""
    return {"partition": partition, "offset": offset}


@pytest.mark.parametrize(
    ("event", "told", "tried"),
    [
        pytest.param(kafka(), failures(), [], id="empty"),
        pytest.param(kafka(t=["a", "b"]), failures(), ["a", "b"], id="none"),
        pytest.param(kafka(t=["a", "bad", "c"]), failures(at("t-0", 11)), ["a", "bad"], id="the first of a partition"),
        pytest.param(
            kafka(t=["bad", "b"], u=["c", "d"], v=["e", "bad"]),
            failures(at("t-0", 10), at("v-2", 11)),
            ["bad", "c", "d", "e", "bad"],
            id="other partitions go on",
        ),
        pytest.param(kafka("SelfManagedKafka", t=["bad"]), failures(at("t-0", 10)), ["bad"], id="self-managed"),
        pytest.param(kafka("aws:SelfManagedKafka", t=["bad"]), failures(at("t-0", 10)), ["bad"], id="or so called"),
    ],
)
def test_kafka(event: dict[str, Any], told: dict[str, Any], tried: list[str]) -> None:
    """Of Kafka, the first failure of each partition is reported by partition and offset; others aren't held up."""
    assert plain(event, None) == told
    assert tried == SEEN


@pytest.mark.parametrize("source", ["aws:kafka", "aws:SelfManagedKafka"])
def test_like_powertools(source: str) -> None:
    """The answer for a record of Kafka is Powertools' answer."""
    batch = pytest.importorskip("aws_lambda_powertools.utilities.batch")
    record = {"topic": "my-topic", "partition": 3, "offset": 15, "value": "eyJrZXkiOiJ2YWx1ZSJ9", "key": "a2V5"}
    event = {"eventSource": source, "records": {"my-topic-3": [record, {**record, "offset": 16, "value": "YmFk"}]}}

    @partial_batch
    def ours(record: dict[str, Any]) -> None:
        assert record["value"] != "YmFk"

    def theirs(record: Any) -> None:
        assert record.value != "YmFk"

    processor = batch.BatchProcessor(event_type=batch.EventType.Kafka)
    answer = batch.process_partial_response(event=event, record_handler=theirs, processor=processor, context=None)

    assert ours(event, None) == answer == failures(at("my-topic-3", 16))


@partial_batch
async def together_in_kafka(record: KafkaRecord) -> None:
    """Tell when a record begins and when it ends; offset 11 fails."""
    place = f"{record['topic']} {record['offset']}"
    SEEN.append(f"{place} begins")
    await asyncio.sleep(0.001)
    SEEN.append(f"{place} ends")
    if record["offset"] == 11:
        raise ValueError(place)


def test_partitions_at_once() -> None:
    """Async records of several partitions are in hand at once, those of one partition one after the other."""
    assert together_in_kafka(kafka(t=["a"], u=["b", "c", "d"]), None) == failures(at("u-1", 11))
    assert SEEN == ["t 10 begins", "u 10 begins", "t 10 ends", "u 10 ends", "u 11 begins", "u 11 ends"]


def test_exit_of_a_partition() -> None:
    """What ends the process ends the records of all partitions."""

    @partial_batch
    async def ends(record: dict[str, Any]) -> None:
        SEEN.append(record["body"])
        if record["body"] == "ends":
            raise SystemExit(3)
        await asyncio.sleep(60)

    with pytest.raises(SystemExit, match="3"):
        ends(kafka(t=["a", "b"], u=["ends", "c"]), None)
    assert SEEN == ["a", "ends"]


@partial_batch
def typed_in_kafka(record: Placed) -> None:
    """Take a record of Kafka as a type of its own."""
    work(record.value.decode())


def test_kafka_typed() -> None:
    """A record of Kafka is decoded to the type that the function declares."""
    event = kafka(t=["a", "b"])
    event["records"]["t-0"] = [{**record, "value": "YmFk"} for record in event["records"]["t-0"]]

    assert typed_in_kafka(event, None) == failures(at("t-0", 10))
    assert SEEN == ["bad"]


def full() -> dict[str, Any]:
    """All that a message has."""
    names = ("messageId", "receiptHandle", "body", "md5OfBody", "eventSource", "eventSourceARN", "awsRegion")
    return {**dict.fromkeys(names, ""), "attributes": {}, "messageAttributes": {}}


def test_context() -> None:
    """The context is given to those who take it."""
    assert with_context(sqs("a"), "C") == failures()
    assert SEEN == ["C a"]


def test_mismatch() -> None:
    """A record that is none of the type fails, and the others do not."""
    event = sqs("a", "b", "c")
    event["Records"][1]["body"] = 7

    assert typed(event, None) == failures("m1")
    assert SEEN == ["a", "c"]


def test_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A failure is logged with its trace, by the function's own logger."""
    plain(sqs("bad"), None)
    (record,) = caplog.records

    assert (record.name, record.levelno, record.message) == (__name__, logging.ERROR, "record m0 has failed")
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "no good"


def test_twice() -> None:
    """B2.14: decorating twice is harmless."""
    assert partial_batch(plain) is plain
    assert plain.__name__ == "plain"


@pytest.mark.parametrize("error", [LambdaError("m", exit=True), SystemExit(3), KeyboardInterrupt()])
def test_exit(error: BaseException) -> None:
    """What ends the process is not the failure of one record."""

    @partial_batch
    def ends(_: Any) -> None:
        raise error

    with pytest.raises(type(error)) as ended:
        ends(sqs("a"), None)
    assert ended.value is error


def test_at_once() -> None:
    """Async records of a standard queue are in hand at once, and reported in their own order."""
    assert together(sqs("bad", "ok", "bad"), None) == failures("m0", "m2")
    assert [line.split(", ") for line in SEEN] == [
        *(["0 begins", "tenant bad"], ["1 begins", "tenant ok"], ["2 begins", "tenant bad"]),
        *(["2 ends", "tenant bad"], ["1 ends", "tenant ok"], ["0 ends", "tenant bad"]),
    ]
    assert TENANT.get() == "none"


def test_one_loop() -> None:
    """All invocations share one event loop."""
    LOOPS.clear()
    together(sqs("a", "b", "c"), None)
    together(sqs("a", "b", "c"), None)

    assert len(LOOPS) == 6
    assert len(set(LOOPS)) == 1


@pytest.mark.parametrize("event", [sqs("a", "b", queue=f"{QUEUE}.fifo"), kinesis("a", "b"), dynamodb("a", "b")])
def test_in_order(event: dict[str, Any]) -> None:
    """Where order counts, async records are taken one after the other."""
    alone(event, None)
    assert SEEN == ["begins", "ends", "begins", "ends"]


def test_not_in_order() -> None:
    """Where order does not count, async records are not taken one after the other."""
    alone(sqs("a", "b"), None)
    assert SEEN == ["begins", "begins", "ends", "ends"]


def test_driven() -> None:
    """A coroutine that a decorator has run already is not run again."""
    assert driven(sqs("a", "bad"), None) == failures("m1")
    assert SEEN == ["a", "bad"]


@pytest.mark.parametrize("error", [LambdaError("m", exit=True), SystemExit(3), KeyboardInterrupt()])
def test_exit_at_once(error: BaseException) -> None:
    """What ends the process ends the other records of its batch, as it is."""
    error.__cause__ = cause = ValueError("why")

    @partial_batch
    async def ends(record: dict[str, Any]) -> None:
        if record["body"] == "ends":
            raise error
        SEEN.append("begins")
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.001)
            SEEN.append("ends")

    with pytest.raises(type(error)) as ended:
        ends(sqs("a", "ends", "c"), None)
    assert (ended.value, ended.value.__cause__) == (error, cause)
    assert SEEN == ["begins", "begins", "ends", "ends"]


def test_one_of_another_source() -> None:
    """No record is tried if one of them could not be reported."""
    event = sqs("a", "b")
    event["Records"][1]["eventSource"] = "aws:s3"

    with pytest.raises(FunctionError):
        plain(event, None)
    assert SEEN == []


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (None, "tests.events.test_batch.plain takes batches, and the event has no list of Records"),
        ({}, "tests.events.test_batch.plain takes batches, and the event has no list of Records"),
        ({"Records": {}}, "tests.events.test_batch.plain takes batches, and the event has no list of Records"),
        (
            {"Records": [{"EventSource": "aws:sns"}]},
            f"a record {NEITHER}",
        ),
        (
            {"Records": [{"eventSource": "aws:s3"}]},
            f"a record {NEITHER}",
        ),
        (
            [{"eventSource": "aws:kafka", "topic": "t", "partition": 0, "offset": 1}],
            f"a record of EventBridge Pipes {NEITHER}",
        ),
        (
            ["text"],
            f"a record of EventBridge Pipes {NEITHER}",
        ),
        (
            {"eventSource": "aws:kafka", "records": {"t-0": [{"topic": "t", "partition": 0}]}},
            "a record of Kafka lacks its topic, partition or offset",
        ),
        (
            {"eventSource": "aws:kafka", "records": {"t-0": ["text"]}},
            "a record of Kafka lacks its topic, partition or offset",
        ),
        (
            {"eventSource": "aws:mq", "records": {}},
            "tests.events.test_batch.plain takes batches, and the event has no list of Records",
        ),
        (
            {"Records": [1]},
            f"a record {NEITHER}",
        ),
    ],
)
def test_no_batch(event: Any, message: str) -> None:
    """An event of another source is an unmarshal error, as nothing of it could be told to have failed."""
    with pytest.raises(FunctionError) as refused:
        plain(event, None)

    assert (refused.value.error_type, str(refused.value)) == ("Runtime.UnmarshalError", message)


@pytest.mark.parametrize("annotation", ["Nobody", list[complex], {"body": str}, "the message", Options | None])
def test_not_decoded(annotation: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A record whose annotation cannot be decoded is plain JSON, with one warning by the function's own logger."""

    def function(record: Any) -> None:
        work(record["body"])

    function.__annotations__ = {"record": annotation}
    handler = partial_batch(function)
    (record,) = caplog.records

    assert (record.name, record.levelno) == (__name__, logging.WARNING)
    assert record.message.endswith("`, is plain JSON: annotate it `dict` if the handler wants that")
    assert handler(sqs("a", "bad"), None) == failures("m1")


@pytest.mark.parametrize("annotation", [Message, "Nobody", {"body": str}])
def test_decorator_gets_plain_records(annotation: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A decorator gets plain records, whatever the function inside it asks for with its annotations."""

    def function(record: Any) -> None:
        work(record["body"])

    function.__annotations__ = {"record": annotation}

    @functools.wraps(function)
    def passing(*arguments: Any) -> None:
        function(*arguments)

    assert partial_batch(passing)(sqs("a", "bad"), None) == failures("m1")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]  # the record that has failed
