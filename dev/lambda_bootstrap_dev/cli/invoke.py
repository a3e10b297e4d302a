"""`invoke`: call a function that runs already. Its log goes to stderr, the response to stdout."""

from __future__ import annotations

import click

from .. import caller
from ..emulator import inputs
from ..emulator.function import Function
from . import output
from .verb import Verb, as_json


@click.command(cls=Verb)
@click.argument("function", default="function")
@click.option(
    "--event",
    metavar="EVENT",
    help="A file, - for stdin, JSON, or a sample's name; default: event.json of this folder, else {}.",
)
@click.option(
    "--endpoint",
    metavar="URL",
    default="http://127.0.0.1:9000",
    show_default=True,
    help="Where serve, or another emulator, listens.",
)
@click.option("--remote", is_flag=True, help="Call a deployed function, through boto3 and with your credentials.")
@click.option("--region", metavar="REGION", help="With --remote; default: boto3's own.")
@click.option("--async", "is_async", is_flag=True, help="Don't wait for the response.")
@click.option("--client-context", metavar="JSON", help="What the function has as context.client_context.")
@as_json
def invoke(  # noqa: PLR0913, PLR0917 - the options
    function: str,
    event: str | None,
    endpoint: str,
    remote: bool,  # noqa: FBT001 - click's
    region: str | None,
    is_async: bool,  # noqa: FBT001 - click's
    client_context: str | None,
    is_json: bool,  # noqa: FBT001 - click's
) -> int:
    """
    Call FUNCTION where it runs: under serve, under AWS's emulator (RIE), or on AWS.

    The exit status is 0 if there is a result, 1 if the function has failed, and 2 if it wasn't called.

    \b
    lambda-bootstrap invoke --event '{"name": "you"}'
    lambda-bootstrap invoke --endpoint http://127.0.0.1:8080 --event sqs
    lambda-bootstrap invoke orders --remote --event order.json
    """  # noqa: D301 - click's mark for lines that stay
    payload = inputs.read_event(event, Function(handler="app.handler", task_root="."))
    context = caller.check_context(client_context) if client_context else ""
    call = caller.Call(function, payload, context, is_async)
    answer = caller.call_remote(call, region) if remote else caller.call_endpoint(call, endpoint)
    output.show_answer(answer, is_json=is_json)
    return 1 if answer.error else 0
