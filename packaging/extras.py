"""
The extras of `lambda-bootstrap`, for hatchling.

Owns: that the extra `dev` asks for `lambda-bootstrap-dev` of the same version. The others stand in pyproject.toml.
"""

# ruff: noqa: INP001 -- a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Extras(MetadataHookInterface):
    """Adds the extras to the metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add them; hatchling calls this once it knows the version."""
        others = {name: value for name, value in self.config.items() if name != "path"}
        metadata["optional-dependencies"] = {"dev": [f"lambda-bootstrap-dev=={metadata['version']}"], **others}
