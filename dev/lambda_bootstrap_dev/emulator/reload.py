"""
The sources of a function, watched.

Owns: which changes count.
Refuses to know: what is done about them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import DefaultFilter, awatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from watchfiles import Change

# What belongs to one save comes within this time; a change is looked for that often.
DEBOUNCE_MS = 40
STEP_MS = 10
# What tools write while a function is worked on, beside what watchfiles leaves out.
IGNORED = (".aws-sam", ".cache", ".eggs", ".nox", ".ruff_cache", "build", "dist", "htmlcov", "venv")


class Sources(DefaultFilter):
    """All files but those that tools write, and the one that this program's own output goes to."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, *IGNORED)
    ignore_entity_patterns = (
        *DefaultFilter.ignore_entity_patterns,
        r"\.(log|tmp|bak|orig)$",
        r"^\.coverage",
        r"^4913$",
    )

    def __call__(self, change: Change, path: str) -> bool:
        """Return whether *path* is a source."""
        return super().__call__(change, path) and not is_output(path)


def is_output(path: str) -> bool:
    """Return whether stdout or stderr of this process go to *path*, where it says that it starts a function anew."""
    for descriptor in (1, 2):
        try:
            if os.path.samestat(os.fstat(descriptor), Path(path).stat()):
                return True
        except OSError:  # it has been closed, or removed
            continue
    return False


async def follow(folder: str, on_change: Callable[[str], Awaitable[None]]) -> None:
    """Call *on_change* with the name of a changed file, after each save of files in *folder*."""
    changes = awatch(folder, watch_filter=Sources(), debounce=DEBOUNCE_MS, step=STEP_MS, raise_interrupt=False)
    async for changed in changes:
        await on_change(min(path for _, path in changed))
