"""
Which test reaches which line, for `make mutants`: the name of each test is coverage's context while it runs.

Owns nothing else. Loaded by `coverage run -m pytest -p tests.support.reach` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Name the test to coverage, without its parameters: its siblings are run with it."""
    coverage = Coverage.current()
    assert coverage is not None, "only under `coverage run`"
    coverage.switch_context(item.nodeid.partition("[")[0])
    result = yield
    coverage.switch_context("")
    return result
