"""
The function's import, watched from outside: what stands in its way, and how long each package takes.

Owns: the process of `probe.py`, and reading what `-X importtime` writes.
Refuses to know: what to say about it.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .findings import Import

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROBE = Path(__file__).with_name("probe.py")
BEGIN, END = "lambda-bootstrap: begin", "lambda-bootstrap: end"
LINE = re.compile(r"import time: +(\d+) \| +(\d+) \| +(\S+)")
# The runtime's own modules, which are there before the function, or come with its first event.
OURS = "lambda_bootstrap"
PYTHONS_OWN = "Python's library"
SECONDS = 120.0


@dataclass(frozen=True)
class Distribution:
    """An installed package: its place, its size if something of it was imported, and its top-level modules."""

    name: str
    version: str
    place: str
    tops: tuple[str, ...]
    imported: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class Facts:
    """What a Python says of itself and of the function; *error* is what stands in the way of the import."""

    error: dict[str, str] | None
    stdlib: frozenset[str]
    suffixes: tuple[str, ...]
    cache_tag: str
    installed: tuple[Distribution, ...]
    imports: tuple[Import, ...]


def examine(python: str, bootstrap: Path, handler: str, folder: str, environ: Mapping[str, str]) -> Facts:
    """
    Import the function twice, the second time with byte code, and return what was seen then.

    The byte code is kept elsewhere: nothing is written into the function's folder.

    Raises:
        UsageError: the function takes too long, or ends the process.
    """
    with tempfile.TemporaryDirectory(prefix="lambda-bootstrap-") as scratch:
        output = Path(scratch, "facts.json")
        command = [python, "-X", "importtime", str(PROBE), str(bootstrap), handler, str(output)]
        variables = {**environ, "PYTHONPYCACHEPREFIX": scratch}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        for _ in range(2 if handler else 1):
            log = _run(command, folder, variables)
        if not output.exists():
            raise UsageError(f"{handler} ends the process at its import: {_last(log)}")
        facts = json.loads(output.read_text(encoding="utf-8"))
    distributions = tuple(_distribution(name, each) for name, each in facts["installed"].items())
    stdlib = frozenset(facts["stdlib"])
    own = handler.replace("/", ".").partition(".")[0]
    return Facts(
        facts["error"],
        stdlib,
        tuple(facts["suffixes"]),
        facts["cache_tag"],
        distributions,
        tuple(times(log, stdlib, frozenset(facts["loaded"]), own)),
    )


def times(log: str, stdlib: frozenset[str], loaded: frozenset[str], own: str) -> Sequence[Import]:
    """
    The packages that were imported between the two marks, the slowest first; *own* is the function's.

    What was looked for and isn't there, so that it isn't *loaded*, doesn't count.
    """
    _, _, log = log.partition(f"{BEGIN}\n")
    micros: dict[str, int] = defaultdict(int)
    modules: dict[str, int] = defaultdict(int)
    for line in log.partition(END)[0].splitlines():
        found = LINE.match(line)
        top = found[3].partition(".")[0] if found else OURS
        if found and top in loaded and top != OURS:
            name = PYTHONS_OWN if top in stdlib and top != own else top
            micros[name] += int(found[1])
            modules[name] += 1
    rows = [Import(name, micros[name] / 1000, modules[name]) for name in micros]
    return sorted(rows, key=lambda row: -row.ms)


def _run(command: Sequence[str], folder: str, environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the user's Python
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"the function's import isn't over after {SECONDS:g} seconds; Lambda gives it 10") from error
    return done.stderr.decode("utf-8", "replace")


def _last(log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip() and not line.startswith(("import time:", "lambda-boot"))]
    return lines[-1] if lines else "it says nothing"


def _distribution(name: str, fields: Mapping[str, Any]) -> Distribution:
    return Distribution(
        name, fields["version"], fields["place"], tuple(fields["tops"]), tuple(fields["imported"]), fields["size"]
    )
