"""The exceptions, sorted by whose fault they are."""

from __future__ import annotations

import pytest
from lambda_bootstrap.errors import ConfigError, FunctionError, InitError, RuntimeApiError


class TestTree:
    """Exceptions are sorted by whose fault they are."""

    @pytest.mark.parametrize(
        ("error", "blamed"),
        [
            pytest.param(InitError("Runtime.A", "m"), FunctionError, id="the function's init"),
            pytest.param(FunctionError("Runtime.A", "m"), Exception, id="the function's"),
            pytest.param(ConfigError("m"), Exception, id="the operator's"),
            pytest.param(RuntimeApiError("m"), Exception, id="the platform's"),
        ],
    )
    def test_base(self, error: Exception, blamed: type[Exception]) -> None:
        """Each exception has the one base that the tree gives it, and its message is its text."""
        assert (blamed,) == type(error).__bases__
        assert str(error) == "m"
