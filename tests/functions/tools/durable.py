"""A durable function: a step, a wait that ends the invocation, and a step after it."""

import logging

from aws_durable_execution_sdk_python import DurableContext, durable_execution, durable_step
from aws_durable_execution_sdk_python.config import Duration

logging.getLogger().setLevel("INFO")


@durable_step
def take(step, order):
    logging.info("take %s", order)
    return {"taken": order}


@durable_step
def ship(step, taken):
    logging.info("ship %s", taken["taken"])
    return {**taken, "shipped": True}


@durable_execution
def handler(event, context: DurableContext):
    taken = context.step(take(event["order"]))
    logging.info("called")
    context.wait(Duration.from_seconds(60))
    if event.get("fails"):
        raise ValueError("boom")
    return context.step(ship(taken))
