"""A program with an entry point of its own, and options."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import lambda_bootstrap

table = ContextVar("table")


@dataclass
class Event:
    price: Any


def handler(event: Event):
    return [repr(event.price), table.get()]


table.set("bound")
lambda_bootstrap.start(handler, strict=True, use_decimal=True)
