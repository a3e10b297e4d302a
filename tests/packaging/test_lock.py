"""What resolves our dependencies."""

from __future__ import annotations

import re

from tests.support import ROOT


def test_uv_is_pinned() -> None:
    """The uv that locks our dependencies is the one that packaging/build.txt pins by its hashes."""
    script = (ROOT / "packaging" / "lock.sh").read_text()
    pins = (ROOT / "packaging" / "build.txt").read_text()
    makefile = (ROOT / "Makefile").read_text()

    assert re.findall(r"\S*\buv\b(?= pip)", script) == [".venv/bin/uv"]
    assert re.search(r"\binstall\b", script) is None
    assert re.search(r"^uv==\d+\.\d+\.\d+ \\\n    --hash=sha256:", pins, re.MULTILINE)
    assert re.search(r"^lock: \.venv/\.build ", makefile, re.MULTILINE)
