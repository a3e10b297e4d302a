"""
The dependencies of `lambda-bootstrap-dev`, for hatchling.

Owns: that one of them is `lambda-bootstrap` of the same version. The others stand in pyproject.toml.
"""

# ruff: noqa: INP001 -- hatchling loads it by its path
from __future__ import annotations

from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Dependencies(MetadataHookInterface):
    """Adds the dependencies to the metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add them; hatchling calls this once it knows the version."""
        metadata["dependencies"] = [f"lambda-bootstrap=={metadata['version']}", *self.config["others"]]
