"""The smallest function: answers an event with a greeting."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Greet whoever the event names."""
    print(f"greeting for request {context.aws_request_id}")
    return {"message": f"Hello, {event.get('name', 'world')}!"}
