"""
Batches of which some records may fail.

Owns: how a record is identified, which of those that follow a failure are still tried, and which may run at once.
Refuses to know: what a record is good for.

Source: AWS Lambda Developer Guide, "Implementing partial batch responses", for SQS, Kinesis and DynamoDB.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import copy_context
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from .codec import Options, as_is
from .errors import FunctionError, LambdaError
from .signature import adapt, signature

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from contextvars import Context

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
    their order: after a failure none of those that follow is tried. Where order does not count, an `async` function
    has all records of a batch in hand at once.

    Raises:
        InitError: *function* takes something else.
    """
    if hasattr(function, "is_partial_batch"):
        return function  # type: ignore[return-value] # twice is once
    name = f"{function.__module__}.{function.__qualname__}"
    run = _Awaiting(function, name) if signature(function).is_async else _calling(function, name)

    def handler(event: Any, context: Any) -> dict[str, Any]:
        records = event.get("Records") if isinstance(event, dict) else None
        if not isinstance(records, list):
            raise FunctionError("Runtime.UnmarshalError", f"{name} takes batches, and the event has no list of Records")
        failed = run([Attempt(record, function.__module__) for record in records], context)
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}

    update_wrapper(handler, function)
    vars(handler)["is_partial_batch"] = True
    return handler


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
        self.source, self.identifier = identify(record)
        self.is_fifo = str(record.get("eventSourceARN")).endswith(".fifo")
        self.is_ordered = self.is_fifo or self.source != "aws:sqs"
        self.name = name
        self.has_failed = False

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


def _calling(function: Callable[..., object], name: str) -> Callable[[list[Attempt], Any], list[str]]:
    """What makes the attempts of a plain function, and tells which have failed."""
    single = adapt(function, name, Options(as_is))

    def call(attempt: Attempt, context: Any) -> None:
        with attempt.reported():
            single.call(single.decode(attempt.record), context)

    return lambda attempts, context: _in_order(attempts, lambda attempt: call(attempt, context))


class _Awaiting:
    """The same of an `async` function. All its coroutines share one event loop, so clients may live in it."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        from asyncio import Runner

        def held(*arguments: Any, **keywords: Any) -> tuple[Any]:
            return (function(*arguments, **keywords),)  # not awaited by `adapt`

        self.single = adapt(update_wrapper(held, function), name, Options(as_is))
        self.runner = Runner()

    def __call__(self, attempts: list[Attempt], context: Any) -> list[str]:
        if any(attempt.is_ordered for attempt in attempts):
            return _in_order(attempts, lambda attempt: self.make([attempt], context))
        self.make(attempts, context)
        return [attempt.identifier for attempt in attempts if attempt.has_failed]

    def make(self, attempts: list[Attempt], context: Any) -> None:
        """Make attempts at once, each in a context of its own. No loop is running before there is a coroutine."""
        own = [copy_context() for _ in attempts]
        begun = [its.run(self.begin, attempt, context) for attempt, its in zip(attempts, own, strict=True)]
        finished = [self.finish(attempt, result) for attempt, result in zip(attempts, begun, strict=True)]
        end = None
        try:
            self.runner.run(_at_once(finished, own))
        except _Ended as ended:
            end = ended.error
        if end is not None:
            raise end

    def begin(self, attempt: Attempt, context: Any) -> Any:
        """Call the function: a coroutine, unless a decorator has run it itself."""
        with attempt.reported():
            return self.single.call(self.single.decode(attempt.record), context)[0]

    async def finish(self, attempt: Attempt, result: Any) -> None:
        """Await what the call gave."""
        with attempt.reported():
            try:
                if hasattr(result, "cr_await"):
                    await result
            except (SystemExit, KeyboardInterrupt) as error:
                raise _Ended(error) from None


class _Ended(BaseException):
    """What an event loop would not survive, on its way through one."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


async def _at_once(coroutines: list[Coroutine[Any, Any, None]], contexts: list[Context]) -> None:
    """Run each as a task in its context; if one of them ends it all, none is left behind."""
    from asyncio import create_task, gather

    tasks = [create_task(coroutine, context=own) for coroutine, own in zip(coroutines, contexts, strict=True)]
    try:
        await gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await gather(*tasks, return_exceptions=True)


def _in_order(attempts: list[Attempt], make: Callable[[Attempt], None]) -> list[str]:
    """Make one after the other, as long as that is of use; give the identifiers of what has to come again."""
    failed: list[str] = []
    for index, attempt in enumerate(attempts):
        make(attempt)
        if attempt.has_failed:
            failed.append(attempt.identifier)
            if attempt.is_ordered:
                return failed + [later.identifier for later in attempts[index + 1 :] if attempt.is_fifo]
    return failed


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
