"""
The invoke loop: next, decode, call, encode or stream, respond or report.

Owns: the order of these steps, and that every invocation is answered exactly once.
Refuses to know: sockets, formats, where handlers come from.
"""

from __future__ import annotations

from posix import _exit, getpid  # built in: `os` is a file, which a function may have too
from time import time

from . import codec, current, hooks, report
from .context import CognitoIdentity, Context, identity
from .errors import FunctionError, LambdaError, RuntimeApiError
from .protocol import JSON, MAX_RESPONSE
from .spare import with_spare
from .traces import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .contracts import RuntimeApi
    from .log import Log
    from .protocol import Invocation
    from .report import ErrorReport
    from .signature import Handler
    from .web.stream import ResponseStream

RAW = "application/unknown"  # what the managed runtime calls a handler's own bytes
# Of results: none of these is a stream, and without one of those attributes nothing is.
VALUES = {bytes, dict, float, int, list, str, tuple, type(None), bool}
NOTHING: dict[str, Any] = {}  # of what a context has from the start
MARKS = ("__next__", "__aiter__", "read", "prelude")


class InvokeLoop:
    """
    One sequential consumer of the Runtime API.

    Args:
        client: where invocations come from and answers go.
        handler: what answers them.
        log: where failures are recorded.
        function: the attributes of `Context` that are the same for every invocation.
    """

    def __init__(self, client: RuntimeApi, handler: Handler, log: Log, function: Mapping[str, Any]) -> None:
        self.client = client
        self.handler = handler
        self.log = log
        self.function = function
        self.pid = getpid()

    def run(self) -> int:
        """
        Answer invocations for the life of the environment; return the exit status if the function ends it.

        Raises:
            RuntimeApiError: the Runtime API is gone.
        """
        error: BaseException | None = None
        while True:
            try:
                return self.consume(error)
            except RuntimeApiError:
                raise
            except BaseException as found:  # a signal handler of the function may raise anything, anywhere
                if self.client.unanswered is None and exit_status(found) is not None:
                    raise
                error = found

    def consume(self, error: BaseException | None) -> int:
        """Recover from *error*, if there is one, then answer invocations until one asks for an exit status."""
        status = None if error is None else self.recover(error)
        while status is None:
            status = self.answer(self.client.next())
        return status

    def recover(self, error: BaseException) -> int | None:
        """Go on after an *error* outside of the handler: answer the invocation with it, if it has no answer yet."""
        self.end_fork()
        failure = report.of(error)
        self.log.end()
        self.log.error(failure)
        if self.client.unanswered is not None:
            self.client.fail(self.client.unanswered, failure)
        return exit_status(error)

    def answer(self, invocation: Invocation) -> int | None:
        """Answer one invocation; return an exit status if the function asked for the end of its process."""
        current.begin(invocation)
        context = self.context(invocation)
        status = None
        try:
            result = self.invoke(invocation, context)
            stream = None if type(result) in VALUES else self.stream(invocation, result)
            if stream is None:
                body, content_type = self.encode(result, context)
            else:
                status = self.pour(stream, result, context)
        except BaseException as error:
            if getpid() != self.pid:
                return child_status(error, self.log)
            self.client.fail(invocation, self.failure(error, context))
            status = exit_status(error)
        else:
            self.end_fork()
            self.log.end()
            if stream is None:
                self.client.respond(invocation, body, content_type)
            else:
                stream.finish()
                if stream.loss is not None:
                    self.lose(invocation, stream.loss, stream.failure)
        self.finish(context)
        return status

    def invoke(self, invocation: Invocation, context: Context) -> Any:
        """Decode the event, call the handler, and return its result."""
        if invocation.client_context or invocation.cognito_identity:
            introduce_caller(context, invocation)
        event = None
        if self.handler.takes_event:
            is_decoded = invocation.content_type == JSON or invocation.is_json or self.handler.is_typed
            event = self.handler.decode(invocation.payload) if is_decoded else invocation.payload
            invocation.payload = b""  # six megabytes perhaps, that nobody needs twice
        if hooks.request:
            hooks.run(hooks.request, self.log.problem, event, context)
        return self.handler.call(event, context)

    def encode(self, result: Any, context: Context) -> tuple[bytes, str]:
        """Return the body to post, and its content type."""
        if isinstance(result, bytes):
            body, content_type = result, RAW
        else:
            body, content_type = self.handler.encode(result), JSON
        if len(body) > MAX_RESPONSE:
            raise FunctionError("Function.ResponseSizeTooLarge", too_large(len(body), codec.heaviest(result)))
        if hooks.response:
            hooks.run(hooks.response, self.log.problem, result, context)
        return body, content_type

    def stream(self, invocation: Invocation, result: Any) -> ResponseStream | None:
        """Return what posts *result* in pieces, or None if it isn't a stream."""
        if not any(hasattr(result, mark) for mark in MARKS):
            return None
        web = with_spare(_open_web)
        return web.ResponseStream(self.client, invocation, self.end_fork) if web.is_stream(result) else None

    def pour(self, stream: ResponseStream, result: Any, context: Context) -> int | None:
        """
        Post all of *result* but its end, and return the exit status if the function asked for the end of its process.

        Raises:
            BaseException: it failed before anything was sent, so that there can still be an error.
        """
        try:
            stream.pour(result)
            if hooks.response:
                hooks.run(hooks.response, self.log.problem, result, context)
        except BaseException as error:
            if not stream.has_begun or getpid() != self.pid:
                raise
            if issubclass(type(error), RuntimeApiError):
                return None
            stream.failure = self.failure(error, context)
            return exit_status(error)
        return None

    def lose(self, invocation: Invocation, loss: BaseException, failure: ErrorReport | None) -> None:
        """Answer *invocation*, whose stream got no answer, with its *failure* or else with the *loss* of the stream."""
        reason = f"the response stream was lost: {describe(loss)}"
        self.log.problem(reason)
        self.client.fail(invocation, failure or report.of(FunctionError("Runtime.ResponseLost", reason)))

    def failure(self, error: BaseException, context: Context) -> ErrorReport:
        """Run the hooks for *error*, log it, and return the report for the caller."""
        if hooks.error:
            hooks.run(hooks.error, self.log.problem, error, context)
            self.end_fork()
        failure = report.of(error)
        if ImportError in type(error).__mro__:
            failure.message += with_spare(_open_advice).of_missing(error)
        self.log.end()
        self.log.error(failure)
        return failure

    def end_fork(self) -> None:
        """End a child that the handler or a hook forked and that came back here: the parent answers, and polls."""
        if getpid() != self.pid:
            _exit(0)

    def finish(self, context: Context) -> None:
        """Do what comes between the answer and the next poll, during which the environment may be frozen."""
        if self.handler.application is not None:
            self.handler.application.finish()
            self.end_fork()
        if hooks.next_:
            hooks.run_before_next(context, self.log.problem)
            self.end_fork()
            self.log.end()
        if current.endings:
            current.end()

    def context(self, invocation: Invocation) -> Context:
        """Return the function's view of *invocation*, but for its caller."""
        function = self.function
        context = Context(time, self.log.log, NOTHING)  # and one attribute after the other, the cheapest way
        context.function_name = function["function_name"]
        context.function_version = function["function_version"]
        context.memory_limit_in_mb = function["memory_limit_in_mb"]
        context.log_group_name = function["log_group_name"]
        context.log_stream_name = function["log_stream_name"]
        context.aws_request_id = invocation.request_id
        context.invoked_function_arn = invocation.function_arn
        context.deadline_ms = invocation.deadline_ms
        context.tenant_id = invocation.tenant_id or None
        context.trace_id = invocation.trace_id or None
        context.client_context = None
        context.identity = CognitoIdentity()
        return context


def _open_advice() -> Any:
    from .diagnostics import advice

    return advice


def _open_mobile() -> Any:
    from .integrations import mobile

    return mobile


def _open_web() -> Any:
    from .web import stream

    return stream


def introduce_caller(context: Context, invocation: Invocation) -> None:
    """
    Put the caller into *context*.

    Raises:
        FunctionError: the caller's JSON is malformed, which is this invocation's error and not the loop's.
    """
    if invocation.client_context:
        fields = parse(invocation.client_context, "Client Context")
        context.client_context, context._w3c = with_spare(_open_mobile).client_context(fields)  # noqa: SLF001 - the loop made it
    if invocation.cognito_identity:
        context.identity = identity(parse(invocation.cognito_identity, "Cognito Identity"))


def too_large(size: int, parts: list[tuple[str, int, int]]) -> str:
    """Return the message for a result over the limit: the platform's own words, and the heaviest parts of it."""
    words = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
    if not parts:
        return words
    heavy = ", ".join(f"{path} ({weight} bytes, {count} elements)" for path, weight, count in parts)
    return f"{words} Its largest parts: {heavy}. Put what is large into S3 and answer with its address"


def parse(header: str, name: str) -> Any:
    """
    Return the value of a JSON header.

    Raises:
        FunctionError: it isn't JSON.
    """
    try:
        return codec.loads(header)
    except (ValueError, RecursionError) as error:
        raise FunctionError("Runtime.LambdaContextUnmarshalError", f"Unable to parse {name} JSON: {error}") from None


def child_status(error: BaseException, log: Log) -> int:
    """
    Return the status that a child which the function forked ends with, as Python's own would be after *error*.

    The child answers nothing, as the parent does; it logs an error that nobody has caught.
    """
    code = exit_code(error)
    if not issubclass(type(error), SystemExit):
        log.error(report.of(error))
    elif not (code is None or type(code) is int):
        log.problem(f"a child process exits: {describe(code)}")
    log.end()
    return code if type(code) is int else int(code is not None)


def exit_code(error: BaseException) -> object:
    """Return what an *error* ends a process with: an integer from 0 to 255, None, or anything else for a failure."""
    try:
        code = error.code if issubclass(type(error), SystemExit) else 1  # type: ignore[attr-defined] # which it is then
    except BaseException:  # its class has an odd idea of attributes
        return 1
    return int.__and__(code, 0xFF) if issubclass(type(code), int) else code


def exit_status(error: BaseException) -> int | None:
    """Return the status that the process has to end with after *error*, or None if it lives on."""
    kind = type(error)  # isinstance() would ask the error itself
    if issubclass(kind, SystemExit):
        code = exit_code(error)
        return (code if type(code) is int else 0) or 1
    if issubclass(kind, LambdaError):
        try:
            return 1 if error.exit else None  # type: ignore[attr-defined] # as above
        except BaseException:
            return None
    return 1 if issubclass(kind, KeyboardInterrupt) else None
