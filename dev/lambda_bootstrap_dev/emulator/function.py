"""
The emulated function: its configuration, the environment of its process, the headers of its events.

Owns: the values that a real Lambda would set.
Refuses to know: the emulator's own environment; that is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .values import Delivery, Invocation, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

# Credentials that open nothing, for code that would fail without any.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "emulator",
    "AWS_SECRET_ACCESS_KEY": "emulator",
    "AWS_SESSION_TOKEN": "emulator",
}
# Variables that Lambda sets itself, and what to do about them: users cannot set these there either.
RESERVED = dict.fromkeys(
    (
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME"),
        *("AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME"),
        *("AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT"),
    ),
    "",
) | {
    "AWS_DEFAULT_REGION": "; use --region",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "; use --memory",
    "AWS_REGION": "; use --region",
}


@dataclass(frozen=True)
class Function:
    """A function's configuration; times in seconds, memory in MB."""

    name: str = "test_function"
    version: str = "$LATEST"
    handler: str = ""
    task_root: str = "/var/task"
    timeout: float = 3.0
    memory: int = 128
    is_from_snapshot: bool = False  # SnapStart
    concurrency: int = 0  # invocations at once, on Managed Instances; 0 elsewhere
    region: str = "us-east-1"

    @property
    def arn(self) -> str:
        """The function's unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:012345678912:function:{self.name}"


def environment(function: Function, address: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """
    The environment of a function's process.

    *address* is the Runtime API's. All of *inherited* is passed on, credentials included, but Lambda's own variables
    win. As with OS-only runtimes, `AWS_EXECUTION_ENV` isn't set.
    """
    variables = (
        CREDENTIALS
        | dict(inherited)
        | {
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": f"2026/01/01/[{function.version}]00000000000000000000000000000000",
            "AWS_LAMBDA_RUNTIME_API": address,
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
            "LAMBDA_TASK_ROOT": function.task_root,
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
        }
    )
    if function.is_from_snapshot:
        variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start"
        for name in ("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"):
            del variables[name]
    if function.concurrency:
        variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "lambda-managed-instances"
        variables["AWS_LAMBDA_MAX_CONCURRENCY"] = str(function.concurrency)
        variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
    if function.handler:
        variables["_HANDLER"] = function.handler
    variables.pop("AWS_EXECUTION_ENV", None)
    return variables


# Variables of the runtime's that no external extension sees.
HIDDEN = frozenset({
    *("_HANDLER", "_LAMBDA_TELEMETRY_LOG_FD", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME"),
    *("AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR"),
    "LAMBDA_TASK_ROOT",
})  # fmt: skip


def extension_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of an external extension's process, given the runtime's."""
    return {name: value for name, value in environ.items() if name not in HIDDEN}


def deliver(function: Function, invocation: Invocation, deadline_ms: int) -> Delivery:
    """Make the reply to `next`; an absent value has no header."""
    headers = [
        ("Content-Type", invocation.content_type),
        ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
        ("Lambda-Runtime-Deadline-Ms", str(deadline_ms)),
        ("Lambda-Runtime-Invoked-Function-Arn", function.arn),
        ("Lambda-Runtime-Trace-Id", invocation.trace_id),
        ("Lambda-Runtime-Client-Context", invocation.client_context),
        ("Lambda-Runtime-Cognito-Identity", invocation.cognito_identity),
        ("Lambda-Runtime-Aws-Tenant-Id", invocation.tenant_id),
        ("Lambda-Runtime-Invocation-Id", invocation.invocation_id),
    ]
    reply = Reply(200, [(name, value) for name, value in headers if value], invocation.payload)
    return Delivery(invocation.request_id, invocation.invocation_id, reply)
