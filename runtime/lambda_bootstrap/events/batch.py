"""
Batches in which some records may fail.

Owns: how a record is identified, which records are still tried after a failure, and which may run at once.
Refuses to know: what is in a record.

Source: AWS Lambda Developer Guide, "Implementing partial batch responses", for SQS, Kinesis and DynamoDB, and
"Configuring error handling controls for Kafka event sources"; Amazon EventBridge User Guide, "Amazon EventBridge Pipes
batching and concurrency".
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import update_wrapper
from os import getpid
from typing import TYPE_CHECKING, Any

from ..codec import Options, as_is
from ..errors import FunctionError, LambdaError
from ..signature import CONTEXT_NAMES, COROUTINE, OUR_NAMES, adapt, signature

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from ..signature import Handler, Signature

# By event source, the path to the identifier in a record.
IDENTIFIERS = {
    "aws:sqs": ("messageId",),
    "aws:kinesis": ("kinesis", "sequenceNumber"),
    "aws:dynamodb": ("dynamodb", "SequenceNumber"),
}
# The same of EventBridge Pipes, which sends a bare array.
PIPES_IDENTIFIERS = {"aws:sqs": ("messageId",), "aws:kinesis": ("eventID",), "aws:dynamodb": ("eventID",)}
KAFKA = {"aws:kafka", "SelfManagedKafka", "aws:SelfManagedKafka"}


def partial_batch(function: Callable[..., object]) -> Callable[..., dict[str, Any]]:
    """
    Turn a handler of single records into a handler of batches. Only failed records are delivered again.

    *function* is called with each record, decoded to the type that it declares, and with the context if it takes one.
    An exception is logged, and reported as the failure of its record. Records of a stream, of a partition of Kafka or
    of a FIFO queue keep their order: after a failure, the records that follow aren't tried. An `async` function, with
    its decorators, works on all records at once whose order doesn't count, and on all partitions.

    Raises:
        InitError: *function* takes something else than a record and a context.
    """
    if hasattr(function, "is_partial_batch"):
        return function  # type: ignore[return-value] # decorating twice changes nothing
    name = f"{function.__module__}.{function.__qualname__}"
    is_async = getattr(function, "__code__", None) and function.__code__.co_flags & COROUTINE
    handler = _awaiting(function, name) if is_async else _calling(function, name)
    update_wrapper(handler, function)
    vars(handler)["is_partial_batch"] = True
    return handler


def _calling(function: Callable[..., object], name: str) -> Callable[..., dict[str, Any]]:
    """Return a handler that calls *function* with one record after another."""
    single = _single(function, name)

    def handler(event: Any, context: Any = None) -> dict[str, Any]:
        lanes = lanes_of(event, name, function.__module__)
        for lane in lanes:
            for attempt in lane:
                with attempt.catch():
                    single.call(single.decode(attempt.record), context)
        return response_of(lanes)

    return handler


def _awaiting(function: Callable[..., Any], name: str) -> Callable[..., dict[str, Any]]:
    """Return such a handler for an `async` *function*; each record has a task, and so a context, of its own."""
    from ..lifecycle import event_loop

    single = _single(function, name, is_awaited=True)

    async def make(attempt: Attempt, context: Any) -> None:
        if attempt.is_in_child:
            return
        with attempt.catch():
            await _through_loop(single.call(single.decode(attempt.record), context))

    async def follow(lane: Lane, context: Any) -> None:
        for attempt in lane:
            await _at_once([make(attempt, context)])

    async def make_all(event: Any, context: Any) -> dict[str, Any]:
        lanes = lanes_of(event, name, function.__module__)
        single_records = [make(lane.attempts[0], context) for lane in lanes if len(lane.attempts) == 1]
        await _at_once(single_records + [follow(lane, context) for lane in lanes if len(lane.attempts) > 1])
        return response_of(lanes)

    async def handle(event: Any, context: Any) -> dict[str, Any]:
        try:
            return await make_all(event, context)
        except _ExitError as error:
            reason = error.reason
        raise reason

    def handler(event: Any, context: Any = None) -> dict[str, Any]:
        return event_loop.complete(handle(event, context))  # type: ignore[no-any-return] # or a coroutine for it

    vars(handler)["is_async_batch"] = True
    return handler


def _single(function: Callable[..., Any], name: str, *, is_awaited: bool = False) -> Handler:
    """Return the handler of one record; log what its author should know."""
    taken = _taken(function)
    taken.is_async = taken.is_async and not is_awaited
    single = adapt(function, name, Options(as_is), taken, ["off"])
    for warning in single.warnings:
        logging.getLogger(function.__module__).warning("%s", warning)
    return single


def _taken(function: Callable[..., Any]) -> Signature:
    """
    Return what *function* takes of a record and a context.

    Only `partial_batch` calls it, so names count, and the function inside a decorator decides how many it takes.
    """
    taken = signature(function)
    while taken.inner is not None:
        positional, variadic, taken.inner = taken.inner.positional[:2], taken.inner.variadic, taken.inner.inner
        taken.positional, taken.variadic = positional, variadic
    if len(taken.positional) > 1 and taken.positional[0] in CONTEXT_NAMES:
        taken.annotations = {**taken.annotations, taken.positional[0]: min(OUR_NAMES)}
    return taken


async def _through_loop(coroutine: Coroutine[Any, Any, object]) -> None:
    """Await *coroutine*; what ends the process is wrapped."""
    try:
        await coroutine
    except (SystemExit, KeyboardInterrupt) as error:
        raise _ExitError(error) from None


async def _at_once(coroutines: list[Coroutine[Any, Any, None]]) -> None:
    """Run each coroutine as a task; if one ends the process, cancel the others."""
    from asyncio import create_task, gather

    tasks = [create_task(coroutine) for coroutine in coroutines]
    try:
        await gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await gather(*tasks, return_exceptions=True)


class _ExitError(BaseException):
    """Carries SystemExit or KeyboardInterrupt through an event loop, which wouldn't survive them."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason


class Attempt:
    """
    One record, and whether it has failed.

    Args:
        record: as it came.
        identifier: what a report of failures calls it.
        name: of the logger that a failure is written to.
    """

    def __init__(self, record: Any, identifier: Any, name: str) -> None:
        self.record = record
        self.identifier = identifier
        self.name = name
        self.has_failed = False
        self.pid = getpid()

    @property
    def is_in_child(self) -> bool:
        """Whether this is a child that the function forked."""
        return getpid() != self.pid

    @contextmanager
    def catch(self) -> Iterator[None]:
        """Log an exception and mark the record as failed, unless it ends the process, or a child that was forked."""
        try:
            yield
        except Exception as error:
            if self.is_in_child or (isinstance(error, LambdaError) and error.exit):
                raise
            logging.getLogger(self.name).exception("record %s has failed", self.identifier)
            self.has_failed = True


class Lane:
    """
    Records that are tried one after the other, until one fails.

    Args:
        attempts: in their order.
        reports_rest: whether the records after a failure have to be reported too, or come again anyway.
    """

    def __init__(self, attempts: list[Attempt], *, reports_rest: bool = False) -> None:
        self.attempts = attempts
        self.reports_rest = reports_rest

    def __iter__(self) -> Iterator[Attempt]:
        for attempt in self.attempts:
            if attempt.is_in_child:  # what follows is the parent's to try
                return
            yield attempt
            if attempt.has_failed:
                return

    def reported(self) -> list[Attempt]:
        """Return the records to deliver again."""
        failed = next((at for at, attempt in enumerate(self.attempts) if attempt.has_failed), len(self.attempts))
        return self.attempts[failed:] if self.reports_rest else self.attempts[failed : failed + 1]


def lanes_of(event: Any, name: str, logger: str) -> list[Lane]:
    """
    Return the records of a batch, not tried yet.

    Raises:
        FunctionError: *event* isn't a batch, or its source doesn't support partial batches.
    """
    if isinstance(event, dict) and event.get("eventSource") in KAFKA and isinstance(event.get("records"), dict):
        partitions = event["records"].values()
        return [Lane([Attempt(record, identify_in_kafka(record), logger) for record in part]) for part in partitions]
    is_pipe = isinstance(event, list)
    records = event if is_pipe else event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise FunctionError("Runtime.UnmarshalError", f"{name} takes batches, and the event has no list of Records")
    found = [(record, *identify(record, is_pipe=is_pipe)) for record in records]
    attempts = [Attempt(record, identifier, logger) for record, _, identifier in found]
    is_fifo = any(str(record.get("eventSourceARN")).endswith(".fifo") for record in records)
    if all(source == "aws:sqs" for _, source, _ in found) and not is_fifo:
        return [Lane([attempt]) for attempt in attempts]
    # A stream goes on from the first failure; of a FIFO queue or an array, what is reported comes again, and no more.
    return [Lane(attempts, reports_rest=is_fifo or is_pipe)]


def response_of(lanes: list[Lane]) -> dict[str, Any]:
    """Return the records to deliver again, as Lambda wants to be told."""
    return {"batchItemFailures": [{"itemIdentifier": one.identifier} for lane in lanes for one in lane.reported()]}


def identify(record: Any, *, is_pipe: bool) -> tuple[str, str]:
    """
    Return the source of a record, and its identifier in a report of failures.

    Raises:
        FunctionError: the source doesn't support partial batches.
    """
    try:
        source, found = record["eventSource"], record
        for step in (PIPES_IDENTIFIERS if is_pipe else IDENTIFIERS)[source]:
            found = found[step]
    except (KeyError, TypeError):
        where = "a record of EventBridge Pipes" if is_pipe else "a record"
        message = f"{where} comes from neither SQS nor Kinesis nor DynamoDB; only these support partial batches"
        raise FunctionError("Runtime.UnmarshalError", message) from None
    return source, found


def identify_in_kafka(record: Any) -> dict[str, Any]:
    """
    Return the identifier of a record of Kafka in a report of failures.

    Raises:
        FunctionError: it has no place in Kafka.
    """
    try:
        return {"partition": f"{record['topic']}-{record['partition']}", "offset": record["offset"]}
    except (KeyError, TypeError):
        message = "a record of Kafka lacks its topic, partition or offset"
        raise FunctionError("Runtime.UnmarshalError", message) from None
