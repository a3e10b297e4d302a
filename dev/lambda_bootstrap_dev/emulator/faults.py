"""
Faults by script: what the Runtime API answers in place of its own rules.

Owns: the form of the file.
Refuses to know: when an answer is due; the server plays them one after the other.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .server import SCRIPTABLE
from .values import Close, Default, Pause, Reply, Reset

if TYPE_CHECKING:
    from .values import Step

KEYS: dict[str, type | tuple[type, ...]] = {
    "times": int,
    "pause": (int, float),
    "status": int,
    "headers": dict,
    "body": str,
    "close": bool,
    "reset": bool,
}


def read_faults(file: str) -> dict[str, list[list[Step]]]:
    """
    Read a script: for each endpoint its answers, each a list of steps.

    Raises:
        UsageError: it cannot be read, or says something that nobody understands.
    """
    try:
        tables = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the script {file!r}: {getattr(error, 'strerror', None) or error}") from error
    return {endpoint: answers(endpoint, entries, file) for endpoint, entries in tables.items()}


def answers(endpoint: str, entries: Any, file: str) -> list[list[Step]]:
    """The answers of an endpoint."""
    if endpoint not in SCRIPTABLE:
        raise UsageError(f"{file}: there is no endpoint {endpoint!r}; there are {', '.join(SCRIPTABLE)}")
    if not isinstance(entries, list):
        raise UsageError(f'{file}: an answer is a table [["{endpoint}"]]')
    found: list[list[Step]] = []
    for entry in entries:
        for key, value in entry.items():
            if key not in KEYS:
                raise UsageError(f"{file}: {endpoint} has {key!r}, and may have {', '.join(KEYS)}")
            if not isinstance(value, KEYS[key]):
                raise UsageError(f"{file}: {key} of {endpoint} cannot be {value!r}")
        found += [steps(entry)] * entry.get("times", 1)
    return found


def steps(entry: dict[str, Any]) -> list[Step]:
    """The steps of one answer: a pause, and then the fault, or the answer that is due."""
    found: list[Step] = [Pause(entry["pause"])] if "pause" in entry else []
    if entry.get("reset"):
        return [*found, Reset()]
    if entry.get("close"):
        return [*found, Close()]
    if "status" in entry:
        headers = [(name, str(value)) for name, value in entry.get("headers", {}).items()]
        return [*found, Reply(entry["status"], headers, entry.get("body", "").encode())]
    return [*found, Default()]
