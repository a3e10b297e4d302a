"""A function that fails in the ways that functions fail, to see what becomes of it."""

from __future__ import annotations

import sys
from typing import Any

from lambda_bootstrap import LambdaError


def handler(event: dict[str, Any], context: Any) -> Any:
    """Fail as `event["how"]` says; `make run HANDLER=examples/errors/app.handler` sends `event.json`."""
    match event.get("how"):
        case "raise":
            raise ValueError(f"no good: {event!r}")
        case "lambda":
            raise LambdaError("sold out", type="Shop.SoldOut", data={"item": 7})
        case "marshal":
            return {"items": [{"when": context}]}
        case "exit":
            sys.exit(3)
        case "timeout":
            while True:
                pass
    return "fine"
