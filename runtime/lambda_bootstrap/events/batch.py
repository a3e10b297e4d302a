"""
Batches of which some records may fail.

Owns: how a record is identified, which of those that follow a failure are still tried, and which may run at once.
Refuses to know: what a record is good for.

Source: AWS Lambda Developer Guide, "Implementing partial batch responses", for SQS, Kinesis and DynamoDB.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from ..codec import Options, as_is
from ..errors import FunctionError, LambdaError
from ..signature import COROUTINE, adapt

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

# By event source, what leads to the identifier of a record.
IDENTIFIERS = {
    "aws:sqs": ("messageId",),
    "aws:kinesis": ("kinesis", "sequenceNumber"),
    "aws:dynamodb": ("dynamodb", "SequenceNumber"),
}


def partial_batch(function: Callable[..., object]) -> Callable[[Any, Any], dict[str, Any]]:
    """
    Make a handler of batches out of one of single records, so that only what has failed comes again.

    *function* is called with each record, decoded to the type that it declares, and, if it takes one, the context.
    What it raises is logged, and reported as the failure of its record. Records of a stream or of a FIFO queue keep
    their order: after a failure none of those that follow is tried. Where order does not count, an `async` function,
    its decorators included, has all records of a batch in hand at once.

    Raises:
        InitError: *function* takes something else.
    """
    if hasattr(function, "is_partial_batch"):
        return function  # type: ignore[return-value] # twice is once
    name = f"{function.__module__}.{function.__qualname__}"
    is_async = getattr(function, "__code__", None) and function.__code__.co_flags & COROUTINE
    handler = _awaiting(function, name) if is_async else _calling(function, name)
    update_wrapper(handler, function)
    vars(handler)["is_partial_batch"] = True
    return handler


def _calling(function: Callable[..., object], name: str) -> Callable[[Any, Any], dict[str, Any]]:
    """A handler that calls *function* with one record after the other."""
    single = adapt(function, name, Options(as_is))

    def handler(event: Any, context: Any) -> dict[str, Any]:
        attempts = attempts_of(event, name, function.__module__)
        for attempt in attempts:
            with attempt.reported():
                single.call(single.decode(attempt.record), context)
            if attempt.is_last:
                break
        return report_of(attempts)

    return handler


def _awaiting(function: Callable[..., Any], name: str) -> Callable[[Any, Any], dict[str, Any]]:
    """The same for an `async` *function*; each record has a task, and so a context, of its own."""
    from ..lifecycle.event_loop import run

    def begun(*arguments: Any, **keywords: Any) -> tuple[Any]:
        return (function(*arguments, **keywords),)  # hidden, or `adapt` would have it awaited

    single = adapt(update_wrapper(begun, function), name, Options(as_is))

    async def make(attempt: Attempt, context: Any) -> None:
        with attempt.reported():
            try:
                await single.call(single.decode(attempt.record), context)[0]
            except (SystemExit, KeyboardInterrupt) as error:
                raise _EndError(error) from None

    async def handle(event: Any, context: Any) -> dict[str, Any]:
        attempts = attempts_of(event, name, function.__module__)
        if any(attempt.is_ordered for attempt in attempts):
            for attempt in attempts:
                await _at_once([make(attempt, context)])
                if attempt.is_last:
                    break
        else:
            await _at_once([make(attempt, context) for attempt in attempts])
        return report_of(attempts)

    def handler(event: Any, context: Any) -> dict[str, Any]:
        try:
            return run(handle(event, context))
        except _EndError as error:
            end = error.end
        raise end

    return handler


async def _at_once(coroutines: list[Coroutine[Any, Any, None]]) -> None:
    """Run each as a task; if one of them ends the process, none is left behind."""
    from asyncio import create_task, gather

    tasks = [create_task(coroutine) for coroutine in coroutines]
    try:
        await gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await gather(*tasks, return_exceptions=True)


class _EndError(BaseException):
    """What an event loop would not survive, on its way through one."""

    def __init__(self, end: BaseException) -> None:
        super().__init__()
        self.end = end


class Attempt:
    """
    One record, and what has become of it.

    Args:
        record: as it came.
        name: of the logger that is told of a failure.

    Raises:
        FunctionError: the record is of a source that knows no partial batches.
    """

    def __init__(self, record: Any, name: str) -> None:
        self.record = record
        source, self.identifier = identify(record)
        self.is_fifo = str(record.get("eventSourceARN")).endswith(".fifo")
        self.is_ordered = self.is_fifo or source != "aws:sqs"
        self.name = name
        self.has_failed = False

    @property
    def is_last(self) -> bool:
        """Whether none of those that follow may be tried."""
        return self.has_failed and self.is_ordered

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Take what is raised for the failure of the record, unless it ends the process."""
        try:
            yield
        except Exception as error:
            if isinstance(error, LambdaError) and error.exit:
                raise
            logging.getLogger(self.name).exception("record %s has failed", self.identifier)
            self.has_failed = True


def attempts_of(event: Any, name: str, logger: str) -> list[Attempt]:
    """
    The records of a batch, none of which has been tried.

    Raises:
        FunctionError: *event* is no batch, or one that cannot be partial.
    """
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise FunctionError("Runtime.UnmarshalError", f"{name} takes batches, and the event has no list of Records")
    return [Attempt(record, logger) for record in records]


def report_of(attempts: list[Attempt]) -> dict[str, Any]:
    """What has to come again: what has failed, and of a FIFO queue all that follows."""
    failed = [attempt for attempt in attempts if attempt.has_failed]
    if failed and failed[0].is_fifo:
        failed = attempts[attempts.index(failed[0]) :]
    return {"batchItemFailures": [{"itemIdentifier": attempt.identifier} for attempt in failed]}


def identify(record: Any) -> tuple[str, str]:
    """
    The source of a record, and what it is called in a report.

    Raises:
        FunctionError: it is of a source that knows no partial batches.
    """
    try:
        source, found = record["eventSource"], record
        for step in IDENTIFIERS[source]:
            found = found[step]
    except (KeyError, TypeError):
        message = "a record is neither of SQS nor of Kinesis nor of DynamoDB, which alone know partial batches"
        raise FunctionError("Runtime.UnmarshalError", message) from None
    return source, found
