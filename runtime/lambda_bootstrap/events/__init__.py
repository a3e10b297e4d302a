"""
Models of the events that AWS sends, and `partial_batch`.

Owns: the public names, each resolved on first use (PEP 562) from the module of its service.
Refuses to know: the models themselves.

A model is a `TypedDict`: the event stays a dict, and a type checker knows its fields. If a model annotates a handler's
event, the runtime passes the event on as it is: AWS adds fields, and is taken at its word. In strict mode, it checks
all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .batch import partial_batch
    from .cloudwatch_logs import CloudWatchLogsData, CloudWatchLogsEvent, decode_logs
    from .cognito import (
        CognitoCreateAuthChallengeEvent,
        CognitoCustomMessageEvent,
        CognitoCustomSenderEvent,
        CognitoDefineAuthChallengeEvent,
        CognitoPostAuthenticationEvent,
        CognitoPostConfirmationEvent,
        CognitoPreAuthenticationEvent,
        CognitoPreSignUpEvent,
        CognitoPreTokenGenerationEvent,
        CognitoSyncEvent,
        CognitoUserMigrationEvent,
        CognitoVerifyAuthChallengeEvent,
    )
    from .dynamodb_kinesis import DynamoDbEvent, DynamoDbRecord, KinesisEvent, KinesisRecord
    from .eventbridge import EventBridgeEvent, SchedulerEvent
    from .firehose import FirehoseEvent, FirehoseRecord
    from .http import (
        AlbEvent,
        ApiGatewayAuthorizerEvent,
        ApiGatewayEvent,
        ApiGatewayTokenAuthorizerEvent,
        FunctionUrlEvent,
        HttpApiAuthorizerEvent,
        HttpApiAuthorizerV1Event,
        HttpApiEvent,
        WebSocketEvent,
    )
    from .kafka import KafkaEvent, KafkaRecord
    from .other import CloudFormationEvent, IotButtonEvent, StepFunctionsError
    from .s3 import S3BatchEvent, S3Event, S3Record
    from .sqs_sns import SnsEvent, SnsRecord, SqsEvent, SqsRecord

__all__ = [
    "AlbEvent",
    "ApiGatewayAuthorizerEvent",
    "ApiGatewayEvent",
    "ApiGatewayTokenAuthorizerEvent",
    "CloudFormationEvent",
    "CloudWatchLogsData",
    "CloudWatchLogsEvent",
    "CognitoCreateAuthChallengeEvent",
    "CognitoCustomMessageEvent",
    "CognitoCustomSenderEvent",
    "CognitoDefineAuthChallengeEvent",
    "CognitoPostAuthenticationEvent",
    "CognitoPostConfirmationEvent",
    "CognitoPreAuthenticationEvent",
    "CognitoPreSignUpEvent",
    "CognitoPreTokenGenerationEvent",
    "CognitoSyncEvent",
    "CognitoUserMigrationEvent",
    "CognitoVerifyAuthChallengeEvent",
    "DynamoDbEvent",
    "DynamoDbRecord",
    "EventBridgeEvent",
    "FirehoseEvent",
    "FirehoseRecord",
    "FunctionUrlEvent",
    "HttpApiAuthorizerEvent",
    "HttpApiAuthorizerV1Event",
    "HttpApiEvent",
    "IotButtonEvent",
    "KafkaEvent",
    "KafkaRecord",
    "KinesisEvent",
    "KinesisRecord",
    "S3BatchEvent",
    "S3Event",
    "S3Record",
    "SchedulerEvent",
    "SnsEvent",
    "SnsRecord",
    "SqsEvent",
    "SqsRecord",
    "StepFunctionsError",
    "WebSocketEvent",
    "decode_logs",
    "partial_batch",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name.startswith("Cognito"):
            from . import cognito as home
        elif name.startswith("S3"):
            from . import s3 as home
        elif name.startswith(("Sns", "Sqs")):
            from . import sqs_sns as home
        elif name in {"EventBridgeEvent", "SchedulerEvent"}:
            from . import eventbridge as home
        elif name in {"CloudFormationEvent", "IotButtonEvent", "StepFunctionsError"}:
            from . import other as home
        elif name == "partial_batch":
            from . import batch as home
        elif name.startswith(("CloudWatchLogs", "DynamoDb", "Firehose", "Kafka", "Kinesis", "decode_logs")):
            home = _home_of_data(name)
        else:
            from . import http as home
        return getattr(home, name)

    def _home_of_data(name: str) -> Any:
        if name.startswith("Firehose"):
            from . import firehose as home
        elif name.startswith("Kafka"):
            from . import kafka as home
        elif name.startswith(("DynamoDb", "Kinesis")):
            from . import dynamodb_kinesis as home
        else:
            from . import cloudwatch_logs as home
        return home
