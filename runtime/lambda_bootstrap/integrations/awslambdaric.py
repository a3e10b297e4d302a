"""
The names that tools import from AWS's own client, awslambdaric, or patch on it.

Owns: `handle_event_request` and `LambdaRuntimeClient`, which do nothing until they are patched; `_get_handler`, and
what else such an import finds.
Refuses to know: the tools, and what their patches do.

Sentry's AwsLambdaIntegration finds this module as `__main__.bootstrap`, where awslambdaric has its own. It replaces
the functions below with its own, which wrap the handler, report an init error, and flush before an answer is posted.
Lumigo takes `_get_handler` from `awslambdaric.bootstrap`, else from `bootstrap`.
"""

from __future__ import annotations

import sys

from .. import context, hooks, report
from ..context import LambdaContext
from ..errors import InitError
from . import mobile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

VERSION = "4.2.2"  # the release that all this is compared with
__all__ = ["FaultException", "LambdaContext", "LambdaRuntimeClient", "_get_handler", "handle_event_request"]


class FaultException(InitError):  # noqa: N818 - awslambdaric's name
    """What awslambdaric raises for a handler that cannot be found."""

    def __init__(self, exception_type: str, msg: str, trace: list[str] | None = None) -> None:
        super().__init__(exception_type, msg, trace)
        self.exception_type = exception_type
        self.msg = msg
        self.trace = trace


def _get_handler(handler: str) -> Any:
    """
    Import the handler called `module.name`, and return it.

    Raises:
        FaultException: there is no such handler; types and texts are awslambdaric's.
    """
    module_name, dot, name = handler.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        raise FaultException("Runtime.MalformedHandlerName", f"Bad handler '{handler}': {reason}")
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise FaultException("Runtime.BuiltInModuleConflict", message)
    dotted = module_name.replace("/", ".")
    try:
        __import__(dotted)
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise FaultException("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        place = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        message = f"Syntax error in module '{module_name}': {error}"
        raise FaultException("Runtime.UserCodeSyntaxError", message, [place]) from error
    try:
        return getattr(sys.modules[dotted], name)
    except AttributeError:
        message = f"Handler '{name}' missing on module '{module_name}'"
        raise FaultException("Runtime.HandlerNotFound", message) from None


def lambda_context() -> dict[str, Any]:
    """Return the names of awslambdaric's module of contexts."""
    return {
        "Client": mobile.Client,
        "ClientContext": mobile.ClientContext,
        "CognitoIdentity": context.CognitoIdentity,
        "LambdaContext": LambdaContext,
        "W3C_ALLOWED_FIELDS": mobile.W3C_FIELDS,
    }


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
