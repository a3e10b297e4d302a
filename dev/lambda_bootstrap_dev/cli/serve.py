"""`serve`: functions that are edited meanwhile, or a port for a runtime that runs elsewhere, in a container say."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..emulator import inputs, session
from ..emulator.function import Function
from ..emulator.python import ask_python, find_python
from ..errors import UsageError
from . import output, verb

if TYPE_CHECKING:
    from ..emulator.projects import Entry

# No handler has a colon, or is a number.
ADDRESS = re.compile(r".*:.*|\d+")


@click.command(cls=verb.Verb, short_help="Serve functions while you edit them.")
@click.argument("target", metavar="[HANDLER | HOST:PORT]", required=False)
@click.option("--port", metavar="PORT", type=click.IntRange(0, 65535), help="Where to invoke; default: 9000.")
@click.option(
    "--url-port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    help="Serve the Function URL there; that of a second function at the next port, and so on.",
)
@verb.python
@verb.timeout
@verb.memory
@verb.region
@verb.env
@verb.env_file
@click.option("--freeze", is_flag=True, help="Stop the runtime between invocations, as Lambda does.")
@click.option("--debug", is_flag=True, help="Run the function under debugpy; deadlines wait while you are attached.")
@click.option(
    "--debug-port", metavar="PORT", type=click.IntRange(1, 65535), default=5678, help="Its port; default: 5678."
)
@click.option("--faults", metavar="FILE", help="A script of faults of the Runtime API, in TOML.")
@click.option(
    "--allow-host",
    metavar="NAME",
    multiple=True,
    help="A name, beside localhost, that callers may use, and whose web pages may call; may be repeated.",
)
def serve(  # noqa: PLR0913, PLR0917 - the options
    target: str | None,
    port: int | None,
    url_port: int | None,
    python: str | None,
    timeout: float | None,
    memory: int | None,
    region: str,
    env: tuple[str, ...],
    env_file: tuple[str, ...],
    freeze: bool,  # noqa: FBT001 - click's
    debug: bool,  # noqa: FBT001 - click's
    debug_port: int,
    faults: str | None,
    allow_host: tuple[str, ...],
) -> int:
    """
    Serve functions at port 9000 until Ctrl-C, and start them anew when their files change.

    HANDLER is app.handler, or services/orders/app.handler. Without it, the functions of [tool.lambda-bootstrap] in
    pyproject.toml are served, or those of template.yaml.

    With HOST:PORT, emulate the Runtime API there for a runtime that is started elsewhere.

    \b
    lambda-bootstrap serve app.handler
    lambda-bootstrap invoke --event '{"name": "you"}'
    lambda-bootstrap serve app.handler --url-port 9100
    lambda-bootstrap serve 127.0.0.1:9001
    """  # noqa: D301 - click's mark for lines that stay
    given = verb.given(timeout=timeout, memory=memory)
    if target and ADDRESS.fullmatch(target):
        if port is not None or url_port is not None or python or env or env_file or freeze or debug or faults:
            raise click.UsageError(
                "with HOST:PORT, the runtime is started elsewhere: only --timeout, --memory, --region"
                " and --allow-host say something"
            )
        function = Function(**given, region=region)
        log = output.write_log
        asyncio.run(session.serve(function, target, log, output.complain, output.log_pipe(), allow_hosts=allow_host))
        return 0
    from ..emulator.debugger import Debugger  # noqa: PLC0415 - the other verbs start without it
    from ..emulator.faults import read_faults  # noqa: PLC0415 - as above
    from ..emulator.serving import Serving  # noqa: PLC0415 - as above

    entries = [replace(entry, function=replace(entry.function, **given, region=region)) for entry in find(target)]
    variables = inputs.read_variables(env_file, env)
    chosen = ask_python(find_python(python, os.environ))
    output.complain(str(chosen), "dim")
    debugger = Debugger(debug_port) if debug else None
    if debugger and len(entries) > 1:
        raise UsageError("--debug is for one function: name it, as in serve orders/app.handler --debug")
    if debugger:
        debugger.check(chosen.program)
    python_command = debugger.command(chosen.program) if debugger else [chosen.program]
    serving = Serving(
        entries,
        [*python_command, str(session.find_bootstrap())],
        output.write_log,
        output.complain,
        port=9000 if port is None else port,
        url_port=url_port,
        variables=variables,
        allow_hosts=allow_host,
        freeze=freeze,
        debugger=debugger,
        faults=read_faults(faults) if faults else {},
        stdin=output.terminal_input(),
        pipe=output.log_pipe(),
    )
    asyncio.run(serving.run())
    return 0


def find(handler: str | None) -> list[Entry]:
    """Find the function that a handler names, or without one those of the project."""
    from ..emulator.projects import find_entries  # noqa: PLC0415 - as above

    try:
        return find_entries(handler, Path.cwd())
    except UsageError as error:
        if handler is None:
            raise
        raise UsageError(f"{error}; or HOST:PORT for a runtime that is started elsewhere") from error
