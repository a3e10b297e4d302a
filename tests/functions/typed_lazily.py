# No `from __future__ import annotations`: as functions for Python 3.14 are written.
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nowhere import Log, Result

    from lambda_bootstrap import Context


@dataclass
class Item:
    sku: str
    rest: Item | None = None


def handler(own: Context, item: Item) -> Result:
    return [type(own).__name__, type(item).__name__, item]


def unknown(log: Log):
    return log
