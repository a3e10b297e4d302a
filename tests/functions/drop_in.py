"""Functions whose names, annotations and decorators meant something else before this runtime existed."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from nowhere import Order

Json = dict[str, "Json"] | list["Json"] | str | int | None


class Context:
    pass


@dataclass
class Place:
    place: str


@dataclass
class Upload:
    place: Path


def named(context, event):
    return [context, event.function_name]


def unused(ctx, _):
    return ctx


def twice(ctx, context):
    return [ctx, context.function_name]


def annotated(event: Context, context: Context):
    return [event, context.function_name]


def injects(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, table="t", **kwargs)

    return wrapper


@injects
def third(event, context, table):
    return [event, context.function_name, table]


@injects
def keyword(event, context, *, table):
    return [event, context.function_name, table]


def parses(function):
    @functools.wraps(function)
    def wrapper(*args):
        event, context = args
        return function(Upload(Path(event["place"])), context)

    return wrapper


@parses
def parsed(event: Upload, context):
    return event.place.name


def logs(function):
    @functools.wraps(function)
    def wrapper(*args):
        return [function(args[0]), args[1].function_name]

    return wrapper


@logs
def event_only(event):
    return event


class ByInit(dict):
    def __init__(self, event, context):
        super().__init__(event=event, name=context.function_name)


class ByNew(str):
    def __new__(cls, event, context):
        return super().__new__(cls, f"{event} {context.function_name}")


class Calling(type):
    def __call__(cls, event, context):
        return [cls.__name__, event]


class ByMetaclass(metaclass=Calling):
    pass


def unresolved(event: Order, context: Order) -> Order:
    return event


def quoted(event: "Order", context):
    return event


def optional(event: Optional[Context], context):
    return event


def either(event: Context | Upload, context):
    return event


def many(event: list[Context], context):
    return event


def mapping(event: dict[str, Context], context):
    return event


def recursive(event: Json, context):
    return event


def upload(event: Upload, context):
    return event


def text(event, context):
    return event


text.__annotations__ = {"event": "what the caller sent", "context": "the rest", "return": "the same"}


def unhashable(event, context):
    return event


unhashable.__annotations__ = {"event": {"place": str}, "context": [], "return": {}}


def nothing(event: None, context: None) -> None:
    return event


def decoded(event: Place, context):
    return event.place
