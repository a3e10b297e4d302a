"""
What happens right after a module's first import, wherever in the function that is.

Owns: one finder on `sys.meta_path`, which finds nothing by itself.
Refuses to know: what the modules are, and what is done to them.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


class Watch:
    """
    Lets the other finders find, and adds a line to the execution of the modules that it watches for.

    Args:
        then: by module name, what is called with the module once it has been executed.
    """

    def __init__(self, then: dict[str, Callable[[ModuleType], None]]) -> None:
        self.then = then
        self.looking: set[str] = set()

    def begin(self) -> None:
        """From here on; for the modules that are there already, now."""
        sys.meta_path.insert(0, self)
        for name in tuple(self.then):
            if sys.modules.get(name) is not None:
                self.finish(sys.modules[name])

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As `importlib.abc.MetaPathFinder`."""
        if name not in self.then or name in self.looking:  # another finder may ask all finders in turn
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
        """*module* has been executed."""
        then = self.then.pop(module.__name__, None)
        if then is not None:
            then(module)


class Loader:
    """A loader that calls *then* when the other one has done all the work."""

    def __init__(self, loader: Any, then: Callable[[ModuleType], None]) -> None:
        self.loader = loader
        self.then = then

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def exec_module(self, module: ModuleType) -> None:
        """As `importlib.abc.Loader`; the module does not see that it was us."""
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.then(module)
