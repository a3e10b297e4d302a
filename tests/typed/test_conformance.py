"""Typed handlers and errors as values, from one end of the Runtime API to the other."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import BOOTSTRAP, FUNCTIONS, PYTHON
from tests.support.emulated import REQUEST_ID

if TYPE_CHECKING:
    from tests.support import Start

ORDER = b'{"id":7,"placed":"2026-01-02T03:04:05Z","items":[{"sku":"a","price":1.10,"image":"/w=="}]}'


def test_both_ways(start: Start) -> None:
    """B1.3, B3.13: a dataclass comes in and goes out, digits, times and bytes unharmed."""
    outcome = start("typed_orders.total").invoke(ORDER, headers={"X-Amzn-RequestId": REQUEST_ID})

    assert outcome.body == (
        b'{"order":{"id":7,"placed":"2026-01-02T03:04:05+00:00","items":[{"sku":"a","price":1.10,"image":"/w=="}]},'
        b'"total":1.10,"request_id":"' + REQUEST_ID.encode() + b'"}'
    )


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        ("typed_orders.swapped", ["typed_orders", REQUEST_ID, 7]),
        ("typed_orders.keyword", ["typed_orders", 7]),
        ("typed_orders.waits", json.loads(ORDER) | {"placed": "2026-01-02T03:04:05+00:00"}),
        ("typed_orders.raw", {"size": len(ORDER)}),
    ],
)
def test_injection(start: Start, handler: str, result: Any) -> None:
    """B2.5: annotated parameters are given what they are annotated with, in any order."""
    outcome = start(handler).invoke(ORDER, headers={"X-Amzn-RequestId": REQUEST_ID})

    assert outcome.json() == result


def test_mismatch(start: Start) -> None:
    """B3.2: an event that is none of its type is told by path, expectation and what came; the next one is answered."""
    emulator = start("typed_orders.waits")
    outcome = emulator.invoke(ORDER.replace(b"1.10", b'"abc"'))

    assert outcome.error is not None
    assert outcome.error["errorType"] == "Runtime.UnmarshalError"
    assert outcome.error["errorMessage"].startswith(
        'Unable to unmarshal input: items[0].price: expected number, got "abc"'
    )
    assert emulator.invoke(ORDER).json()["id"] == 7


def test_hooks(start: Start) -> None:
    """B5.4: hooks get the typed event and the result before it is encoded."""
    emulator = start("typed_orders.hooked_then_told")
    emulator.invoke(ORDER)

    assert emulator.invoke(ORDER).json() == ["Order", "Receipt", "Order"]


@pytest.mark.parametrize(
    ("handler", "error_type", "data"),
    [
        ("typed_orders.sold_out", "Order.SoldOut", None),
        ("typed_orders.fails", "Order.SoldOut", {"id": 7, "placed": "2026-01-02T03:04:05+00:00"}),
    ],
)
def test_error_as_a_value(start: Start, handler: str, error_type: str, data: Any) -> None:
    """B6.1: type, message and data of the function's own reach the caller exactly, for Step Functions to match on."""
    emulator = start(handler)
    outcome = emulator.invoke(ORDER)
    (request,) = emulator.wait_for("error")

    assert outcome.error is not None
    assert outcome.error["errorType"] == error_type
    assert outcome.error["errorMessage"] == "no more of it"
    assert outcome.error.get("errorData") == data
    assert ("errorData" in outcome.error) == (data is not None)
    assert "typed_orders.py" in outcome.error["stackTrace"][0]
    assert request.header("Lambda-Runtime-Function-Error-Type") == f"Function.{error_type}"
    assert emulator.invoke(ORDER).error is not None


def test_data_without_a_form(start: Start) -> None:
    """B6.6: data that has no JSON form is told as a text, and the error is the function's own still."""
    outcome = start("typed_orders.fails_with_anything").invoke(ORDER)

    assert outcome.error is not None
    assert (outcome.error["errorType"], outcome.error["errorMessage"]) == ("LambdaError", "boom")
    assert outcome.error["errorData"]["what"].startswith("<object object at ")


def test_exit(start: Start) -> None:
    """B6.5: an error may ask for the end of the process, after the caller has been answered."""
    emulator = start("typed_orders.ends")
    outcome = emulator.invoke(ORDER)

    assert outcome.error is not None
    assert (outcome.error["errorType"], outcome.error["errorMessage"]) == ("Order.Fatal", "cannot go on")
    assert emulator.wait_exit() == 1


BATCH = (
    b'{"Records":[{"messageId":"1","eventSource":"aws:sqs","body":"good"},'
    b'{"messageId":"2","eventSource":"aws:sqs","body":"bad"}]}'
)
FAILURES = {"batchItemFailures": [{"itemIdentifier": "2"}]}
WARNED = [
    ("unresolved", b'{"a":1}', {"a": 1}, "`SQSEvent`, is plain JSON: annotate it `dict` if the handler wants that"),
    ("unknown", b"[1]", [1], "`list[Path] | None`, is plain JSON: annotate it `dict` if the handler wants that"),
    ("records", BATCH, FAILURES, "`Order`, is plain JSON: annotate it `dict` if the handler wants that"),
    ("awaited", BATCH, FAILURES, "`Order`, is plain JSON: annotate it `dict` if the handler wants that"),
    ("inside", b'{"a":1}', {"a": 1}, "the function inside takes (event): give it both parameters"),
]


@pytest.mark.parametrize("environ", [{}, {"AWS_LAMBDA_LOG_FORMAT": "JSON"}], ids=["text", "JSON"])
@pytest.mark.parametrize("case", WARNED, ids=[name for name, *_ in WARNED])
def test_one_warning(start: Start, environ: dict[str, str], case: tuple[str, bytes, Any, str]) -> None:
    """What a function's author should know is one WARN record at init; the function runs as on awslambdaric."""
    handler, event, result, end = case
    emulator = start(f"typed_warned.{handler}", environ=environ)
    emulator.start()
    emulator.wait_for("next")
    name = f"handler 'typed_warned.{handler}'"
    (line,) = [line for line in emulator.output.decode().splitlines() if name in line]
    level = json.loads(line)["level"] if environ else line.partition("\t")[0].strip("[]")

    assert level in {"WARN", "WARNING"}  # the second is logging's, in text
    assert (json.loads(line)["message"] if environ else line).endswith(end)
    assert emulator.invoke(event).json() == result


@pytest.mark.parametrize("handler", ["fine", "swapped"])
def test_no_warning(start: Start, handler: str) -> None:
    """Our own context's name, imported for a type checker only, is known, and no reason for a warning."""
    emulator = start(f"typed_warned.{handler}", environ={"AWS_LAMBDA_FUNCTION_NAME": "f"})

    assert emulator.invoke(b"1").json() == {"fine": 1, "swapped": [1, "f"]}[handler]
    assert f"typed_warned.{handler}".encode() not in emulator.output


def test_strict_refuses(start: Start) -> None:
    """What cannot be decoded is an init error in strict mode."""
    error = start("typed_warned.unresolved", environ={"BOOTSTRAP_EVENTS": "strict"}).invoke(b"{}").error

    assert error is not None
    assert error["errorType"] == "Runtime.InvalidHandler"
    assert error["errorMessage"].startswith(
        "handler 'typed_warned.unresolved': the annotation names SQSEvent, which is not there at run time"
    )


BRIDGE = (
    b'{"version":"0","id":"a","detail-type":"a","source":"a","account":"1","time":"2026-01-02T03:04:05Z",'
    b'"region":"eu-west-1","resources":[],"detail":{"id":7}}'
)


@pytest.mark.parametrize(
    ("handler", "event", "result"),
    [
        ("source", b'{"Records":[{"body":"b"}]}', ["b"]),
        ("parsed", BRIDGE, ["Order", 7]),
        ("inferred", b'{"id":7}', ["Order", 7]),
        ("through", b'{"sku":"a"}', ["told", {"sku": "a"}]),
        ("logs", b'{"sku":"a"}', ["typed_tools", "a"]),
    ],
)
def test_tools(start: Start, handler: str, event: bytes, result: Any) -> None:
    """A decorator gets the plain event, so that it can decode for itself; a function without one gets loggers."""
    outcome = start(f"typed_tools.{handler}").invoke(event)

    assert (outcome.error, outcome.json()) == (None, result)


LATEST = PYTHON if sys.version_info >= (3, 14) else [path for path in [shutil.which("python3.14")] if path]


@pytest.mark.skipif(not LATEST, reason="needs python3.14, which does not evaluate annotations at once")
def test_names_for_a_type_checker() -> None:
    """A name that only a type checker imports costs a handler nothing but itself (PEP 649, PEP 749)."""
    command = [*LATEST, str(BOOTSTRAP)]
    with Emulator(command, cwd=FUNCTIONS, handler="typed_lazily.handler") as emulator:
        assert emulator.invoke(b'{"sku":"a"}').json() == ["LambdaContext", "Item", {"sku": "a", "rest": None}]
    with Emulator(command, cwd=FUNCTIONS, handler="typed_lazily.unknown") as emulator:
        assert emulator.invoke(b"{}").json() == {}

    assert b"handler 'typed_lazily.unknown': the annotation names Log, which is not there at run" in emulator.output
