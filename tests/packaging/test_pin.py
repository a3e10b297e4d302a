"""The hashes by which the developer's package knows the interpreter's wheels."""

from __future__ import annotations

import re
import runpy
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PINNED = ROOT / "dev" / "lambda_bootstrap_dev" / "interpreter.txt"
pinned = runpy.run_path(str(ROOT / "packaging" / "pin.py"))["pinned"]


def test_form(tmp_path: Path) -> None:
    """A wheel a platform is pinned by its hash, in a form that pip reads."""
    for name in ("b", "a"):
        (tmp_path / f"lambda_bootstrap_python-3.13.9-py3-none-{name}.whl").write_text(name)

    assert pinned(list(tmp_path.iterdir())) == (
        "# Made by `make python-wheels`.\n"
        "lambda-bootstrap-python==3.13.9 \\\n"
        "    --hash=sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb \\\n"
        "    --hash=sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d\n"
    )


def test_one_version(tmp_path: Path) -> None:
    """Wheels of two versions are not pinned together."""
    for version in ("3.13.9", "3.13.10"):
        (tmp_path / f"lambda_bootstrap_python-{version}-py3-none-any.whl").touch()

    with pytest.raises(ValueError, match="too many values"):
        pinned(list(tmp_path.iterdir()))


def test_present() -> None:
    """The version that is pinned is that of the sources, for both architectures."""
    text = PINNED.read_text()
    sources = (ROOT / "packaging" / "sources.txt").read_text()
    (version,) = re.findall(r"^lambda-bootstrap-python==(3\.\d+\.\d+)(?:\.post\d+)? ", text, re.MULTILINE)

    assert re.search(rf"^python3\.13 .*{re.escape(version)}", sources, re.MULTILINE)
    assert len(set(re.findall(r"--hash=sha256:([0-9a-f]{64})", text))) == 2
