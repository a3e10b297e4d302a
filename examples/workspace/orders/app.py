"""Takes an order."""

from __future__ import annotations

from dataclasses import dataclass

from shop_common import price


@dataclass
class Order:
    """What a customer wants."""

    item: str
    count: int


def handler(order: Order) -> dict[str, int]:
    """Say what it costs."""
    return {"price": price(order.item, order.count)}
