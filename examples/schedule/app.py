"""A job that EventBridge starts by the clock: it goes by the time it is for, not the time it happens to run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambda_bootstrap import Context
    from lambda_bootstrap.events import EventBridgeEvent

RESERVE_MS = 500  # what is left then is for the answer


def handler(event: EventBridgeEvent, context: Context) -> dict[str, object]:
    """Count the hours of the day before; a retry has the same `time`, and so gives the same day."""
    due = datetime.fromisoformat(event["time"]).astimezone(UTC)
    day = (due - timedelta(days=1)).date()
    hours = 0
    for hour in range(24):
        if context.get_remaining_time_in_millis() < RESERVE_MS:
            raise TimeoutError(f"{day} is done up to {hour}:00 only")
        hours += 1
    print(f"{day} is done")
    return {"day": day, "hours": hours}
