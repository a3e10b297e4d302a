"""
Events of Amazon DynamoDB Streams and Amazon Kinesis.

Owns: those models. Refuses to know: what the data means.

Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB" and "Process Amazon Kinesis Data Streams
records with Lambda".
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class AttributeValue(TypedDict, total=False):
    """A value under the key of its type; numbers are strings of digits, `B` and `BS` are base64."""

    S: str
    N: str
    B: str
    BOOL: bool
    NULL: bool
    SS: list[str]
    NS: list[str]
    BS: list[str]
    L: list[AttributeValue]
    M: dict[str, AttributeValue]


class DynamoDbChange(TypedDict):
    """An item before and after, as far as the stream's view has them. Times are seconds since the Unix epoch."""

    ApproximateCreationDateTime: NotRequired[int | float]
    Keys: dict[str, AttributeValue]
    NewImage: NotRequired[dict[str, AttributeValue]]
    OldImage: NotRequired[dict[str, AttributeValue]]
    SequenceNumber: str
    SizeBytes: NotRequired[int]
    StreamViewType: str


class DynamoDbIdentity(TypedDict):
    """The service that deleted an item whose time to live was over."""

    type: str
    principalId: str


class DynamoDbRecord(TypedDict):
    """One change; `eventName` is INSERT, MODIFY or REMOVE."""

    eventID: str
    eventName: str
    eventVersion: str
    eventSource: str
    awsRegion: str
    dynamodb: DynamoDbChange
    eventSourceARN: str
    userIdentity: NotRequired[DynamoDbIdentity | None]


class StreamWindow(TypedDict):
    """The tumbling window of an invocation; ISO 8601."""

    start: str
    end: str


class DynamoDbEvent(TypedDict):
    """A batch of changes; only tumbling windows bring the other fields."""

    Records: list[DynamoDbRecord]
    window: NotRequired[StreamWindow]
    state: NotRequired[dict[str, object]]
    shardId: NotRequired[str]
    eventSourceARN: NotRequired[str]
    isFinalInvokeForWindow: NotRequired[bool]
    isWindowTerminatedEarly: NotRequired[bool]


class KinesisData(TypedDict):
    """The data, in base64. Times are seconds since the Unix epoch."""

    partitionKey: str
    kinesisSchemaVersion: str
    data: str
    sequenceNumber: str
    approximateArrivalTimestamp: int | float
    encryptionType: NotRequired[str]


class KinesisRecord(TypedDict):
    """One record."""

    kinesis: KinesisData
    eventSource: str
    eventID: str
    invokeIdentityArn: str
    eventVersion: str
    eventName: str
    eventSourceARN: str
    awsRegion: str


class KinesisEvent(TypedDict):
    """A batch of records; only tumbling windows bring the other fields."""

    Records: list[KinesisRecord]
    window: NotRequired[StreamWindow]
    state: NotRequired[dict[str, object]]
    shardId: NotRequired[str]
    eventSourceARN: NotRequired[str]
    isFinalInvokeForWindow: NotRequired[bool]
    isWindowTerminatedEarly: NotRequired[bool]
