"""
Hooks of SnapStart, under the names of AWS's package snapshot_restore_py, which awslambdaric brings along.

Owns: what is registered, in order.
Refuses to know: snapshots; `lifecycle.snapstart` runs what is registered here, or in AWS's package.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")
    Registry = list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]]

__version__ = "1.0.0"
__all__ = ["register_after_restore", "register_before_snapshot"]

_before_snapshot_registry: Registry = []
_after_restore_registry: Registry = []


def register_before_snapshot(func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Callable[P, R]:
    """Register what is to be called before a snapshot; also a decorator."""
    _before_snapshot_registry.append((func, args, kwargs))
    return func


def register_after_restore(func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Callable[P, R]:
    """Register what is to be called after a restore; also a decorator."""
    _after_restore_registry.append((func, args, kwargs))
    return func


def get_before_snapshot() -> Registry:
    """Return what is registered, with its arguments."""
    return _before_snapshot_registry


def get_after_restore() -> Registry:
    """Return what is registered, with its arguments."""
    return _after_restore_registry
