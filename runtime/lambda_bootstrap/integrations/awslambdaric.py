"""
The names that error trackers patch on AWS's own client, awslambdaric; imported once such a tool is.

Owns: `handle_event_request` and `LambdaRuntimeClient`, which do nothing until they are patched.
Refuses to know: the tools, and what their patches do.

Sentry's AwsLambdaIntegration finds this module as `__main__.bootstrap`, where awslambdaric has its own. It replaces
the functions below by some that wrap the handler, report an init error, and flush before an answer is posted.
"""

from __future__ import annotations

import sys

from .. import hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def handle_event_request(_client: object, request_handler: Callable[..., Any], *_: object) -> Callable[..., Any]:
    """Give the handler, which a patch has wrapped on the way."""
    return request_handler


class LambdaRuntimeClient:
    """Methods that are called where awslambdaric calls its own."""

    def post_init_error(self, error: dict[str, Any], *_: object) -> None:
        """An init error is about to be posted."""

    def post_invocation_result(self, *_: object) -> None:
        """A response is about to be posted."""

    def post_invocation_error(self, *_: object) -> None:
        """An error is about to be posted."""


client = LambdaRuntimeClient()


def offer() -> None:
    """Be found by who looks for awslambdaric's module."""
    main: Any = sys.modules["__main__"]
    main.bootstrap = sys.modules[__name__]
    hooks.on_response(lambda result, context: client.post_invocation_result(context.aws_request_id, result))
    hooks.on_error(lambda _error, context: client.post_invocation_error(context.aws_request_id))
