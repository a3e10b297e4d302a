"""
Pin the interpreter's wheels for the developer's package: dev/lambda_bootstrap_dev/interpreter.txt.

Owns: the form, which is that of a requirements file with hashes. Refuses to know: how the wheels are built.
"""

# ruff: noqa: INP001 - a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINNED = ROOT / "dev" / "lambda_bootstrap_dev" / "interpreter.txt"


def pinned(wheels: list[Path]) -> str:
    """Return the requirement that only *wheels* meet, one a platform, all of one version."""
    (version,) = {wheel.name.split("-")[1] for wheel in wheels}
    hashes = "".join(f" \\\n    --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}" for wheel in sorted(wheels))
    return f"# Made by `make python-wheels`.\nlambda-bootstrap-python=={version}{hashes}\n"


if __name__ == "__main__":
    PINNED.write_text(pinned([Path(name) for name in sys.argv[1:]]), encoding="utf-8")
