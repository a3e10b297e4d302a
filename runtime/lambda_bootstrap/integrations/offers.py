"""
Modules that tools look for in AWS's managed runtime, for functions that have none of that name.

Owns: the loader of what is offered.
Refuses to know: which names are offered, and what is in the way; see `on_import`.
"""

from __future__ import annotations

import sys
from _frozen_importlib import ModuleSpec  # `importlib.machinery` imports a good deal more

from . import awslambdaric, snapshot_restore_py

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def spec(name: str, set_up: Callable[[ModuleType], None]) -> ModuleSpec:
    """Return the spec of the offered module called *name*; *set_up* makes what tools patch part of the phases."""
    return ModuleSpec(name, Offer(set_up), is_package=name == "awslambdaric")  # type: ignore[arg-type] # it has what a loader has


class Offer:
    """The loader of an offered module."""

    def __init__(self, set_up: Callable[[ModuleType], None]) -> None:
        self.set_up = set_up

    def create_module(self, spec: ModuleSpec) -> None:
        """As `importlib.abc.Loader`: the import system makes it."""

    def exec_module(self, module: ModuleType) -> None:
        """As `importlib.abc.Loader`: fill *module*, or put ours in its place, which knows where it comes from."""
        if module.__name__ == "snapshot_restore_py":
            sys.modules[module.__name__] = snapshot_restore_py
        elif module.__name__ == "awslambdaric":
            vars(module)["__version__"] = awslambdaric.VERSION
        elif module.__name__ == "awslambdaric.lambda_context":
            vars(module).update(awslambdaric.lambda_context())
        else:
            sys.modules[module.__name__] = awslambdaric
            self.set_up(module)
