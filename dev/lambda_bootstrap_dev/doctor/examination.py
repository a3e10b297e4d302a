"""
The whole examination of a function.

Owns: what is looked at, in which order, and what is said of the import.
Refuses to know: how anything is printed.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..build import project
from ..emulator import projects, sam, session
from ..emulator.function import Function, environment
from ..errors import UsageError
from . import files, variables
from .findings import SLOW_MS, Level, Report
from .importing import PYTHONS_OWN, examine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..emulator.python import Python

# Lambda's limit for init, in milliseconds.
MOST_MS = 10_000.0


def find(handler: str | None) -> Function | None:
    """
    Find the function: the one that *handler* names, or pyproject.toml's; None if neither names one.

    Raises:
        UsageError: the name leads to no folder.
    """
    found = handler
    if found is None:
        known = project.find(None, Path.cwd())
        found = f"{known.folder}/{known.handler}" if known.handler else None
    return session.find_function(found, timeout=3.0, memory=128, region="us-east-1") if found else None


def look(function: Function | None, python: Python, environ: Mapping[str, str]) -> Report:
    """
    Examine a function with the Python that runs it; *environ* is what it would get on Lambda besides Lambda's own.

    Raises:
        UsageError: the function takes too long to be imported, or there is no runtime.
    """
    configured = function or Function(task_root=str(Path.cwd()))
    report = Report(str(python), configured.handler)
    if function is None:
        report.add(Level.NOTE, "handler", "none is named, so nothing is imported: lambda-bootstrap doctor app.handler")
    environ = variables_of(configured) | dict(environ)
    own = environment(configured, "127.0.0.1:9", environ)
    root = Path(configured.task_root)
    if misfit := project.misfit(root, python.version):
        report.add(Level.ERROR, "python", misfit)
    try:
        facts = examine(python.program, session.find_bootstrap(), configured.handler, str(root), own)
    except UsageError as error:
        if not configured.handler:
            raise
        report.add(Level.ERROR, "handler", str(error))
        facts = examine(python.program, session.find_bootstrap(), "", str(root), own)
    report.imports += facts.imports
    if facts.error:
        report.add(Level.ERROR, "handler", f"{facts.error['type']}: {facts.error['message']}")
    of_import(report)
    files.look(root, python.version.rpartition(".")[0], facts, report)
    variables.look(environ, root, report)
    return report


def variables_of(function: Function) -> dict[str, str]:
    """The variables that the project gives to a function, in pyproject.toml and in its SAM template."""
    root = project.find_root(Path(function.task_root))
    entries = []
    # UsageError: a wrong entry, or none; `serve` says which.
    with suppress(UsageError):
        entries += projects.find_functions(root)
    for file in (root / name for name in projects.TEMPLATES if (root / name).is_file()):
        with suppress(UsageError):
            entries += sam.of_template(file)
    return {
        name: value
        for entry in entries
        if entry.function.handler == function.handler
        for name, value in entry.variables.items()
    }


def of_import(report: Report) -> None:
    """What takes long: every new environment waits for it."""
    if report.import_ms > MOST_MS:
        text = f"takes {report.import_ms / 1000:.1f} s here, and Lambda gives 10: import less at the top of the module"
        report.add(Level.ERROR, "import", text)
    for each in report.imports:
        if each.ms > SLOW_MS and each.package != PYTHONS_OWN:
            text = f"{each.package} takes {each.ms:.0f} ms: import it inside the function that uses it"
            report.add(Level.WARNING, "import", f"{text}, if not every event needs it")
