"""Counts down, a line a second: `curl --no-buffer` against its Function URL shows each as it is said."""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING, Any

from lambda_bootstrap import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Iterator


def handler(event: dict[str, Any]) -> Iterator[HttpResponse | str]:
    """Stream the countdown from `?from=`."""
    start = int((event.get("queryStringParameters") or {}).get("from", 3))
    yield HttpResponse(200, {"Content-Type": "text/plain; charset=utf-8"})
    for number in range(start, 0, -1):
        yield f"{number}\n"
        sleep(event.get("pause", 1))
    yield "Lift-off!\n"
