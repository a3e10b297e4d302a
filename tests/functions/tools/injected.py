"""Decorators that inject arguments or read annotations, as their own documentation uses them."""

from __future__ import annotations

import functools

import inject
import wrapt
from aws_embedded_metrics import metric_scope
from kink import di
from kink import inject as wired


class Table:
    name = "orders"


inject.configure(lambda binder: binder.bind(Table, Table()))
di[Table] = Table()
di["stage"] = "test"


@metric_scope
def handler(event, context, metrics):
    metrics.set_namespace("Orders")
    metrics.put_metric("Taken", 1, "Count")
    return [event, context.function_name, type(metrics).__name__]


@metric_scope
async def awaited(event, context, metrics):
    metrics.put_metric("Taken", 1, "Count")
    return [event, context.function_name, type(metrics).__name__]


@inject.params(table=Table)
def with_params(event, context, table):
    return [event, context.function_name, table.name]


@inject.params(table=Table)
def by_keyword(event, context, *, table):
    return [event, context.function_name, table.name]


@wired
def with_kink(event, context, table: Table, stage):
    return [event, context.function_name, f"{table.name} {stage}"]


@wrapt.decorator
def connected(wrapped, instance, args, kwargs):
    return wrapped(*args, table=Table(), **kwargs)


@connected
def with_wrapt(event, context, *, table):
    return [event, context.function_name, table.name]


@wrapt.function_wrapper
def logged(wrapped, instance, args, kwargs):
    return wrapped(*args, **kwargs)


class Service:
    @logged
    @connected
    def method(self, event, context, table):
        return [event, context.function_name, table.name]


partial = functools.update_wrapper(functools.partial(with_wrapt), with_wrapt)
