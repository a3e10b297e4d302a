"""`new`: make a project of a template. Its files go to stdout, what to do next to stderr."""

from __future__ import annotations

from pathlib import Path

import click

from .. import templates
from . import output
from .verb import Verb, as_json, complete


@click.command(cls=Verb, short_help="Make a project of a template.")
@click.argument("name", required=False)
@click.option(
    "--template",
    metavar="T",
    default="hello",
    help="One that --list has; default: hello.",
    shell_complete=complete(templates.templates),
)
@click.option("--list", "is_list", is_flag=True, help="List the templates.")
@as_json
def new(name: str | None, template: str, is_list: bool, is_json: bool) -> int:  # noqa: FBT001 - click's
    """
    Make a project in the folder NAME: a function, its test, an event, pyproject.toml and a SAM template.

    \b
    lambda-bootstrap new --list
    lambda-bootstrap new orders --template sqs
    """  # noqa: D301 - click's mark for lines that stay
    if is_list:
        output.show_table(templates.templates(), is_json=is_json)
        return 0
    if name is None:
        raise click.UsageError("a project needs a NAME; --list has the templates")
    files = templates.make_project(Path(name), template)
    output.show_names([str(file) for file in files], is_json=is_json)
    step = "" if Path(name).resolve() == Path.cwd() else f"cd {name}; "
    output.complain(f"next: {step}lambda-bootstrap serve app.handler, or run app.handler; python -m pytest", "dim")
    return 0
