"""
What AWS CloudFormation, AWS Step Functions and AWS IoT send.

Owns: those models. Refuses to know: what the properties are.

Source: AWS CloudFormation User Guide, "Custom resource request objects"; AWS Step Functions Developer Guide, "Handling
errors"; AWS Lambda Developer Guide, "Using AWS Lambda with AWS IoT". The input of a state or the payload of an IoT rule
is what its author made it: that is for a dataclass of the function's own.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class CloudFormationEvent(TypedDict):
    """A request to a custom resource. All scalars in the properties are text."""

    RequestType: Literal["Create", "Update", "Delete"]
    ServiceToken: NotRequired[str]
    ResponseURL: str
    StackId: str
    RequestId: str
    ResourceType: str
    LogicalResourceId: str
    PhysicalResourceId: NotRequired[str]
    ResourceProperties: dict[str, Any]
    OldResourceProperties: NotRequired[dict[str, Any]]


class StepFunctionsError(TypedDict):
    """What a `Catch` passes on; `Cause` of a Lambda function is the JSON of its error."""

    Error: str
    Cause: str


class IotButtonEvent(TypedDict):
    """A press of a button; `clickType` is SINGLE, DOUBLE or LONG."""

    serialNumber: str
    batteryVoltage: str
    clickType: str
