"""
Models of what AWS sends to functions, and what helps to answer it.

Owns: the public names, each resolved on first use (PEP 562) out of the module of its family.
Refuses to know: what they stand for.

A model is a `TypedDict`: the event stays the dict that it is, and a type checker knows its fields. As a handler's
annotation it is checked for being this kind of event, no deeper: AWS adds fields, and is taken at its word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .batch import partial_batch
    from .bus import EventBridgeEvent, SchedulerEvent
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
    from .queues import SnsEvent, SnsRecord, SqsEvent, SqsRecord
    from .storage import S3BatchEvent, S3Event, S3Record
    from .streams import DynamoDbEvent, DynamoDbRecord, KinesisEvent, KinesisRecord
    from .web import (
        AlbEvent,
        ApiGatewayAuthorizerEvent,
        ApiGatewayEvent,
        ApiGatewayTokenAuthorizerEvent,
        FunctionUrlEvent,
        HttpApiEvent,
        WebSocketEvent,
    )
    from .workflow import CloudFormationEvent, IotButtonEvent, StepFunctionsError

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

# The others begin with "Cognito", and so does the name of their module.
_HOMES = {
    "AlbEvent": "web",
    "ApiGatewayAuthorizerEvent": "web",
    "ApiGatewayEvent": "web",
    "ApiGatewayTokenAuthorizerEvent": "web",
    "CloudFormationEvent": "workflow",
    "DynamoDbEvent": "streams",
    "DynamoDbRecord": "streams",
    "EventBridgeEvent": "bus",
    "FunctionUrlEvent": "web",
    "HttpApiEvent": "web",
    "IotButtonEvent": "workflow",
    "KinesisEvent": "streams",
    "KinesisRecord": "streams",
    "S3BatchEvent": "storage",
    "S3Event": "storage",
    "S3Record": "storage",
    "SchedulerEvent": "bus",
    "SnsEvent": "queues",
    "SnsRecord": "queues",
    "SqsEvent": "queues",
    "SqsRecord": "queues",
    "StepFunctionsError": "workflow",
    "WebSocketEvent": "web",
    "partial_batch": "batch",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(__import__(f"{__package__}.{_HOMES.get(name, 'cognito')}", fromlist=[name]), name)
