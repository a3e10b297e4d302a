"""
Events of Amazon Data Firehose.

Owns: those models. Refuses to know: what is in the records.

Source: Amazon Data Firehose Developer Guide, "Transform source data in Amazon Data Firehose". The result has each
`recordId` with the `data` in base64 and a `result` of Ok, Dropped or ProcessingFailed.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class FirehoseKinesisMetadata(TypedDict):
    """Where a record was in its Kinesis stream; the time is in milliseconds."""

    shardId: str
    partitionKey: str
    approximateArrivalTimestamp: int
    sequenceNumber: str
    subsequenceNumber: int | str


class FirehoseRecord(TypedDict):
    """One record. `data` is base64; the time is in milliseconds."""

    recordId: str
    approximateArrivalTimestamp: int
    data: str
    kinesisRecordMetadata: NotRequired[FirehoseKinesisMetadata]


class FirehoseEvent(TypedDict):
    """A batch of records to transform; `sourceKinesisStreamArn` is there if a Kinesis stream is the source."""

    invocationId: str
    deliveryStreamArn: NotRequired[str]
    sourceKinesisStreamArn: NotRequired[str]
    region: str
    records: list[FirehoseRecord]
