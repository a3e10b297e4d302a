"""`lambda-bootstrap events`, and the samples that it prints."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap import events
from lambda_bootstrap.codec import Options
from lambda_bootstrap.typed.annotations import event_decoder
from lambda_bootstrap_dev import samples
from lambda_bootstrap_dev.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

MODELS = {
    "alb": "AlbEvent",
    "apigw-authorizer-token": "ApiGatewayTokenAuthorizerEvent",
    "apigw-http": "HttpApiEvent",
    "apigw-http-authorizer": "HttpApiAuthorizerEvent",
    "apigw-rest": "ApiGatewayEvent",
    "apigw-websocket": "WebSocketEvent",
    "apigw-websocket-connect": "WebSocketEvent",
    "cloudformation": "CloudFormationEvent",
    "cloudwatch-logs": "CloudWatchLogsEvent",
    "cognito-custom-message": "CognitoCustomMessageEvent",
    "cognito-post-authentication": "CognitoPostAuthenticationEvent",
    "cognito-post-confirmation": "CognitoPostConfirmationEvent",
    "cognito-pre-authentication": "CognitoPreAuthenticationEvent",
    "cognito-pre-sign-up": "CognitoPreSignUpEvent",
    "cognito-pre-token-generation": "CognitoPreTokenGenerationEvent",
    "dynamodb": "DynamoDbEvent",
    "eventbridge": "EventBridgeEvent",
    "firehose": "FirehoseEvent",
    "function-url": "FunctionUrlEvent",
    "kafka": "KafkaEvent",
    "kinesis": "KinesisEvent",
    "msk": "KafkaEvent",
    "s3": "S3Event",
    "s3-batch": "S3BatchEvent",
    "s3-delete": "S3Event",
    "scheduled": "EventBridgeEvent",
    "scheduler": "SchedulerEvent",
    "sns": "SnsEvent",
    "sqs": "SqsEvent",
    "sqs-fifo": "SqsEvent",
    "step-functions-error": "StepFunctionsError",
}


class TestSamples:
    """The samples themselves."""

    def test_names(self) -> None:
        """Every sample has a model, and every name that people type has a sample."""
        assert samples.names() == sorted(MODELS)

    @pytest.mark.parametrize("name", MODELS)
    def test_model(self, name: str) -> None:
        """A sample has what its source's model has and nothing else, in strict mode too."""
        decoder = event_decoder(getattr(events, MODELS[name]), {}, "app.handler", Options(strict=True))

        assert decoder is not None
        assert decoder(samples.read(name)) == json.loads(samples.read(name))

    def test_logs(self) -> None:
        """The log data in the sample of CloudWatch Logs can be unpacked."""
        data = events.decode_logs(json.loads(samples.read("cloudwatch-logs")))

        assert [line["message"] for line in data["logEvents"]] == ["[ERROR] no tea left"]

    def test_data(self) -> None:
        """The data of streams is base64 of an order."""
        record = json.loads(samples.read("kinesis"))["Records"][0]

        assert json.loads(base64.b64decode(record["kinesis"]["data"]))["order"] == 42

    @pytest.mark.parametrize(
        ("name", "near"),
        [
            ("S3", ["s3", "s3-batch", "s3-delete"]),
            ("websocket", ["apigw-websocket", "apigw-websocket-connect"]),
            ("kinesys", ["kinesis"]),
            ("zzz", []),
        ],
    )
    def test_near(self, name: str, near: list[str]) -> None:
        """A name is near those that have it in them, and those that are spelled alike."""
        assert samples.near(name)[: len(near) or 1] == near


class TestVerb:
    """`lambda-bootstrap events`."""

    def test_list(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Without a source, all names are printed, one a line."""
        assert main(["events"]) == 0
        assert capfd.readouterr().out.splitlines() == sorted(MODELS)

    def test_json(self, capfd: pytest.CaptureFixture[str]) -> None:
        """With --json, the names are an array."""
        assert main(["events", "--json"]) == 0
        assert json.loads(capfd.readouterr().out) == sorted(MODELS)

    def test_print(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        """A sample is printed as its file has it."""
        assert main(["events", "sqs"]) == 0
        assert capfdbinary.readouterr().out == samples.read("sqs")

    def test_write(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """--write writes a new file, and never over one that is there."""
        file = tmp_path / "event.json"

        assert main(["events", "sns", "--write", str(file)]) == 0
        assert file.read_bytes() == samples.read("sns")
        assert main(["events", "sqs", "--write", str(file)]) == 2
        assert capfd.readouterr() == ("", f"lambda-bootstrap events: cannot write '{file}': File exists\n")
        assert file.read_bytes() == samples.read("sns")

    def test_write_what(self, capfd: pytest.CaptureFixture[str]) -> None:
        """--write without a source is a mistake."""
        assert main(["events", "--write", "event.json"]) == 2
        assert "--write takes the event of a SOURCE" in capfd.readouterr().err

    def test_near(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A source that has no sample is answered with those near it, and status 2."""
        assert main(["events", "dynamo"]) == 2
        expected = "lambda-bootstrap events: there is no sample event 'dynamo'; near it: dynamodb\n"
        assert capfd.readouterr().err == expected


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        ("lambda-bootstrap ev", ["plain,events"]),
        ("lambda-bootstrap events s3-", ["plain,s3-batch", "plain,s3-delete"]),
        ("lambda-bootstrap new shop --template s", ["plain,scheduled", "plain,sqs", "plain,stream"]),
    ],
    ids=["verb", "sample", "template"],
)
def test_completion(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str, ends: list[str]
) -> None:
    """A shell completes verbs, samples and templates."""
    monkeypatch.setenv("_LAMBDA_BOOTSTRAP_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    with pytest.raises(SystemExit):
        main([])

    assert capfd.readouterr().out.splitlines() == ends
