"""`build`: make of any repository what Lambda takes. Progress and report go to stderr, the path to stdout."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import output
from .verb import Verb

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = click.Path(path_type=Path)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is built for, and from what."""
    for option in reversed(
        (
            click.argument("handler", required=False),
            click.option("--arch", type=click.Choice(["x86_64", "arm64"]), help="Default: this machine's."),
            click.option("--python", metavar="VERSION", help="As in 3.13; default: the newest that suits the project."),
            click.option(
                "--glibc", metavar="VERSION", help="Default: 2.34, of provided.al2023; provided.al2 has 2.26."
            ),
            click.option(
                "--output", metavar="FILE", type=FOLDER, help="A zip, or a folder to fill; default: dist/NAME-ARCH.zip."
            ),
            click.option(
                "--find-links",
                metavar="FOLDER",
                type=FOLDER,
                multiple=True,
                help="A folder of wheels; may be repeated.",
            ),
        )
    ):
        command = option(command)
    return command


def snippets(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that print what deploys the package."""
    for name, what in (
        ("cdk", "construct for CDK"),
        ("terraform", "resource for Terraform"),
        ("sam", "template for SAM"),
    ):
        command = click.option(f"--{name}", "form", flag_value=name, help=f"Print a {what} in place of the path.")(
            command
        )
    return command


@click.group()
def build() -> None:
    """Build what Lambda takes of the function that HANDLER names, with its dependencies and the runtime."""


@build.command("zip", cls=Verb)
@options
@click.option("--bare", is_flag=True, help="Leave out the runtime: a layer or a managed runtime has it.")
@click.option("--build-sdists", is_flag=True, help="Build packages that have no wheel, if they are pure Python.")
@snippets
def build_zip(bare: bool, form: str | None, **asked: Any) -> int:  # noqa: FBT001 - click's
    """
    Build the zip of a function, with its dependencies and the runtime.

    HANDLER is app.handler, or services/orders/app.handler for a function in another folder. Without it, the handler in
    [tool.lambda-bootstrap] counts, or the whole project is packed.
    """
    return _run("build_zip", asked, form, bare=bare)


@build.command("layer", cls=Verb)
@options
@snippets
def build_layer(form: str | None, **asked: Any) -> int:
    """Build the layer with the runtime, for functions whose zip is bare."""
    return _run("build_layer", asked, form)


@build.command("runtime", cls=Verb)
@options
@click.option("--base", metavar="IMAGE", help="Any with glibc 2.26 or newer; default: debian:trixie-slim.")
@click.option("--tag", metavar="IMAGE", help="The image's name; default: lambda-bootstrap-runtime:ARCH.")
def build_runtime(base: str | None, tag: str | None, **asked: Any) -> int:
    """
    Build the image of a customer-managed runtime, which create-runtime-version takes.

    Without a container engine, the folder to build it from is made: dist/lambda-bootstrap-runtime-ARCH/.
    """
    from ..build import image, plan  # noqa: PLC0415 - the other verbs start without it

    order = plan.Order(**{key: value for key, value in asked.items() if value is not None})
    how = {key: value for key, value in (("base", base), ("tag", tag)) if value is not None}
    with tempfile.TemporaryDirectory(prefix="lambda-bootstrap-") as scratch, output.progress() as progress:
        made = plan.make(order, Path.cwd(), os.environ)
        lines, result = image.build_runtime(made, Path(scratch), progress, **how)
    output.show_lines(lines, f"{result}\n")
    return 0


def _run(name: str, asked: dict[str, Any], form: str | None, **how: Any) -> int:
    from ..build import pack, plan, snippets  # noqa: PLC0415 - the other verbs start without it

    order = plan.Order(**{key: value for key, value in asked.items() if value is not None})
    with tempfile.TemporaryDirectory(prefix="lambda-bootstrap-") as scratch, output.progress() as progress:
        made = plan.make(order, Path.cwd(), os.environ)
        snippet = snippets.Snippet(made, is_layer=name == "build_layer", is_bare=how.get("bare", False))
        if form:
            snippet.check()
        report = getattr(pack, name)(made, Path(scratch), progress, **how)
    output.show_build(report, snippet.render(form, report.output) if form else f"{report.output}\n")
    return 0
