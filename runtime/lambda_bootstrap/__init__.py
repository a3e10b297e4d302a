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
    from importlib.machinery import ModuleSpec
    from typing import Any

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

# The flags of byte code (PEP 552), and the most bytes of it that a module of ours has.
BY_TIME, UNCHECKED, MOST = b"\0\0\0\0", b"\1\0\0\0", 1 << 16

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


def _begin(home: str, *, is_main: bool) -> None:
    """
    Go on from `bootstrap`, which lies in the folder *home*: if it *is_main*, answer invocations until the end.

    It is here and not there, as Python keeps the byte code of modules only.
    """
    import builtins
    import gc
    import sys

    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment] # by `site` elsewhere, which we do without
    if not is_main:
        return
    gc.disable()  # until the function is imported: nothing of ours is garbage, and looking for some takes 0.3 ms
    lazy = getattr(sys, "get_lazy_imports", str)()  # since Python 3.15; "" before
    getattr(sys, "set_lazy_imports", str)("normal")  # a lazy import of ours would find the function's `json.py`
    finder = _finder()
    sys.meta_path.insert(0, finder)
    from .main import run

    sys.meta_path.remove(finder)
    run(sys.argv, home, lazy)


def _finder() -> Any:
    """Return a finder of this package's modules, which looks in one place only: elsewhere takes 2.5 % of a start."""
    from _frozen_importlib import ModuleSpec  # frozen: `importlib.machinery` imports a dozen files
    from _frozen_importlib_external import SourceFileLoader  # as above
    from posix import stat  # built in

    start, _, end = (__spec__.cached or "").rpartition("__init__")
    code = _reader()

    def find_spec(name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        package, _, module = name.partition(".")
        file = f"{__path__[0]}/{module}.py"
        if package != __name__:
            return None
        try:
            source = stat(file)
        except OSError:  # a room, or something in one
            return None
        loader: Any = SourceFileLoader(name, file)
        spec = ModuleSpec(name, loader, origin=file)
        spec.has_location = True
        if start:
            spec.cached = f"{start}{module}{end}"
            loader.get_code = lambda _: code(spec, source)
        return spec

    find_spec.find_spec = find_spec  # type: ignore[attr-defined] # what `sys.meta_path` asks for, without a class
    return find_spec


def _reader() -> Any:
    """Return what reads the byte code of a module in 4 calls of the system: its loader takes 12, and 2 % of a start."""
    from _frozen_importlib_external import (  # type: ignore[attr-defined] # as above
        MAGIC_NUMBER,
        _compile_bytecode,  # as its loaders do: it also names the file where it lies now
    )
    from _imp import check_hash_based_pycs  # what `importlib` asks itself
    from posix import O_CLOEXEC, O_RDONLY, close, open, read  # noqa: A004 - built in

    ready = () if check_hash_based_pycs == "always" else (MAGIC_NUMBER + UNCHECKED,)

    def code(spec: ModuleSpec, source: Any) -> Any:
        """Return the byte code that Python has kept of *source*; if it does not fit, what its loader does."""
        loader: Any = spec.loader
        del loader.get_code
        kept, data = str(spec.cached), b""
        try:
            file = open(kept, O_RDONLY | O_CLOEXEC)
        except OSError:
            return loader.get_code(spec.name)
        try:
            data = read(file, MOST)
        finally:
            close(file)
        made = b"".join((int(each) & 0xFFFFFFFF).to_bytes(4, "little") for each in (source.st_mtime, source.st_size))
        if len(data) == MOST or not data.startswith((MAGIC_NUMBER + BY_TIME + made, *ready)):
            return loader.get_code(spec.name)
        return _compile_bytecode(memoryview(data)[16:], spec.name, kept, spec.origin)

    return code
