"""
Events of Amazon CloudWatch Logs, and the log data in them.

Owns: those models, and how the data is packed. Refuses to know: what the log says.

Source: Amazon CloudWatch Logs User Guide, "Log group-level subscription filters"; AWS Lambda Developer Guide, "Using
Lambda with CloudWatch Logs".
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict, cast

from .. import codec


class CloudWatchLogsPayload(TypedDict):
    """The log data: JSON, compressed with gzip, in base64."""

    data: str


class CloudWatchLogsEvent(TypedDict):
    """Log data of one log stream; `decode_logs` unpacks it."""

    awslogs: CloudWatchLogsPayload


class LogEvent(TypedDict):
    """One log event; `timestamp` is in milliseconds, and a filter with a pattern of fields has `extractedFields`."""

    id: str
    timestamp: int
    message: str
    extractedFields: NotRequired[dict[str, str]]


class CloudWatchLogsData(TypedDict):
    """What is packed in the event; `messageType` is DATA_MESSAGE or, to check a destination, CONTROL_MESSAGE."""

    messageType: str
    owner: str
    logGroup: str
    logStream: str
    subscriptionFilters: list[str]
    logEvents: list[LogEvent]
    policyLevel: NotRequired[str]


def decode_logs(packed: CloudWatchLogsEvent | str | bytes) -> CloudWatchLogsData:
    """
    Unpack log data.

    Args:
        packed: the event; or the data of a record that a subscription has sent to Kinesis or Firehose, in base64 or as
            `bytes`.

    Raises:
        ValueError: it isn't log data of CloudWatch Logs.
    """
    import zlib
    from binascii import a2b_base64

    data: Any = packed
    try:
        if isinstance(data, dict):
            data = data["awslogs"]["data"]
        if isinstance(data, str):
            data = a2b_base64(data, strict_mode=True)
        unpacked = codec.loads(zlib.decompress(data, wbits=zlib.MAX_WBITS | 32))  # 32: gzip's header or zlib's own
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise ValueError(f"not log data of CloudWatch Logs: {error}") from error
    return cast("CloudWatchLogsData", unpacked)
