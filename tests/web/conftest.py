"""What the tests of real frameworks run: a Python that has them."""

from __future__ import annotations

from tests.support.frameworks import frameworks

__all__ = ["frameworks"]
