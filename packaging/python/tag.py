"""
The platform of a wheel of `lambda-bootstrap-python`, for hatchling.

Owns: that the wheel is for one platform, though it has an archive in place of native files.
"""

# ruff: noqa: INP001 -- hatchling loads it by its path
from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Tag(BuildHookInterface[Any]):
    """Sets the wheel's tag."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling calls this
        """Set it to what the file TAG says."""
        build_data["pure_python"] = False
        build_data["tag"] = Path(self.root, "TAG").read_text(encoding="ascii").strip()
