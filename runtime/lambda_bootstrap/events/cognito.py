"""
Events of Amazon Cognito: triggers of a user pool, and Cognito Sync.

Owns: those models. Refuses to know: who the users are. A trigger returns its event with the response filled in; it may
come empty, or with nulls.

Source: Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers".
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class CognitoCaller(TypedDict):
    """The application that signs in."""

    awsSdkVersion: str
    clientId: str | None


class _Trigger(TypedDict):
    version: str
    region: str
    userPoolId: str
    userName: NotRequired[str | None]
    callerContext: CognitoCaller
    triggerSource: str


class _Request(TypedDict):
    userAttributes: dict[str, str]
    clientMetadata: NotRequired[dict[str, str] | None]


class PreSignUpRequest(_Request):
    """The user who wants to sign up."""

    validationData: NotRequired[dict[str, str] | None]


class PreSignUpResponse(TypedDict, total=False):
    """The steps that are skipped for this user."""

    autoConfirmUser: bool | None
    autoVerifyEmail: bool | None
    autoVerifyPhone: bool | None


class CognitoPreSignUpEvent(_Trigger):
    """Somebody wants to sign up."""

    request: PreSignUpRequest
    response: PreSignUpResponse


class CognitoPostConfirmationEvent(_Trigger):
    """Somebody has signed up, or has a new password."""

    request: _Request
    response: dict[str, Any]


class PreAuthenticationRequest(_Request):
    """The user who wants to sign in."""

    validationData: NotRequired[dict[str, str] | None]
    userNotFound: NotRequired[bool]


class CognitoPreAuthenticationEvent(_Trigger):
    """Somebody wants to sign in."""

    request: PreAuthenticationRequest
    response: dict[str, Any]


class PostAuthenticationRequest(_Request):
    """The user who has signed in."""

    newDeviceUsed: bool


class CognitoPostAuthenticationEvent(_Trigger):
    """Somebody has signed in."""

    request: PostAuthenticationRequest
    response: dict[str, Any]


class CustomMessageRequest(_Request):
    """The recipient, and the placeholders for code, link and user name in the message."""

    codeParameter: str
    linkParameter: NotRequired[str]
    usernameParameter: NotRequired[str | None]


class CustomMessageResponse(TypedDict, total=False):
    """The message."""

    smsMessage: str | None
    emailMessage: str | None
    emailSubject: str | None


class CognitoCustomMessageEvent(_Trigger):
    """A message is to be sent."""

    request: CustomMessageRequest
    response: CustomMessageResponse


class CustomSenderRequest(_Request):
    """The code to send, encrypted and in base64; `type` names the kind of request."""

    type: str
    code: NotRequired[str]


class CognitoCustomSenderEvent(_Trigger):
    """A message is to be sent by the function."""

    request: CustomSenderRequest
    response: NotRequired[dict[str, Any]]


class ChallengeResult(TypedDict):
    """A challenge that the user has answered."""

    challengeName: str
    challengeResult: bool
    challengeMetadata: NotRequired[str | None]


class ChallengeRequest(_Request):
    """Where the sign-in stands."""

    challengeName: NotRequired[str]
    session: list[ChallengeResult]
    userNotFound: NotRequired[bool]


class DefineAuthChallengeResponse(TypedDict, total=False):
    """The next step of the sign-in."""

    challengeName: str | None
    issueTokens: bool | None
    failAuthentication: bool | None


class CognitoDefineAuthChallengeEvent(_Trigger):
    """A sign-in asks for its next step."""

    request: ChallengeRequest
    response: DefineAuthChallengeResponse


class CreateAuthChallengeResponse(TypedDict, total=False):
    """The challenge."""

    publicChallengeParameters: dict[str, str] | None
    privateChallengeParameters: dict[str, str] | None
    challengeMetadata: str | None


class CognitoCreateAuthChallengeEvent(_Trigger):
    """A challenge is to be made."""

    request: ChallengeRequest
    response: CreateAuthChallengeResponse


class VerifyAuthChallengeRequest(_Request):
    """The answer to a challenge."""

    privateChallengeParameters: dict[str, str]
    challengeAnswer: str
    userNotFound: NotRequired[bool]


class VerifyAuthChallengeResponse(TypedDict, total=False):
    """The verdict."""

    answerCorrect: bool | None


class CognitoVerifyAuthChallengeEvent(_Trigger):
    """An answer is to be verified."""

    request: VerifyAuthChallengeRequest
    response: VerifyAuthChallengeResponse


class GroupConfiguration(TypedDict):
    """The groups and roles of a user."""

    groupsToOverride: list[str] | None
    iamRolesToOverride: list[str] | None
    preferredRole: str | None


class PreTokenGenerationRequest(_Request):
    """The user whose tokens are made; with scopes from version 2 on."""

    groupConfiguration: GroupConfiguration
    scopes: NotRequired[list[str]]


class CognitoPreTokenGenerationEvent(_Trigger):
    """Tokens are to be made; the response depends on the trigger's version."""

    request: PreTokenGenerationRequest
    response: dict[str, Any]


class UserMigrationRequest(TypedDict):
    """The user to migrate."""

    password: NotRequired[str]
    validationData: NotRequired[dict[str, str] | None]
    clientMetadata: NotRequired[dict[str, str] | None]


class UserMigrationResponse(TypedDict, total=False):
    """The user as migrated."""

    userAttributes: dict[str, str] | None
    finalUserStatus: str | None
    messageAction: str | None
    desiredDeliveryMediums: list[str] | None
    forceAliasCreation: bool | None
    enableSMSMFA: bool | None


class CognitoUserMigrationEvent(_Trigger):
    """Somebody signs in who isn't in the pool yet."""

    request: UserMigrationRequest
    response: UserMigrationResponse


class SyncRecord(TypedDict):
    """A change of one key; `op` is replace or remove."""

    oldValue: NotRequired[str]
    newValue: NotRequired[str]
    op: str


class CognitoSyncEvent(TypedDict):
    """A dataset of Amazon Cognito Sync has changed."""

    version: int
    eventType: str
    region: str
    identityPoolId: str
    identityId: str
    datasetName: str
    datasetRecords: dict[str, SyncRecord]
