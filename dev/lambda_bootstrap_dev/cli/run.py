"""`run`: send one event through one function. The log goes to stderr, the response to stdout."""

from __future__ import annotations

import asyncio
import os

import click

from ..emulator import function_url, session
from ..emulator.values import Kind
from . import output
from .verb import Verb, memory, timeout


@click.command(cls=Verb)
@click.argument("handler")
@click.option("--event", metavar="FILE", help="Default: event.json beside the function, else {}.")
@click.option(
    "--http",
    metavar="METHOD PATH",
    nargs=2,
    help="Send a request of a Function URL, with the file of --event as its body; print the response as curl does.",
)
@click.option(
    "--python",
    metavar="PROGRAM",
    help="The function's Python; default: the active virtual environment's, else python3 on the PATH.",
)
@timeout
@memory
def run(  # noqa: PLR0913, PLR0917 - the options
    handler: str, event: str | None, http: tuple[str, str] | None, python: str | None, timeout: float, memory: int
) -> int:
    """
    Send one event through the function that HANDLER names: app.handler, or examples/hello/app.handler.

    The exit status is 0 if the function answers, with an error too, and 1 if it doesn't.
    """
    function = session.find_function(handler, timeout=timeout, memory=memory)
    command = [session.find_python(python, os.environ), str(session.find_bootstrap())]
    if http:
        payload = function_url.event(*http, session.read_event(event, function) if event else b"")
    else:
        payload = session.read_event(event, function)
    ending = asyncio.run(session.run(function, command, payload, output.write_log, output.log_pipe()))
    if http and ending.kind is Kind.RESPONSE:
        output.show_response(function_url.response(ending))
    else:
        output.show(ending)
    return 0 if ending.is_answered else 1
