"""Typed handlers, as users write them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from lambda_bootstrap import Context, LambdaError, on_request, on_response

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass
class Item:
    sku: str
    price: Decimal
    image: bytes = b""


@dataclass
class Order:
    id: int
    placed: datetime
    items: list[Item] = field(default_factory=list)


@dataclass
class Receipt:
    order: Order
    total: Decimal
    request_id: str


def total(order: Order, context: LambdaContext) -> Receipt:
    return Receipt(order, sum(item.price for item in order.items), context.aws_request_id)


def swapped(log: logging.Logger, context: Context, order: Order):
    log.warning("order %d", order.id)
    return [log.name, context.aws_request_id, order.id]


def keyword(order: Order, *, log: logging.Logger):
    return [log.name, order.id]


async def waits(order: Order):
    return order


def raw(payload: bytes):
    return {"size": len(payload)}


class SoldOut(LambdaError):
    error_type = "Order.SoldOut"


def sold_out(order: Order):
    raise SoldOut("no more of it")


def fails(order: Order):
    raise LambdaError("no more of it", type="Order.SoldOut", data={"id": order.id, "placed": order.placed})


def fails_with_anything(order: Order):
    raise LambdaError("boom", data={"what": object()})


class Fatal(LambdaError):
    error_type = "Order.Fatal"


def ends(order: Order):
    raise Fatal("cannot go on", exit=True)


seen = []
on_request(lambda event, context: seen.append(type(event).__name__))
on_response(lambda result, context: seen.append(type(result).__name__))


def hooked_then_told(order: Order):
    return list(seen) if len(seen) > 1 else Receipt(order, Decimal(1), "")
