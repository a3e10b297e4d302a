"""
One descriptor, kept for the runtime's own needs.

Owns: that descriptor. A function may use up all that a process can have; its result still gets the modules that it
needs, and a lost connection is still replaced.
Refuses to know: what the descriptor is needed for.
"""

from __future__ import annotations

from _socket import AF_UNIX, socket  # `socket` imports `enum` and `selectors`
from posix import close, dup, fstat  # built in: `os` is a file, which a function may have too

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

EMFILE, ENFILE = 24, 23  # errno(3), on Linux and macOS alike; `errno` would be an import
_kept: tuple[socket, int] | None = None  # with its inode: a function may have closed it, and opened something there


def keep() -> None:
    """Take a descriptor, if there is one left and none is kept yet."""
    global _kept  # noqa: PLW0603 - there is one a process
    if _kept is None:
        try:
            holder = socket(AF_UNIX)
        except OSError:
            return
        _kept = holder, fstat(holder.fileno()).st_ino


def are_used_up() -> bool:
    """Return whether the process has used up its descriptors."""
    try:
        close(dup(0 if _kept is None else _kept[0].fileno()))
    except OSError as error:
        return error.errno in {EMFILE, ENFILE}
    return False


def release() -> bool:
    """Give the descriptor back to the process; return whether that was possible."""
    global _kept
    if _kept is None:
        return False
    (holder, inode), _kept = _kept, None
    try:
        is_ours = fstat(holder.fileno()).st_ino == inode
    except OSError:
        is_ours = False
    if is_ours:
        holder.close()
    else:
        holder.detach()
    return is_ours


def with_spare(step: Callable[[], T]) -> T:
    """
    Return what *step* returns; if it fails for want of a descriptor, release the spare one and try again.

    Raises:
        Exception: whatever *step* raises.
    """
    try:
        return step()
    except (OSError, ImportError):  # an extension module that cannot be opened is an ImportError
        if not (are_used_up() and release()):
            raise
    try:
        return step()
    finally:
        keep()
