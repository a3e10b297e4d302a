"""Functions whose annotations are notes for type checkers, and no request; the events don't keep to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Dict, List, Literal, Optional, TypedDict, Union  # noqa: UP035 - as older code has it


class Message(TypedDict):
    """A notification, as packages of models have it."""

    Subject: str
    Sent: int


class Batch(TypedDict, total=False):
    """Notifications."""

    Records: List[Message]  # noqa: UP006 - as older code has it
    Next: Optional[Batch]  # noqa: UP045 - as older code has it


class Transformed(TypedDict):
    """A record, whose data the function takes as bytes."""

    data: bytes


def typed_dict(event: Message, context: Any) -> Any:
    """Give the event back."""
    return event


def nested(event: Batch, context: Any) -> Any:
    """Give the event back."""
    return event


def union(event: Message | Batch, context: Any) -> Any:
    """Give the event back."""
    return event


def older(event: Union[Dict[str, str], List[int], None], context: Any) -> Any:  # noqa: UP006, UP007, UP045 - as older code has it
    """Give the event back."""
    return event


def mapping(event: Mapping[str, str], context: Any) -> Any:
    """Give the event back."""
    return event


def sequence(event: Sequence[dict[str, float]], context: Any) -> Any:
    """Give the event back."""
    return event


def text(event: str, context: str) -> Any:
    """Give the event back."""
    return event


def number(event: float, context: Any) -> Any:
    """Give the event back."""
    return event


def literal(event: Literal["a", "b"], context: Any) -> Any:
    """Give the event back."""
    return event


def transformed(event: Transformed, context: Any) -> Any:
    """Give the data back, in a plain dict."""
    return {"result": "Ok", "data": event["data"]}
