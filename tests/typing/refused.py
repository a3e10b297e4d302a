"""What must not type-check: each line with a comment is wrong in the way that it says."""

from __future__ import annotations

import lambda_bootstrap
from lambda_bootstrap import Context, HttpResponse, LambdaError, Stream, on_init, on_request, start
from lambda_bootstrap.events import AlbEvent, SqsEvent, SqsRecord, partial_batch


def handler(event: SqsEvent, context: Context) -> None:
    """Read what is not there."""
    event["records"]  # typeddict-item
    event["Records"][0]["body"] + 1  # operator
    context.request_id  # attr-defined
    context.aws_request_id.decode()  # attr-defined


def web(event: AlbEvent) -> int:
    """Take text for a number."""
    return event["path"]  # return-value


@on_init  # type-var
def ready(event: object) -> None:
    """Take what it is not given."""


@on_request  # type-var
def request(event: object) -> None:
    """Take too little."""


@partial_batch
def one(record: SqsRecord) -> None:
    """Take one record."""


one.nothing  # attr-defined
lambda_bootstrap.stop  # attr-defined
LambdaError()  # call-arg
LambdaError("m", "type")  # call-arg
LambdaError("m", type=3)  # arg-type
HttpResponse("200")  # arg-type
HttpResponse(body={"not": "a stream"})  # arg-type
Stream("text", "text/csv")  # call-arg
HttpResponse(headers={"Content-Length": 5})  # dict-item


def program() -> None:
    """Start what is no function."""
    start("app.handler")  # arg-type


def another() -> None:
    """Choose a codec that there is not."""
    start(handler, codec="yaml")  # arg-type


def third() -> None:
    """Ask for what there is not."""
    start(handler, lax=True)  # call-arg
