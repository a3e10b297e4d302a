"""
A custom Python runtime for AWS Lambda.

What a function may import from here: `start`, to run a handler from a program of one's own, and `Context`, to
annotate it with. Names are resolved on first use (PEP 562): importing this package costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .context import Context
    from .main import start

__all__ = ["Context", "start"]

_HOMES = {"Context": "context", "start": "main"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(__import__(f"{__name__}.{_HOMES[name]}", fromlist=[name]), name)
