"""
The fixtures for tests of functions: `lambda_context`, `lambda_function` and `runtime_api`.

Owns: when a fixture ends, and which folder a handler's name begins in.
Refuses to know: how a function is run. pytest loads this in every run of an environment that has the package, so that
whatever costs anything is imported by the fixtures.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambda_bootstrap import Context

    from .testing import Emulator
    from .unit import LambdaFunction


class StartFunction(Protocol):
    """The type of `lambda_function`."""

    def __call__(self, handler: str, **options: Any) -> LambdaFunction:
        """Return the function that *handler* names; *options* are those of `LambdaFunction`."""


@pytest.fixture
def lambda_context() -> Context:
    """The second argument of a handler, with three seconds left; its attributes can be set."""
    from .unit import make_context  # noqa: PLC0415 - as the docstring says

    return make_context()


@pytest.fixture
def lambda_function(request: pytest.FixtureRequest) -> Iterator[StartFunction]:
    """Start functions, each in a process, below the folder of pytest's configuration; they end with the test."""
    from .unit import LambdaFunction  # noqa: PLC0415 - as the docstring says

    config = request.config
    folder = config.rootpath if config.inipath else config.invocation_params.dir
    with ExitStack() as stack:

        def start(handler: str, **options: Any) -> LambdaFunction:
            return stack.enter_context(LambdaFunction(handler, **{"folder": str(folder), **options}))

        yield start


@pytest.fixture
def runtime_api() -> Iterator[Emulator]:
    """A Runtime API without a runtime: it answers as Lambda would, or as its `script` says."""
    from .testing import Emulator  # noqa: PLC0415 - as the docstring says

    with Emulator() as emulator:
        yield emulator
