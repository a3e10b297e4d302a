"""
Events of AWS CloudFormation, AWS Step Functions and AWS IoT.

Owns: those models. Refuses to know: a resource's properties.

Source: AWS CloudFormation User Guide, "Custom resource request objects"; AWS Step Functions Developer Guide, "Handling
errors"; AWS Lambda Developer Guide, "Using AWS Lambda with AWS IoT". The authors of a state machine
or an IoT rule choose its payload: for that, write a dataclass of your own.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class CloudFormationEvent(TypedDict):
    """A request to a custom resource, all of whose scalars are strings; behind the CDK's Provider, without an URL."""

    RequestType: Literal["Create", "Update", "Delete"]
    ServiceToken: NotRequired[str]
    ResponseURL: NotRequired[str]
    StackId: str
    RequestId: str
    ResourceType: str
    LogicalResourceId: str
    PhysicalResourceId: NotRequired[str]
    ResourceProperties: dict[str, Any]
    OldResourceProperties: NotRequired[dict[str, Any]]


class StepFunctionsError(TypedDict):
    """The error that a `Catch` passes on; for a Lambda function, `Cause` is the JSON of its error."""

    Error: str
    Cause: str


class IotButtonEvent(TypedDict):
    """A press of a button; `clickType` is SINGLE, DOUBLE or LONG."""

    serialNumber: str
    batteryVoltage: str
    clickType: str
