"""`build`: make of any repository what Lambda takes. Progress and report go to stderr, the path to stdout."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import output
from .verb import Verb, given

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..build.plan import Plan

FOLDER = click.Path(path_type=Path)


HANDLER = click.argument("handler", required=False)
ARCH = click.option("--arch", type=click.Choice(["x86_64", "arm64"]), help="Default: this machine's.")
PYTHON = click.option("--python", metavar="VERSION", help="As in 3.13; default: the newest that suits the project.")
GLIBC = click.option("--glibc", metavar="VERSION", help="Default: 2.34, of provided.al2023; provided.al2 has 2.26.")
LINKS = click.option(
    "--find-links", metavar="FOLDER", type=FOLDER, multiple=True, help="A folder of wheels; may be repeated."
)
SDISTS = click.option(
    "--build-sdists", is_flag=True, help="Build what has no wheel: pure Python, or on a machine like the target."
)
ZIP = click.option(
    "--output", metavar="FILE", type=FOLDER, help="A zip, or a folder to fill; default: dist/NAME-ARCH.zip."
)


def options(*chosen: Callable[..., Any]) -> Callable[..., Any]:
    """Add options, in this order in the help."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(chosen):
            command = option(command)
        return command

    return add


def image_options(base: str, name: str) -> Callable[..., Any]:
    """Add the options of an image: output, which *name* begins, base, which *base* explains, and tag."""
    return options(
        click.option("--output", metavar="FOLDER", type=FOLDER, help=f"To build from; default: dist/{name}-ARCH."),
        click.option("--base", metavar="IMAGE", help=base),
        click.option("--tag", metavar="IMAGE", help=f"The image's name; default: {name.removesuffix('-image')}:ARCH."),
    )


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


AS_JSON = click.option("--json", "form", flag_value="json", help="Print for machines: JSON, in place of the path.")


@click.group(short_help="Build what Lambda takes.")
def build() -> None:
    """Build what Lambda takes: a function's zip or image, or the runtime for any, as a layer or as an image."""


@build.command("zip", cls=Verb)
@options(HANDLER, ARCH, PYTHON, GLIBC, ZIP, LINKS)
@click.option("--bare", is_flag=True, help="Leave out the runtime: a layer or a managed runtime has it.")
@SDISTS
@snippets
@AS_JSON
def build_zip(bare: bool, form: str | None, **asked: Any) -> int:  # noqa: FBT001 - click's
    """
    Build the zip of a function, with its dependencies and the runtime.

    HANDLER is app.handler, or services/orders/app.handler for a function in another folder. Without it, the handler in
    [tool.lambda-bootstrap] counts, or the whole project is packed.
    """
    return _pack("build_zip", asked, form, bare=bare)


@build.command("layer", cls=Verb)
@options(ARCH, PYTHON, GLIBC)
@click.option(
    "--output",
    metavar="FILE",
    type=FOLDER,
    help="A zip, or a folder to fill; default: dist/lambda-bootstrap-layer-ARCH.zip.",
)
@LINKS
@snippets
@AS_JSON
def build_layer(form: str | None, **asked: Any) -> int:
    """Build the layer with the runtime, for all functions whose zip is bare."""
    return _pack("build_layer", asked, form)


@build.command("image", cls=Verb)
@options(HANDLER, ARCH, PYTHON, GLIBC)
@image_options(
    "One that has a Python, which then is the default, or ours; default: debian:trixie-slim with our Python.",
    "NAME-image",
)
@options(LINKS, SDISTS)
@snippets
@AS_JSON
def build_image(base: str | None, tag: str | None, form: str | None, **asked: Any) -> int:
    """
    Build the image of a function, with its dependencies and the runtime.

    HANDLER is as for zip. Without a container engine, the folder to build it from is made, with its Dockerfile.
    """
    from ..build import base as bases  # noqa: PLC0415 - the other verbs start without it

    chosen = bases.read(base, asked["python"] or "") if base else None
    if chosen and chosen.kind is not bases.Kind.OURS:
        asked["python"] = chosen.python
    return _build_image("build_image", asked, form, base=chosen, tag=tag)


@build.command("runtime", cls=Verb)
@options(ARCH, PYTHON)
@image_options("Any with glibc 2.26 or newer; default: debian:trixie-slim.", "lambda-bootstrap-runtime")
@LINKS
@AS_JSON
def build_runtime(base: str | None, tag: str | None, form: str | None, **asked: Any) -> int:
    """
    Build the image of a customer-managed runtime, which create-runtime-version takes.

    Without a container engine, the folder to build it from is made: dist/lambda-bootstrap-runtime-ARCH/.
    """
    return _build_image("build_runtime", asked, form, base=base, tag=tag)


def _make(name: str, asked: dict[str, Any]) -> Plan:
    from ..build import plan  # noqa: PLC0415 - the other verbs start without it

    order = plan.Order(**given(**asked))
    has_function = name in {"build_zip", "build_image"}
    return (plan.make if has_function else plan.make_runtime)(order, Path.cwd(), os.environ)


def _build_image(name: str, asked: dict[str, Any], form: str | None, **how: Any) -> int:
    from ..build import image, snippets  # noqa: PLC0415 - the other verbs start without it

    with tempfile.TemporaryDirectory(prefix="lambda-bootstrap-") as scratch, output.progress() as progress:
        made = _make(name, asked)
        snippet = snippets.Snippet(made, is_image=True)
        if form and form != "json":
            snippet.check()
        built = getattr(image, name)(made, Path(scratch), progress, **given(**how))
    if form == "json":
        output.show_object(built.for_machines())
    else:
        output.show_lines(built.lines, snippet.render(form, built.folder) if form else f"{built.result}\n")
    return 0


def _pack(name: str, asked: dict[str, Any], form: str | None, **how: Any) -> int:
    from ..build import pack, snippets  # noqa: PLC0415 - the other verbs start without it

    with tempfile.TemporaryDirectory(prefix="lambda-bootstrap-") as scratch, output.progress() as progress:
        made = _make(name, asked)
        snippet = snippets.Snippet(made, is_layer=name == "build_layer", is_bare=how.get("bare", False))
        if form and form != "json":
            snippet.check()
        report = getattr(pack, name)(made, Path(scratch), progress, **how)
    if form == "json":
        output.show_object(report.for_machines())
    else:
        output.show_build(report, snippet.render(form, report.output) if form else f"{report.output}\n")
    return 0
