"""Poetry's way to write versions."""

from __future__ import annotations

import pytest
from lambda_bootstrap_dev.build.poetry import as_specifiers


@pytest.mark.parametrize(
    ("constraint", "within", "without"),
    [
        ("*", ["0.1", "9.9"], []),
        ("^1.2.3", ["1.2.3", "1.9"], ["1.2.2", "2.0"]),
        ("^0.2.3", ["0.2.9"], ["0.3", "0.2.2"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^0", ["0.9"], ["1.0"]),
        ("~1.2.3", ["1.2.9"], ["1.3"]),
        ("~1.2", ["1.2.9"], ["1.3"]),
        ("~1", ["1.9"], ["2.0"]),
        ("~=1.2", ["1.9"], ["2.0"]),
        ("1.*", ["1.9"], ["2.0"]),
        ("1.2.3", ["1.2.3"], ["1.2.4"]),
        ("=1.2.3", ["1.2.3"], ["1.2.4"]),
        ("==1.2.3", ["1.2.3"], ["1.2.4"]),
        (">=1.2,<1.5", ["1.2", "1.4"], ["1.5"]),
        (">=1.2 <1.5", ["1.2", "1.4"], ["1.5"]),
        (">= 1.2, != 1.3", ["1.2"], ["1.1", "1.3"]),
        ("^3.9 || ^2.7", ["2.8", "3.11"], ["3.8", "2.6", "4.0"]),
    ],
)
def test_versions(constraint: str, within: list[str], without: list[str]) -> None:
    """A constraint has exactly the versions that Poetry's documentation says."""
    sets = as_specifiers(constraint)

    def has(version: str) -> bool:
        return not sets or any(each.contains(version) for each in sets)

    assert [version for version in within if not has(version)] == []
    assert [version for version in without if has(version)] == []
