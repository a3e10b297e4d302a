"""
Events of Amazon SQS and Amazon SNS.

Owns: those models. Refuses to know: what is in the messages.

Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and "Invoking Lambda functions with Amazon SNS
notifications".
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class SqsAttributes(TypedDict):
    """Attributes that SQS adds. Numbers are strings, times in milliseconds; FIFO queues add the last three."""

    ApproximateReceiveCount: str
    SentTimestamp: str
    SenderId: str
    ApproximateFirstReceiveTimestamp: str
    AWSTraceHeader: NotRequired[str]
    DeadLetterQueueSourceArn: NotRequired[str]
    SequenceNumber: NotRequired[str]
    MessageGroupId: NotRequired[str]
    MessageDeduplicationId: NotRequired[str]


class SqsMessageAttribute(TypedDict):
    """`dataType` is String, Number or Binary, perhaps with a suffix; binary values are base64."""

    dataType: str
    stringValue: NotRequired[str | None]
    binaryValue: NotRequired[str | None]
    stringListValues: NotRequired[list[str]]
    binaryListValues: NotRequired[list[str]]


class SqsRecord(TypedDict):
    """One message."""

    messageId: str
    receiptHandle: str
    body: str
    attributes: SqsAttributes
    messageAttributes: dict[str, SqsMessageAttribute]
    md5OfBody: str
    md5OfMessageAttributes: NotRequired[str | None]
    eventSource: str
    eventSourceARN: str
    awsRegion: str


class SqsEvent(TypedDict):
    """A batch of messages."""

    Records: list[SqsRecord]


class SnsMessageAttribute(TypedDict):
    """An attribute; binary values are base64."""

    Type: str
    Value: str


class SnsMessage(TypedDict):
    """A notification; `Timestamp` is ISO 8601. The addresses are also spelled with `URL`, as in HTTP notifications."""

    Type: str
    MessageId: str
    TopicArn: str
    Subject: NotRequired[str | None]
    Message: str
    Timestamp: str
    SignatureVersion: str
    Signature: str
    SigningCertUrl: NotRequired[str]
    SigningCertURL: NotRequired[str]
    UnsubscribeUrl: NotRequired[str]
    UnsubscribeURL: NotRequired[str]
    MessageAttributes: NotRequired[dict[str, SnsMessageAttribute]]


class SnsRecord(TypedDict):
    """One notification for one subscription."""

    EventSource: str
    EventVersion: str
    EventSubscriptionArn: str
    Sns: SnsMessage


class SnsEvent(TypedDict):
    """Notifications; Amazon SNS sends one at a time."""

    Records: list[SnsRecord]
