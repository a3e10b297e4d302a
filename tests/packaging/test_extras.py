"""The extras of the package, which a hook of the build writes."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("hatchling", reason="only `make check` and `make test` install what builds wheels")

from tests.support.scripts import script


def test_extras() -> None:
    """`dev` is the developer's package of the same version; the others are as pyproject.toml has them."""
    metadata: dict[str, Any] = {"name": "lambda-bootstrap", "version": "1.2.3"}
    script("extras").Extras("/", {"path": "packaging/extras.py", "otel": ["one", "two"]}).update(metadata)

    assert metadata["optional-dependencies"] == {"dev": ["lambda-bootstrap-dev==1.2.3"], "otel": ["one", "two"]}
