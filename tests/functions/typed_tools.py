"""Annotations that are for a tool, or come through one."""

import functools
import logging
from dataclasses import dataclass

import structlog
from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.parser import BaseModel, envelopes, event_parser


class Order(BaseModel):
    id: int


@event_source(data_class=SQSEvent)
def source(event: SQSEvent, context):
    return [record.body for record in event.records]


@event_parser(model=Order, envelope=envelopes.EventBridgeEnvelope)
def parsed(event: Order, context):
    return [type(event).__name__, event.id]


@event_parser
def inferred(event: Order, context):
    return [type(event).__name__, event.id]


def tells(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return ["told", function(*args, **kwargs)]

    return wrapper


@dataclass
class Item:
    sku: str


@tells
def through(item: Item, context):
    return item


def logs(bound: structlog.stdlib.BoundLogger, item: Item, log: "logging.Logger"):
    bound.warning("seen", sku=item.sku)
    return [log.name, item.sku]
