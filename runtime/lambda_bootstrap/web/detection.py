"""
Which kind of web application a handler is.

Owns: the shapes of applications' parameters, and the words for what is nearly an application.
Refuses to know: any framework; how an application is served.

No framework is imported to find out: whatever it is called, an application takes what its interface says, and no
handler of another kind takes that.

| required parameters | |
| --- | --- |
| three, the last two `receive` and `send` | an ASGI application |
| two, the second `start_response` | a WSGI application |
| `scope` alone | an ASGI 2 application, which nothing has served for years |
"""

from __future__ import annotations

from ..errors import FunctionError, InitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .application import Application

ASGI, WSGI, ASGI_2 = ["receive", "send"], ["start_response"], ["scope"]


def application(function: Any, required: list[str], words: Sequence[str], name: str) -> Application:
    """
    Return what serves *function*.

    Args:
        function: an application.
        required: its required parameters.
        words: those of `BOOTSTRAP_HTTP`, which count more.
        name: its name, for messages.

    Raises:
        InitError: it is an application of an interface that is gone.
    """
    if "wsgi" in words or ("asgi" not in words and required[1:] == WSGI):
        from .wsgi import WsgiApplication

        return WsgiApplication(function, name)
    if required == ASGI_2 and "asgi" not in words:
        raise InitError(
            "Runtime.InvalidHandler",
            f"handler '{name}' takes scope alone, as an ASGI 2 application does: make it an ASGI 3 application, "
            "app(scope, receive, send), or wrap it in asgiref's double_to_single_callable; "
            "BOOTSTRAP_HTTP=off if scope is a name for the event",
        )
    from .asgi import AsgiApplication

    return AsgiApplication(function, name)


def refuse(result: Any, signature: Callable[[Any], Any], name: str) -> None:
    """
    Refuse the *result* of a handler without parameters if it is an application, by what *signature* says that it takes.

    Raises:
        FunctionError: it is.
    """
    try:
        taken = signature(result)
    except Exception:  # whatever it is, somebody else has to know what to do with it
        return
    if taken.positional[1 : taken.required] in (ASGI, WSGI):
        raise FunctionError(
            "Runtime.InvalidHandler",
            f"handler '{name}' returned a web application (a {type(result).__name__}), which serves nothing: name the "
            f"application itself as the handler, or make it in the module: app = {name.rpartition('.')[2]}()",
        )
