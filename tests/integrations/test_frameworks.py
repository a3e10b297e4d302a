"""Frameworks that functions are written with, unmodified: Mangum, Chalice, durable functions, aws-lambda-typing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import FUNCTIONS
from tests.support.durable import Runner
from tests.support.tools import run, run_there

if TYPE_CHECKING:
    from pathlib import Path

HTTP = {
    "version": "2.0",
    "rawPath": "/orders",
    "rawQueryString": "a=1",
    "headers": {"host": "example.com"},
    "body": "hello",
    "isBase64Encoded": False,
    "requestContext": {"http": {"method": "PUT", "path": "/orders", "sourceIp": "1.2.3.4", "protocol": "HTTP/1.1"}},
}
REST = {
    "resource": "/orders/{name}",
    "path": "/orders/a",
    "httpMethod": "PUT",
    "headers": {"Content-Type": "application/json"},
    "multiValueHeaders": {"Content-Type": ["application/json"]},
    "multiValueQueryStringParameters": None,
    "pathParameters": {"name": "a"},
    "stageVariables": None,
    "body": '{"n":1}',
    "isBase64Encoded": False,
    "requestContext": {"resourcePath": "/orders/{name}", "httpMethod": "PUT", "identity": {}},
}
SCHEDULED = {
    "version": "0",
    "id": "i",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "1",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {},
}
SQS = {"Records": [{"body": "one", "receiptHandle": "h", "eventSource": "aws:sqs"}]}


def at(event: dict[str, Any], path: str, **fields: Any) -> dict[str, Any]:
    """*event* with another path."""
    context = event["requestContext"]
    if "http" in context:
        return {**event, "rawPath": path, "requestContext": {"http": {**context["http"], "path": path}}, **fields}
    return {**event, "path": path, "requestContext": {**context, "resourcePath": path, **fields}}


CASES: dict[str, list[Any]] = {
    "asgi.handler": [HTTP, HTTP, at(HTTP, "/fails"), {"odd": 1}],
    "orders.app": [REST, {**REST, "body": "{}"}, at(REST, "/orders/fails", httpMethod="GET"), {**REST, "body": "{"}],
    "orders.plain": [{"a": 1}],
    "orders.queue": [SQS],
    "orders.hourly": [SCHEDULED, {"odd": 1}],
    "typings.queue": [SQS],
    "typings.topic": [{"Records": [{"Sns": {"Subject": None}}]}],
    "typings.http": [HTTP, {"odd": 1}],
}


@pytest.mark.parametrize("handler", CASES)
def test_same(awslambdaric: Path, handler: str) -> None:
    """Applications answer each event as they do on awslambdaric: the same results, the same errors."""
    answers = []
    for emulator in (run(handler), run_there(awslambdaric, handler)):
        with emulator:
            outcomes = [emulator.invoke(json.dumps(event).encode()) for event in CASES[handler]]
        errors = [outcome.error and (outcome.error["errorType"], outcome.error["errorMessage"]) for outcome in outcomes]
        answers.append([error or outcome.json() for outcome, error in zip(outcomes, errors, strict=True)])
    ours, theirs = answers

    assert ours == theirs


class TestMangum:
    """An ASGI application behind Mangum."""

    def test_application(self) -> None:
        """The application gets the request and the context; its lifespan is as long as an invocation."""
        with run("asgi.handler") as emulator:
            answers = [emulator.invoke(json.dumps(HTTP).encode()).json() for _ in range(2)]
        first, second = [json.loads(answer["body"]) for answer in answers]

        assert (answers[0]["statusCode"], answers[0]["headers"]) == (201, {"content-type": "application/json"})
        assert first == {
            "path": "/orders",
            "query": "a=1",
            "body": "hello",
            "function": "test_function",
            "lifespan": ["startup"],
        }
        assert second["lifespan"] == ["startup", "shutdown", "startup"]

    @pytest.mark.parametrize("log_format", ["Text", "JSON"])
    def test_error(self, log_format: str) -> None:
        """An error of the application is a response with status 500, and one record with its traceback."""
        with run("asgi.handler", AWS_LAMBDA_LOG_FORMAT=log_format) as emulator:
            request = {"X-Amzn-RequestId": "one"}
            answer = emulator.invoke(json.dumps(at(HTTP, "/fails")).encode(), headers=request).json()
        [line] = emulator.output.decode().removesuffix("\n").split("\n")

        assert (answer["statusCode"], answer["body"]) == (500, "Internal Server Error")
        if log_format == "JSON":
            record = json.loads(line)
            assert (record["level"], record["logger"], record["requestId"]) == ("ERROR", "mangum.http", "one")
            assert (record["errorType"], record["errorMessage"]) == ("ValueError", "boom")
        else:
            assert line.startswith("[ERROR]\t")
            assert "\tone\t" in line


class TestChalice:
    """An application of Chalice."""

    @pytest.mark.parametrize("log_format", ["Text", "JSON"])
    def test_route(self, log_format: str) -> None:
        """A route answers, and the application's own logger writes one record, once."""
        with run("orders.app", AWS_LAMBDA_LOG_FORMAT=log_format) as emulator:
            answer = emulator.invoke(json.dumps(REST).encode(), headers={"X-Amzn-RequestId": "one"}).json()
        [line] = emulator.output.decode().splitlines()

        assert answer["statusCode"] == 200
        assert json.loads(answer["body"]) == {"name": "a", "body": {"n": 1}, "function": "test_function"}
        if log_format == "JSON":
            record = json.loads(line)
            assert (record["message"], record["requestId"]) == ("orders - INFO - put a", "one")
        else:
            assert line == "orders - INFO - put a"

    def test_errors(self) -> None:
        """What the application refuses is a 400; what goes wrong in it is a 500."""
        with run("orders.app") as emulator:
            events = [{**REST, "body": "{}"}, at(REST, "/orders/fails", httpMethod="GET")]
            refused, failed = [emulator.invoke(json.dumps(event).encode()).json() for event in events]

        assert (refused["statusCode"], json.loads(refused["body"])["Code"]) == (400, "BadRequestError")
        assert (failed["statusCode"], json.loads(failed["body"])["Code"]) == (500, "InternalServerError")

    def test_trace(self) -> None:
        """The trace of a function that Chalice calls with an event of its own starts in the function's file."""
        with run("orders.hourly") as emulator:
            error = emulator.invoke(json.dumps(SCHEDULED).encode()).error

        assert (error["errorType"], error["errorMessage"]) == ("ValueError", "too early")
        assert [entry.splitlines()[0] for entry in error["stackTrace"]] == [
            f'  File "{FUNCTIONS / "tools" / "orders.py"}", line 35, in hourly'
        ]


@pytest.mark.parametrize(
    ("handler", "event", "result"),
    [
        ("typings.queue", SQS, ["dict", "test_function", "one"]),
        ("typings.topic", {"Records": [{"Sns": {"Subject": None}}]}, ["dict", None]),
        ("typings.http", HTTP, {"statusCode": 200, "body": "/orders"}),
    ],
)
def test_aws_lambda_typing(handler: str, event: object, result: object) -> None:
    """Events that aws-lambda-typing describes are the dicts that they are at run time, and nothing is logged."""
    with run(handler) as emulator:
        assert emulator.invoke(json.dumps(event).encode()).json() == result
        assert emulator.output == b""


class TestDurable:
    """aws-durable-execution-sdk-python against AWS's local runner."""

    def test_executions(self) -> None:
        """A step, a wait that ends the invocation, its replay in the next one and a step; and one that fails."""
        runner = Runner()
        environ = {"AWS_ENDPOINT_URL_LAMBDA": runner.url, "AWS_LAMBDA_LOG_FORMAT": "JSON"}
        with run("durable.handler", **environ) as emulator:
            process = runner.start(emulator.address)
            try:
                done, story = runner.execute("one", {"order": 7})
                failed, _ = runner.execute("two", {"order": 8, "fails": True})
            finally:
                process.kill()
                process.wait()
        records = [json.loads(line) for line in emulator.output.splitlines()]
        told = [(record["message"], record["requestId"]) for record in records if record["logger"] == "root"]
        [error] = [record for record in records if record["level"] == "ERROR"]

        assert (done["Status"], json.loads(done["Result"])) == ("SUCCEEDED", {"taken": 7, "shipped": True})
        assert story.count("InvocationCompleted") == 2
        assert [kind for kind in story if kind != "InvocationCompleted"] == [
            *("ExecutionStarted", "StepStarted", "StepSucceeded", "WaitStarted", "WaitSucceeded"),
            *("StepStarted", "StepSucceeded", "ExecutionSucceeded"),
        ]
        assert [message for message, _ in told] == [
            "take 7",
            "called",
            "called",
            "ship 7",
            "take 8",
            "called",
            "called",
        ]
        ids = [request_id for _, request_id in told]
        assert (ids[0], ids[2], ids[4]) == (ids[1], ids[3], ids[5])
        assert len(set(ids)) == 4
        assert (failed["Status"], failed["Error"]) == ("FAILED", {"ErrorMessage": "boom", "ErrorType": "ValueError"})
        assert error["stackTrace"][0].startswith(f'  File "{FUNCTIONS / "tools" / "durable.py"}", line 29, in handler')
