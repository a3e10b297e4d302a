"""The log of the built image: every line that a container writes, in both formats."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.support import ROOT
from tests.support.containers import apart
from tests.support.rie import post

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

pytestmark = pytest.mark.engine

SCHEMA = json.loads((ROOT / "docs" / "log-record.schema.json").read_text())
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


def logs_of(function: DockerContainer) -> tuple[bytes, bytes]:
    """What a container has written, once the engine has all of it: it may lag behind the answer."""
    ends = time.monotonic() + 10
    while b"sub-exceptions" not in (logs := function.get_logs())[0] and time.monotonic() < ends:
        time.sleep(0.1)
    return logs


def test_json(image: str) -> None:
    """In JSON format every line of the container's stdout is a record of the schema, with the request id."""
    with apart(image, "telling.handler", "JSON") as (url, function):
        answer = post(url, b"{}", X_Amzn_RequestId=REQUEST_ID, X_Amz_Tenant_Id="blue")
        out, err = logs_of(function)
    records = [json.loads(line) for line in out.splitlines()]
    told = [record for record in records if "already" not in record]

    assert answer.json()["errorType"] == "ExceptionGroup"
    assert err == b"on stderr\n"
    for record in told:
        jsonschema.validate(record, SCHEMA)
    assert {(record["requestId"], record["tenantId"]) for record in told} == {(REQUEST_ID, "blue")}
    assert [record["level"] for record in told].count("FATAL") == 1
    assert len(records) == 18


def test_text(image: str) -> None:
    """In text format every record is one line with level, time and request id."""
    with apart(image, "telling.handler", "Text") as (url, function):
        post(url, b"{}", X_Amzn_RequestId=REQUEST_ID)
        out, err = logs_of(function)
    *lines, error, end = out.decode().split("\n")
    record = re.compile(rf"\[[A-Z]+\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{REQUEST_ID}\t[^\n]+")

    assert lines[:5] == ["printed 1 line", "two", "lines", '{"already": "JSON"}', "no end"]
    assert [line for line in lines[5:] if not record.fullmatch(line)] == []
    assert error.startswith("[ERROR] ExceptionGroup: several (2 sub-exceptions)\rTraceback")
    assert (end, err) == ("", b"on stderr\n")
