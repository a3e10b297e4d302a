"""Writes an invoice."""

from __future__ import annotations

from shop_common import price


def handler(order: dict[str, int]) -> list[str]:
    """Write a line for each item, and the sum."""
    prices = {item: price(item, count) for item, count in order.items()}
    lines = [f"{order[item]} x {item}: {amount}" for item, amount in prices.items()]
    return [*lines, f"in all: {sum(prices.values())}"]
