"""
SnapStart: the environment waits while a snapshot of it is taken, and goes on in every copy.

Owns: the order of the hooks around the snapshot, what the runtime renews by itself, and the exit statuses 64 and 65.
Refuses to know: what a hook does.

| failed | posted to | error type | exit status |
| --- | --- | --- | --- |
| a hook of `before_snapshot`, or the wait | `init/error` | `Runtime.BeforeSnapshotError` | 64 |
| a hook of `after_restore` | `restore/error` | `Runtime.AfterRestoreError` | 65 |

Source: AWS Lambda Developer Guide, "Implement code before or after Lambda function snapshots"; for the order and the
statuses, awslambdaric's `on_init_complete`.
"""

from __future__ import annotations

from posix import getpid  # built in, which `os` is not
from sys import modules
from time import sleep

from .. import hooks, protocol, report
from ..errors import RuntimeApiError, TransportError
from . import call, randomness

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..log import Log

    Hook = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

BACK_OFF = (0.1, 0.2, 0.4)  # seconds
BEFORE, AFTER = 64, 65
REGISTRY = "snapshot_restore_py"  # AWS's package, or ours that is offered in its place


class SnapStart:
    """
    The begin of an environment from a snapshot.

    Args:
        client: has the connection, which no copy may share, and posts failures.
        log: takes them, too.
        loop: knows its process, which a copy may not be.
    """

    def __init__(self, client: Any, log: Log, loop: Any) -> None:
        self.client = client
        self.log = log
        self.loop = loop

    def then(self, run: Callable[[], int]) -> Callable[[], int]:
        """Return *run* with the snapshot before it; what fails there has its own exit status."""

        def run_restored() -> int:
            try:
                self.before()
                self.wait()
            except BaseException as error:
                self.fail(error, protocol.init_error, "Runtime.BeforeSnapshotError")
                return BEFORE
            try:
                self.after()
            except BaseException as error:
                self.fail(error, protocol.restore_error, "Runtime.AfterRestoreError")
                return AFTER
            return run()

        return run_restored

    def fail(self, error: BaseException, request: Callable[[bytes, str], protocol.Request], category: str) -> None:
        """Log *error*, and post it as *category*."""
        failure = report.of(error)
        self.log.end()
        self.log.error(failure)
        try:
            self.client.settle(*self.client.post(request(failure.body(""), category)))
        except RuntimeApiError as lost:
            self.log.problem(str(lost))

    def before(self) -> None:
        """
        Run the hooks, the last one first; then look for what will be the same in every copy.

        Raises:
            BaseException: whatever a hook raises; those after it do not run.
        """
        for hook, arguments, named in reversed(found(hooks.before_snapshot_, "get_before_snapshot")):
            call(hook, *arguments, **named)
        from ..diagnostics import uniqueness

        try:
            for warning in uniqueness.warnings():
                self.log.problem(warning)
        except Exception as error:  # a module of the function's with an odd idea of attributes
            self.log.problem("what is unique cannot be looked for", error)
        self.log.end()

    def wait(self) -> None:
        """
        Wait for the restore, months perhaps, on a connection that is the snapshot's.

        Raises:
            RuntimeApiError: there is none.
        """
        waits = list(BACK_OFF)
        while True:
            try:
                answer = self.client.transport.exchange(protocol.RESTORE)
                verdict = protocol.verdict(protocol.RESTORE, answer)
                reason = f"the Runtime API answered {protocol.explain(answer)}"
            except TransportError as error:
                verdict, reason = protocol.AGAIN, str(error)
            if verdict == protocol.DONE:
                return
            if verdict == protocol.GONE or not waits:
                raise RuntimeApiError(f"failed to wait for the restore: {reason}")
            sleep(waits.pop(0))

    def after(self) -> None:
        """
        Renew what no copy may share, then run the hooks in order.

        Raises:
            BaseException: whatever a hook raises; those after it do not run.
        """
        self.client.transport.close()
        self.loop.pid = getpid()
        self.log.after_fork()
        randomness.reseed()
        for hook, arguments, named in found(hooks.after_restore_, "get_after_restore"):
            call(hook, *arguments, **named)


def found(registered: list[Callable[[], object]], name: str) -> list[Hook]:
    """Return the hooks of both registries, ours and the one that *name* of AWS's package returns."""
    theirs = getattr(modules[REGISTRY], name)() if REGISTRY in modules else []
    return [*((hook, (), {}) for hook in registered), *theirs]
