"""
Templates of projects: a function with its test, its event, its metadata and a SAM template.

Owns: which templates there are, and how a project is made of one. Their files end in `.in`: they
are no code of ours.
Refuses to know: what the functions do.
"""

from __future__ import annotations

import ast
import re
from difflib import get_close_matches
from pathlib import Path

from .. import samples
from ..errors import UsageError

FOLDER = Path(__file__).parent
SUFFIX = ".in"
# In every project, beside the template's own files.
COMMON = "common"
# The sample that is the event of a template; the others have one of their own.
EVENTS = {"http": "function-url", "scheduled": "scheduled", "sqs": "sqs", "stream": "function-url"}
# What pyproject.toml may call a project.
NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?")


def templates() -> dict[str, str]:
    """Every template, and in one sentence what its function does."""
    return {
        file.parent.name: ast.get_docstring(ast.parse(file.read_text())) or ""
        for file in sorted(FOLDER.glob(f"*/app.py{SUFFIX}"))
    }


def make_project(folder: Path, template: str) -> list[Path]:
    """
    Make a project of a template in a new or empty *folder*, whose name is the project's; return its files.

    Raises:
        UsageError: there is no such template, the folder has another use, or its name suits no project.
    """
    name = folder.absolute().name
    if template not in templates():
        near = get_close_matches(template, templates(), n=3)
        others = f"near it: {', '.join(near)}" if near else f"there are: {', '.join(templates())}"
        raise UsageError(f"there is no template {template!r}; {others}")
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a project: letters, digits, and . _ - between them")
    files = [file for part in (COMMON, template) for file in sorted((FOLDER / part).glob(f"*{SUFFIX}"))]
    contents = {file.name.removesuffix(SUFFIX): file.read_text().replace("{{name}}", name) for file in files}
    if template in EVENTS:
        contents["event.json"] = samples.read(EVENTS[template]).decode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{str(folder)!r} isn't empty: name a folder that is new")
        for file, text in contents.items():
            (folder / file).write_text(text)
    except OSError as error:
        raise UsageError(f"cannot make {str(folder)!r}: {error.strerror}") from error
    return [folder / file for file in sorted(contents)]
