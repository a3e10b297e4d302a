"""
Events of Amazon EventBridge and its Scheduler.

Owns: those models. Refuses to know: the details, which every source defines for itself.

Source: Amazon EventBridge User Guide, "Events"; EventBridge Scheduler User Guide, targets without an input of their
own. A schedule or rule with an input sends that input instead.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

_Envelope = TypedDict(
    "_Envelope",
    {
        "version": NotRequired[str],
        "id": str,
        "detail-type": str,
        "source": str,
        "account": str,
        "time": str,
        "region": str,
        "resources": list[str],
    },
)
_Replay = TypedDict("_Replay", {"replay-name": NotRequired[str]})


class EventBridgeEvent(_Envelope, _Replay):
    """An event of a bus, or of a schedule rule; `time` is ISO 8601."""

    detail: dict[str, Any]


class SchedulerEvent(_Envelope):
    """An event of EventBridge Scheduler, whose detail is a string of JSON."""

    detail: str
