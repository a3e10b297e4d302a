"""Log data of CloudWatch Logs, unpacked from the events that carry it."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

import pytest
from lambda_bootstrap.codec import Options, encode
from lambda_bootstrap.events import CloudWatchLogsData, decode_logs
from lambda_bootstrap.typed.annotations import event_decoder

from tests.support.public import read

DATA = {
    "messageType": "DATA_MESSAGE",
    "owner": "123456789012",
    "logGroup": "/aws/lambda/f",
    "logStream": "2026/01/02/[$LATEST]a",
    "subscriptionFilters": ["all"],
    "logEvents": [{"id": "1", "timestamp": 1767312000000, "message": "é", "extractedFields": {"level": "INFO"}}],
}
PACKED = gzip.compress(json.dumps(DATA).encode())
TEXT = base64.b64encode(PACKED).decode()


@pytest.mark.parametrize("packed", [{"awslogs": {"data": TEXT}}, TEXT, PACKED], ids=["event", "base64", "bytes"])
def test_data(packed: Any) -> None:
    """Log data is the same out of an event, out of the base64 of a record and out of its bytes."""
    assert decode_logs(packed) == DATA


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        pytest.param({"Records": []}, "'awslogs'", id="another event"),
        pytest.param("oops", "Error -3 while decompressing data: incorrect header check", id="not compressed"),
        pytest.param("o", "Invalid base64-encoded string", id="not base64"),
        pytest.param(None, "", id="nothing"),
        pytest.param(zlib.compress(b"{"), "Expecting property name", id="not JSON"),
        pytest.param(PACKED[:-9], "", id="cut off"),
    ],
)
def test_no_data(packed: Any, message: str) -> None:
    """Whatever isn't log data is a ValueError that says so."""
    with pytest.raises(ValueError, match="not log data of CloudWatch Logs: ") as refused:
        decode_logs(packed)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "go/cloudwatch-logs-event",
        "powertools/cloudWatchLogEvent",
        "powertools/cloudWatchLogEventWithPolicyLevel",
        "powertools/kinesisStreamCloudWatchLogsEvent",
        "rust/example-cloudwatch_logs-event",
        "sam/cloudwatch-logs",
        "sam/kinesis-cloudwatch-logs-processor",
    ],
)
def test_public(name: str) -> None:
    """The log data in public sample events, also of Kinesis and Firehose, has all fields of the model and no other."""
    event = json.loads(read(name))
    records = event.get("Records", event.get("records", [event]))
    strict = event_decoder(CloudWatchLogsData, {}, "app.handler", Options(strict=True))
    assert strict is not None

    for record in records:
        data = decode_logs(record if "awslogs" in record else record.get("kinesis", record)["data"])
        assert strict(encode(data)) == data
        assert data["logEvents"]
