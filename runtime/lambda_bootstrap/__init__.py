"""
A custom Python runtime for AWS Lambda.

What a function may import from here: `start`, to run a handler from a program of one's own; `Context`, to annotate it
with; `LambdaError`, to fail in words of its own; `HttpResponse` and `Stream`, to stream with a head or a content type;
and the decorators that attach a function to a phase. Names are resolved on first use (PEP 562): importing this package
costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .context import Context
    from .errors import LambdaError
    from .hooks import (
        after_fork,
        after_restore,
        before_next,
        before_snapshot,
        on_error,
        on_init,
        on_init_error,
        on_request,
        on_response,
        on_shutdown,
    )
    from .main import start
    from .web.response import HttpResponse, Stream

__version__ = "0.1.0"  # its one place: packages, image and bill of materials read it here

__all__ = [
    "Context",
    "HttpResponse",
    "LambdaError",
    "Stream",
    "after_fork",
    "after_restore",
    "before_next",
    "before_snapshot",
    "on_error",
    "on_init",
    "on_init_error",
    "on_request",
    "on_response",
    "on_shutdown",
    "start",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "Context":
            from . import context as home
        elif name in {"HttpResponse", "Stream"}:
            from .web import response as home
        elif name == "LambdaError":
            from . import errors as home
        elif name == "start":
            from . import main as home
        else:
            from . import hooks as home
        return getattr(home, name)
