"""
What a test of a function needs, without pytest too: a context in one line, and the function in a process.

Owns: the values that such a context has, and which part of the log belongs to which answer.
Refuses to know: pytest, and the Runtime API.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from lambda_bootstrap import Context

    from .emulator.values import Outcome, Report

NAME = "test_function"
# Another one a call, as of Lambda: a function that keeps what it has done by this id does it again.
REQUEST_ID = "00000000-0000-4000-8000-{:012x}"
_made = iter(range(1, 1 << 48))


def make_context(*, timeout: float = 3.0, **values: Any) -> Context:
    """
    Make the second argument of a handler, as Lambda has it, with *timeout* seconds from now.

    *values* are attributes of `Context`: `make_context(tenant_id="blue")`. A client context and a Cognito identity may
    be given as a caller sends them: `client_context={"custom": {"k": 1}}`, `identity={"cognitoIdentityId": "eu:1"}`.

    Raises:
        TypeError: a context has no such attribute.
    """
    from lambda_bootstrap import Context  # noqa: PLC0415 - pytest loads this module for those who need no context too
    from lambda_bootstrap.context import identity  # noqa: PLC0415 - as above
    from lambda_bootstrap.integrations.mobile import client_context  # noqa: PLC0415 - as above

    known = {name for name in Context.__annotations__ if not name.startswith("_")}
    strange = sorted(set(values) - known)
    if strange:
        raise TypeError(f"a context has no {', '.join(strange)}; it has {', '.join(sorted(known))}")
    made = {
        "aws_request_id": REQUEST_ID.format(next(_made)),
        "invoked_function_arn": f"arn:aws:lambda:us-east-1:012345678912:function:{NAME}",
        "function_name": NAME,
        "function_version": "$LATEST",
        "memory_limit_in_mb": "128",
        "log_group_name": f"/aws/lambda/{NAME}",
        "log_stream_name": "2026/01/01/[$LATEST]00000000000000000000000000000000",
        "client_context": None,
        "identity": None,
        "tenant_id": None,
        "deadline_ms": int((time.time() + timeout) * 1000),
        "trace_id": None,
    } | values
    if isinstance(made["client_context"], dict):
        made["client_context"], made["_w3c"] = client_context(made["client_context"])
    if made["identity"] is None or isinstance(made["identity"], dict):
        made["identity"] = identity(made["identity"])
    return Context(time.time, lambda message: print(message, end=""), made)


@dataclass(frozen=True)
class Answer:
    """
    What a function has made of an event.

    Attributes:
        body: of the response, or of the error.
        log: what the function has written meanwhile, for the first event at its import too.
        report: `duration_ms`, `init_ms`, `memory_mb`, and `kind`, which says how the invocation has ended.
    """

    outcome: Outcome
    log: str
    report: Report

    @property
    def body(self) -> bytes:
        """The bytes that the caller gets."""
        return self.outcome.body

    def json(self) -> Any:
        """Decode the body; of an error too."""
        return self.outcome.json()

    @property
    def error(self) -> Any:
        """The decoded error, `errorType` and `errorMessage` in it, or None if the function has returned."""
        return self.outcome.error

    @property
    def records(self) -> list[Any]:
        """The JSON records of the log."""
        found = []
        for line in self.log.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue  # printed text
        return [record for record in found if isinstance(record, dict)]


class LambdaFunction:
    """
    A function in a process, run by the real runtime; use it in a `with` block.

    *handler* is `app.handler`, or `services/orders/app.handler` below *folder*. The process gets the environment that
    Lambda would set, and *environ* on top; of the test's own, only `PATH`. It begins with the first event, lives
    until the block ends, and a new one takes its place if it dies, or is killed by its *timeout* in seconds.
    """

    def __init__(
        self,
        handler: str,
        *,
        folder: str = ".",
        environ: Mapping[str, str] | None = None,
        timeout: float = 3.0,
        memory: int = 128,
    ) -> None:
        from .emulator.session import find_bootstrap, find_function  # noqa: PLC0415 - as in make_context
        from .testing import Emulator  # noqa: PLC0415 - as in make_context

        found = find_function(f"{folder}/{handler}", timeout=timeout, memory=memory, region="us-east-1")
        self.emulator = Emulator(
            [sys.executable, str(find_bootstrap())],
            environ=environ,
            cwd=found.task_root,
            handler=found.handler,
            timeout=timeout,
            memory=memory,
            merge_output=True,
        )
        self._seen = 0
        self._calls = 0

    def __enter__(self) -> Self:
        self.emulator.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.emulator.__exit__(kind, value, traceback)

    def invoke(self, event: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """
        Send *event*, any value that JSON has, or bytes as they are; return the answer once the function waits again.

        *headers* are a caller's: `{"X-Amz-Tenant-Id": "blue"}`.
        """
        payload = event if isinstance(event, bytes) else json.dumps({} if event is None else event).encode()
        outcome = self.emulator.invoke(payload, headers=headers)
        self._calls += 1
        report = self.emulator.wait_report(self._calls)[-1]
        written = self.emulator.output
        log, self._seen = written[self._seen :], len(written)
        return Answer(outcome, log.decode("utf-8", "replace").replace("\r", "\n"), report)
