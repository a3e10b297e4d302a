"""
Batches in which some records may fail.

Owns: how a record is identified, which records are still tried after a failure, and which may run at once.
Refuses to know: what is in a record.

Source: AWS Lambda Developer Guide, "Implementing partial batch responses", for SQS, Kinesis and DynamoDB.
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


def partial_batch(function: Callable[..., object]) -> Callable[[Any, Any], dict[str, Any]]:
    """
    Turn a handler of single records into a handler of batches. Only failed records are delivered again.

    *function* is called with each record, decoded to the type that it declares, and with the context if it takes one.
    An exception is logged, and reported as the failure of its record. Records of a stream or of a FIFO queue keep
    their order: after a failure, the records that follow aren't tried. Where order doesn't count, an `async` function,
    with its decorators, works on all records of a batch at once.

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


def _calling(function: Callable[..., object], name: str) -> Callable[[Any, Any], dict[str, Any]]:
    """Return a handler that calls *function* with one record after another."""
    single = _single(function, name)

    def handler(event: Any, context: Any) -> dict[str, Any]:
        attempts = attempts_of(event, name, function.__module__)
        for attempt in attempts:
            with attempt.catch():
                single.call(single.decode(attempt.record), context)
            if attempt.is_last:
                break
        return response_of(attempts)

    return handler


def _awaiting(function: Callable[..., Any], name: str) -> Callable[[Any, Any], dict[str, Any]]:
    """Return such a handler for an `async` *function*; each record has a task, and so a context, of its own."""
    from ..lifecycle.event_loop import run

    single = _single(function, name, is_awaited=True)

    async def make(attempt: Attempt, context: Any) -> None:
        if attempt.is_in_child:
            return
        with attempt.catch():
            await _through_loop(single.call(single.decode(attempt.record), context))

    async def handle(event: Any, context: Any) -> dict[str, Any]:
        attempts = attempts_of(event, name, function.__module__)
        if any(attempt.is_ordered for attempt in attempts):
            for attempt in attempts:
                await _at_once([make(attempt, context)])
                if attempt.is_last:
                    break
        else:
            await _at_once([make(attempt, context) for attempt in attempts])
        return response_of(attempts)

    def handler(event: Any, context: Any) -> dict[str, Any]:
        try:
            return run(handle(event, context))
        except _ExitError as error:
            reason = error.reason
        raise reason

    return handler


def _single(function: Callable[..., Any], name: str, *, is_awaited: bool = False) -> Handler:
    """Return the handler of one record; log what its author should know."""
    taken = _taken(function)
    taken.is_async = taken.is_async and not is_awaited
    single = adapt(function, name, Options(as_is), taken)
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
        name: of the logger that a failure is written to.

    Raises:
        FunctionError: the record's source doesn't support partial batches.
    """

    def __init__(self, record: Any, name: str) -> None:
        self.record = record
        source, self.identifier = identify(record)
        self.is_fifo = str(record.get("eventSourceARN")).endswith(".fifo")
        self.is_ordered = self.is_fifo or source != "aws:sqs"
        self.name = name
        self.has_failed = False
        self.pid = getpid()

    @property
    def is_last(self) -> bool:
        """Whether the records that follow must not be tried: out of order, or in a child, as the parent tries them."""
        return self.is_in_child or (self.has_failed and self.is_ordered)

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


def attempts_of(event: Any, name: str, logger: str) -> list[Attempt]:
    """
    Return the records of a batch, not tried yet.

    Raises:
        FunctionError: *event* isn't a batch, or its source doesn't support partial batches.
    """
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise FunctionError("Runtime.UnmarshalError", f"{name} takes batches, and the event has no list of Records")
    return [Attempt(record, logger) for record in records]


def response_of(attempts: list[Attempt]) -> dict[str, Any]:
    """Return the records to deliver again: those that failed, and on a FIFO queue all that follow the first failure."""
    failed = [attempt for attempt in attempts if attempt.has_failed]
    if failed and failed[0].is_fifo:
        failed = attempts[attempts.index(failed[0]) :]
    return {"batchItemFailures": [{"itemIdentifier": attempt.identifier} for attempt in failed]}


def identify(record: Any) -> tuple[str, str]:
    """
    Return the source of a record, and its identifier in a report of failures.

    Raises:
        FunctionError: the source doesn't support partial batches.
    """
    try:
        source, found = record["eventSource"], record
        for step in IDENTIFIERS[source]:
            found = found[step]
    except (KeyError, TypeError):
        message = "a record comes from neither SQS nor Kinesis nor DynamoDB; only these support partial batches"
        raise FunctionError("Runtime.UnmarshalError", message) from None
    return source, found
