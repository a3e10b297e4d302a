"""`doctor`: what is wrong with a function, or slow. The report goes to stdout."""

from __future__ import annotations

import os

import click

from ..emulator import inputs
from ..emulator.python import ask_python, find_python
from . import output, verb
from .verb import Verb, as_json


@click.command(cls=Verb, short_help="Say what is wrong with a function, or slow.")
@click.argument("handler", required=False)
@verb.python
@verb.env
@verb.env_file
@as_json
def doctor(
    handler: str | None,
    python: str | None,
    env: tuple[str, ...],
    env_file: tuple[str, ...],
    is_json: bool,  # noqa: FBT001 - click's
) -> int:
    """
    Say what is wrong with the function that HANDLER names, or slow: import, packages, files, variables, size.

    Without HANDLER, the handler in [tool.lambda-bootstrap] counts. The function is imported, and not called. The exit
    status is 0 if nothing would fail on Lambda, and 1 if something would.

    \b
    lambda-bootstrap doctor app.handler
    lambda-bootstrap doctor app.handler --env-file production.env --json
    """  # noqa: D301 - click's mark for lines that stay
    from ..doctor import examination  # noqa: PLC0415 - the other verbs start without it

    function = examination.find(handler)
    chosen = ask_python(find_python(python, os.environ))
    report = examination.look(function, chosen, {**os.environ, **inputs.read_variables(env_file, env)})
    output.show_examination(report, is_json=is_json)
    return 1 if report.fails else 0
