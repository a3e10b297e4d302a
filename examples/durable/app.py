"""An order that takes days: each step runs once, and while it waits no environment does."""

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution, durable_step
from aws_durable_execution_sdk_python.config import Duration
from aws_durable_execution_sdk_python.types import StepContext


@durable_step
def reserve(_step: StepContext, item: str) -> dict[str, Any]:
    """Set the item aside; what is returned is kept, and comes back in each replay."""
    return {"item": item, "reserved": True}


@durable_step
def charge(_step: StepContext, order: dict[str, Any]) -> dict[str, Any]:
    """Take the money, once."""
    return {**order, "charged": True}


@durable_execution
def handler(event: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    """Reserve, leave a day to change one's mind, and charge."""
    order = context.step(reserve(event["item"]))
    context.wait(Duration.from_days(1))
    return context.step(charge(order))
