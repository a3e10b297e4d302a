"""
What a function is told about its invocation.

Owns: `LambdaContext` and its parts, with the attribute names of AWS's managed Python runtime; deadline arithmetic.
Refuses to know: headers, environment variables, how anything is written. Clock and log come as arguments.

Source: AWS Lambda Developer Guide, "Using the Lambda context object to retrieve Python function information".
"""

from __future__ import annotations

from .spare import with_spare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .integrations.mobile import ClientContext

# Lambda's longest timeout. A deadline that nobody knows is not one that has passed.
LONGEST_TIMEOUT_MS = 900_000
# What a context shows of itself: awslambdaric's attributes in its order, for those who parse it.
SHOWN = (
    *("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb", "function_version"),
    *("invoked_function_arn", "client_context", "identity", "tenant_id"),
)


class CognitoIdentity:
    """
    The Amazon Cognito identity that called.

    Attributes:
        cognito_identity_id, cognito_identity_pool_id: None when another kind of caller made the request.
    """

    def __init__(self, identity_id: str | None = None, pool_id: str | None = None) -> None:
        self.cognito_identity_id = identity_id
        self.cognito_identity_pool_id = pool_id

    def __repr__(self) -> str:
        return _repr(self, ("cognito_identity_id", "cognito_identity_pool_id"))


class LambdaContext:
    """
    The second argument of a handler. It takes any further attribute: tools keep theirs on it.

    Attributes:
        aws_request_id: the id of this invocation; a retry of it has the same.
        invoked_function_arn: as invoked: with the alias or version that the caller used.
        function_name, function_version: of the function.
        memory_limit_in_mb: megabytes, as a string of digits.
        log_group_name, log_stream_name: in Amazon CloudWatch.
        client_context: a `ClientContext`, or None.
        identity: a `CognitoIdentity`, never None.
        tenant_id: for functions with tenant isolation, or None.
        deadline_ms: when Lambda ends the invocation, in milliseconds since the Unix epoch, or None if it did not say.
        trace_id: the X-Ray trace header of this invocation, or None.
    """

    aws_request_id: str
    invoked_function_arn: str
    function_name: str | None
    function_version: str | None
    memory_limit_in_mb: str | None
    log_group_name: str | None
    log_stream_name: str | None
    client_context: ClientContext | None
    identity: CognitoIdentity
    tenant_id: str | None
    deadline_ms: int | None
    trace_id: str | None
    _w3c: dict[str, str] | None = None

    def __init__(self, clock: Callable[[], float], log: Callable[[str], None], values: Mapping[str, Any]) -> None:
        self._clock = clock
        self._log = log
        if values:
            self.__dict__.update(values)

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the deadline, at least 0; Lambda's longest timeout if there is no deadline."""
        if self.deadline_ms is None:
            return LONGEST_TIMEOUT_MS
        return max(self.deadline_ms - int(self._clock() * 1000), 0)

    def log(self, message: object) -> None:
        """Write *message* to the function's log as it is: no level, no newline added."""
        self._log(str(message))

    def w3c(self) -> dict[str, str]:
        """Return the caller's W3C trace context: those of `traceparent`, `tracestate` and `baggage` that it sent."""
        return dict(self._w3c or {})

    @property
    def traceparent(self) -> str | None:
        """The caller's W3C `traceparent`, else the X-Ray trace header in that form; None without either."""
        found: str | None = self.w3c().get("traceparent")
        return found or with_spare(_open_tracing).traceparent(self.trace_id or "")

    def __repr__(self) -> str:
        return _repr(self, SHOWN)


Context = LambdaContext  # as `lambda_bootstrap` calls it


def _open_tracing() -> Any:
    from .integrations import tracing

    return tracing


def identity(fields: object) -> CognitoIdentity:
    """Return a Cognito identity as decoded; an empty one for anything else."""
    if not isinstance(fields, dict):
        return CognitoIdentity()
    return CognitoIdentity(fields.get("cognitoIdentityId"), fields.get("cognitoIdentityPoolId"))


def _repr(value: object, names: tuple[str, ...]) -> str:
    fields = ",".join(f"{name}={getattr(value, name, None)}" for name in names)
    return f"{type(value).__name__}([{fields}])"
