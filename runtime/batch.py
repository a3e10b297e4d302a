"""
Batches of which some records may fail.

Owns: how a record is identified, and which of those that follow a failure are still tried.
Refuses to know: what a record is good for.

Source: AWS Lambda Developer Guide, "Implementing partial batch responses", for SQS, Kinesis and DynamoDB.
"""

from __future__ import annotations

import logging
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from .codec import Options, as_is
from .errors import FunctionError, LambdaError
from .signature import adapt

if TYPE_CHECKING:
    from collections.abc import Callable

# By event source, what leads to the identifier of a record.
IDENTIFIERS = {
    "aws:sqs": ("messageId",),
    "aws:kinesis": ("kinesis", "sequenceNumber"),
    "aws:dynamodb": ("dynamodb", "SequenceNumber"),
}


def partial_batch(function: Callable[..., object]) -> Callable[[Any, Any], dict[str, Any]]:
    """
    Make a handler of batches out of one of single records, so that only what has failed comes again.

    *function* is called with each record, decoded to the type that it declares, and, if it takes one, the context; it
    may be `async`. What it raises is logged, and reported as the failure of its record. Records of a stream or of a
    FIFO queue keep their order: after a failure none of those that follow is tried.

    Raises:
        InitError: *function* takes something else.
    """
    if hasattr(function, "is_partial_batch"):
        return function  # type: ignore[return-value] # twice is once
    name = f"{function.__module__}.{function.__qualname__}"
    single = adapt(function, name, Options(as_is))

    def handler(event: Any, context: Any) -> dict[str, Any]:
        records = event.get("Records") if isinstance(event, dict) else None
        if not isinstance(records, list):
            raise FunctionError("Runtime.UnmarshalError", f"{name} takes batches, and the event has no list of Records")
        failed: list[str] = []
        for index, record in enumerate(records):
            source, identifier = identify(record)
            try:
                single.call(single.decode(record), context)
            except Exception as error:
                if isinstance(error, LambdaError) and error.exit:
                    raise
                logging.getLogger(function.__module__).exception("record %s has failed", identifier)
                failed.append(identifier)
                if source != "aws:sqs":
                    break
                if record["eventSourceARN"].endswith(".fifo"):
                    failed += [identify(rest)[1] for rest in records[index + 1 :]]
                    break
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}

    update_wrapper(handler, function)
    vars(handler)["is_partial_batch"] = True
    return handler


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
