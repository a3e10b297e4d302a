"""The exceptions, sorted by whose fault they are."""

from __future__ import annotations

import runpy

import pytest
from lambda_bootstrap.errors import ConfigError, FunctionError, InitError, RuntimeApiError, is_raised_in


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


def fail() -> None:
    """Raise, one frame further."""
    int("x")


class TestRaisedIn:
    """In whose file an exception was raised."""

    def test_file(self) -> None:
        """It is the file of the innermost frame, and no other, wherever that is in the alphabet."""
        with pytest.raises(ValueError, match="invalid literal") as caught:
            fail()

        assert [is_raised_in(path, caught.value) for path in (__file__, "", "~", __file__ + "c")] == [True] + [
            False
        ] * 3

    def test_caller(self) -> None:
        """A file whose code only calls what raises isn't the one."""
        with pytest.raises(FileNotFoundError) as caught:
            runpy.run_path("/nowhere/at/all.py")

        assert not is_raised_in(__file__, caught.value)

    def test_never_raised(self) -> None:
        """An exception that was only made has been raised nowhere."""
        assert not is_raised_in(__file__, ValueError("m"))
