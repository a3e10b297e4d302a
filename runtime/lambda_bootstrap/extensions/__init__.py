"""
Extensions of Lambda's in Python: programs in /opt/extensions, or parts of the function.

Owns: the names that an extension imports from here; those of the asyncio half are resolved on first use.
Refuses to know: everything else. The runtime itself is the first user; see `lifecycle.shutdown`.
"""

from __future__ import annotations

from .api import Event, ExtensionError
from .client import Extension, register

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .async_client import AsyncExtension, register_async

__all__ = ["AsyncExtension", "Event", "Extension", "ExtensionError", "register", "register_async"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import async_client

        return getattr(async_client, name)
