"""
`lambda-bootstrap`: the program.

Owns: its verbs and `--version`.
Refuses to know: what a verb does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .build import build
from .conform import conform
from .doctor import doctor
from .events import events
from .invoke import invoke
from .new import new
from .run import run
from .serve import serve

if TYPE_CHECKING:
    from collections.abc import Sequence


def show_version(context: click.Context, _parameter: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001 - click's
    """Print the version, which the runtime's package has, and exit."""
    if is_asked:
        from lambda_bootstrap import __version__  # noqa: PLC0415 - the verbs work without it

        click.echo(f"lambda-bootstrap {__version__}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=show_version, help="Show the version."
)
def program() -> None:
    """
    Run AWS Lambda functions on this machine, and build what Lambda takes.

    \b
    lambda-bootstrap new shop               a project, with a test
    cd shop; lambda-bootstrap run app.handler
    lambda-bootstrap doctor app.handler     what is wrong with it, or slow
    lambda-bootstrap build zip              what Lambda takes
    lambda-bootstrap VERB --help            examples of each verb
    """  # noqa: D301 - click's mark for lines that stay


program.add_command(build)
program.add_command(conform)
program.add_command(doctor)
program.add_command(events)
program.add_command(invoke)
program.add_command(new)
program.add_command(run)
program.add_command(serve)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    try:
        status = program.main(arguments, prog_name="lambda-bootstrap", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return int(status or 0)
