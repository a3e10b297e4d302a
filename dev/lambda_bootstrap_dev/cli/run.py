"""`run`: send one event through one function. The log goes to stderr, the response to stdout."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import click

from ..emulator import function_url, inputs, session
from ..emulator.python import ask_python, find_python
from ..emulator.values import Kind
from . import output, verb
from .verb import Verb, as_json, given, memory, region, timeout


@click.command(cls=Verb, short_help="Send one event through a function.")
@click.argument("handler", required=False)
@click.option(
    "--event",
    metavar="EVENT",
    help="A file, - for stdin, JSON, or a sample's name; default: event.json beside the function, else {}.",
)
@verb.http
@verb.python
@timeout
@memory
@region
@verb.env
@verb.env_file
@as_json
def run(  # noqa: PLR0913, PLR0917 - the options
    handler: str | None,
    event: str | None,
    http: tuple[str, str] | None,
    python: str | None,
    timeout: float | None,
    memory: int | None,
    region: str,
    env: tuple[str, ...],
    env_file: tuple[str, ...],
    is_json: bool,  # noqa: FBT001 - click's
) -> int:
    """
    Send one event through the function that HANDLER names: app.handler, or examples/hello/app.handler.

    Without HANDLER, the function of [tool.lambda-bootstrap] in pyproject.toml counts, or that of template.yaml.

    The exit status is 0 if the function answers, with an error too, and 1 if it doesn't.

    \b
    lambda-bootstrap run app.handler
    lambda-bootstrap run app.handler --event '{"name": "you"}' --env GREETING=Hi
    lambda-bootstrap run services/orders/app.handler --event sqs
    """  # noqa: D301 - click's mark for lines that stay
    from ..build import project  # noqa: PLC0415 - the other verbs start without it
    from ..emulator.projects import find_entry  # noqa: PLC0415 - as above

    entry = find_entry(handler, Path.cwd())
    function = replace(entry.function, region=region, **given(timeout=timeout, memory=memory))
    chosen = ask_python(find_python(python, os.environ))
    command = [chosen.program, str(session.find_bootstrap())]
    if http:
        payload = function_url.event(*http, inputs.read_event(event, function) if event else b"")
    else:
        payload = inputs.read_event(event, function)
    variables = {**entry.variables, **inputs.read_variables(env_file, env)}
    output.complain(str(chosen), "dim")
    if misfit := project.misfit(Path(function.task_root), chosen.version):
        output.complain(misfit, "yellow")
    sitting = session.run(
        *(function, command, payload, output.write_log, output.log_pipe()),
        variables=variables,
        stdin=output.terminal_input(),
    )
    ending = asyncio.run(sitting)
    if is_json:
        output.show_as_json(ending)
    elif http and ending.kind is Kind.RESPONSE:
        output.show_response(function_url.response(ending))
    else:
        output.show(ending)
    return 0 if ending.is_answered else 1
