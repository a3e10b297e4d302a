"""A queue's batch, record by record: what fails is delivered again, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass

from lambda_bootstrap.events import SqsRecord, partial_batch


@dataclass
class Order:
    """What a message's body says."""

    item: str
    count: int


@partial_batch
def handler(record: SqsRecord) -> None:
    """Take one order; whatever is raised here is logged, and names this record in the answer."""
    order = Order(**json.loads(record["body"]))
    if order.count < 1:
        raise ValueError(f"nothing to order: {order}")
    print(f"{order.count} x {order.item}")
