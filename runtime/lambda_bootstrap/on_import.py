"""
Sets a library up right after its first import, wherever in the function that happens.

Owns: which libraries are set up, that no set-up can break an import, and one finder on `sys.meta_path`, which delegates
to the other finders and wraps the loader that they find.
Refuses to know: what a set-up does.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    from .log import Log

    SetUp = Callable[[Log, ModuleType], None]


def _stdlib(log: Log, module: ModuleType) -> None:
    from .integrations import stdlib

    stdlib.set_up(log, module)


def _structlog(log: Log, module: ModuleType) -> None:
    from .integrations import structlog

    structlog.set_up(log, module)


def _awslambdaric(_log: Log, _module: ModuleType) -> None:
    from .integrations import awslambdaric

    awslambdaric.set_up()


SET_UPS: dict[str, SetUp] = {
    "logging": _stdlib,
    "sentry_sdk.integrations.aws_lambda": _awslambdaric,
    "structlog": _structlog,
    "threading": _stdlib,
    "warnings": _stdlib,
}


class OnImport:
    """
    Calls a set-up once its module has been executed; the other finders do the finding.

    Args:
        log: passed to each set-up.
        set_ups: by module name.
    """

    def __init__(self, log: Log, set_ups: Mapping[str, SetUp] = SET_UPS) -> None:
        self.log = log
        self.waiting = dict(set_ups)
        self.looking: set[str] = set()

    def begin(self) -> None:
        """Set up the modules that have been imported already, and wait for the others."""
        sys.meta_path.insert(0, self)
        for name in tuple(self.waiting):
            if sys.modules.get(name) is not None:
                self.finish(sys.modules[name])

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As `importlib.abc.MetaPathFinder`."""
        if name not in self.waiting or name in self.looking:  # another finder may ask all finders in turn
            return None
        self.looking.add(name)
        try:
            finders = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
            specs = (finder.find_spec(name, path, target) for finder in finders)
            spec = next((spec for spec in specs if spec is not None), None)
        finally:
            self.looking.discard(name)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader, self.finish)  # type: ignore[assignment] # it has what a loader has
        return spec

    def finish(self, module: ModuleType) -> None:
        """Set up *module*, which has been executed. If that fails, log it: the function has its module all the same."""
        set_up = self.waiting.pop(module.__name__, None)
        if set_up is None:
            return
        try:
            set_up(self.log, module)
        except Exception as error:
            self.log.problem(f"{module.__name__} cannot be set up", error)


class Loader:
    """A loader that calls *then* once the real one has executed the module."""

    def __init__(self, loader: Any, then: Callable[[ModuleType], None]) -> None:
        self.loader = loader
        self.then = then

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def exec_module(self, module: ModuleType) -> None:
        """As `importlib.abc.Loader`; the module sees its real loader only."""
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.then(module)
