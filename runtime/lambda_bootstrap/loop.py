"""
The invoke loop: next, decode, call, encode or stream, respond or report.

Owns: the order of these steps, and that every invocation is answered exactly once.
Refuses to know: sockets, formats, where handlers come from.
"""

from __future__ import annotations

from _contextvars import copy_context
from posix import _exit, getpid
from sys import modules
from time import time

from . import codec
from .context import Context, client_context, identity
from .errors import FunctionError, LambdaError, RuntimeApiError, report
from .protocol import JSON, MAX_RESPONSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    from .diagnostics.timeout_dump import Autopsy
    from .errors import ErrorReport
    from .log import Log
    from .protocol import Invocation, Request
    from .signature import Handler
    from .tracing import Tracer
    from .web.stream import ResponseStream

    class RuntimeApi(Protocol):
        """What the loop needs of a client; see `client.RuntimeClient`."""

        def next(self) -> Invocation:
            """Wait for an invocation."""

        def respond(self, invocation: Invocation, body: bytes, content_type: str) -> None:
            """Answer it with a result."""

        def fail(self, invocation: Invocation, failure: ErrorReport) -> None:
            """Answer it with an error."""

        def begin(self, request: Request, data: bytes) -> None:
            """Begin to answer in pieces; this and the next two are for `streaming`."""

        def send(self, request: Request, data: bytes) -> None:
            """Go on."""

        def end(self, request: Request, data: bytes) -> None:
            """Come to an end."""


RAW = "application/unknown"  # what the managed runtime calls a handler's own bytes
# Of results: none of these is a stream, and without one of those attributes nothing is.
VALUES = {bytes, dict, float, int, list, str, tuple, type(None), bool}
MARKS = ("__next__", "__aiter__", "read", "prelude")
HOOKS = f"{__package__}.hooks"  # there once a function, or a tool in it, has asked for hooks


class InvokeLoop:
    """
    One sequential consumer of the Runtime API.

    Args:
        client: where invocations come from and answers go.
        handler: what answers them.
        log, tracer: told of each invocation before the function is.
        function: the attributes of `Context` that are the same for every invocation.
        autopsy: told when an invocation begins and ends, or None.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - called once, by the composition root
        self,
        client: RuntimeApi,
        handler: Handler,
        log: Log,
        tracer: Tracer,
        function: Mapping[str, Any],
        autopsy: Autopsy | None = None,
    ) -> None:
        self.client = client
        self.handler = handler
        self.log = log
        self.tracer = tracer
        self.function = function
        self.autopsy = autopsy
        self.pid = getpid()

    def run(self) -> int:
        """
        Answer invocations for the life of the environment; give the exit status if the function ends it.

        Raises:
            RuntimeApiError: the Runtime API is gone.
        """
        while True:
            invocation = self.client.next()
            # In a context of its own: what is bound in one invocation is not seen in the next.
            status = copy_context().run(self.answer, invocation)
            if status is not None:
                return status

    def answer(self, invocation: Invocation) -> int | None:
        """Answer one invocation; give an exit status if the function asked for the end of its process."""
        self.log.begin(invocation.request_id, invocation.tenant_id, invocation.trace_id)
        self.tracer.begin(invocation.trace_id)
        context = self.context(invocation)
        if self.autopsy is not None:
            self.autopsy.begin(invocation.deadline_ms)
        status = None
        try:
            result = self.invoke(invocation, context)
            stream = None if type(result) in VALUES else self.stream(invocation, result)
            if stream is None:
                body, content_type = self.encode(result, context)
            else:
                status = self.pour(stream, result, context)
        except BaseException as error:
            self.client.fail(invocation, self.failure(error, context))
            status = exit_status(error)
        else:
            self.end_fork()
            self.log.end()
            if stream is None:
                self.client.respond(invocation, body, content_type)
            elif stream.loss is None:
                stream.end()
            else:
                self.log.complain(f"the response stream was lost: {stream.loss}", None)
        self.finish(context)
        return status

    def invoke(self, invocation: Invocation, context: Context) -> Any:
        """Decode and call: the result."""
        introduce_caller(context, invocation)
        event = None
        if self.handler.takes_event:
            is_decoded = invocation.is_json or self.handler.is_typed
            event = self.handler.decode(invocation.payload) if is_decoded else invocation.payload
            invocation.payload = b""  # six megabytes perhaps, that nobody needs twice
        if HOOKS in modules:
            self.run_hooks("request", event, context)
        return self.handler.call(event, context)

    def encode(self, result: Any, context: Context) -> tuple[bytes, str]:
        """The body to post and its content type."""
        if isinstance(result, bytes):
            body, content_type = result, RAW
        else:
            body, content_type = self.handler.encode(result), JSON
        if len(body) > MAX_RESPONSE:
            raise FunctionError("Function.ResponseSizeTooLarge", too_large(len(body), codec.heaviest(result)))
        if HOOKS in modules:
            self.run_hooks("response", result, context)
        return body, content_type

    def stream(self, invocation: Invocation, result: Any) -> ResponseStream | None:
        """What posts *result* in pieces, if it is a stream."""
        if not any(hasattr(result, mark) for mark in MARKS):
            return None
        from .web.stream import ResponseStream, is_stream

        return ResponseStream(self.client, invocation, self.end_fork) if is_stream(result) else None

    def pour(self, stream: ResponseStream, result: Any, context: Context) -> int | None:
        """
        Post all of *result* but its end, and give the exit status if it asked for the end of its process.

        Raises:
            BaseException: it failed before anything was sent, so that there can still be an error.
        """
        try:
            stream.pour(result)
            if HOOKS in modules:
                self.run_hooks("response", result, context)
        except BaseException as error:
            if not stream.has_begun:
                raise
            if RuntimeApiError in type(error).__mro__:
                return None
            stream.failure = self.failure(error, context)
            return exit_status(error)
        return None

    def failure(self, error: BaseException, context: Context) -> ErrorReport:
        """Tell hooks and log of *error*, and what the caller is to be told."""
        self.end_fork()
        if HOOKS in modules:
            self.run_hooks("error", error, context)
        failure = report(error)
        self.log.end()
        self.log.error(failure)
        return failure

    def end_fork(self) -> None:
        """A handler that forked returns twice: it is the parent that answers."""
        if getpid() != self.pid:
            _exit(0)

    def finish(self, context: Context) -> None:
        """What comes between the answer and the next poll, when the environment may be frozen."""
        if HOOKS in modules:
            modules[HOOKS].run_before_next(context, self.log.complain)
        if self.autopsy is not None:
            self.autopsy.end()
        self.log.end()

    def context(self, invocation: Invocation) -> Context:
        """The function's view of *invocation*, but for its caller."""
        context = Context(time, self.log.write, self.function)
        context.aws_request_id = invocation.request_id
        context.invoked_function_arn = invocation.function_arn
        context.deadline_ms = invocation.deadline_ms
        context.tenant_id = invocation.tenant_id or None
        context.trace_id = invocation.trace_id or None
        context.client_context = None
        context.identity = identity(None)
        return context

    def run_hooks(self, phase: str, *arguments: Any) -> None:
        """Run what has been attached to *phase*."""
        hooks = modules[HOOKS]
        hooks.run(getattr(hooks, phase), self.log.complain, *arguments)


def introduce_caller(context: Context, invocation: Invocation) -> None:
    """
    Tell *context* who called.

    Raises:
        FunctionError: the caller's JSON is none, which is this invocation's error and not the loop's.
    """
    if invocation.client_context:
        fields = parse(invocation.client_context, "Client Context")
        context.client_context, context._w3c = client_context(fields)  # noqa: SLF001 - the loop made it
    if invocation.cognito_identity:
        context.identity = identity(parse(invocation.cognito_identity, "Cognito Identity"))


def too_large(size: int, parts: list[tuple[str, int, int]]) -> str:
    """What a result over the limit is told: the platform's own words, and which parts of it weigh the most."""
    words = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
    if not parts:
        return words
    heavy = ", ".join(f"{path} ({weight} bytes, {count} elements)" for path, weight, count in parts)
    return f"{words} Its largest parts: {heavy}. Put what is large into S3 and answer with its address"


def parse(header: str, name: str) -> Any:
    """The value of a JSON header."""
    try:
        return codec.loads(header)
    except (ValueError, RecursionError) as error:
        raise FunctionError("Runtime.LambdaContextUnmarshalError", f"Unable to parse {name} JSON: {error}") from None


def exit_status(error: BaseException) -> int | None:
    """The status that the process has to end with after *error*, or None if it lives on."""
    kinds = type(error).__mro__  # isinstance() would ask the error itself
    if SystemExit in kinds:
        code = getattr(error, "code", None)
        return (code & 0xFF if isinstance(code, int) else 0) or 1
    return 1 if KeyboardInterrupt in kinds or (LambdaError in kinds and getattr(error, "exit", False)) else None
