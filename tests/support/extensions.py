"""
External extensions as files.

Owns: the first line, which names the Python that runs the tests. Refuses to know: what an extension does.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def an_executable(folder: Path, source: Path, name: str) -> Path:
    """Copy *source* as the executable *name*, on this Python."""
    text = source.read_text(encoding="utf-8")
    first, _, rest = text.partition("\n")
    file = folder / name
    file.write_text(f"#!{sys.executable}\n{rest if first.startswith('#!') else text}", encoding="utf-8")
    file.chmod(0o755)
    return file
