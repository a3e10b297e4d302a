"""What several tests start: the runtime under the emulator, over either transport."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from lambda_bootstrap import current
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, FUNCTIONS, PYTHON, ROOT
from tests.support.side_by_side import install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support import Start


# What tests start by hand finds both packages, as if they were installed.
os.environ["PYTHONPATH"] = f"{ROOT / 'runtime'}:{ROOT / 'dev'}"


# A machine of CI stops for longer than any test may take.
# In a fresh clone Hypothesis first makes its tables of characters, which a loaded machine takes more than a second for.
settings.register_profile("else", suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("else"), deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "else")


@pytest.fixture(scope="session", autouse=True)
def _event_loop() -> Iterator[None]:
    """Close the event loop that async handlers share, which lives as long as the process."""
    yield
    event_loop: Any = sys.modules.get("lambda_bootstrap.lifecycle.event_loop")
    if event_loop is not None:
        event_loop._runner.close()


@pytest.fixture(autouse=True)
def _nobody() -> Iterator[None]:
    """No invocation is current before a test, and nobody follows one after it."""
    current.begin(current.NOBODY)  # type: ignore[arg-type] # as before the first
    yield
    current.beginnings.clear()
    current.endings.clear()


@pytest.fixture(params=["socket", "urllib3"])
def transport(request: pytest.FixtureRequest) -> str:
    """The transport that the runtime is told to use."""
    return str(request.param)


@pytest.fixture
def start(transport: str) -> Iterator[Start]:
    """The runtime with a function, over each transport."""
    with ExitStack() as stack:

        def put(
            handler: str, *, folder: Path = FUNCTIONS, environ: dict[str, str] | None = None, **options: Any
        ) -> Emulator:
            variables = {"BOOTSTRAP_TRANSPORT": transport, **(environ or {})}
            command = [*PYTHON, str(BOOTSTRAP)]
            return stack.enter_context(Emulator(command, environ=variables, cwd=folder, handler=handler, **options))

        yield put


@pytest.fixture(scope="session")
def awslambdaric() -> Path:
    """A Python that has awslambdaric, as it is locked for the benchmark, and nothing else."""
    return install()
