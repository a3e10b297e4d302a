"""A task of a state machine, whose errors have names that the machine matches on: see machine.json."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_bootstrap import LambdaError

STOCK = {"lamp": 3}


@dataclass
class Order:
    """The task's input."""

    item: str
    count: int


class SoldOutError(LambdaError):
    """There are fewer than are asked for."""

    error_type = "Shop.SoldOut"


class BusyError(LambdaError):
    """The store doesn't answer; the machine tries again."""

    error_type = "Shop.Busy"


def handler(order: Order) -> dict[str, int]:
    """Take what is ordered out of the stock."""
    if order.item == "busy":
        raise BusyError("the store is closed for a moment")
    left = STOCK.get(order.item, 0) - order.count
    if left < 0:
        raise SoldOutError(f"no {order.count} of {order.item}", data={"left": STOCK.get(order.item, 0)})
    return {"left": left}
