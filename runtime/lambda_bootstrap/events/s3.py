"""
Events of Amazon S3 and its Batch Operations.

Owns: those models. Refuses to know: what is in the objects.

Source: Amazon S3 User Guide, "Event message structure" and "Invoke AWS Lambda function" of Batch Operations.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class S3Identity(TypedDict):
    """An account or a user."""

    principalId: str


class S3RequestParameters(TypedDict):
    """The request that changed the object."""

    sourceIPAddress: str


class S3Bucket(TypedDict):
    """The bucket that the object is in."""

    name: str
    ownerIdentity: S3Identity
    arn: str


class S3Object(TypedDict):
    """The object. `key` is URL-encoded; a deleted object has neither size nor ETag."""

    key: str
    size: NotRequired[int]
    eTag: NotRequired[str]
    versionId: NotRequired[str]
    sequencer: NotRequired[str]


class S3Entity(TypedDict):
    """The object, and the notification's configuration."""

    s3SchemaVersion: str
    configurationId: str
    bucket: S3Bucket
    object: S3Object


class S3RestoreData(TypedDict):
    """The restoration of an object from an archive."""

    lifecycleRestorationExpiryTime: str
    lifecycleRestoreStorageClass: str


class S3GlacierData(TypedDict):
    """Details of an object restored from an archive."""

    restoreEventData: S3RestoreData


class S3ReplicationData(TypedDict):
    """A replication that failed, was late, or is no longer watched; `requestTime` is ISO 8601."""

    replicationRuleId: str
    destinationBucket: str
    s3Operation: str
    requestTime: str
    failureReason: NotRequired[str]
    threshold: NotRequired[str]
    replicationTime: NotRequired[str]


class S3IntelligentTieringData(TypedDict):
    """Where S3 Intelligent-Tiering has moved an object."""

    destinationAccessTier: str


class S3TransitionData(TypedDict):
    """Where a lifecycle rule has moved an object."""

    destinationStorageClass: str


class S3LifecycleData(TypedDict):
    """What a lifecycle rule has done."""

    transitionEventData: S3TransitionData


class S3Record(TypedDict):
    """One change; `eventTime` is ISO 8601."""

    eventVersion: str
    eventSource: str
    awsRegion: str
    eventTime: str
    eventName: str
    userIdentity: S3Identity
    requestParameters: S3RequestParameters
    responseElements: dict[str, str]
    s3: S3Entity
    glacierEventData: NotRequired[S3GlacierData]
    replicationEventData: NotRequired[S3ReplicationData]
    intelligentTieringEventData: NotRequired[S3IntelligentTieringData]
    lifecycleEventData: NotRequired[S3LifecycleData]


class S3Event(TypedDict):
    """Changes of objects."""

    Records: list[S3Record]


class S3BatchJob(TypedDict):
    """A job of Batch Operations."""

    id: str
    userArguments: NotRequired[dict[str, str]]


class S3BatchTask(TypedDict):
    """One object of a job; `s3Key` is URL-encoded."""

    taskId: str
    s3Key: str
    s3VersionId: NotRequired[str | None]
    s3BucketArn: NotRequired[str]
    s3Bucket: NotRequired[str]


class S3BatchEvent(TypedDict):
    """A request of Batch Operations: objects to work on."""

    invocationSchemaVersion: str
    invocationId: str
    job: S3BatchJob
    tasks: list[S3BatchTask]
