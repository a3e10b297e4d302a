"""`invoke`: call a function that runs already. Its log goes to stderr, the response to stdout."""

from __future__ import annotations

import click

from .. import caller
from ..emulator import function_url, inputs
from ..emulator.function import Function
from ..emulator.values import Ending, Kind
from . import output, verb
from .verb import Verb, as_json


@click.command(cls=Verb, short_help="Call a function that runs already.")
@click.argument("function", required=False)
@click.option(
    "--event",
    metavar="EVENT",
    help="A file, - for stdin, JSON, or a sample's name; default: event.json of this folder, else {}.",
)
@click.option(
    "--endpoint",
    metavar="URL",
    help=f"Where serve, or another emulator, listens; default: {caller.ENDPOINT}.",
)
@click.option("--remote", is_flag=True, help="Call a deployed function, through boto3 and with your credentials.")
@click.option("--region", metavar="REGION", help="With --remote; default: boto3's own.")
@click.option("--stream", "is_stream", is_flag=True, help="Print the response's pieces as they come.")
@click.option("--async", "is_async", is_flag=True, help="Don't wait for the response.")
@click.option("--client-context", metavar="JSON", help="What the function has as context.client_context.")
@click.option("--tenant", metavar="ID", default="", help="What the function has as context.tenant_id.")
@verb.http
@as_json
def invoke(  # noqa: PLR0913, PLR0917 - the options
    function: str | None,
    event: str | None,
    endpoint: str | None,
    remote: bool,  # noqa: FBT001 - click's
    region: str | None,
    is_stream: bool,  # noqa: FBT001 - click's
    is_async: bool,  # noqa: FBT001 - click's
    client_context: str | None,
    tenant: str,
    http: tuple[str, str] | None,
    is_json: bool,  # noqa: FBT001 - click's
) -> int:
    """
    Call FUNCTION where it runs: under serve, under AWS's emulator (RIE), or on AWS.

    The exit status is 0 if there is a result, 1 if the function has failed, and 2 if it wasn't called.

    \b
    lambda-bootstrap invoke --event '{"name": "you"}'
    lambda-bootstrap invoke --endpoint http://127.0.0.1:8080 --event sqs
    lambda-bootstrap invoke --stream
    lambda-bootstrap invoke --http GET '/items?q=a'
    lambda-bootstrap invoke orders --remote --event order.json
    """  # noqa: D301 - click's mark for lines that stay
    if is_stream + is_async + bool(http) > 1:
        raise click.UsageError("--stream, --async and --http are three ways to call: take one")
    if remote and endpoint:
        raise click.UsageError("--remote calls AWS, and --endpoint an emulator: take one")
    if region and not remote:
        raise click.UsageError("--region says where --remote calls; under an emulator, serve has the function's")
    endpoint = endpoint or caller.ENDPOINT
    here = Function(handler="app.handler", task_root=".")
    if http:
        payload = function_url.event(*http, inputs.read_event(event, here) if event else b"")
    else:
        payload = inputs.read_event(event, here)
    context = caller.check_context(client_context) if client_context else ""
    call = caller.Call(function, payload, context, is_async, tenant)
    pieces = output.Pieces(is_json=is_json)
    sink = pieces.take if is_stream else None
    with output.patience(f"no answer yet from {'AWS' if remote else endpoint}: it is slow, or has no runtime"):
        answer = caller.call_remote(call, region, sink) if remote else caller.call_endpoint(call, endpoint, sink)
    if http and not answer.error and not is_json:
        output.show_response(function_url.response(Ending(Kind.RESPONSE, answer.body, answer.content_type)))
    elif is_stream:
        pieces.finish(answer)
    else:
        output.show_answer(answer, is_json=is_json)
    return 1 if answer.error else 0
