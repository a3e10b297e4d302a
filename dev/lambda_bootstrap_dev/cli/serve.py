"""`serve`: open a port for a runtime that runs elsewhere, in a container say, and for those who invoke it."""

from __future__ import annotations

import asyncio

import click

from ..emulator import session
from ..emulator.function import Function
from . import output
from .verb import Verb, memory, region, timeout


@click.command(cls=Verb)
@click.argument("address", metavar="HOST:PORT")
@timeout
@memory
@region
@click.option(
    "--allow-host",
    metavar="NAME",
    multiple=True,
    help="A name, beside localhost, that callers may use, and whose web pages may call; may be repeated.",
)
def serve(address: str, timeout: float, memory: int, region: str, allow_host: tuple[str, ...]) -> int:
    """
    Emulate the Runtime API at HOST:PORT for a runtime that is started elsewhere, until SIGTERM, SIGINT or SIGHUP.

    The runtime needs AWS_LAMBDA_RUNTIME_API, which is printed. Events are sent to the port by HTTP.
    """
    function = Function(timeout=timeout, memory=memory, region=region)
    log = output.write_log
    asyncio.run(session.serve(function, address, log, output.complain, output.log_pipe(), allow_hosts=allow_host))
    return 0
