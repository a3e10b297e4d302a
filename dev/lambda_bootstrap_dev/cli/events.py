"""`events`: list the sample events, or print or write one. Events go to stdout."""

from __future__ import annotations

from pathlib import Path

import click

from .. import samples
from . import output
from .verb import Verb, as_json, complete


@click.command(cls=Verb, short_help="Print a sample event, or the names of all.")
@click.argument("source", required=False, shell_complete=complete(samples.names))
@click.option("--write", metavar="FILE", type=click.Path(path_type=Path), help="Write it to a file that isn't there.")
@as_json
def events(source: str | None, write: Path | None, is_json: bool) -> int:  # noqa: FBT001 - click's
    """
    Print the sample event of SOURCE, or without it the names of all.

    \b
    lambda-bootstrap events
    lambda-bootstrap events sqs --write event.json
    lambda-bootstrap run app.handler --event sqs
    """  # noqa: D301 - click's mark for lines that stay
    if source is None and write:
        raise click.UsageError("--write takes the event of a SOURCE")
    if source is None:
        output.show_names(samples.names(), is_json=is_json)
    elif write is None:
        output.show_json(samples.read(source))
    else:
        samples.write(source, write)
    return 0
