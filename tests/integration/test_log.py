"""The log of the built image: every line that a container writes, in both formats."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import h11
import jsonschema
import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import PortWaitStrategy

from tests.integration.conftest import FUNCTIONS, ROOT, post
from tests.integration.test_image import LOOPBACK, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

SCHEMA = json.loads((ROOT / "docs" / "log-record.schema.json").read_text())
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


@contextmanager
def apart(image: str, handler: str, log_format: str) -> Iterator[tuple[str, DockerContainer]]:
    """A function's container alone, so that its log is its own; and the URL of the emulator in another one."""
    with Network() as network:
        emulator = DockerContainer(image).with_network(network).with_network_aliases("emulator")
        emulator.with_kwargs(entrypoint=["python3", "-m", "emulator", "--serve", "0.0.0.0:9001"], working_dir="/srv")
        emulator.with_volume_mapping(str(ROOT / "emulator"), "/srv/emulator", "ro")
        emulator.with_volume_mapping(str(Path(h11.__file__).parent), "/srv/h11", "ro")
        emulator.waiting_for(PortWaitStrategy(9001).with_startup_timeout(20))
        emulator.ports = {"9001/tcp": LOOPBACK}
        function = DockerContainer(image).with_network(network)
        function.with_env("AWS_LAMBDA_RUNTIME_API", "emulator:9001").with_env("AWS_LAMBDA_LOG_FORMAT", log_format)
        prepare(function, handler, FUNCTIONS)
        with emulator, function:
            port = emulator.get_exposed_port(9001)
            yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", function


def test_json(image: str) -> None:
    """In JSON format every line of the container's log is a record of the schema, with the request id."""
    with apart(image, "telling.handler", "JSON") as (url, function):
        answer = post(url, b"{}", X_Amzn_RequestId=REQUEST_ID, X_Amz_Tenant_Id="blue")
        out, err = function.get_logs()
    records = [json.loads(line) for line in out.splitlines()]
    told = [record for record in records if "already" not in record]

    assert answer.json()["errorType"] == "ExceptionGroup"
    assert err == b""
    for record in told:
        jsonschema.validate(record, SCHEMA)
    assert {(record["requestId"], record["tenantId"]) for record in told} == {(REQUEST_ID, "blue")}
    assert [record["level"] for record in told].count("FATAL") == 1
    assert len(records) == 19


def test_text(image: str) -> None:
    """In text format every record is one line with level, time and request id."""
    with apart(image, "telling.handler", "Text") as (url, function):
        post(url, b"{}", X_Amzn_RequestId=REQUEST_ID)
        out, err = function.get_logs()
    *lines, error, end = out.decode().split("\n")
    record = re.compile(rf"\[[A-Z]+\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{REQUEST_ID}\t[^\n]+")

    assert lines[:5] == ["printed 1 line", "two", "lines", '{"already": "JSON"}', "no end"]
    assert [line for line in lines[5:] if not record.fullmatch(line)] == []
    assert error.startswith("[ERROR] ExceptionGroup: several (2 sub-exceptions)\rTraceback")
    assert (end, err) == ("", b"on stderr\n")
