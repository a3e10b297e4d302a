"""`conform`: run a runtime through the table of cases. The results go to stdout."""

from __future__ import annotations

from pathlib import Path

import click

from . import output
from .verb import Verb, as_json


@click.command(
    cls=Verb,
    short_help="Run any runtime through the conformance kit.",
    context_settings={"allow_interspersed_args": False},
)
@click.argument("runtime", metavar="[COMMAND|IMAGE]", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--function",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="The function that the cases call, written for another runtime; default: the kit's own, in Python.",
)
@as_json
def conform(runtime: tuple[str, ...], function: Path | None, is_json: bool) -> int:  # noqa: FBT001 - click's
    """
    Run any runtime through the cases of the conformance kit: a COMMAND or an IMAGE; without either, our own.

    {handler} in COMMAND stands for the handler's name. An IMAGE gets it as its command, and the function as its
    /var/task. The exit status is 0 if all cases pass, and 1 if one doesn't.

    \b
    lambda-bootstrap conform
    lambda-bootstrap conform python3 -m awslambdaric {handler}
    lambda-bootstrap conform --json my-runtime:latest
    """  # noqa: D301 - click's mark for lines that stay
    from ..conformance import cases, running  # noqa: PLC0415 - the other verbs start without it

    found = running.find_runtime(runtime, function)
    results = output.show_results(running.run(found, cases.load()), is_json=is_json)
    return 0 if all(result.passes for result in results) else 1
