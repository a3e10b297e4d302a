"""
Sets a library up right after its first import, wherever in the function that happens.

Owns: which libraries are set up, that no set-up can break an import, which modules are offered because AWS's managed
runtime has them, and one finder on `sys.meta_path`, which delegates to the other finders and wraps the loader that they
find.
Refuses to know: what a set-up does, what an offered module holds.
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


SENTRY = "sentry_sdk.integrations.aws_lambda"
SET_UPS: dict[str, SetUp] = {
    "logging": _stdlib,
    SENTRY: _awslambdaric,
    "structlog": _structlog,
    "threading": _stdlib,
    "warnings": _stdlib,
}

# By name, what an import gets that finds nothing: tools look for these in AWS's managed runtime.
OFFERS = {"awslambdaric", "awslambdaric.bootstrap", "awslambdaric.lambda_context", "bootstrap", "snapshot_restore_py"}


class OnImport:
    """
    Calls a set-up once its module has been executed; the other finders do the finding.

    What none of them finds is one of ours, if it is offered. A package that the function has is never in its way.

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
        if name in self.looking or (name not in self.waiting and name not in OFFERS):
            return None  # another finder may ask all finders in turn
        self.looking.add(name)
        try:
            finders = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
            specs = (finder.find_spec(name, path, target) for finder in finders)
            spec = next((spec for spec in specs if spec is not None), None)
        finally:
            self.looking.discard(name)
        if spec is None:
            return self.offer(name)
        if name in self.waiting and spec.loader is not None:
            spec.loader = Loader(spec.loader, self.finish)  # type: ignore[assignment] # it has what a loader has
        return spec

    def offer(self, name: str) -> ModuleSpec | None:
        """Return the spec of an offered module, or None; a package of the function's own has no module of ours."""
        if name not in OFFERS:
            return None
        from .integrations import offers

        parent = sys.modules.get(name.rpartition(".")[0])
        if not (parent is None or isinstance(getattr(parent, "__loader__", None), offers.Offer)):
            return None
        return offers.spec(name, lambda module: self.run(SENTRY, module))

    def finish(self, module: ModuleType) -> None:
        """Set up *module*, which has been executed. If that fails, log it: the function has its module all the same."""
        self.run(module.__name__, module)

    def run(self, name: str, module: ModuleType) -> None:
        """Run the set-up called *name*, unless it has been run."""
        set_up = self.waiting.pop(name, None)
        if set_up is None:
            return
        try:
            set_up(self.log, module)
        except Exception as error:
            self.log.problem(f"{name} cannot be set up", error)


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
