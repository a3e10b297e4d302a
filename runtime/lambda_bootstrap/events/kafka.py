"""
Events of Apache Kafka: Amazon MSK and clusters of one's own.

Owns: those models. Refuses to know: what is in the records.

Source: AWS Lambda Developer Guide, "Using Lambda with Amazon MSK" and "Using Lambda with self-managed Apache Kafka".
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class KafkaSchema(TypedDict):
    """The schema of a key or a value, with a schema registry."""

    schemaId: str
    dataFormat: str


class KafkaRecord(TypedDict):
    """One record. `key` and `value` are base64, or JSON with a schema registry; headers are the numbers of bytes."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestampType: str
    key: NotRequired[str | None]
    value: NotRequired[str | None]
    headers: list[dict[str, list[int]]]
    keySchemaMetadata: NotRequired[KafkaSchema | None]
    valueSchemaMetadata: NotRequired[KafkaSchema | None]


class KafkaEvent(TypedDict):
    """A batch of records by topic and partition, such as `orders-0`; only Amazon MSK has an `eventSourceArn`."""

    eventSource: str
    eventSourceArn: NotRequired[str]
    bootstrapServers: str
    records: dict[str, list[KafkaRecord]]
