"""
The Runtime API as verbs.

Owns: which request is sent again, after how long, and when the environment is lost; see `protocol.verdict`.
Refuses to know: sockets, what a payload means.
"""

from __future__ import annotations

from time import monotonic, sleep

from . import protocol
from .errors import RuntimeApiError, TransportError
from .protocol import NEXT, Invocation
from .report import ErrorReport
from .traces import title

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .contracts import Transport
    from .http1 import Response
    from .protocol import Request

BACK_OFF = (0.1, 0.2, 0.4)  # seconds
OK, ACCEPTED = 200, 202
PATIENCE = 1.0  # seconds; a poll that took longer begins a new row of failures


class RuntimeClient:
    """
    What the loop calls; see `contracts.RuntimeApi`.

    Args:
        transport: what carries the requests; `push` of a request in pieces is its own.
        working_directory: named in the X-Ray cause.
        warn: logs, in one line, what went wrong and didn't end the environment.

    Attributes:
        pauses: seconds between polls that fail; a worker has more patience, see `lifecycle.staff`.
        signals: what the function's signal handlers are kept in check by, once there is need; see `lifecycle.signals`.
        unanswered: the invocation that was delivered and whose answer has not come to its end yet, or None.
    """

    pauses: tuple[float, ...] = BACK_OFF
    signals: Any = None

    def __init__(self, transport: Transport, working_directory: str, warn: Callable[[str], None]) -> None:
        self.transport = transport
        self.push = transport.push
        self.working_directory = working_directory
        self.warn = warn
        self.unanswered: Invocation | None = None
        self.is_streaming = False

    def next(self) -> Invocation:
        """
        Wait for an invocation; the environment may be frozen for hours meanwhile, so there is no timeout.

        Raises:
            RuntimeApiError: there will be none.
        """
        waits = self.pauses
        while True:
            start = monotonic()
            try:
                answer = self.transport.exchange(NEXT)
                verdict = protocol.DONE if answer.status == OK else protocol.verdict(NEXT, answer)
                if verdict == protocol.DONE:
                    self.unanswered = invocation = Invocation(answer.headers, answer.body)
                    return invocation
                reason = f"the Runtime API answered {protocol.explain(answer)}"
            except TransportError as error:
                verdict, reason = protocol.AGAIN, str(error)
            except RuntimeApiError as error:
                if self.pauses is BACK_OFF:
                    raise
                verdict, reason = protocol.AGAIN, str(error)
            except Exception as error:  # by a signal handler that runs though signals wait: see `lifecycle.signals`
                verdict, reason = protocol.AGAIN, f"{title(error)} ended the poll"
            if monotonic() - start > PATIENCE:
                waits = self.pauses
            if verdict == protocol.GONE or not waits:
                raise RuntimeApiError(f"failed to get the next invocation: {reason}")
            self.warn(f"failed to get the next invocation: {reason}; trying again")
            sleep(waits[0])
            waits = waits[1:]

    def respond(self, invocation: Invocation, body: bytes, content_type: str) -> None:
        """
        Answer *invocation* with a result.

        Raises:
            RuntimeApiError: the environment is lost.
        """
        verdict, reason = self.post(protocol.response(invocation, body, content_type))
        if verdict == protocol.PLAINER:
            self.warn(reason)
            refused = ErrorReport("Runtime.ResponseRefused", f"The response could not be posted: {reason}", [])
            verdict, reason = self.post(protocol.error(invocation, refused.plain_body(), refused.category))
        self.unanswered = None
        if verdict != protocol.DONE:
            self.settle(verdict, reason)

    def fail(self, invocation: Invocation, failure: ErrorReport) -> None:
        """
        Answer *invocation* with an error; otherwise as `respond`.

        After a stream that broke off it is sent once, over another connection: whether the platform has taken the
        stream for an answer is unknown, and if it has, it refuses the error.
        """
        body, cause = failure.body(invocation.request_id), failure.cause(self.working_directory)
        post = protocol.error(invocation, body, failure.category, cause)
        if self.is_streaming:
            self.is_streaming = False
            self.transport.abandon()
            self.try_to_post(self.transport.exchange, post)
            self.unanswered = None
            return
        verdict, reason = self.post(post)
        if verdict == protocol.PLAINER:
            self.warn(reason)
            verdict, reason = self.post(protocol.error(invocation, failure.plain_body(), failure.category))
        self.unanswered = None
        if verdict != protocol.DONE:
            self.settle(verdict, reason)

    def open(self, request: Request, data: bytes) -> None:
        """Begin to answer in pieces: from here on there can be another answer only if it breaks off."""
        self.is_streaming = True
        self.transport.open(request, data)

    def finish(self, request: Request, data: bytes) -> None:
        """
        End a *request* that was sent in pieces with *data*; otherwise as `respond`.

        Raises:
            TransportError: it got no answer, and cannot be sent again.
        """
        verdict, reason, is_lost = self.try_to_post(lambda request: self.transport.finish(request, data), request)
        if is_lost:
            raise TransportError(reason)
        self.unanswered, self.is_streaming = None, False
        if verdict != protocol.DONE:
            self.settle(verdict, reason)

    def fail_init(self, failure: ErrorReport) -> None:
        """Report that the function could not be loaded; otherwise as `respond`. The process has to exit after it."""
        verdict, reason = self.post(protocol.init_error(failure.body(""), failure.category))
        if verdict != protocol.DONE:
            self.settle(verdict, reason)

    def post(self, request: Request) -> tuple[str, str]:
        """Send *request*, and once more where that may help; return the verdict, and why it isn't `DONE`."""
        verdict, reason, first_is_lost = self.try_to_post(self.transport.exchange, request)
        if verdict != protocol.AGAIN:
            return verdict, reason
        sleep(0 if first_is_lost else BACK_OFF[0])
        verdict, reason, is_lost = self.try_to_post(self.transport.exchange, request)
        return protocol.verdict_of_second(verdict, is_lost=is_lost, first_is_lost=first_is_lost), reason

    def try_to_post(self, step: Callable[[Request], Response], request: Request) -> tuple[str, str, bool]:
        """Do the *step* that sends *request*; return verdict, reason, and whether there was no answer at all."""
        try:
            answer = step(request)
        except TransportError as error:
            return protocol.AGAIN, str(error), True
        except RuntimeApiError as error:
            return protocol.GONE, str(error), True
        except Exception as error:  # by a signal handler of the function
            return protocol.AGAIN, f"{title(error)} ended the post of the {request.endpoint}", True
        if answer.status == ACCEPTED:  # as nearly all are
            return protocol.DONE, "", False
        verdict = protocol.verdict(request, answer)
        if verdict == protocol.DONE:
            return verdict, "", False
        return verdict, protocol.refusal(request, answer), False

    def settle(self, verdict: str, reason: str) -> None:
        """
        Log the *reason* why a post was not taken.

        Raises:
            RuntimeApiError: the environment is lost.
        """
        if verdict == protocol.GONE:
            raise RuntimeApiError(reason)
        self.warn(reason)
