"""
Extensions of Lambda's in Python: processes of their own in /opt/extensions, or parts of the function.

Owns: the names that an extension imports from here.
Refuses to know: everything else. The runtime itself is the first user; see `lifecycle.shutdown`.
"""

from __future__ import annotations

from .api import Event, ExtensionError
from .client import Extension, register

__all__ = ["Event", "Extension", "ExtensionError", "register"]
