"""docs/reference/lifecycle.md, and that environments end as it says."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT
from tests.support.lifecycle import ENDS, End

if TYPE_CHECKING:
    from tests.support import Start


def test_page() -> None:
    """The page is what docs/lifecycle.py makes of the tables."""
    code = "import runpy; print(end=runpy.run_path('docs/lifecycle.py')['page']())"
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert made.stdout == (ROOT / "docs" / "reference" / "lifecycle.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("end", ENDS, ids=lambda end: f"{end.status} {end.state}")
def test_end(start: Start, end: End) -> None:
    """An environment that ends in this way has the exit status that the page names."""
    emulator = start(end.handler, environ=end.environ, snapstart=end.is_from_snapshot)
    emulator.invoke(end.event)
    if end.is_shut_down:
        emulator.wait_for("next", 2)
        assert emulator.shut_down() == end.status
    else:
        assert emulator.wait_exit() == end.status
