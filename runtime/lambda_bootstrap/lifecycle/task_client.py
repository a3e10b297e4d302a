"""
The Runtime API as verbs, for one of many tasks.

Owns: which request is sent again, after how long, and when the environment is lost; as `client`, whose rules these are.
Refuses to know: sockets, what a payload means. It is given something that exchanges requests for answers.

Where many invocations run at once the platform is waited for longer, see `staff`: it ends an environment by ending its
processes.
"""

from __future__ import annotations

from asyncio import sleep
from time import monotonic

from .. import protocol
from ..errors import RuntimeApiError, TransportError
from ..protocol import NEXT, Invocation
from ..report import ErrorReport
from .staff import PAUSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..http1 import Response
    from ..protocol import Request
    from .connection import Connection

PATIENCE = 1.0  # seconds; a poll that took longer begins a new row of failures
PAUSE = 0.1  # seconds before a post that was refused for the moment


class TaskClient:
    """
    What answers one invocation after another; see `contracts.RuntimeApi`.

    Args:
        connection: what carries the requests.
        working_directory: named in the X-Ray cause.
        warn: logs, in one line, what went wrong and didn't end the environment.

    Attributes:
        unanswered: the invocation that was delivered and whose answer has not come to its end yet, or None.
        queue: what `open` and `push` have taken, and `drain` sends.
    """

    def __init__(self, connection: Connection, working_directory: str, warn: Callable[[str], None]) -> None:
        self.connection = connection
        self.working_directory = working_directory
        self.warn = warn
        self.unanswered: Invocation | None = None
        self.stream: Request | None = None  # which has begun, and has no answer yet
        self.has_begun = False  # and something of it may have been sent
        self.queue: list[bytes] = []

    async def next(self) -> Invocation:
        """
        Wait for an invocation, as long as it takes. Do not cancel it: an event may be under way.

        Raises:
            RuntimeApiError: there will be none.
        """
        pauses = iter(PAUSES)
        while True:
            began = monotonic()
            try:
                answer = await self.connection.exchange(NEXT)
                verdict = protocol.verdict(NEXT, answer)
                if verdict == protocol.DONE:
                    self.unanswered = invocation = Invocation(answer.headers, answer.body)
                    return invocation
                reason = f"the Runtime API answered {protocol.explain(answer)}"
            except RuntimeApiError as error:
                verdict, reason = protocol.AGAIN, str(error)
            if monotonic() - began > PATIENCE:
                pauses = iter(PAUSES)
            pause = next(pauses, None)
            if verdict == protocol.GONE or pause is None:
                raise RuntimeApiError(f"failed to get the next invocation: {reason}")
            self.warn(f"failed to get the next invocation: {reason}; trying again")
            await sleep(pause)

    async def respond(self, invocation: Invocation, body: bytes, content_type: str) -> None:
        """
        Answer *invocation* with a result.

        Raises:
            RuntimeApiError: the environment is lost.
        """
        verdict, reason = await self.post(protocol.response(invocation, body, content_type))
        if verdict == protocol.PLAINER:
            self.warn(reason)
            refused = ErrorReport("Runtime.ResponseRefused", f"The response could not be posted: {reason}", [])
            verdict, reason = await self.post(protocol.error(invocation, refused.plain_body(), refused.category))
        self.unanswered = None
        self.settle(verdict, reason)

    async def fail(self, invocation: Invocation, failure: ErrorReport) -> None:
        """Answer *invocation* with an error; otherwise as `respond`. After a stream that broke off it is sent once."""
        post = protocol.error(
            invocation, failure.body(invocation.request_id), failure.category, failure.cause(self.working_directory)
        )
        if self.has_begun:
            self.forget()
            self.connection.close()
            await self.attempt(post, self.connection.exchange(post))
            self.unanswered = None
            return
        self.forget()
        verdict, reason = await self.post(post)
        if verdict == protocol.PLAINER:
            self.warn(reason)
            verdict, reason = await self.post(protocol.error(invocation, failure.plain_body(), failure.category))
        self.unanswered = None
        self.settle(verdict, reason)

    def open(self, request: Request, data: bytes) -> None:
        """Begin to answer in pieces: from here on there can be another answer only if it breaks off."""
        self.stream = request
        self.queue.append(data)

    def push(self, _request: Request, data: bytes) -> None:
        """Take more of what was begun."""
        self.queue.append(data)

    async def drain(self) -> None:
        """
        Send what was taken; the platform may let the function wait.

        Raises:
            TransportError: the stream is lost.
        """
        data, self.queue = b"".join(self.queue), []
        if self.stream is None or not data:
            return
        try:
            if self.has_begun:
                await self.connection.write(data, is_more=True)
            else:
                self.has_begun = True
                await self.connection.begin(self.connection.model.head(self.stream) + data)
        except OSError as error:
            raise TransportError(f"failed to send on: {error}") from error

    async def finish(self, data: bytes) -> None:
        """
        End what was sent in pieces with *data*; otherwise as `respond`.

        Raises:
            TransportError: it got no answer, and cannot be sent again.
        """
        assert self.stream is not None
        self.queue.append(data)
        verdict, reason, is_lost = await self.attempt(self.stream, self.end())
        if is_lost:
            raise TransportError(reason)
        self.unanswered = None
        self.forget()
        self.settle(verdict, reason)

    async def end(self) -> Response:
        """Send the last of a stream and return its answer."""
        await self.drain()
        try:
            return await self.connection.read()
        except OSError as error:
            raise TransportError(f"the stream got no answer: {error}") from error

    def forget(self) -> None:
        """Have no stream any more."""
        self.stream, self.has_begun, self.queue = None, False, []

    async def post(self, request: Request) -> tuple[str, str]:
        """Send *request*, and once more where that may help; return the verdict, and why it isn't `DONE`."""
        verdict, reason, first_is_lost = await self.attempt(request, self.connection.exchange(request))
        if verdict != protocol.AGAIN:
            return verdict, reason
        if not first_is_lost:
            await sleep(PAUSE)
        verdict, reason, is_lost = await self.attempt(request, self.connection.exchange(request))
        return protocol.verdict_of_second(verdict, is_lost=is_lost, first_is_lost=first_is_lost), reason

    async def attempt(self, request: Request, exchange: Awaitable[Response]) -> tuple[str, str, bool]:
        """Await one *exchange* of a *request*; return verdict, reason, and whether there was no answer at all."""
        try:
            answer = await exchange
        except TransportError as error:
            return protocol.AGAIN, str(error), True
        except RuntimeApiError as error:
            return protocol.GONE, str(error), True
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
        if verdict != protocol.DONE:
            self.warn(reason)
