"""
Models of the events that AWS sends, and `partial_batch`.

Owns: the public names, each resolved on first use (PEP 562) from the module of its service.
Refuses to know: the models themselves.

A model is a `TypedDict`: the event stays a dict, and a type checker knows its fields. If a model annotates a handler's
event, the runtime checks that the required keys are there, and no more: AWS adds fields, and is taken at its word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .batch import partial_batch
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
    from .http import (
        AlbEvent,
        ApiGatewayAuthorizerEvent,
        ApiGatewayEvent,
        ApiGatewayTokenAuthorizerEvent,
        FunctionUrlEvent,
        HttpApiEvent,
        WebSocketEvent,
    )
    from .other import CloudFormationEvent, IotButtonEvent, StepFunctionsError
    from .s3 import S3BatchEvent, S3Event, S3Record
    from .sqs_sns import SnsEvent, SnsRecord, SqsEvent, SqsRecord

__all__ = [
    "AlbEvent",
    "ApiGatewayAuthorizerEvent",
    "ApiGatewayEvent",
    "ApiGatewayTokenAuthorizerEvent",
    "CloudFormationEvent",
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
    "FunctionUrlEvent",
    "HttpApiEvent",
    "IotButtonEvent",
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
    "partial_batch",
]

# Names that are not listed begin with "Cognito", and their module is `cognito`.
_HOMES = {
    "AlbEvent": "http",
    "ApiGatewayAuthorizerEvent": "http",
    "ApiGatewayEvent": "http",
    "ApiGatewayTokenAuthorizerEvent": "http",
    "CloudFormationEvent": "other",
    "DynamoDbEvent": "dynamodb_kinesis",
    "DynamoDbRecord": "dynamodb_kinesis",
    "EventBridgeEvent": "eventbridge",
    "FunctionUrlEvent": "http",
    "HttpApiEvent": "http",
    "IotButtonEvent": "other",
    "KinesisEvent": "dynamodb_kinesis",
    "KinesisRecord": "dynamodb_kinesis",
    "S3BatchEvent": "s3",
    "S3Event": "s3",
    "S3Record": "s3",
    "SchedulerEvent": "eventbridge",
    "SnsEvent": "sqs_sns",
    "SnsRecord": "sqs_sns",
    "SqsEvent": "sqs_sns",
    "SqsRecord": "sqs_sns",
    "StepFunctionsError": "other",
    "WebSocketEvent": "http",
    "partial_batch": "batch",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(__import__(f"{__package__}.{_HOMES.get(name, 'cognito')}", fromlist=[name]), name)
