"""A program of its own, with a log and the set-ups that happen on import."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

from tests.support import ROOT

PRELUDE = """
import os, sys
from lambda_bootstrap import current
from lambda_bootstrap.log import Log
from lambda_bootstrap.on_import import OnImport
from lambda_bootstrap.protocol import Invocation
from lambda_bootstrap.settings import Settings
log = Log(Settings(os.environ))
current.begin(Invocation({"lambda-runtime-aws-request-id": "id"}, b""))
log.open_streams()
OnImport(log).begin()
"""


def ran(source: str, environ: dict[str, str] | None = None, *options: str) -> tuple[list[str], str]:
    """The lines that a function writes on stdout, and what it writes on stderr, in an interpreter of its own."""
    result = subprocess.run(
        [sys.executable, "-B", *options, "-c", f"{PRELUDE}{dedent(source)}\nlog.end()"],
        cwd=ROOT,
        env={"PATH": "", "PYTHONPATH": str(ROOT / "runtime"), **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines(keepends=True), result.stderr
