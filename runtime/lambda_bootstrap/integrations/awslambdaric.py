"""
The names that error trackers patch on AWS's own client, awslambdaric.

Owns: `handle_event_request` and `LambdaRuntimeClient`, which do nothing until they are patched.
Refuses to know: the tools, and what their patches do.

Sentry's AwsLambdaIntegration finds this module as `__main__.bootstrap`, where awslambdaric has its own. It replaces
the functions below with its own, which wrap the handler, report an init error, and flush before an answer is posted.
"""

from __future__ import annotations

import sys

from .. import hooks, report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def handle_event_request(_client: object, request_handler: Callable[..., Any], *_: object) -> Callable[..., Any]:
    """Return the handler, which a patch has wrapped on the way."""
    return request_handler


class LambdaRuntimeClient:
    """Methods that are called where awslambdaric calls its own."""

    def post_init_error(self, error: dict[str, Any], *_: object) -> None:
        """Stand for the post of an init error."""

    def post_invocation_result(self, *_: object) -> None:
        """Stand for the post of a response."""

    def post_invocation_error(self, *_: object) -> None:
        """Stand for the post of an error."""


client = LambdaRuntimeClient()


def set_up() -> None:
    """Make this module available under the name that error trackers look for, and its functions part of the phases."""
    main: Any = sys.modules["__main__"]
    main.bootstrap = sys.modules[__name__]
    hooks.around.append(lambda call: handle_event_request(client, call))
    hooks.on_init_error(lambda error: client.post_init_error(report.of(error).fields("")))
    hooks.on_response(lambda result, context: client.post_invocation_result(context.aws_request_id, result))
    hooks.on_error(lambda _error, context: client.post_invocation_error(context.aws_request_id))
