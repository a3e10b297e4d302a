"""
The function's variables: which are misspelt, which have values that aren't allowed, and which aren't there on Lambda.

Owns: what a name was probably meant to be.
Refuses to know: the table of options; the runtime's package has it.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ..emulator.function import Function, environment
from .findings import Level

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .findings import Report

OURS = "BOOTSTRAP_"
THEIRS = ("AWS_LAMBDA_", "AWS_LWA_", "LAMBDA_")
# Whose values nobody refuses: a wrong one counts as the default.
QUIET = {
    "AWS_LAMBDA_LOG_FORMAT": {"TEXT", "JSON"},
    "AWS_LAMBDA_LOG_LEVEL": {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"},
    "AWS_LWA_INVOKE_MODE": {"BUFFERED", "RESPONSE_STREAM"},
}
TASK_ROOT = "/var/task/"


def look(environ: Mapping[str, str], root: Path, report: Report) -> None:
    """Look at the variables that the function would get on Lambda."""
    from lambda_bootstrap import settings  # noqa: PLC0415 - the other verbs work without it
    from lambda_bootstrap.errors import ConfigError  # noqa: PLC0415 - as above

    table = {setting.name for setting in settings.TABLE}
    lambdas = {*table, *environment(Function(), "", {}), "AWS_LAMBDA_FUNCTION_TIMEOUT"}
    for name in sorted(environ):
        if name.startswith(OURS) and name not in table:
            hint = _near(name, {each for each in table if each.startswith(OURS)})
            report.add(Level.ERROR, "variables", f"there is no option {name}; {hint}")
        elif name.startswith(THEIRS) and name not in lambdas and get_close_matches(name, lambdas, 1, 0.85):
            report.add(Level.WARNING, "variables", f"nobody reads {name}; {_near(name, lambdas)}")
    for name, values in QUIET.items():
        if environ.get(name) and environ[name].upper() not in values:
            text = f"{name} is {environ[name]!r}: it has to be {', '.join(sorted(values))}, and counts as unset"
            report.add(Level.WARNING, "variables", text)
    try:
        settings.Settings(dict(environ))
    except ConfigError as error:
        report.add(Level.ERROR, "variables", str(error))
    of_wrapper(environ.get(settings.EXEC_WRAPPER.name, ""), root, report)
    if environ.get("PYTHONPATH"):
        text = f"PYTHONPATH is {environ['PYTHONPATH']!r} here: what is found by it isn't there on Lambda"
        report.add(Level.WARNING, "variables", text)


def of_wrapper(wrapper: str, root: Path, report: Report) -> None:
    """A wrapper that the function brings, and that cannot be run."""
    if wrapper.startswith(TASK_ROOT):
        file = root / wrapper.removeprefix(TASK_ROOT)
        if not file.exists():
            report.add(Level.ERROR, "variables", f"AWS_LAMBDA_EXEC_WRAPPER is {wrapper}, and {file} isn't there")
        elif not os.access(file, os.X_OK):
            report.add(Level.ERROR, "modes", f"{file.name} is the wrapper, and cannot be run: chmod +x {file}")


def _near(name: str, names: set[str]) -> str:
    close = get_close_matches(name, names, 1, 0.5)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(names))}"
