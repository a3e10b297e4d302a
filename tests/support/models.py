"""Values that several tests send: members of enumerations, and things without a JSON form or a text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum


class Color(Enum):
    """Values of several kinds."""

    RED = "red"
    WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    PRICE = Decimal("1.50")
    PAIR = (1, "b")


class Level(StrEnum):
    """A string."""

    LOW = "low"


class Silent:
    """Something without a JSON form."""

    def __str__(self) -> str:
        """Be recognised."""
        return "silent"


class Mute:
    """Something without a text."""

    def __str__(self) -> str:
        """Refuse."""
        raise ValueError("no words")


class Unprintable:
    """Something that has no words for itself."""

    def __str__(self) -> str:
        """Refuse."""
        raise ValueError("no words")

    def __repr__(self) -> str:
        """Refuse."""
        raise ValueError("no words")
